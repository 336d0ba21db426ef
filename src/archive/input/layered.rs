//! The bytes of an archive, as libarchive takes them: a buffer at a time, and from wherever it wants them.
//!
//! Whatever they are compressed by is undone in front, one layer after the other, so that what passes here
//! are the bytes of the container itself.

use std::collections::VecDeque;
use std::io::SeekFrom;

use super::feed_size::FeedSize;
use super::record::{Piece, Record};
use super::shared_buffer::{SharedBuffer, SharedBuffers};
use super::stored::Stored;
use crate::archive::account::{Behind, Tail};
use crate::archive::limits::Meter;
use crate::archive::passage::Passage;
use crate::archive::structure::rar::WithoutDirectories;
use crate::archive::structure::{Broken, Details, Frames, Listed, Structure, Whole};
use crate::content::ReadAt;
use crate::error::{Error, Name, Result};
use crate::run::context::Context;
use crate::sys::libarchive::Input;

/// What is kept of the bytes that were handed out last. No filter looks further ahead than this for
/// another part behind its end: most look for a few bytes.
const RECENT: u64 = 4 << 10;

/// The same where libarchive looks for a format: at 48 KiB, for an ISO 9660 image, in pieces that double.
const LOOKED_AT: u64 = 256 << 10;

/// The bytes of an archive, on their way to libarchive.
pub(crate) struct ArchiveInput<'a> {
    source: Source<'a>,
    pub(super) name: Name,
    pub(super) context: &'a Context<'a>,
    feed_size: FeedSize,
    /// Looks at how much comes out of filters, content or not.
    pub(super) meter: Meter,
    buffers: SharedBuffers,
    current: Option<SharedBuffer>,
    failure: Option<Error>,
    /// Where what is handed out next begins.
    position: u64,
    /// How much has come from the source.
    came: u64,
    /// What has come, and is to be handed out next.
    ahead: VecDeque<Piece>,
    record: Record,
    passage: Passage,
    /// Does libarchive see nothing of what is behind the structure's end?
    is_clipped: bool,
    /// What libarchive is not shown of a RAR 5.
    without: Option<WithoutDirectories>,
    /// How much is kept of what was handed out last, if only that is.
    noted: u64,
    /// Are these the bytes of a later part, so that places in it are not those in the source?
    is_later: bool,
    /// How many layers of compression there are below, those of parts before included.
    pub(super) layers: usize,
}

/// What the bytes come from.
pub(super) enum Source<'a> {
    Stored(Stored<'a>),
    Layer(Box<dyn Layer<'a> + 'a>),
}

/// One layer of compression around an archive.
pub(super) trait Layer<'a> {
    /// The bytes that it is undone from.
    fn below(&self) -> &ArchiveInput<'a>;

    /// Reads into `buffer`, which is not empty, and says how much; nothing at the end.
    ///
    /// # Errors
    /// When it cannot be read; when it is cut short or damaged; when the context says stop.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize>;

    /// Can it lend what comes next, instead of copying it?
    fn lends(&self) -> bool {
        false
    }

    /// Goes on to what comes next, to be [`lent`](Self::lent), and says how much; nothing at the end.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    fn advance(&mut self) -> Result<usize> {
        Ok(0)
    }

    /// What came last.
    fn lent(&self) -> &[u8] {
        &[]
    }

    /// All of it has been read: what lies behind its end, and behind those of the layers below.
    ///
    /// # Errors
    /// When it cannot be read; when the context says stop.
    fn behind(&mut self) -> Result<Vec<Behind>>;
}

/// What was handed out last.
enum Lent {
    /// So much of the current buffer.
    Buffer(usize),
    /// What the layer lends.
    Layer,
}

