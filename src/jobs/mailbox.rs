//! The finished jobs of one event loop, until the loop takes them.
//!
//! Only the first result wakes the loop: one wake-up serves all results that have come by then. The loop
//! clears the waker before it takes the results, so that a result that comes in between wakes it again.
//!
//! A forked child has the same waker, and the same epoll that watches it. There the waker is left alone,
//! whatever the child does with the loop: clearing it in the child would clear it for the parent.

use std::any::Any;
use std::io;
use std::os::fd::RawFd;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::sys::lock::lock;
use crate::sys::wake::Waker;

/// The result of a job.
pub(crate) type Outcome<T> = std::result::Result<T, Failure>;

/// Why a job has no result of its own.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It panicked, with this.
    Panicked(Box<dyn Any + Send>),
    /// The system has no thread for it, and said this.
    NoThread(String),
}

/// Finished jobs, by their ids.
pub(crate) struct Mailbox<T> {
    finished: Mutex<Vec<(u64, Outcome<T>)>>,
    waker: Arc<Waker>,
    /// Other mailboxes have the same waker: taking the results of this one must not clear it.
    shares_waker: bool,
    /// The process that made it.
    process: u32,
}

impl<T> Mailbox<T> {
    /// An empty mailbox, with a waker of its own.
    ///
    /// # Errors
    /// When no descriptor is left for it.
    pub(crate) fn new() -> io::Result<Self> {
        let waker = Arc::new(Waker::new()?);
        let process = std::process::id();
        Ok(Self { finished: Mutex::default(), waker, shares_waker: false, process })
    }

    /// Another empty one, with the same waker. The loop that it wakes clears it, and then empties all
    /// mailboxes beside this one.
    #[must_use]
    pub(crate) fn beside(&self) -> Self {
        let waker = Arc::clone(&self.waker);
        Self { finished: Mutex::default(), waker, shares_waker: true, process: self.process }
    }

    /// Was it made by a process that this one was forked from? Then no result comes into it any more.
    #[must_use]
    pub(crate) fn is_inherited(&self) -> bool {
        self.process != std::process::id()
    }

    /// The descriptor that is readable when there may be results to take.
    #[must_use]
    pub(crate) fn descriptor(&self) -> RawFd {
        self.waker.descriptor()
    }

    /// Puts a result in. Touches no Python object.
    pub(crate) fn put(&self, id: u64, outcome: Outcome<T>) {
        let mut finished = self.lock();
        finished.push((id, outcome));
        let is_first = finished.len() == 1;
        drop(finished);
        if is_first {
            self.waker.wake();
        }
    }

    /// Makes the descriptor unreadable until the next result comes. To be called before any mailbox with this
    /// waker is emptied.
    pub(crate) fn clear(&self) {
        if !self.is_inherited() {
            self.waker.clear();
        }
    }

    /// Takes all results, in the order they came. First it clears the waker, unless mailboxes beside this
    /// one have it, too.
    #[must_use]
    pub(crate) fn take(&self) -> Vec<(u64, Outcome<T>)> {
        if !self.shares_waker {
            self.clear();
        }
        std::mem::take(&mut *self.lock())
    }

    /// Wakes the loop again: it has not delivered everything that it took.
    pub(crate) fn wake(&self) {
        if !self.is_inherited() {
            self.waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(u64, Outcome<T>)>> {
        lock(&self.finished)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(mailbox: &Mailbox<()>) -> Vec<u64> {
        mailbox.take().into_iter().map(|(id, _)| id).collect()
    }

    #[test]
    fn every_result_comes_out_in_order_and_once() {
        let mailbox = Mailbox::new().expect("a mailbox");
        (0..10).for_each(|id| mailbox.put(id, Ok(())));
        assert_eq!(ids(&mailbox), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        mailbox.put(10, Ok(()));
        assert_eq!(ids(&mailbox), [10]);
        assert!(ids(&mailbox).is_empty());
    }

    #[test]
    fn a_forked_child_neither_clears_nor_wakes_its_parents_waker() {
        let mut mailbox = Mailbox::<()>::new().expect("a mailbox");
        mailbox.put(0, Ok(()));
        let parent = std::mem::replace(&mut mailbox.process, 0);
        mailbox.clear();
        assert!(mailbox.is_inherited() && mailbox.waker.is_woken());
        mailbox.process = parent;
        mailbox.clear();
        assert!(!mailbox.is_inherited() && !mailbox.waker.is_woken());
        mailbox.process = 0;
        mailbox.wake();
        assert!(!mailbox.waker.is_woken());
    }

    #[test]
    fn emptying_one_mailbox_does_not_clear_the_waker_for_another() {
        let first = Mailbox::<()>::new().expect("a mailbox");
        let (one, other) = (first.beside(), first.beside());
        other.put(0, Ok(()));
        assert!(one.take().is_empty());
        assert!(first.waker.is_woken(), "the loop has to be woken for the other's result");
        first.clear();
        assert_eq!((ids(&other), first.waker.is_woken()), (vec![0], false));
        first.put(1, Ok(()));
        assert_eq!((ids(&first), first.waker.is_woken()), (vec![1], false));
    }
}
