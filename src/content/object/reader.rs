//! Reading an object from its beginning to its end.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::asked::Object;
use super::requests::{Answer, Ask, Request};
use crate::content::{Chunk, Reader};
use crate::error::{Error, Name, Result};
use crate::run::context::PULSE;

/// The longest wait for an answer before the engine checks its context: half a pulse, as for URLs.
pub(super) const SLICE: Duration = PULSE.checked_div(2).expect("two is not zero");

/// How many chunks are asked for ahead of an object whose reading never waits, so that reading and comparing go on at
/// the same time. Of others only what is compared next is asked for: if that decides, nothing waits for what follows.
const AHEAD: usize = 3;

/// An object that is being read.
pub(crate) struct ObjectReader {
    pub(super) object: Arc<Object>,
    pub(super) name: Name,
    pub(super) number: u64,
    reply: Sender<Result<Answer>>,
    answers: Receiver<Result<Answer>>,
    /// How much it has asked, and not been answered.
    asked: usize,
    /// How much it may ask at a time, once it is open.
    ahead: Option<usize>,
    /// Its size, if it can be read at any offset.
    pub(super) size: Option<u64>,
    bytes: Vec<u8>,
    taken: usize,
    has_ended: bool,
}

impl ObjectReader {
    /// Asks for the object to be opened, and does not wait. `anywhere`: to be read at any offset, if that is possible.
    ///
    /// # Errors
    /// When it has been read, and can be read only once; when the call is over.
    pub(crate) fn open(object: &Arc<Object>, name: &Name, anywhere: bool) -> Result<Self> {
        object.take(name)?;
        let (reply, answers) = bounded(AHEAD);
        let number = object.requests.next_reader();
        let mut reader = Self {
            object: Arc::clone(object),
            name: name.clone(),
            number,
            reply,
            answers,
            asked: 0,
            ahead: None,
            size: None,
            bytes: Vec::new(),
            taken: 0,
            has_ended: false,
        };
        reader.ask(Ask::Open { anywhere })?;
        Ok(reader)
    }

    fn ask(&mut self, ask: Ask) -> Result<()> {
        let Object { requests, number, .. } = &*self.object;
        requests.push(Request::new(*number, self.number, ask, Some(self.reply.clone())))?;
        self.asked += 1;
        Ok(())
    }

    /// The answer, if it comes within a moment.
    fn answer(&mut self) -> Result<Option<Answer>> {
        let answer = receive(&self.answers, &self.object)?;
        self.asked -= usize::from(answer.is_some());
        answer.transpose()
    }
}

/// Waits a moment for an answer.
pub(super) fn receive(
    answers: &Receiver<Result<Answer>>,
    object: &Object,
) -> Result<Option<Result<Answer>>> {
    match answers.recv_timeout(SLICE) {
        Ok(answer) => Ok(Some(answer)),
        Err(RecvTimeoutError::Timeout) if !object.requests.is_closed() => Ok(None),
        Err(_) => Err(Error::Cancelled),
    }
}

impl Reader for ObjectReader {
    fn prepare(&mut self) -> Result<bool> {
        if self.ahead.is_none()
            && let Some(Answer::Opened { size, is_prompt }) = self.answer()?
        {
            self.ahead = Some(if is_prompt { AHEAD } else { 1 });
            self.size = size;
        }
        Ok(self.ahead.is_some())
    }

    fn chunk(&mut self) -> Result<Chunk<'_>> {
        if !self.prepare()? {
            return Ok(Chunk::Waiting);
        }
        if self.taken == self.bytes.len() && !self.has_ended {
            while self.asked < self.ahead.unwrap_or(1) {
                self.ask(Ask::Read)?;
            }
            let Some(Answer::Bytes(bytes)) = self.answer()? else { return Ok(Chunk::Waiting) };
            self.has_ended = bytes.is_empty();
            (self.bytes, self.taken) = (bytes, 0);
            if !self.has_ended && self.ahead.is_some_and(|ahead| ahead > 1) {
                self.ask(Ask::Read)?;
            }
        }
        Ok(match &self.bytes[self.taken..] {
            [] => Chunk::End,
            bytes => Chunk::Bytes(bytes),
        })
    }

    fn consume(&mut self, length: u64) {
        self.taken += usize::try_from(length).expect("no more than a chunk was lent");
    }

    /// What it says of its size is not relied on: it is read to its end.
    fn size(&self) -> Option<u64> {
        None
    }

    /// Nothing else is known of an object than what it gives.
    fn verify(&self) -> Result<()> {
        Ok(())
    }
}

impl Drop for ObjectReader {
    fn drop(&mut self) {
        let Object { requests, number, .. } = &*self.object;
        requests.withdraw(self.number);
        // Where the call is over, all that is open is closed anyway.
        let _ = requests.push(Request::new(*number, self.number, Ask::Close, None));
    }
}