impl<'a> ArchiveInput<'a> {
    /// What is behind `end` is going to be handed out next, of which some was handed out already.
    ///
    /// # Errors
    /// When it is not known any more.
    pub(super) fn go_back(&mut self, end: u64) -> Result<()> {
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
    pub(super) fn begin_part(&mut self, start: &[u8]) {
        self.ahead.push_front(Piece::of(start));
        (self.position, self.current, self.record) = (0, None, Record::None);
        (self.passage, self.is_clipped, self.is_later) = (Passage::Unseen, false, true);
    }

    /// Notes the last of what is handed out, if what it begins with is accepted and it can only be read in
    /// its order. Asked before anything is read.
    pub(crate) fn note(&mut self, is_part: impl FnOnce(&[u8]) -> bool) {
        let start = self.ahead.front().map_or(&[][..], |piece| piece.bytes());
        if self.anywhere().is_none() && is_part(start) {
            self.record = Record::Recent(VecDeque::new());
            self.noted = LOOKED_AT;
        }
    }

    /// The bytes of `source`, which has so many `layers` of compression.
    pub(super) fn of(
        source: Source<'a>,
        layers: usize,
        name: &Name,
        meter: &Meter,
        context: &'a Context<'a>,
    ) -> Self {
        Self {
            source,
            name: name.clone(),
            context,
            feed_size: FeedSize::new(),
            meter: meter.clone(),
            buffers: SharedBuffers::default(),
            current: None,
            failure: None,
            position: 0,
            came: 0,
            ahead: VecDeque::new(),
            record: Record::None,
            passage: Passage::Unseen,
            is_clipped: false,
            without: None,
            noted: RECENT,
            is_later: false,
            layers,
        }
    }

    /// What libarchive is not shown of a RAR 5.
    pub(super) fn leaving_out(mut self, without: Option<WithoutDirectories>) -> Self {
        self.without = without;
        self
    }

    fn stored(&self) -> &Stored<'a> {
        match &self.source {
            Source::Stored(stored) => stored,
            Source::Layer(layer) => layer.below().stored(),
        }
    }

    /// Libarchive begins to work.
    pub(crate) fn begin(&self) {
        self.feed_size.begin();
    }

    /// Libarchive never works for long on these bytes.
    pub(crate) fn stop_watching(&mut self) {
        self.feed_size.stop_watching();
    }

    /// How many bytes libarchive was given, or could have been.
    pub(crate) fn given(&self) -> u64 {
        match &self.source {
            Source::Stored(stored) => stored.size(),
            Source::Layer(_) => self.came,
        }
    }

    /// Has nothing come yet?
    pub(crate) fn is_empty(&self) -> bool {
        self.stored().is_unread()
    }

    /// Is libarchive given something else than what is stored?
    pub(crate) fn is_undone(&self) -> bool {
        !matches!(self.source, Source::Stored(_))
    }

    /// Why there are no more bytes, if that is not because they are at their end.
    pub(crate) fn failure(&self) -> Option<&Error> {
        self.failure.as_ref()
    }

    /// What libarchive was given last.
    pub(crate) fn buffer(&self) -> Option<&SharedBuffer> {
        self.current.as_ref()
    }

    /// May what was read be trusted? Of what can be read anywhere, its origin says so.
    pub(crate) fn verify(&self) -> Result<()> {
        self.stored().verify()
    }

    /// The bytes, if they can be read anywhere.
    pub(crate) fn anywhere(&self) -> Option<&dyn ReadAt> {
        match &self.source {
            Source::Stored(stored) if !self.is_later => stored.anywhere(),
            _ => None,
        }
    }

