//! Where the finished jobs of one event loop wait for it.
//!
//! The bell is rung for the first result only: one wake-up serves all that have come by then. The
//! loop clears the bell before it takes the results, so that what comes in between rings it again.
//!
//! A forked child has the same bell, and the same epoll that hears it: there it is left alone, whatever
//! the child does with the loop. Clearing it would be clearing it for the parent.

use std::any::Any;
use std::io;
use std::os::fd::RawFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::sys::wake::Bell;

/// What a job came to.
pub type Outcome<T> = std::result::Result<T, Failure>;

/// Why a job has no result of its own.
#[derive(Debug)]
pub enum Failure {
    /// It panicked, with this.
    Panicked(Box<dyn Any + Send>),
    /// The system has no thread for it, and said this.
    NoThread(String),
}

/// Finished jobs, by their tickets.
pub struct Mailbox<T> {
    finished: Mutex<Vec<(u64, Outcome<T>)>>,
    bell: Arc<Bell>,
    /// Others ring the same bell: it is not for this mailbox's owner to clear.
    shares_bell: bool,
    /// The process that made it.
    process: u32,
}

impl<T> Mailbox<T> {
    /// An empty mailbox, with a bell of its own.
    ///
    /// # Errors
    /// When there is no descriptor to be had.
    pub fn new() -> io::Result<Self> {
        let bell = Arc::new(Bell::new()?);
        let process = std::process::id();
        Ok(Self { finished: Mutex::default(), bell, shares_bell: false, process })
    }

    /// Another empty one, which rings the same bell. Whoever hears that clears it, and then has all
    /// mailboxes beside this one emptied.
    #[must_use]
    pub fn beside(&self) -> Self {
        let bell = Arc::clone(&self.bell);
        Self { finished: Mutex::default(), bell, shares_bell: true, process: self.process }
    }

    /// Was it made by a process that this one was forked from? Then nothing comes into it any more.
    #[must_use]
    pub fn is_inherited(&self) -> bool {
        self.process != std::process::id()
    }

    /// The descriptor that is readable when there may be something to take.
    #[must_use]
    pub fn descriptor(&self) -> RawFd {
        self.bell.descriptor()
    }

    /// Puts a result in. Touches nothing of Python's.
    pub fn put(&self, ticket: u64, outcome: Outcome<T>) {
        let mut finished = self.lock();
        finished.push((ticket, outcome));
        let is_first = finished.len() == 1;
        drop(finished);
        if is_first {
            self.bell.ring();
        }
    }

    /// Makes the descriptor unreadable until something comes. To be called before any mailbox that rings
    /// it is emptied.
    pub fn clear(&self) {
        if !self.is_inherited() {
            self.bell.clear();
        }
    }

    /// Takes all results, in the order they came. First it clears the bell, unless that may have been
    /// rung for a mailbox beside this one.
    #[must_use]
    pub fn take(&self) -> Vec<(u64, Outcome<T>)> {
        if !self.shares_bell {
            self.clear();
        }
        std::mem::take(&mut *self.lock())
    }

    /// Rings the bell: not all that was taken could be dealt with.
    pub fn ring(&self) {
        if !self.is_inherited() {
            self.bell.ring();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(u64, Outcome<T>)>> {
        self.finished.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tickets(mailbox: &Mailbox<()>) -> Vec<u64> {
        mailbox.take().into_iter().map(|(ticket, _)| ticket).collect()
    }

    #[test]
    fn everything_comes_out_in_order_and_once() {
        let mailbox = Mailbox::new().expect("a mailbox");
        (0..10).for_each(|ticket| mailbox.put(ticket, Ok(())));
        assert_eq!(tickets(&mailbox), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        mailbox.put(10, Ok(()));
        assert_eq!(tickets(&mailbox), [10]);
        assert!(tickets(&mailbox).is_empty());
    }

    #[test]
    fn a_forked_child_leaves_its_parents_bell_alone() {
        let mut mailbox = Mailbox::<()>::new().expect("a mailbox");
        mailbox.put(0, Ok(()));
        let rings = |mailbox: &Mailbox<()>| {
            use rustix::event::{PollFd, PollFlags, Timespec, poll};
            let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
            let hearing = mailbox.bell.hearing();
            let mut waits = [PollFd::new(&hearing, PollFlags::IN)];
            poll(&mut waits, Some(&at_once)).expect("polled") == 1
        };
        let parent = std::mem::replace(&mut mailbox.process, 0);
        mailbox.clear();
        assert!(mailbox.is_inherited() && rings(&mailbox));
        mailbox.process = parent;
        mailbox.clear();
        assert!(!mailbox.is_inherited() && !rings(&mailbox));
        mailbox.process = 0;
        mailbox.ring();
        assert!(!rings(&mailbox));
    }

    #[test]
    fn emptying_one_mailbox_does_not_silence_what_was_rung_for_another() {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let first = Mailbox::<()>::new().expect("a mailbox");
        let rings = || {
            let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
            let hearing = first.bell.hearing();
            let mut waits = [PollFd::new(&hearing, PollFlags::IN)];
            poll(&mut waits, Some(&at_once)).expect("polled") == 1
        };
        let (one, other) = (first.beside(), first.beside());
        other.put(0, Ok(()));
        assert!(one.take().is_empty());
        assert!(rings(), "somebody has to be told of the other's result");
        first.clear();
        assert_eq!((tickets(&other), rings()), (vec![0], false));
        first.put(1, Ok(()));
        assert_eq!((tickets(&first), rings()), (vec![1], false));
    }
}
