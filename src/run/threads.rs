//! Making threads.
//!
//! Each has a name, and a stack of a fixed size. Where no size is given, the standard library takes one from
//! the environment, which another thread of the program may be changing: see `http/environment.rs`.

use std::io;
use std::thread::{Builder, JoinHandle, Scope, ScopedJoinHandle};

use super::context::{Call, Context};
use crate::sys::fork::with_fork_lock;

/// The standard library's own default.
const STACK: usize = 2 << 20;

/// A thread that is yet to be spawned.
pub(crate) struct Named(Builder);

/// A thread of this name that is yet to be spawned.
pub(crate) fn named(name: &str) -> Named {
    Named(Builder::new().name(name.to_owned()).stack_size(STACK))
}

/// Forks wait meanwhile: where glibc takes the stack of a thread that has ended, a child that is forked at
/// that moment frees parts of it a second time. A run under `-Zsanitizer=address` saw it, once in a few hundred forks.
impl Named {
    /// Spawns it.
    pub(crate) fn spawn<T: Send + 'static>(
        self,
        body: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<JoinHandle<T>> {
        with_fork_lock(|| self.0.spawn(body))
    }

    /// Spawns it for as long as the scope.
    pub(crate) fn spawn_scoped<'scope, T: Send + 'scope>(
        self,
        scope: &'scope Scope<'scope, '_>,
        body: impl FnOnce() -> T + Send + 'scope,
    ) -> io::Result<ScopedJoinHandle<'scope, T>> {
        with_fork_lock(|| self.0.spawn_scoped(scope, body))
    }
}

/// Spawns a thread that works for `call`. False if the system has no more threads.
pub(crate) fn spawn<'scope>(
    scope: &'scope Scope<'scope, '_>,
    name: &str,
    call: &'scope Call,
    work: impl FnOnce(&Context<'_>) + Send + 'scope,
) -> bool {
    named(name).spawn_scoped(scope, move || work(&Context::new(call))).is_ok()
}

/// Runs `work` on up to `count` threads, the calling one among them, and waits for all of them. Where the
/// system has no more threads, fewer run it: they must be able to do everything.
pub(crate) fn share(
    count: usize,
    name: &str,
    context: &Context<'_>,
    work: impl Fn(&Context<'_>) + Sync,
) {
    let (call, work) = (context.call(), &work);
    std::thread::scope(|scope| {
        let _all = (1..count).all(|_| spawn(scope, name, call, work));
        work(context);
    });
}

/// Runs `here` on the calling thread and `there` on another at the same time; or one after the other where
/// the system has no more threads.
pub(crate) fn both<H, T: Send>(
    name: &str,
    context: &Context<'_>,
    here: impl FnOnce(&Context<'_>) -> H,
    there: impl Fn(&Context<'_>) -> T + Sync,
) -> (H, T) {
    let call = context.call();
    std::thread::scope(|scope| {
        let other = named(name).spawn_scoped(scope, || there(&Context::new(call)));
        let mine = here(context);
        let theirs = match other {
            Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(_) => there(context),
        };
        (mine, theirs)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn shared_work_runs_on_so_many_threads_at_once_and_on_the_calling_one_alone_for_one() {
        let call = Call::new(None);
        let context = Context::new(&call);
        let (together, runs) = (Barrier::new(3), AtomicUsize::new(0));
        share(3, "komparu-test", &context, |_| {
            together.wait();
            runs.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(runs.into_inner(), 3);
        let caller = std::thread::current().id();
        share(1, "komparu-test", &context, |_| assert_eq!(std::thread::current().id(), caller));
    }

    #[test]
    fn both_halves_run_at_the_same_time() {
        let (call, together) = (Call::new(None), Barrier::new(2));
        let wait = |value| {
            together.wait();
            value
        };
        let halves = both("komparu-test", &Context::new(&call), |_| wait(1), |_| wait(2));
        assert_eq!(halves, (1, 2));
    }
}
