//! A guard between files that shrink while they are mapped and the signal that would kill us.
//!
//! Reading a mapped page that its file no longer has raises SIGBUS, whose default is death. Jumping
//! out of the handler would cross Rust frames, which is undefined; so the handler lets the reading
//! go on: it puts zero pages where the window was, and sets a flag that turns the verdict into an
//! error. It does so for addresses of registered windows only. Any other SIGBUS goes to whoever
//! handled it before.
//!
//! What the handler touches is atomics and system calls, nothing else: no lock, no allocation, no
//! thread-local.

use std::ffi::{c_int, c_void};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU32, AtomicUsize, Ordering};

/// Windows that can be guarded at once: two for each of 256 workers.
const SLOTS: usize = 512;

/// One guarded window.
struct Slot {
    /// The process that the slot serves; 0: free. A forked child finds the slots of its parent's
    /// threads, which it does not have, and takes them as free.
    owner: AtomicU32,
    /// Odd while the slot is being changed: another thread's handler must not believe it then, nor if
    /// it has moved on when the handler has read the rest.
    version: AtomicUsize,
    start: AtomicUsize,
    /// 0 while no window is guarded.
    end: AtomicUsize,
    torn: AtomicPtr<AtomicBool>,
}

static TABLE: [Slot; SLOTS] = [const {
    Slot {
        owner: AtomicU32::new(0),
        version: AtomicUsize::new(0),
        start: AtomicUsize::new(0),
        end: AtomicUsize::new(0),
        torn: AtomicPtr::new(std::ptr::null_mut()),
    }
}; SLOTS];

impl Slot {
    /// To be called by whoever has put himself down as the owner.
    fn set(&self, start: usize, end: usize, torn: *mut AtomicBool) {
        self.version.fetch_add(1, Ordering::SeqCst);
        self.start.store(start, Ordering::SeqCst);
        self.end.store(end, Ordering::SeqCst);
        self.torn.store(torn, Ordering::SeqCst);
        self.version.fetch_add(1, Ordering::SeqCst);
    }

    /// What was set together; `None` while that is changing. The slot of a thread's own windows never
    /// changes while it reads them.
    fn get(&self) -> Option<(usize, usize, *mut AtomicBool)> {
        let version = self.version.load(Ordering::SeqCst);
        let start = self.start.load(Ordering::SeqCst);
        let end = self.end.load(Ordering::SeqCst);
        let torn = self.torn.load(Ordering::SeqCst);
        (version.is_multiple_of(2) && version == self.version.load(Ordering::SeqCst))
            .then_some((start, end, torn))
    }
}

/// Keeps a window guarded as long as it lives.
pub(super) struct Guard {
    slot: &'static Slot,
    /// Keeps alive what the slot points to.
    _torn: Arc<AtomicBool>,
}

impl Guard {
    /// Guards `window`, whose pages must stay mapped as long as the guard lives: the handler may
    /// replace all of them. `None` if the table is full.
    pub(super) fn new(window: &memmap2::Mmap, torn: &Arc<AtomicBool>) -> Option<Self> {
        install();
        let process = std::process::id();
        let slot = TABLE.iter().find(|slot| {
            let owner = slot.owner.load(Ordering::Relaxed);
            owner != process
                && slot
                    .owner
                    .compare_exchange(owner, process, Ordering::Acquire, Ordering::Relaxed)
                    .is_ok()
        })?;
        let page = rustix::param::page_size();
        let start = window.as_ptr().addr();
        // A fork may have come while another thread was changing the slot.
        slot.version.fetch_and(!1, Ordering::SeqCst);
        let end = (start + window.len()).next_multiple_of(page);
        slot.set(start & !(page - 1), end, Arc::as_ptr(torn).cast_mut());
        Some(Self { slot, _torn: Arc::clone(torn) })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.slot.set(0, 0, std::ptr::null_mut());
        self.slot.owner.store(0, Ordering::Release);
    }
}

/// Who handled SIGBUS before us: `sa_sigaction` and `sa_flags` of its disposition.
static PREVIOUS_HANDLER: AtomicUsize = AtomicUsize::new(libc::SIG_DFL);
static PREVIOUS_FLAGS: AtomicI32 = AtomicI32::new(0);

/// The thread that is just now in the previous handler, by the address of its errno; 0: none.
static FORWARDING: AtomicUsize = AtomicUsize::new(0);

