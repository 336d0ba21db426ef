//! A fork waits until no thread is in code that may hold a lock which the child needs.
//!
//! The child of a fork has one thread, and every lock as it was at that moment. libc makes its own locks of
//! memory and of files usable in the child, but not those of the time zone and of character sets, which
//! libarchive takes for the dates and names of some formats: one child in twenty hung that was forked while
//! three threads read zips. Nothing can release those locks in the child, so a fork waits until no thread is
//! where they may be taken. libarchive mostly runs for some milliseconds before it calls back into our own
//! code; a compression inside another, made for nothing else, can make it run for a second and more.
//!
//! The few locks of our own that belong to the whole process are taken in the same way. The lock of the
//! network thread, held only for a copy, hung one child in 350 when three threads sent requests.
//!
//! On systems other than Linux the lock that forks wait for would not survive the fork itself, and forks do
//! not wait.

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::sync::{Once, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::lock::ignore_poison;

/// Read by every thread that has a [`ForkGuard`], written by a thread that forks. Writers come first, so that
/// threads which always have a guard cannot keep a fork waiting.
static FORK: RwLock<()> = RwLock::new(());

static WATCHED: Once = Once::new();

// Without destructors, all of them can be used as long as their thread runs anything at all.
thread_local! {
    static READING: Cell<Option<ManuallyDrop<RwLockReadGuard<'static, ()>>>> =
        const { Cell::new(None) };
    static FORKING: Cell<Option<ManuallyDrop<RwLockWriteGuard<'static, ()>>>> =
        const { Cell::new(None) };
    /// Set before the lock is taken: a signal may come at any moment, and its handler fork.
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Does work that takes a lock of the whole process for a moment. No other thread forks meanwhile.
pub(crate) fn with_fork_lock<T>(work: impl FnOnce() -> T) -> T {
    // A thread that has a guard keeps forks waiting already.
    let _guard = (!IS_GUARDED.get()).then(ForkGuard::new);
    work()
}

/// While it lives, no other thread forks.
pub(super) struct ForkGuard {
    // Its lock belongs to its thread.
    _stays_on_its_thread: std::marker::PhantomData<*const ()>,
}

impl ForkGuard {
    /// Waits for forks that are under way. A thread must not have two guards.
    pub(super) fn new() -> Self {
        watch();
        acquire();
        Self { _stays_on_its_thread: std::marker::PhantomData }
    }
}

impl Drop for ForkGuard {
    fn drop(&mut self) {
        release();
    }
}

/// Does work of ours for which libarchive called back. It may take long, and may even fork: so the guard of
/// this thread is released meanwhile.
pub(super) fn unguarded<T>(work: impl FnOnce() -> T) -> T {
    /// Acquires it again, also if the work panics.
    struct Back;
    impl Drop for Back {
        fn drop(&mut self) {
            acquire();
        }
    }
    release();
    let _back = Back;
    work()
}

fn acquire() {
    let was_guarded = IS_GUARDED.replace(true);
    debug_assert!(!was_guarded, "while a fork waits, this thread would wait for a second guard");
    READING.set(Some(ManuallyDrop::new(ignore_poison(FORK.read()))));
}

fn release() {
    drop(READING.take().map(ManuallyDrop::into_inner));
    IS_GUARDED.set(false);
}

/// Makes forks wait from now on. Best called before there are threads: a fork that has begun already does
/// not wait.
pub(crate) fn watch() {
    if !cfg!(target_os = "linux") {
        return;
    }
    WATCHED.call_once(|| {
        // SAFETY: three functions that live as long as the process does, and only take and release a lock.
        unsafe { libc::pthread_atfork(Some(before), Some(after), Some(after)) };
    });
}

extern "C" fn before() {
    // A signal handler in C that forks while its thread has a guard would wait for itself.
    if IS_GUARDED.get() {
        return;
    }
    FORKING.set(Some(ManuallyDrop::new(ignore_poison(FORK.write()))));
}

/// In the parent, and in the child, where it is called by the copy of the same thread.
extern "C" fn after() {
    drop(FORKING.take().map(ManuallyDrop::into_inner));
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    /// Forks; the status of a child that calls `is_right`, and does nothing else.
    fn child(is_right: impl FnOnce() -> bool) -> i32 {
        // SAFETY: the child runs no code that needs another thread, ends should it wait for one, and
        // leaves without destructors.
        let process = unsafe { libc::fork() };
        if process == 0 {
            // SAFETY: the first only sets a timer, and the second never returns.
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
    fn a_fork_waits_until_no_thread_has_a_guard() {
        let (ended, seen) = (AtomicBool::new(false), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while !ended.load(Ordering::Relaxed) {
                        let _guard = ForkGuard::new();
                        seen.store(true, Ordering::Relaxed);
                        std::thread::yield_now();
                    }
                });
            }
            while !seen.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
            // A guard that is held during the fork would be held for ever in the child.
            let statuses: Vec<_> = (0..100).map(|_| child(|| FORK.try_write().is_ok())).collect();
            ended.store(true, Ordering::Relaxed);
            assert_eq!(statuses, [0; 100]);
        });
    }

    #[test]
    fn a_fork_finds_no_lock_taken_that_others_take_all_the_time() {
        static TAKEN: Mutex<()> = Mutex::new(());
        let ended = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while !ended.load(Ordering::Relaxed) {
                        with_fork_lock(|| {
                            let _taken = TAKEN.lock();
                            // A second one inside, which must not release the outer one.
                            with_fork_lock(std::thread::yield_now);
                        });
                    }
                });
            }
            let statuses: Vec<_> = (0..300).map(|_| child(|| TAKEN.try_lock().is_ok())).collect();
            ended.store(true, Ordering::Relaxed);
            assert_eq!(statuses, [0; 300]);
        });
    }

    #[test]
    fn a_callback_may_fork() {
        let _guard = ForkGuard::new();
        unguarded(|| {
            let acquire_again = || {
                drop(ForkGuard::new());
                true
            };
            assert_eq!(child(acquire_again), 0);
        });
    }

    #[test]
    fn a_callback_that_panics_has_its_guard_again() {
        let guard = ForkGuard::new();
        let panicked = catch_unwind(|| unguarded(|| panic!("in a callback")));
        assert!(panicked.is_err());
        assert!(FORK.try_write().is_err());
        drop(guard);
    }
}
