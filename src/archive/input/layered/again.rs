//! What was handed out is kept, and handed out or looked at once more: by a filter that turned out to be none, by the
//! part of a container that follows its end.

use std::collections::VecDeque;

use super::{ArchiveInput, LOOKED_AT};
use crate::archive::account::Tail;
use crate::archive::input::record::{Piece, Record};
use crate::archive::passage::Passage;
use crate::error::{Error, Result};

impl ArchiveInput<'_> {
    /// Notes the last of what is handed out, if what it begins with is accepted and it can only be read in
    /// its order. Asked before anything is read.
    pub(crate) fn note(&mut self, is_part: impl FnOnce(&[u8]) -> bool) {
        let start = self.ahead.front().map_or(&[][..], |piece| piece.bytes());
        if self.anywhere().is_none() && is_part(start) {
            self.record = Record::Recent(VecDeque::new());
            self.noted = LOOKED_AT;
        }
    }

    /// Begins to note what is handed out.
    pub(crate) fn record(&mut self) {
        self.record = Record::All(Vec::new());
    }

    /// Only the last of what has been handed out is noted from now on.
    pub(crate) fn keep_record(&mut self) {
        self.record.keep_recent();
    }

    /// What has been handed out since then is going to be handed out once more.
    pub(crate) fn rewind(&mut self) {
        if let Record::All(pieces) = std::mem::replace(&mut self.record, Record::None) {
            self.current = None;
            self.ahead = pieces.into_iter().chain(self.ahead.drain(..)).collect();
            self.position = 0;
        }
    }

    /// What is behind `end` is going to be handed out next, of which some was handed out already.
    ///
    /// # Errors
    /// When it is not known any more.
    pub(in crate::archive::input) fn go_back(&mut self, end: u64) -> Result<()> {
        if self.anywhere().is_some() {
            self.go(Some(end));
            return Ok(());
        }
        let (mut next, mut again) = (end, VecDeque::new());
        for (until, bytes) in self.record.recent_from(end) {
            again.push_back(Piece::of(bytes));
            next = until;
        }
        if next != self.position {
            return Err(Error::archive(&self.name, "goes on behind its end, too far back"));
        }
        again.append(&mut self.ahead);
        self.ahead = again;
        Ok(())
    }

    /// A later part begins with these bytes, which have been read, as if that were all.
    pub(in crate::archive::input) fn begin_part(&mut self, start: &[u8]) {
        self.ahead.push_front(Piece::of(start));
        (self.position, self.current, self.record) = (0, None, Record::None);
        (self.passage, self.is_clipped, self.is_later) = (Passage::Unseen, false, true);
    }

    /// Takes in what lies from `used` on, of which some was handed out already.
    pub(crate) fn rest(&mut self, used: u64, tail: &mut Tail) -> Result<()> {
        let mut next = used;
        for (until, bytes) in self.record.recent_from(used) {
            tail.add(bytes, self.context)?;
            next = until;
        }
        if next != self.position {
            return Err(Error::archive(
                &self.name,
                "is compressed, and does not show where it ends",
            ));
        }
        loop {
            let length = self.serve(0)?;
            let Some(buffer) = &self.current else { return Ok(()) };
            if length == 0 {
                return Ok(());
            }
            tail.add(&buffer[..length], self.context)?;
        }
    }

    /// Does what was handed out until `used` end with these bytes?
    pub(crate) fn ends_with(&self, used: u64, bytes: &[u8]) -> bool {
        self.record.ends_with(used, bytes)
    }
}
