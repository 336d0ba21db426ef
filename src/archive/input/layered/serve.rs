//! Handing bytes out: from what is stored or a layer lends, a piece at a time.

use std::io::SeekFrom;

use super::{ArchiveInput, Source};
use crate::archive::input::record::{Piece, Record};
use crate::archive::input::shared_buffer::SharedBuffer;
use crate::error::Result;
use crate::sys::libarchive::Input;

/// What was handed out last.
enum Lent {
    /// So much of the current buffer.
    Buffer(usize),
    /// What the layer lends.
    Layer,
}

impl ArchiveInput<'_> {
    /// The first `length` bytes, or all, if there are fewer. Asked once, before anything is read.
    pub(crate) fn start(&mut self, length: usize) -> Result<&[u8]> {
        if self.ahead.is_empty() {
            let (mut buffer, mut filled) = (self.buffers.take(), 0);
            let writable = SharedBuffer::get_mut(&mut buffer).expect("nothing else holds it");
            let piece = self.feed_size.piece();
            while filled < length {
                match self.fill(&mut writable[filled..piece], 0)? {
                    0 => break,
                    more => filled += more,
                }
            }
            if filled > 0 {
                self.ahead.push_back(Piece { buffer, length: filled });
            }
        }
        Ok(self.ahead.front().map_or(&[], |piece| &piece.buffer[..piece.length.min(length)]))
    }

    /// The first `length` bytes, or all, if there are fewer; none of them is handed out by that. Asked before
    /// anything is.
    ///
    /// # Errors
    /// When they cannot be read; when the context says stop.
    pub(crate) fn look_ahead(&mut self, length: usize) -> Result<Vec<u8>> {
        let mut there: usize = self.ahead.iter().map(|piece| piece.length).sum();
        while there < length {
            self.begin();
            let mut buffer = self.buffers.take();
            let writable = SharedBuffer::get_mut(&mut buffer).expect("nothing else holds it");
            let piece = self.feed_size.piece();
            let filled = self.fill(&mut writable[..piece], 0)?;
            if filled == 0 {
                break;
            }
            there += filled;
            self.ahead.push_back(Piece { buffer, length: filled });
        }
        let mut bytes = Vec::with_capacity(there);
        self.ahead.iter().for_each(|piece| bytes.extend_from_slice(piece.bytes()));
        bytes.truncate(length);
        Ok(bytes)
    }

    /// Hands out what comes next, which no one else is shown, and says how much; nothing at the end.
    ///
    /// # Errors
    /// When it cannot be read; when there is too much; when the context says stop.
    pub(crate) fn advance(&mut self) -> Result<usize> {
        self.serve(0)
    }

    /// What was handed out last, of which there is so much.
    pub(crate) fn at_hand(&self, length: usize) -> &[u8] {
        match (&self.current, &self.source) {
            (Some(buffer), _) => &buffer[..length],
            (None, Source::Layer(layer)) => &layer.lent()[..length],
            (None, _) => &[],
        }
    }

    /// Reads into a buffer, and says how much; nothing at the end. What is read so is not handed out.
    pub(crate) fn read_into(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let Some(piece) = self.ahead.front_mut() else { return self.fill(buffer, 0) };
        let length = piece.length.min(buffer.len());
        buffer[..length].copy_from_slice(&piece.buffer[..length]);
        if length < piece.length {
            *piece = Piece::of(&piece.bytes()[length..]);
        } else {
            self.ahead.pop_front();
        }
        self.position += length as u64;
        Ok(length)
    }

    /// Hands out what comes next, and says how much. So much came out of what was handed out before.
    pub(super) fn serve(&mut self, put_out: u64) -> Result<usize> {
        let lent = self.next(put_out)?;
        let anywhere = match &self.source {
            Source::Stored(stored) if !self.is_later => stored.anywhere(),
            _ => None,
        };
        let bytes = match (&lent, &self.current, &self.source) {
            (Lent::Buffer(length), Some(buffer), _) => &buffer[..*length],
            (Lent::Layer, _, Source::Layer(layer)) => layer.lent(),
            _ => &[],
        };
        let at = self.position;
        self.position += bytes.len() as u64;
        let length = bytes.len();
        match self.passage.see(at, bytes, anywhere, self.context)? {
            Ok(()) => Ok(length),
            Err(broken) => Err(self.broken(broken)),
        }
    }

    /// Gets what comes next: into the current buffer, unless a layer can lend it.
    fn next(&mut self, put_out: u64) -> Result<Lent> {
        if let Some(buffer) = self.current.take() {
            self.buffers.keep(buffer);
        }
        if let Source::Layer(layer) = &mut self.source
            && layer.lends()
            && self.ahead.is_empty()
            && matches!(self.record, Record::None)
            && self.without.is_none()
        {
            self.context.checkpoint()?;
            self.came += layer.advance()? as u64;
            self.check_most(put_out)?;
            return Ok(Lent::Layer);
        }
        let piece = loop {
            let piece = match self.ahead.pop_front() {
                Some(piece) => {
                    // What has been handed out before takes as long to undo as it did then.
                    self.context.checkpoint()?;
                    piece
                }
                None => {
                    let mut buffer = self.buffers.take();
                    let writable =
                        SharedBuffer::get_mut(&mut buffer).expect("nothing else holds it");
                    let piece = self.feed_size.piece();
                    let length = self.fill(&mut writable[..piece], put_out)?;
                    Piece { buffer, length }
                }
            };
            if let Some(piece) = self.without(piece) {
                break piece;
            }
        };
        self.record.add(self.position, &piece, self.noted);
        let Piece { buffer, length } = piece;
        self.current = Some(buffer);
        Ok(Lent::Buffer(length))
    }

    /// What libarchive is shown of a piece; `None` if that is nothing, and more follows.
    fn without(&mut self, piece: Piece) -> Option<Piece> {
        let Some(without) = &mut self.without else { return Some(piece) };
        if without.passes(piece.length as u64) && piece.length > 0 {
            return Some(piece);
        }
        let is_end = piece.length == 0;
        let mut bytes = [without.held(), piece.bytes()].concat();
        let length = without.take_out(&mut bytes, is_end);
        (length > 0 || is_end).then(|| Piece { buffer: bytes.into(), length })
    }

    /// Fills a buffer, and says how far. So much came out of what was served before.
    fn fill(&mut self, buffer: &mut [u8], put_out: u64) -> Result<usize> {
        self.context.checkpoint()?;
        self.check_most(put_out)?;
        let length = match &mut self.source {
            Source::Stored(stored) => stored.read(buffer)?,
            Source::Layer(layer) => layer.read(buffer)?,
        };
        self.came += length as u64;
        self.check_most(put_out)?;
        Ok(length)
    }

    fn check_most(&self, put_out: u64) -> Result<()> {
        self.meter.check(put_out.max(self.undone()), self.compressed())
    }

    /// Do these bytes lie in what libarchive was given last?
    pub(crate) fn has_lent(&self, bytes: &[u8]) -> bool {
        let lent: &[u8] = match (&self.current, &self.source) {
            (Some(buffer), _) => buffer,
            (None, Source::Layer(layer)) => layer.lent(),
            (None, _) => &[],
        };
        lent.as_ptr_range().start <= bytes.as_ptr()
            && bytes.as_ptr_range().end <= lent.as_ptr_range().end
    }

    /// Goes elsewhere, and says where that is. `None`: not possible.
    pub(super) fn go(&mut self, to: Option<u64>) -> Option<u64> {
        let Source::Stored(stored) = &mut self.source else { return None };
        let Some(without) = &mut self.without else {
            self.position = stored.seek(SeekFrom::Start(to?))?;
            self.ahead.clear();
            return Some(self.position);
        };
        // No block begins in between, so that nothing is left out.
        let from = without.came();
        let rest = stored.anywhere()?.size().saturating_sub(from);
        let length = to?.checked_sub(self.position)?.min(rest);
        if !without.passes(length) {
            return None;
        }
        stored.seek(SeekFrom::Start(from + length))?;
        self.position += length;
        self.ahead.clear();
        Some(self.position)
    }
}

impl Input for ArchiveInput<'_> {
    fn read(&mut self, put_out: u64) -> Option<&[u8]> {
        let at = self.position;
        let served = self.serve(put_out).map(|length| self.clipped(at, length));
        // What is asked is how long it is busy with one piece; it may take many in one call.
        self.begin();
        match served {
            Ok(length) => Some(match (&self.current, &self.source) {
                (Some(buffer), _) => &buffer[..length],
                (None, Source::Layer(layer)) => &layer.lent()[..length],
                (None, _) => &[],
            }),
            Err(error) => {
                self.failure = Some(error);
                None
            }
        }
    }

    fn skip(&mut self, length: u64) -> u64 {
        let before = self.position;
        self.go(before.checked_add(length)).map_or(0, |position| position - before)
    }

    fn seek(&mut self, to: SeekFrom) -> Option<u64> {
        let size = self.anywhere()?.size();
        self.go(match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
            SeekFrom::End(offset) => size.checked_add_signed(offset),
        })
    }

    fn can_seek(&self) -> bool {
        // What is noted has to come in its order.
        let is_whole = !self.is_clipped && self.without.is_none();
        matches!(self.record, Record::None) && is_whole && self.anywhere().is_some()
    }
}
