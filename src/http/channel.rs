//! A response on its way from the network thread to its reader: first its head, then its body through a
//! window of bounded size.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::Thread;
use std::time::{Duration, Instant};

use super::exit;
use super::head::Head;
use super::redirect::Hop;
use crate::error::{Error, Name, Result};
use crate::sys::lock::lock;

/// Bytes in one block of the window.
pub(crate) const BLOCK: usize = 128 << 10;

/// Blocks that wait to be read before the transfer pauses: 2 MiB. Measured with 1 GiB over loopback
/// on two cores: 1 MiB took 0.65 s, 2 MiB 0.42 s, 4 MiB no less.
pub(super) const BLOCKS: usize = 16;

/// The reader is woken once so many blocks are full. If every block woke it, it would take its core away from
/// the network thread, which is about to fill the next.
const WAKE_FROM: usize = 4;

/// How soon a waiting reader checks whether less has come than wakes it. Each wait is twice as long as the
/// last.
const FIRST_CHECK: Duration = Duration::from_millis(1);

/// The head of a response, and the hop of the redirects that it came from.
#[derive(Debug, Clone)]
pub(crate) struct ReceivedHead {
    pub(crate) head: Head,
    pub(crate) hop: Hop,
}

/// That a response which has failed may be asked for again, and after which time, if its server has said that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Again {
    pub(crate) after: Option<Duration>,
}

/// What has been received of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Received {
    /// Bytes, never none: those of [`Receiver::bytes`].
    Bytes,
    /// Nothing yet.
    Waiting,
    /// All of it.
    End,
}

/// Makes a channel with a window of so many `blocks`. Errors name the source `name`.
pub(super) fn channel(name: &Name, blocks: usize) -> (Sender, Receiver) {
    let shared = Arc::new(Shared::default());
    let sender = Sender { shared: Arc::clone(&shared), name: name.clone(), blocks };
    (sender, Receiver { shared, block: Block::default(), position: 0 })
}

#[derive(Default)]
struct Shared(Mutex<ChannelState>);

#[derive(Default)]
struct ChannelState {
    head: Option<Arc<ReceivedHead>>,
    full: VecDeque<Block>,
    /// The block that is being filled. A reader that has no full one takes it as it is.
    filling: Block,
    /// Blocks that have been read, to be filled again.
    spare: Vec<Block>,
    /// How the response ended, once nothing more will come.
    end: Option<Result<()>>,
    /// Where it ended with an error that is likely to pass.
    again: Option<Again>,
    /// The transfer waits for room in the window.
    paused: bool,
    /// The thread that waits for anything to come.
    reader: Option<Thread>,
}

impl ChannelState {
    /// A block with room in it: the one that is being filled, or another.
    fn block_with_room(&mut self) -> Block {
        let begun = std::mem::take(&mut self.filling);
        if begun.bytes.is_empty() { self.spare.pop().unwrap_or_else(Block::empty) } else { begun }
    }

    /// The next block to be read, full or not.
    fn next_block(&mut self) -> Option<Block> {
        let begun = |state: &mut Self| {
            (state.filling.length > 0).then(|| std::mem::take(&mut state.filling))
        };
        self.full.pop_front().or_else(|| begun(self))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, ChannelState> {
        lock(&self.0)
    }

    /// Changes the state, and wakes the reader.
    fn change(&self, change: impl FnOnce(&mut ChannelState)) {
        let mut state = self.lock();
        change(&mut state);
        Self::wake_reader(state);
    }

    /// Wakes the reader of a state that has changed, if there is enough for it.
    fn wake_reader(mut state: MutexGuard<'_, ChannelState>) {
        let begins = state.full.is_empty() && state.filling.length == 0;
        let is_enough = begins || state.full.len() >= WAKE_FROM;
        let is_enough = is_enough || state.paused || state.end.is_some();
        let reader = if is_enough { state.reader.take() } else { None };
        drop(state);
        if let Some(reader) = reader {
            reader.unpark();
        }
    }
}

/// Some bytes of the body.
#[derive(Default)]
struct Block {
    /// Of [`BLOCK`] bytes once it is used.
    bytes: Box<[u8]>,
    length: usize,
}

impl Block {
    fn empty() -> Self {
        Self { bytes: vec![0; BLOCK].into(), length: 0 }
    }

    /// Takes as many bytes as it has room for; returns the others.
    fn take<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let (taken, left) = bytes.split_at(bytes.len().min(BLOCK - self.length));
        self.bytes[self.length..][..taken.len()].copy_from_slice(taken);
        self.length += taken.len();
        left
    }
}

/// The network thread's end. If it is dropped before [`end`](Self::end), the response ends with an error.
pub(super) struct Sender {
    shared: Arc<Shared>,
    name: Name,
    blocks: usize,
}

impl Sender {
    /// Sends the head.
    pub(super) fn send_head(&mut self, head: ReceivedHead) {
        self.shared.change(|state| state.head = Some(Arc::new(head)));
    }

