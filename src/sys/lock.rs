//! Locks that ignore poison: a thread that panics with a lock held does not make the others panic too.
//!
//! What the crate's locks guard is valid after every statement, so it stays usable after a panic.

use std::sync::{LockResult, Mutex, MutexGuard, PoisonError};

/// Locks the mutex, poisoned or not.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    ignore_poison(mutex.lock())
}

/// Takes the value out of a poisoned result, too: of `Mutex::into_inner`, `Condvar::wait`, `RwLock::read`.
pub(crate) fn ignore_poison<T>(result: LockResult<T>) -> T {
    result.unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poisoned_lock_is_locked_and_unwrapped_like_any_other() {
        let mutex = Mutex::new(1);
        let panicked = std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                let _guard = lock(&mutex);
                std::panic::resume_unwind(Box::new("while the lock is held"));
            });
            thread.join().is_err()
        });
        assert!(panicked && mutex.is_poisoned());
        *lock(&mutex) += 1;
        assert_eq!(ignore_poison(mutex.into_inner()), 2);
    }
}
