//! The entries of an archive that a worker reads.

use std::ops::Range;

use super::begin::begin;
use super::ended::how_it_ended;
use super::fallback::{self, Failure};
use super::frame::{Counted, Frame};
use super::worker::{Silent, Worker};
use super::{idle, launch, told};
use crate::archive::Account;
use crate::archive::input::Bytes;
use crate::archive::input::shared_buffer::SharedBuffer;
use crate::archive::password::Password;
use crate::archive::stream::{Entries, Entry, Step};
use crate::content::Chunk;
use crate::error::{Error, Name, Result};
use crate::options::{ArchiveLimits, Isolate, Options};
use crate::run::context::Context;

/// An archive that a worker reads.
pub(crate) struct Isolated<'a> {
    /// `None` when it has finished, or is gone.
    worker: Option<Worker>,
    bytes: Bytes<'a>,
    name: Name,
    limits: ArchiveLimits,
    context: &'a Context<'a>,
    /// Where the bytes lie that the last step has come to.
    shown: Range<usize>,
    is_stored: bool,
    counted: Counted,
    is_exact: bool,
    counts_all: bool,
    account: Account,
}

/// What the worker has said, but for what is dealt with where it comes.
enum Said {
    Opened,
    Entry(Entry),
    Step(Step),
    Done,
}

impl<'a> Isolated<'a> {
    /// Has a worker open an archive. `name` is what messages call it. Gives the bytes back, and notes why, where
    /// this process is not able to start one and the options leave it the choice.
    ///
    /// # Errors
    /// When no worker can be started; when it is no archive, or cannot be read; when the context says stop.
    pub(crate) fn open(
        bytes: Bytes<'a>,
        name: &Name,
        password: Option<&Password>,
        options: &Options,
        context: &'a Context<'a>,
    ) -> Result<std::result::Result<Self, Bytes<'a>>> {
        let may_fall_back = options.isolate == Isolate::Auto;
        if let Err(why) = launch::check() {
            if may_fall_back {
                fallback::note(why);
                return Ok(Err(bytes));
            }
            return Err(Error::Config(format!("isolate='always' is not possible: {why}")));
        }
        let worker = match begin(&bytes, name, password, options, context)? {
            Ok(worker) => worker,
            Err(failure) if failure.is_no_right && may_fall_back => {
                fallback::note(&failure.why);
                return Ok(Err(bytes));
            }
            Err(Failure { why, errno, .. }) => {
                let cause =
                    format!("cannot be read in a process of its own, which does not start: {why}");
                return Err(Error::Archive { name: name.clone(), cause, errno });
            }
        };
        let archive = Self {
            worker: Some(worker),
            bytes,
            name: name.clone(),
            limits: options.limits.clone(),
            context,
            shown: 0..0,
            is_stored: false,
            counted: Counted::default(),
            is_exact: false,
            counts_all: false,
            account: Account::default(),
        };
        archive.opened().map(Ok)
    }

    fn opened(mut self) -> Result<Self> {
        match self.said()? {
            Said::Opened => Ok(self),
            _ => Err(self.gone(Silent::Gone)),
        }
    }

    /// The worker has done what it was to do, and may do more.
    fn finish(&mut self) {
        if let Some(worker) = self.worker.take() {
            idle::keep(worker);
        }
    }

    /// The worker is in the midst of something that is not needed any more.
    fn give_up(&mut self) {
        let Some(mut worker) = self.worker.take() else { return };
        if worker.gives_up() {
            idle::keep(worker);
        } else {
            worker.end();
        }
    }

    /// Why there is nothing more.
    fn gone(&mut self, silent: Silent) -> Error {
        match silent {
            Silent::Stopped(error) => {
                self.give_up();
                error
            }
            Silent::Gone => {
                let status = self.worker.take().and_then(Worker::end);
                Error::archive(&self.name, how_it_ended(status, self.limits.max_archive_memory))
            }
        }
    }

    /// The next thing that the worker says. What it asks for it is given.
    fn said(&mut self) -> Result<Said> {
        loop {
            let Some(worker) = &mut self.worker else { return Ok(Said::Done) };
            let range = match worker.receive(self.context) {
                Ok(range) => range,
                Err(silent) => return Err(self.gone(silent)),
            };
            let end = range.end;
            match worker.frame(range) {
                Some(Frame::Wants { at, length }) => self.give(at, length)?,
                Some(Frame::Opened) => return Ok(Said::Opened),
                Some(Frame::Entry { entry, is_exact, counts_all }) => {
                    (self.is_exact, self.counts_all) = (is_exact, counts_all);
                    return Ok(Said::Entry(entry));
                }
                Some(Frame::Bytes { bytes, is_stored, counted }) => {
                    // They are the last that the frame has.
                    self.shown = end - bytes.len()..end;
                    (self.is_stored, self.counted) = (is_stored, counted);
                    return Ok(Said::Step(Step::Bytes));
                }
                Some(Frame::Zeros { length, counted }) => {
                    self.counted = counted;
                    return Ok(Said::Step(Step::Zeros(length)));
                }
                Some(Frame::End(counted)) => {
                    self.counted = counted;
                    return Ok(Said::Step(Step::End));
                }
                Some(Frame::Done { open, account }) => {
                    self.account = account;
                    self.account.open = open.map(|why| told::known(&why));
                    self.finish();
                    return Ok(Said::Done);
                }
                Some(Frame::Failed(failed)) => {
                    self.finish();
                    return Err(told::failure(failed, &self.name, &self.limits));
                }
                Some(Frame::Open(_) | Frame::Data(_) | Frame::GiveUp | Frame::Ready { .. })
                | None => {
                    return Err(self.gone(Silent::Gone));
                }
            }
        }
    }

    /// Gives the worker the bytes that it asks for.
    fn give(&mut self, at: u64, length: u64) -> Result<()> {
        let length = usize::try_from(length).unwrap_or(usize::MAX).min(super::frame::PIECE);
        let mut buffer = vec![0; length];
        let given = match &mut self.bytes {
            Bytes::Anywhere(bytes) => {
                let ahead = bytes.size().saturating_sub(at);
                let given = usize::try_from(ahead).unwrap_or(length).min(length);
                bytes.read_at(at, &mut buffer[..given])?;
                given
            }
            Bytes::Stream(reader, _) => loop {
                let given = match reader.chunk()? {
                    Chunk::End => break 0,
                    Chunk::Bytes(bytes) => {
                        let given = bytes.len().min(length);
                        buffer[..given].copy_from_slice(&bytes[..given]);
                        given
                    }
                    Chunk::Zeros(zeros) => usize::try_from(zeros).unwrap_or(length).min(length),
                    Chunk::Waiting => {
                        self.context.checkpoint()?;
                        continue;
                    }
                };
                reader.consume(given as u64);
                break given;
            },
        };
        let Some(worker) = &mut self.worker else { return Ok(()) };
        match worker.send(&Frame::Data(&buffer[..given]), None, self.context) {
            Ok(()) => Ok(()),
            Err(silent) => Err(self.gone(silent)),
        }
    }
}