    /// Sends bytes of the body, all or none. False where the window is full: the transfer must pause until its
    /// reader asks for more.
    pub(super) fn send(&mut self, mut bytes: &[u8]) -> bool {
        let mut state = self.shared.lock();
        if state.full.len() >= self.blocks {
            state.paused = true;
            Shared::wake_reader(state);
            return false;
        }
        drop(state);
        while !bytes.is_empty() {
            // Filled while it is not in the state, so that the reader never waits for the lock.
            let mut block = self.shared.lock().block_with_room();
            bytes = block.take(bytes);
            self.shared.change(|state| match block.length {
                BLOCK => state.full.push_back(block),
                _ => state.filling = block,
            });
        }
        true
    }

    /// Ends the response.
    pub(super) fn end(&mut self, end: Result<()>) {
        self.end_for_now(end, None);
    }

    /// Ends the response, where it may be worth asking again.
    pub(super) fn end_for_now(&mut self, end: Result<()>, again: Option<Again>) {
        self.shared.change(|state| {
            if state.end.is_none() {
                (state.end, state.again) = (Some(end), again);
            }
        });
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.end(Err(Error::read(&self.name, "the transfer was given up")));
    }
}

/// The reader's end.
pub(super) struct Receiver {
    shared: Arc<Shared>,
    /// The block that is being read, and how far.
    block: Block,
    position: usize,
}

impl Receiver {
    /// The response's head, if it comes within `patience`.
    ///
    /// # Errors
    /// When the response ended without one.
    pub(super) fn head(&self, patience: Duration) -> Result<Option<Arc<ReceivedHead>>> {
        let received = |state: &mut ChannelState| match (&state.head, &state.end) {
            (Some(head), _) => Some(Ok(Arc::clone(head))),
            (None, Some(Err(error))) => Some(Err(error.clone())),
            (None, _) => None,
        };
        self.wait(patience, received).transpose()
    }

    /// The next bytes of the body, if any come within `patience`. `resume` is called when a paused transfer has
    /// room again.
    ///
    /// # Errors
    /// When the body broke off.
    pub(super) fn receive(
        &mut self,
        patience: Duration,
        resume: impl FnOnce(),
    ) -> Result<Received> {
        if self.position == self.block.length {
            let mut read = std::mem::take(&mut self.block);
            (self.position, read.length) = (0, 0);
            if !read.bytes.is_empty() {
                self.shared.lock().spare.push(read);
            }
            let next = self.wait(patience, |state| match (state.next_block(), &state.end) {
                (Some(block), _) => {
                    // Half of the window is free by then: that is worth waking the network thread.
                    let resumes = state.paused && state.full.len() <= BLOCKS / 2;
                    state.paused &= !resumes;
                    Some(Ok((Some(block), resumes)))
                }
                (None, Some(end)) => Some(end.clone().map(|()| (None, false))),
                (None, None) => None,
            });
            match next.transpose()? {
                None => return Ok(Received::Waiting),
                Some((None, _)) => return Ok(Received::End),
                Some((Some(block), resumes)) => {
                    self.block = block;
                    if resumes {
                        resume();
                    }
                }
            }
        }
        Ok(Received::Bytes)
    }

    /// The bytes that were received and not taken.
    pub(super) fn bytes(&self) -> &[u8] {
        self.block.bytes.get(self.position..self.block.length).unwrap_or_default()
    }

    /// Takes `length` bytes of what [`receive`](Self::receive) last returned.
    pub(super) fn consume(&mut self, length: usize) {
        assert!(length <= self.block.length - self.position, "more than was received");
        self.position += length;
    }

    /// Does the transfer wait for room in the window?
    pub(super) fn is_paused(&self) -> bool {
        self.shared.lock().paused
    }

    /// May a response that has failed be asked for again?
    pub(super) fn again(&self) -> Option<Again> {
        self.shared.lock().again
    }

    /// Has the response ended, for good or bad?
    pub(super) fn has_ended(&self) -> bool {
        self.shared.lock().end.is_some()
    }

    /// Waits until `take` finds what it looks for in the state. Everything that comes wakes this thread, also
    /// what comes for another response that it has waited for.
    fn wait<T>(
        &self,
        patience: Duration,
        take: impl Fn(&mut ChannelState) -> Option<T>,
    ) -> Option<T> {
        let mut state = self.shared.lock();
        let taken = take(&mut state);
        if taken.is_some() {
            return taken;
        }
        state.reader = Some(std::thread::current());
        drop(state);
        let (mut left, mut check) = (patience, FIRST_CHECK);
        while !left.is_zero() {
            let before = Instant::now();
            std::thread::park_timeout(check.min(left));
            exit::wait_out();
            let taken = take(&mut self.shared.lock());
            // Woken early, but not for this: for another response, which the caller may want to look at.
            if taken.is_some() || before.elapsed() < check.min(left) {
                return taken;
            }
            left = left.saturating_sub(check);
            check *= 2;
        }
        None
    }
}

#[cfg(test)]
mod tests;
