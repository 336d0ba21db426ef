//! Worker threads for callers that do not wait: event loops, and calls that must end in time.
//!
//! A [`Job`] is put in a queue. A thread of that queue runs it and puts the result in the event loop's
//! [`Mailbox`]. The threads know no Python and never wait for it.
//!
//! There are two queues for jobs. Jobs that read this machine's disks keep a core or a disk busy: as many of
//! them run at once as there are cores. Jobs that fetch URLs mostly wait for a server: many more of them run
//! at once, and they take no threads from the others.
//!
//! A call that waits, with a limit of time, also has its work done by such a thread ([`wait`]): the caller
//! returns when the limit has passed, whatever system call the thread is blocked in.

pub(crate) mod blocking;
pub(crate) mod detached;
pub(crate) mod job;
pub(crate) mod mailbox;
pub(crate) mod queue;
pub(crate) mod queues;
pub(crate) mod runnable;
pub(crate) mod served;

pub(crate) use self::blocking::wait;
pub(crate) use self::detached::detach;
pub(crate) use self::job::Job;
pub(crate) use self::mailbox::{Failure, Mailbox, Outcome};
pub(crate) use self::queues::{Load, submit};
pub(crate) use self::served::serve;
