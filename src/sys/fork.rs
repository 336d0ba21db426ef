//! Forks wait until no thread is where it may hold a lock that the child needs.
//!
//! The child of a fork has one thread, and every lock as it was at that moment. libc looks after its own
//! locks of memory and of files, but not after those of the time zone and of character sets, which
//! libarchive takes for the dates and names of some formats: one child in twenty hung that was forked
//! while three threads read zips. Nobody can set those locks free in the child, so that a fork waits for
//! the moment in which no thread is where they may be taken. What libarchive does between two looks at
//! our own code takes some milliseconds; a compression within another, made for nothing else, can have it
//! take a second and more.
//!
//! The few locks of our own that belong to the whole process are taken in the same way. That of the network
//! thread, held for nothing but a copy, hung one child in 350 when three threads sent requests.
//!
//! Elsewhere than on Linux the lock itself would not outlast a fork, and forks do not wait.

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::sync::{Once, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Read by whoever is within libarchive or has a lock of the process, written by whoever forks. Writers
/// come first, so that threads which are always within cannot keep a fork waiting.
static FORK: RwLock<()> = RwLock::new(());

static WATCHED: Once = Once::new();

// Without destructors, both can be used as long as their thread runs anything at all.
thread_local! {
    static WITHIN: Cell<Option<ManuallyDrop<RwLockReadGuard<'static, ()>>>> =
        const { Cell::new(None) };
    static FORKING: Cell<Option<ManuallyDrop<RwLockWriteGuard<'static, ()>>>> =
        const { Cell::new(None) };
    /// Known before the lock is taken: a signal may come at any moment, and its handler fork.
    static IS_WITHIN: Cell<bool> = const { Cell::new(false) };
}

/// Does what takes a lock of the whole process, for moments; no other thread forks meanwhile.
pub(crate) fn hold_off<T>(work: impl FnOnce() -> T) -> T {
    // Who is within holds them off already.
    let _within = (!IS_WITHIN.get()).then(Within::enter);
    work()
}

/// While it lives, this thread is within libarchive, and no other one forks.
pub(super) struct Within {
    // Its lock belongs to its thread.
    _stays_on_its_thread: std::marker::PhantomData<*const ()>,
}

impl Within {
    /// Waits for forks that are under way. Not to be called by who is within already.
    pub(super) fn enter() -> Self {
        watch();
        enter();
        Self { _stays_on_its_thread: std::marker::PhantomData }
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        leave();
    }
}

/// Does work of ours on which libarchive called back. It may take its time, and may even fork: so this
/// thread is not within libarchive meanwhile.
pub(super) fn without<T>(work: impl FnOnce() -> T) -> T {
    /// Also if the work panics.
    struct Back;
    impl Drop for Back {
        fn drop(&mut self) {
            enter();
        }
    }
    leave();
    let _back = Back;
    work()
}

fn enter() {
    let was_within = IS_WITHIN.replace(true);
    debug_assert!(!was_within, "a fork that waits would keep the second lock from this thread");
    let guard = FORK.read().unwrap_or_else(PoisonError::into_inner);
    WITHIN.set(Some(ManuallyDrop::new(guard)));
}

fn leave() {
    drop(WITHIN.take().map(ManuallyDrop::into_inner));
    IS_WITHIN.set(false);
}

/// Sees to it that forks wait from now on. Best called before there are threads: of a fork that has
/// begun already, nobody knows.
pub(crate) fn watch() {
    if !cfg!(target_os = "linux") {
        return;
    }
    WATCHED.call_once(|| {
        // SAFETY: three functions that live as long as the process does, and do no more than to take
        // and give back a lock.
        unsafe { libc::pthread_atfork(Some(before), Some(after), Some(after)) };
    });
}

extern "C" fn before() {
    // A handler of signals in C that forks within libarchive: it would wait for itself.
    if IS_WITHIN.get() {
        return;
    }
    let guard = FORK.write().unwrap_or_else(PoisonError::into_inner);
    FORKING.set(Some(ManuallyDrop::new(guard)));
}

/// In the parent, and in the child: there it is the same thread's copy.
extern "C" fn after() {
    drop(FORKING.take().map(ManuallyDrop::into_inner));
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    /// Forks; the status of a child that looks for this, and does nothing else.
    fn child(is_right: impl FnOnce() -> bool) -> i32 {
        // SAFETY: the child runs no code that needs another thread, ends should it wait for one, and
        // leaves without destructors.
        let process = unsafe { libc::fork() };
        if process == 0 {
            // SAFETY: the first does no more than to set a timer, and the second never returns.
            unsafe {
                libc::alarm(60);
                libc::_exit(i32::from(!is_right()));
            }
        }
        let mut status = -1;
        // SAFETY: a child of ours, and room for its status. Without a child, the status stays.
        unsafe { libc::waitpid(process, &raw mut status, 0) };
        status
    }

    #[test]
    fn a_fork_finds_nobody_within() {
        let (over, inside) = (AtomicBool::new(false), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        let _within = Within::enter();
                        inside.store(true, Ordering::Relaxed);
                        std::thread::yield_now();
                    }
                });
            }
            while !inside.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
            // Whoever were within would be so for ever in the child.
            let statuses: Vec<_> = (0..100).map(|_| child(|| FORK.try_write().is_ok())).collect();
            over.store(true, Ordering::Relaxed);
            assert_eq!(statuses, [0; 100]);
        });
    }

    #[test]
    fn a_fork_finds_no_lock_taken_that_others_take_all_the_time() {
        static TAKEN: Mutex<()> = Mutex::new(());
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        hold_off(|| {
                            let _taken = TAKEN.lock();
                            // Itself once more, which must not let go of the outer one.
                            hold_off(std::thread::yield_now);
                        });
                    }
                });
            }
            let statuses: Vec<_> = (0..300).map(|_| child(|| TAKEN.try_lock().is_ok())).collect();
            over.store(true, Ordering::Relaxed);
            assert_eq!(statuses, [0; 300]);
        });
    }

    #[test]
    fn who_was_called_back_may_fork() {
        let _within = Within::enter();
        without(|| {
            let enter = || {
                drop(Within::enter());
                true
            };
            assert_eq!(child(enter), 0);
        });
    }

    #[test]
    fn who_was_called_back_and_panics_is_within_again() {
        let within = Within::enter();
        let panicked = catch_unwind(|| without(|| panic!("in a callback")));
        assert!(panicked.is_err());
        assert!(FORK.try_write().is_err());
        drop(within);
    }
}