/// Makes [`on_sigbus`] the handler, if it is not. Asked before every window (80 ns in 4 MiB): other
/// libraries, `faulthandler` first of all, may have put theirs in its place. Two threads that do
/// this at once find the same previous handler, so they need no lock (unless a third party installs
/// one at that very moment, which is lost then, as it can be whenever two install handlers at once).
fn install() {
    let ours = on_sigbus as *const () as usize;
    // SAFETY: `sigaction` is plain data for which all zeros is a valid value.
    let mut current: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: `current` is valid for writing; a null action changes nothing.
    let asked = unsafe { libc::sigaction(libc::SIGBUS, std::ptr::null(), &raw mut current) };
    if asked != 0 || current.sa_sigaction == ours {
        return;
    }
    PREVIOUS_FLAGS.store(current.sa_flags, Ordering::Relaxed);
    PREVIOUS_HANDLER.store(current.sa_sigaction, Ordering::Release);
    // SAFETY: as above.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = ours;
    // SA_ONSTACK: whoever set up an alternate stack (Go, faulthandler) relies on everybody's using it.
    // SA_NODEFER: a handler that we forward to may raise the signal again and wait for it to kill.
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
    // SAFETY: both pointers are valid, and `on_sigbus` does only what a signal handler may do.
    unsafe {
        libc::sigemptyset(&raw mut action.sa_mask);
        libc::sigaction(libc::SIGBUS, &raw const action, std::ptr::null_mut());
    }
}

/// The signal handler.
extern "C" fn on_sigbus(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: with SA_SIGINFO the kernel hands over a valid `siginfo_t`.
    let (code, address) = unsafe { ((*info).si_code, (*info).si_addr().addr()) };
    // A positive code comes from the hardware, others from kill() and its kin, without an address.
    if code > 0 && mend(address) {
        return;
    }
    forward(signal, code, info, context);
}

/// If `address` lies in a guarded window, puts zeros in its place.
fn mend(address: usize) -> bool {
    let process = std::process::id();
    for slot in &TABLE {
        let Some((start, end, torn)) = slot.get() else { continue };
        if address >= end || address < start || slot.owner.load(Ordering::SeqCst) != process {
            continue;
        }
        // SAFETY: this thread has just read an address of the range, so the guard of its window lives:
        // the range is mapped, made of whole pages, read-only, and nobody else can own a part of it.
        // Its bytes may change: see `Mapping::new`.
        let zeros = unsafe {
            let errno = errno_location();
            let kept = *errno;
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED;
            let at = std::ptr::without_provenance_mut(start);
            let zeros = libc::mmap(at, end - start, libc::PROT_READ, flags, -1, 0);
            *errno = kept;
            zeros
        };
        if zeros == libc::MAP_FAILED {
            return false;
        }
        // SAFETY: the guard, which lives, keeps the flag alive.
        unsafe { (*torn).store(true, Ordering::Relaxed) };
        return true;
    }
    false
}

#[cfg(target_os = "linux")]
use libc::__errno_location as errno_location;
#[cfg(not(target_os = "linux"))]
use libc::__error as errno_location;

/// Hands a signal that is not ours to whoever would have got it without us.
fn forward(signal: c_int, code: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    let previous = PREVIOUS_HANDLER.load(Ordering::Acquire);
    // SAFETY: has no precondition. Each thread has its own errno, so its address names the thread.
    let thread = unsafe { errno_location() }.addr();
    // A handler that was installed after ours may hand the signal on to us, as the one before it,
    // and we to it again. The second time round it is the default's turn.
    let again = FORWARDING.load(Ordering::Relaxed) == thread;
    let default = previous == libc::SIG_DFL || (previous == libc::SIG_IGN && code > 0) || again;
    if default {
        // SAFETY: plain system calls that a handler may make. The instruction that faulted faults
        // again when the handler returns; a signal that was sent is sent again.
        unsafe {
            libc::signal(signal, libc::SIG_DFL);
            if code <= 0 {
                libc::raise(signal);
            }
        }
        return;
    }
    if previous == libc::SIG_IGN {
        return;
    }
    FORWARDING.store(thread, Ordering::Relaxed);
    if PREVIOUS_FLAGS.load(Ordering::Relaxed) & libc::SA_SIGINFO == 0 {
        // SAFETY: the disposition had this handler, without SA_SIGINFO: it takes the signal's number.
        let handler: extern "C" fn(c_int) = unsafe { std::mem::transmute(previous) };
        handler(signal);
    } else {
        // SAFETY: the disposition had this handler, with SA_SIGINFO: it takes these three.
        let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) =
            unsafe { std::mem::transmute(previous) };
        handler(signal, info, context);
    }
    FORWARDING.store(0, Ordering::Relaxed);
}
