//! An archive that the thread which compares unpacks itself: nothing is handed over, and nothing copied.

use blake3::Hash;

use super::cursor::EntryStream;
use crate::archive::entries::{BesideEntries, Header};
use crate::archive::stream::Step;
use crate::archive::unpack::{Found, Unpacker};
use crate::content::{Chunk, Reader};
use crate::error::Result;

/// The archive. As a [`Reader`] it is the content of the entry at hand.
pub(crate) struct Direct<'a> {
    unpacker: Unpacker<'a>,
    /// What of the content comes next, and how much of that has been taken.
    step: Option<Step>,
    taken: u64,
    /// How much of the content there was so far.
    size: u64,
    /// What has become of content that is not compared.
    reduced: Option<(u64, Option<Hash>)>,
    besides: BesideEntries,
}

impl<'a> Direct<'a> {
    /// Nothing has been unpacked yet.
    pub(crate) fn new(unpacker: Unpacker<'a>) -> Self {
        let (step, reduced, besides) = (None, None, BesideEntries::default());
        Self { unpacker, step, taken: 0, size: 0, reduced, besides }
    }

    /// What comes next, if not all of it has been taken.
    fn step(&mut self) -> Result<Step> {
        if self.reduced.is_some() {
            return Ok(Step::End);
        }
        match self.step {
            Some(step) => Ok(step),
            None => {
                self.taken = 0;
                Ok(*self.step.insert(self.unpacker.step()?))
            }
        }
    }

    /// How much the step at hand shows.
    fn length(&mut self, step: Step) -> u64 {
        match step {
            Step::Bytes => self.unpacker.archive().bytes().len() as u64,
            Step::Zeros(length) => length,
            Step::End => 0,
        }
    }
}

impl EntryStream for Direct<'_> {
    fn entry(&mut self) -> Result<Option<Header>> {
        loop {
            (self.step, self.taken, self.size, self.reduced) = (None, 0, 0, None);
            match self.unpacker.next()? {
                None => {
                    let refused = std::mem::take(&mut self.besides.refused);
                    self.besides = BesideEntries { refused, ..self.unpacker.besides() };
                    return Ok(None);
                }
                Some(Found::Refused(name, why)) => self.besides.refused.push((name, why)),
                Some(Found::Entry(header)) => {
                    if !self.unpacker.is_sent() {
                        self.reduced = Some(self.unpacker.reduce()?);
                    }
                    return Ok(Some(header));
                }
            }
        }
    }

    fn finish(&mut self) -> Result<(u64, Option<Hash>)> {
        loop {
            if let Some(reduced) = self.reduced {
                return Ok(reduced);
            }
            let step = self.step()?;
            if step == Step::End {
                return Ok((self.size, None));
            }
            let rest = self.length(step) - self.taken;
            self.consume(rest);
        }
    }

    fn besides(self) -> BesideEntries {
        self.besides
    }
}

impl Reader for Direct<'_> {
    fn chunk(&mut self) -> Result<Chunk<'_>> {
        Ok(match self.step()? {
            Step::Zeros(length) => Chunk::Zeros(length - self.taken),
            Step::End => Chunk::End,
            Step::Bytes => {
                let taken = usize::try_from(self.taken).unwrap_or(usize::MAX);
                Chunk::Bytes(&self.unpacker.archive().bytes()[taken..])
            }
        })
    }

    fn consume(&mut self, length: u64) {
        self.taken += length;
        self.size += length;
        if let Some(step) = self.step
            && self.taken == self.length(step)
            && step != Step::End
        {
            self.step = None;
        }
    }

    fn size(&self) -> Option<u64> {
        None
    }

    /// Done after the last entry, for the whole archive.
    fn verify(&self) -> Result<()> {
        Ok(())
    }
}
