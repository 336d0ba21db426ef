//! What is asked of the caller's objects, and how the answer comes back.
//!
//! Objects may be called by one thread only, which is not one of those that compare. These put requests into a
//! queue, and wait for the answers in short turns, so that limits and cancelling hold meanwhile. The thread that may
//! call the objects is woken, takes the requests in their order, and answers each.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::Sender;

use crate::error::{Error, Result};
use crate::sys::lock::lock;

/// One thing that is asked of an object.
#[derive(Debug)]
pub struct Request {
    /// Which object of the call.
    pub object: usize,
    /// Who asks: the first request of a reader opens, the last one closes.
    pub reader: u64,
    /// What is asked.
    pub ask: Ask,
    /// Where the answer goes, if there is one.
    reply: Option<Sender<Result<Answer>>>,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Make ready to be read.
    Open {
        /// Find out the size, if it can be read at any offset.
        anywhere: bool,
    },
    /// The next bytes; none at the end.
    Read,
    /// The bytes at an offset; fewer at the end.
    ReadAt {
        /// Counted from where the content begins.
        offset: u64,
        /// How many.
        length: usize,
    },
    /// The reader is done. There is no answer.
    Close,
}

/// What is answered.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is open.
    Opened {
        /// Its size, if that was asked for and the content can be read at any offset.
        size: Option<u64>,
        /// Does reading never wait for what may not come?
        is_prompt: bool,
    },
    /// These bytes.
    Bytes(Vec<u8>),
}

impl Request {
    pub(super) fn new(
        object: usize,
        reader: u64,
        ask: Ask,
        reply: Option<Sender<Result<Answer>>>,
    ) -> Self {
        Self { object, reader, ask, reply }
    }

    /// Answers it. A reader that has gone gets nothing.
    pub fn answer(self, answer: Result<Answer>) {
        if let Some(reply) = self.reply {
            let _ = reply.try_send(answer);
        }
    }
}

/// What is called when there is a request.
pub(crate) type Waker = Box<dyn Fn() + Send>;

/// The requests of one call.
#[derive(Default)]
pub struct Requests {
    queue: Mutex<Queue>,
    readers: AtomicU64,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Request>,
    waker: Option<Waker>,
    is_closed: bool,
}

impl Requests {
    /// From now on `waker` is called when there is a request. If there is one already, it is called at once.
    pub fn wake_by(&self, waker: Waker) {
        let mut queue = lock(&self.queue);
        if !queue.waiting.is_empty() {
            waker();
        }
        queue.waker = Some(waker);
    }

    /// Wakes once more, if there is a request.
    pub fn wake_again(&self) {
        let queue = lock(&self.queue);
        if let (false, Some(waker)) = (queue.waiting.is_empty(), &queue.waker) {
            waker();
        }
    }

    /// The next request, if there is one.
    pub fn next(&self) -> Option<Request> {
        lock(&self.queue).waiting.pop_front()
    }

    /// No request is answered any more; those that wait are given back.
    pub fn close(&self) -> Vec<Request> {
        let mut queue = lock(&self.queue);
        queue.is_closed = true;
        let waker = queue.waker.take();
        let left = std::mem::take(&mut queue.waiting);
        drop(queue);
        drop(waker);
        left.into()
    }

    /// Will no request be answered any more?
    pub(super) fn is_closed(&self) -> bool {
        lock(&self.queue).is_closed
    }

    /// The number of a reader that is new.
    pub(super) fn next_reader(&self) -> u64 {
        self.readers.fetch_add(1, Ordering::Relaxed)
    }

    /// Asks.
    ///
    /// # Errors
    /// [`Error::Cancelled`] where nothing is answered any more.
    pub(super) fn push(&self, request: Request) -> Result<()> {
        let mut queue = lock(&self.queue);
        if queue.is_closed {
            return Err(Error::Cancelled);
        }
        queue.waiting.push_back(request);
        if let Some(waker) = &queue.waker {
            waker();
        }
        Ok(())
    }

    /// Takes back what a reader has asked, and not been answered.
    pub(super) fn withdraw(&self, reader: u64) {
        lock(&self.queue).waiting.retain(|request| request.reader != reader);
    }
}

impl std::fmt::Debug for Requests {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Requests")
    }
}