impl Entries for Isolated<'_> {
    fn next(&mut self) -> Result<Option<Entry>> {
        match self.said()? {
            Said::Entry(entry) => Ok(Some(entry)),
            Said::Done => Ok(None),
            Said::Opened | Said::Step(_) => Err(self.gone(Silent::Gone)),
        }
    }

    fn step(&mut self) -> Result<Step> {
        match self.said()? {
            Said::Step(step) => Ok(step),
            _ => Err(self.gone(Silent::Gone)),
        }
    }

    fn bytes(&self) -> &[u8] {
        match &self.worker {
            Some(worker) => worker.incoming.taken(self.shown.clone()),
            None => &[],
        }
    }

    fn buffer(&self) -> Option<&SharedBuffer> {
        None
    }

    fn is_stored(&self) -> bool {
        self.is_stored
    }

    fn undone(&self) -> u64 {
        self.counted.undone
    }

    fn compressed(&self) -> u64 {
        self.counted.compressed
    }

    fn spells_exactly(&self) -> bool {
        self.is_exact
    }

    fn counts_all(&self) -> bool {
        self.counts_all
    }

    fn verify(&self) -> Result<()> {
        match &self.bytes {
            Bytes::Anywhere(_) => Ok(()),
            Bytes::Stream(reader, _) => reader.verify(),
        }
    }

    fn account(&mut self) -> Account {
        std::mem::take(&mut self.account)
    }
}

impl Drop for Isolated<'_> {
    fn drop(&mut self) {
        self.give_up();
    }
}
