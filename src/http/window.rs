//! A response on its way from the network thread to its reader: first its head, then its body
//! through a window of bounded size.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::Duration;

use super::head::Head;
use super::redirect::Hop;
use crate::error::{Error, Name, Result};

/// Bytes in one block of the window.
pub(crate) const BLOCK: usize = 128 << 10;

/// Blocks that wait to be read before the transfer pauses: 1 MiB.
const BLOCKS: usize = 8;

/// The same for a body that libcurl decodes: 8 MiB. libcurl itself keeps what a paused transfer has
/// decoded already, and copies all of it each time that the transfer goes on and pauses again.
const BLOCKS_DECODED: usize = 64;

/// A response that has begun: its head, and the hop of the redirects that it came from.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) head: Head,
    pub(crate) hop: Hop,
}

/// Makes the two ends. `name` is whom errors are about.
pub(crate) fn window(name: &Name) -> (Inlet, Outlet) {
    let shared = Arc::new(Shared::default());
    let inlet =
        Inlet { shared: Arc::clone(&shared), name: name.clone(), filling: None, blocks: BLOCKS };
    (inlet, Outlet { shared, block: Block::default(), position: 0 })
}

#[derive(Default)]
struct Shared(Mutex<State>);

#[derive(Default)]
struct State {
    answer: Option<Arc<Answer>>,
    full: VecDeque<Block>,
    /// Blocks that have been read, for filling again.
    spare: Vec<Block>,
    /// How the response ended, once nothing more will come.
    end: Option<Result<()>>,
    /// The transfer waits for room.
    paused: bool,
    /// Who waits for anything to come.
    reader: Option<Thread>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        let reader = state.reader.take();
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

/// The network thread's end. A response whose inlet is dropped before it was ended is an error.
pub(crate) struct Inlet {
    shared: Arc<Shared>,
    name: Name,
    filling: Option<Block>,
    blocks: usize,
}

impl Inlet {
    /// Begins the response.
    pub(crate) fn begin(&mut self, answer: Answer) {
        if answer.head.coded {
            self.blocks = BLOCKS_DECODED;
        }
        self.shared.change(|state| state.answer = Some(Arc::new(answer)));
    }

    /// Takes bytes of the body, all or none: false, where the window is full and the transfer must
    /// pause until its reader asks for more.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) -> bool {
        if self.filling.is_none() {
            let mut state = self.shared.lock();
            if state.full.len() >= self.blocks {
                state.paused = true;
                return false;
            }
            drop(state);
        }
        while !bytes.is_empty() {
            let block = self.filling.get_or_insert_with(|| {
                let spare = self.shared.lock().spare.pop().unwrap_or_default();
                let bytes =
                    if spare.bytes.is_empty() { vec![0; BLOCK].into() } else { spare.bytes };
                Block { bytes, length: 0 }
            });
            let taken = bytes.len().min(BLOCK - block.length);
            block.bytes[block.length..][..taken].copy_from_slice(&bytes[..taken]);
            block.length += taken;
            bytes = &bytes[taken..];
            if block.length == BLOCK {
                self.flush();
            }
        }
        true
    }

    /// Hands over what has been taken so far.
    pub(crate) fn flush(&mut self) {
        if let Some(block) = self.filling.take() {
            self.shared.change(|state| state.full.push_back(block));
        }
    }

    /// Ends the response.
    pub(crate) fn end(&mut self, end: Result<()>) {
        self.flush();
        self.shared.change(|state| {
            state.end.get_or_insert(end);
        });
    }
}

impl Drop for Inlet {
    fn drop(&mut self) {
        self.end(Err(Error::read(&self.name, "the transfer was given up")));
    }
}

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
            let read = std::mem::take(&mut self.block);
            self.position = 0;
            if !read.bytes.is_empty() {
                self.shared.lock().spare.push(read);
            }
            let next = self.wait(patience, |state| match (state.full.pop_front(), &state.end) {
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
        if patience.is_zero() {
            return None;
        }
        std::thread::park_timeout(patience);
        ask(&mut self.shared.lock())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn ends() -> (Inlet, Outlet) {
        window(&"http://h/".into())
    }

    fn read(outlet: &mut Outlet) -> Option<Vec<u8>> {
        let resume = || unreachable!("was not paused");
        let bytes = match outlet.flow(Duration::ZERO, resume).expect("no error") {
            Flow::Bytes(bytes) => bytes.to_owned(),
            Flow::Waiting | Flow::End => return None,
        };
        outlet.consume(bytes.len());
        Some(bytes)
    }

    #[test]
    fn bytes_come_out_as_they_went_in() {
        let (mut inlet, mut outlet) = ends();
        let body: Vec<u8> = (0..=250).cycle().take(3 * BLOCK + 5).collect();
        for piece in body.chunks(10_007) {
            assert!(inlet.push(piece));
        }
        inlet.end(Ok(()));
        let mut out = Vec::new();
        while let Some(bytes) = read(&mut outlet) {
            out.extend(bytes);
        }
        assert!(out == body);
        assert!(matches!(outlet.flow(LONG, || ()), Ok(Flow::End)));
    }

    #[test]
    fn a_full_window_takes_nothing_until_half_of_it_has_been_read() {
        let (mut inlet, mut outlet) = ends();
        let block = vec![1; BLOCK];
        for _ in 0..BLOCKS {
            assert!(inlet.push(&block));
        }
        assert!(!inlet.push(&[2]));
        for left in (0..BLOCKS).rev() {
            let mut resumed = false;
            let flow = outlet.flow(LONG, || resumed = true);
            assert!(matches!(flow, Ok(Flow::Bytes(bytes)) if bytes.len() == BLOCK));
            assert_eq!(resumed, left == BLOCKS / 2);
            outlet.consume(BLOCK);
        }
        assert!(inlet.push(&[2]));
        inlet.flush();
        assert_eq!(read(&mut outlet), Some(vec![2]));
    }

    #[test]
    fn an_error_comes_after_all_that_came_before_it() {
        let (mut inlet, mut outlet) = ends();
        let error = Error::read(&inlet.name, "broke off");
        assert!(inlet.push(&[1, 2]));
        inlet.end(Err(error.clone()));
        assert_eq!(read(&mut outlet), Some(vec![1, 2]));
        assert_eq!(outlet.flow(LONG, || ()).err(), Some(error.clone()));
        assert_eq!(outlet.answer(LONG).err(), Some(error));
    }

    #[test]
    fn a_response_that_nobody_ends_is_an_error() {
        let (inlet, mut outlet) = ends();
        assert!(matches!(outlet.flow(Duration::ZERO, || ()), Ok(Flow::Waiting)));
        drop(inlet);
        assert!(outlet.flow(LONG, || ()).is_err());
        assert!(outlet.has_ended());
    }

    #[test]
    fn what_comes_wakes_who_waits() {
        let (mut inlet, mut outlet) = ends();
        let sender = std::thread::spawn(move || {
            while inlet.shared.lock().reader.is_none() {
                std::thread::yield_now();
            }
            assert!(inlet.push(&[7]));
            inlet.end(Ok(()));
        });
        while read(&mut outlet).is_none() {
            assert!(outlet.flow(LONG, || ()).is_ok());
        }
        sender.join().expect("no panic");
    }
}