    /// Why the bytes can be read only in their order.
    pub(crate) fn why_in_order(&self) -> Option<&'static str> {
        self.stored().why_in_order()
    }

    /// Keeps what passes by from now on until the format is known.
    pub(crate) fn keep(&mut self) {
        self.passage = Passage::new();
    }

    /// The format is known, and this is its structure, which is to see what passes by; `None`: nothing
    /// has to.
    ///
    /// # Errors
    /// When the container is broken.
    pub(crate) fn show(&mut self, structure: Option<Box<dyn Structure>>) -> Result<()> {
        let Some(structure) = structure else {
            self.passage.end();
            return Ok(());
        };
        let anywhere = match &self.source {
            Source::Stored(stored) if !self.is_later => stored.anywhere(),
            _ => None,
        };
        let begun = self.passage.begin(structure, anywhere, self.context)?;
        begun.map_err(|broken| self.broken(broken))
    }

    /// Shows libarchive frames of zstd and lz4, and nothing of what is behind their end.
    pub(super) fn clip(&mut self) -> Result<()> {
        self.keep();
        self.is_clipped = true;
        self.show(Some(Box::new(Frames::new())))
    }

    /// Is nothing shown of what is behind the end of frames?
    pub(crate) fn is_clipped(&self) -> bool {
        self.is_clipped
    }

    /// How much libarchive sees of so many bytes that begin `at` there.
    fn clipped(&self, at: u64, length: usize) -> usize {
        match self.passage.end_of_structure() {
            Some(end) if self.is_clipped => {
                usize::try_from(end.saturating_sub(at)).unwrap_or(length).min(length)
            }
            _ => length,
        }
    }

    /// The next entry that the structure has come to.
    pub(crate) fn entry(&mut self) -> Option<(Listed, Details)> {
        self.passage.entry()
    }

    fn broken(&self, Broken(why): Broken) -> Error {
        Error::archive(&self.name, why)
    }

    /// Reads what libarchive had no use for: a checksum may come after it, or bytes that belong to no
    /// part of the container. What it was given last is gone.
    ///
    /// # Errors
    /// When the checksum is wrong; when there is too much; when the container is broken.
    pub(crate) fn finish(&mut self) -> Result<()> {
        if self.is_undone() || self.passage.is_seen() {
            while self.serve(0)? > 0 {}
        }
        Ok(())
    }

    /// What the structure has come to so far, if it has come to its end.
    pub(crate) fn seen(&self) -> Option<Whole> {
        self.passage.seen()
    }

    /// What the structure has come to, if one has seen what passed by, and what lies behind its end. All
    /// has been read.
    ///
    /// # Errors
    /// When the container is broken.
    pub(crate) fn whole(&mut self) -> Result<Option<(Whole, Option<Behind>)>> {
        match self.passage.finish(self.context)? {
            None => Ok(None),
            Some(Ok(whole)) => Ok(Some(whole)),
            Some(Err(broken)) => Err(self.broken(broken)),
        }
    }

    /// What lies behind the ends of filters, from the inside out. All within has been read.
    ///
    /// # Errors
    /// When it cannot be read; when the context says stop.
    pub(crate) fn behind_filters(&mut self) -> Result<Vec<Behind>> {
        match &mut self.source {
            Source::Stored(_) => Ok(Vec::new()),
            Source::Layer(layer) => layer.behind(),
        }
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

    /// Begins to note what is handed out.
    pub(crate) fn record(&mut self) {
        self.record = Record::All(Vec::new());
    }

    /// What has been handed out since then is going to be handed out once more.
    pub(crate) fn rewind(&mut self) {
        if let Record::All(pieces) = std::mem::replace(&mut self.record, Record::None) {
            self.current = None;
            self.ahead = pieces.into_iter().chain(self.ahead.drain(..)).collect();
            self.position = 0;
        }
    }

    /// It was no filter after all.
    pub(crate) fn unclip(&mut self) {
        self.passage.end();
        self.is_clipped = false;
    }

    /// Only the last of what has been handed out is noted from now on.
    pub(crate) fn keep_record(&mut self) {
        self.record.keep_recent();
    }

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

    /// What says whether the work may go on.
    pub(crate) fn context(&self) -> &'a Context<'a> {
        self.context
    }

    /// May the work go on?
    pub(crate) fn checkpoint(&self) -> Result<()> {
        self.context.checkpoint()
    }

    /// Hands out what comes next, and says how much. So much came out of what was handed out before.
    fn serve(&mut self, put_out: u64) -> Result<usize> {
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
                Some(piece) => piece,
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

    /// How many bytes came out of the layer around what libarchive is given.
    pub(crate) fn undone(&self) -> u64 {
        if self.is_undone() { self.came } else { 0 }
    }

    /// How many bytes there are below all layers, or have come.
    pub(crate) fn compressed(&self) -> u64 {
        self.stored().compressed()
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

    fn check_most(&self, put_out: u64) -> Result<()> {
        self.meter.check(put_out.max(self.undone()), self.compressed())
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

    /// Goes elsewhere, and says where that is. `None`: not possible.
    fn go(&mut self, to: Option<u64>) -> Option<u64> {
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
