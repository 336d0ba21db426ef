//! The reader's end of a window.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::client::wait_out_exit;
use super::window::{Answer, BLOCKS, Block, Shared, State};
use crate::error::Result;

/// How soon the reader looks for less than what wakes it, at first. It takes twice as long each time.
const FIRST_LOOK: Duration = Duration::from_millis(1);

/// What has come of a body.
pub(crate) enum Flow<'a> {
    /// These bytes; never none.
    Bytes(&'a [u8]),
    /// Nothing yet.
    Waiting,
    /// All of it.
    End,
}

/// The reader's end.
pub(crate) struct Outlet {
    shared: Arc<Shared>,
    /// The block that is being read, and how far.
    block: Block,
    position: usize,
}

impl Outlet {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, block: Block::default(), position: 0 }
    }

    /// The response's head, if it comes within `patience`.
    ///
    /// # Errors
    /// When the response ended without one.
    pub(crate) fn answer(&self, patience: Duration) -> Result<Option<Arc<Answer>>> {
        let arrived = |state: &mut State| match (&state.answer, &state.end) {
            (Some(answer), _) => Some(Ok(Arc::clone(answer))),
            (None, Some(Err(error))) => Some(Err(error.clone())),
            (None, _) => None,
        };
        self.wait(patience, arrived).transpose()
    }

    /// What of the body is at hand, if anything comes within `patience`. `resume` is called when a
    /// paused transfer has room again.
    ///
    /// # Errors
    /// When the body broke off.
    pub(crate) fn flow(&mut self, patience: Duration, resume: impl FnOnce()) -> Result<Flow<'_>> {
        if self.position == self.block.length {
            let mut read = std::mem::take(&mut self.block);
            (self.position, read.length) = (0, 0);
            if !read.bytes.is_empty() {
                self.shared.lock().spare.push(read);
            }
            let next = self.wait(patience, |state| match (state.next_block(), &state.end) {
                (Some(block), _) => {
                    // Half of the window is free by then: going on is worth a wake-up.
                    let resumes = state.paused && state.full.len() <= BLOCKS / 2;
                    state.paused &= !resumes;
                    Some(Ok((Some(block), resumes)))
                }
                (None, Some(end)) => Some(end.clone().map(|()| (None, false))),
                (None, None) => None,
            });
            match next.transpose()? {
                None => return Ok(Flow::Waiting),
                Some((None, _)) => return Ok(Flow::End),
                Some((Some(block), resumes)) => {
                    self.block = block;
                    if resumes {
                        resume();
                    }
                }
            }
        }
        Ok(Flow::Bytes(&self.block.bytes[self.position..self.block.length]))
    }

    /// Takes `length` bytes of what [`flow`](Self::flow) last showed.
    pub(crate) fn consume(&mut self, length: usize) {
        assert!(length <= self.block.length - self.position, "more than was shown");
        self.position += length;
    }

    /// Does the transfer wait for room?
    pub(crate) fn is_paused(&self) -> bool {
        self.shared.lock().paused
    }

    /// Has the response ended, for good or bad?
    pub(crate) fn has_ended(&self) -> bool {
        self.shared.lock().end.is_some()
    }

    /// Asks for something that may have to come first. Whatever comes wakes this thread, and so does
    /// what comes for any other response that it has asked for something.
    fn wait<T>(&self, patience: Duration, ask: impl Fn(&mut State) -> Option<T>) -> Option<T> {
        let mut state = self.shared.lock();
        let arrived = ask(&mut state);
        if arrived.is_some() {
            return arrived;
        }
        state.reader = Some(std::thread::current());
        drop(state);
        let (mut left, mut look) = (patience, FIRST_LOOK);
        while !left.is_zero() {
            let before = Instant::now();
            std::thread::park_timeout(look.min(left));
            wait_out_exit();
            let arrived = ask(&mut self.shared.lock());
            // Woken early, but not for this: for another response, which the caller may want to see.
            if arrived.is_some() || before.elapsed() < look.min(left) {
                return arrived;
            }
            left = left.saturating_sub(look);
            look *= 2;
        }
        None
    }
}
