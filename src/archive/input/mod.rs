//! The bytes of an archive, as libarchive takes them: slab by slab, and from wherever it wants them.
//!
//! Whatever they are compressed by is undone in front, one layer after the other, so that what passes here
//! are the bytes of the container itself.

pub(crate) mod feed_size;
pub(crate) mod gzip;
pub(crate) mod shared_buffer;
pub(crate) mod stored;
#[cfg(test)]
mod tests;
pub(crate) mod undo;

use std::collections::VecDeque;
use std::io::SeekFrom;

use self::feed_size::Pace;
use self::gzip::Gunzip;
use self::shared_buffer::{Slab, Slabs};
use self::stored::Stored;
use self::undo::Undone;
use super::Behind;
use super::account::Tail;
use super::limits::Meter;
use super::passage::Passage;
use super::structure::rar::WithoutDirectories;
use super::structure::{Broken, Details, Frame, Frames, Listed, Structure, Whole};
use crate::content::{ReadAt, Reader};
use crate::error::{Error, Name, Result};
use crate::run::context::Context;
use crate::sys::libarchive::{Filter, Filters, Input};

/// An archive, before it is read; it may have to be read twice.
pub(crate) trait Origin: Sync {
    /// What messages call it.
    fn name(&self) -> &Name;

    /// Its bytes, from the first one on.
    ///
    /// # Errors
    /// When they cannot be had; when the context says stop.
    fn open<'c>(&'c self, context: &Context<'c>) -> Result<Bytes<'c>>;

    /// Asked when it has been read: is it still what it was before?
    ///
    /// # Errors
    /// When not.
    fn verify(&self) -> Result<()>;
}

/// The bytes of an archive.
pub(crate) enum Bytes<'a> {
    /// They can be read anywhere.
    Anywhere(Box<dyn ReadAt + 'a>),
    /// They come in their order, and why only so.
    Stream(Box<dyn Reader + 'a>, &'static str),
}

impl Bytes<'_> {
    /// The bytes, if they can be read anywhere.
    pub(crate) fn anywhere(&self) -> Option<&dyn ReadAt> {
        match self {
            Self::Anywhere(bytes) => Some(&**bytes),
            Self::Stream(..) => None,
        }
    }
}

/// Layers of compression, at most: as many as libarchive undoes.
const LAYERS: usize = 25;

/// What is kept of the bytes that were handed out last. No filter looks further ahead than this for
/// another part behind its end: most look for a few bytes.
const RECENT: u64 = 4 << 10;

/// The same where libarchive looks for a format: at 48 KiB, for an ISO 9660 image, in pieces that double.
const LOOKED_AT: u64 = 256 << 10;

/// The bytes of an archive, on their way to libarchive.
pub(crate) struct Supply<'a> {
    source: Source<'a>,
    name: Name,
    context: &'a Context<'a>,
    pace: Pace,
    /// Looks at how much comes out of filters, content or not.
    meter: Meter,
    slabs: Slabs,
    current: Option<Slab>,
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
    layers: usize,
}

/// What libarchive is given.
enum Source<'a> {
    Stored(Stored<'a>),
    Gzip(Box<Gunzip<'a>>),
    Filter(Box<Undone<'a>>),
}

/// What is behind an end.
pub(crate) enum Turned<'a> {
    /// Another part.
    Part(Box<Supply<'a>>),
    /// None, and all has been read.
    End(Box<Supply<'a>>),
}

/// Bytes from the start of a slab.
struct Piece {
    slab: Slab,
    length: usize,
}

/// What is noted of what is handed out.
enum Record {
    /// Nothing.
    None,
    /// All of it, so that it can be handed out once more.
    All(Vec<Piece>),
    /// The last of it, which may have been read ahead only.
    Recent(VecDeque<(u64, Piece)>),
}

/// What was handed out last.
enum Lent {
    /// So much of the current slab.
    Slab(usize),
    /// What the filter shows.
    Filter,
}

impl<'a> Supply<'a> {
    /// `name` is what messages call the archive.
    ///
    /// # Errors
    /// When it cannot be read; when the context says stop.
    pub(crate) fn new(
        bytes: Bytes<'a>,
        name: &Name,
        meter: &Meter,
        context: &'a Context<'a>,
    ) -> Result<Self> {
        let stored = Source::Stored(Stored::new(bytes, context));
        Self::of(stored, name, meter, context).unlayered()
    }

    /// Undoes whatever the bytes are compressed by, one layer after the other.
    fn unlayered(self) -> Result<Self> {
        let (name, meter, context) = (self.name.clone(), self.meter.clone(), self.context);
        let below = self.layers;
        let mut supply = self;
        for layers in below..LAYERS {
            let start = supply.start(WithoutDirectories::BEGINNING)?;
            let without = WithoutDirectories::of(start);
            let frames = start.get(..4).and_then(Frames::kind);
            let source = if start.starts_with(&gzip::MAGIC) {
                Source::Gzip(Box::new(Gunzip::new(supply, &name)))
            } else {
                let filters = match frames {
                    None => Filters::Others,
                    Some(Frame::Zstd) => Filters::Only(Filter::ZSTD),
                    Some(Frame::Lz4) => Filters::Only(Filter::LZ4),
                    Some(Frame::Either) => Filters::Framed,
                };
                if frames.is_some() {
                    supply.clip()?;
                }
                match Undone::open(supply, filters, &name, context)? {
                    Ok(undone) => Source::Filter(Box::new(undone)),
                    Err(plain) => return Ok(Self { without, ..plain }),
                }
            };
            supply = Self { layers: layers + 1, ..Self::of(source, &name, &meter, context) };
        }
        Err(Error::archive(&name, format!("is compressed more than {LAYERS} times over")))
    }

    /// Begins anew with what is behind `end`, zeros apart, as if that were all: if it begins with what
    /// `is_part` accepts. Else it is shown to `tail`.
    ///
    /// # Errors
    /// When it cannot be read; when the context says stop.
    pub(crate) fn turn(
        mut self,
        end: u64,
        is_part: impl FnOnce(&[u8]) -> bool,
        tail: &mut Tail,
    ) -> Result<Turned<'a>> {
        self.go_back(end)?;
        let mut buffer = vec![0; 64 << 10];
        let mut start = Vec::new();
        loop {
            let length = self.read_into(&mut buffer)?;
            if length == 0 {
                break;
            }
            let zeros = buffer[..length].iter().take_while(|&&byte| byte == 0).count();
            if start.is_empty() && zeros == length {
                continue;
            }
            let from = if start.is_empty() { zeros } else { 0 };
            start.extend_from_slice(&buffer[from..length]);
            // As many as tell of any format that may come.
            if start.len() >= 16 {
                break;
            }
        }
        if is_part(&start) {
            self.ahead.push_front(Piece { length: start.len(), slab: start.into() });
            (self.position, self.current, self.record) = (0, None, Record::None);
            (self.passage, self.is_clipped, self.is_later) = (Passage::Unseen, false, true);
            return self.unlayered().map(|part| Turned::Part(Box::new(part)));
        }
        tail.add(&start, self.context)?;
        loop {
            let length = self.read_into(&mut buffer)?;
            if length == 0 {
                return Ok(Turned::End(Box::new(self)));
            }
            tail.add(&buffer[..length], self.context)?;
        }
    }

    /// What is behind `end` is going to be handed out next, of which some was handed out already.
    fn go_back(&mut self, end: u64) -> Result<()> {
        if self.anywhere().is_some() {
            self.go(Some(end));
            return Ok(());
        }
        let (mut next, mut again) = (end, VecDeque::new());
        if let Record::Recent(recent) = &self.record {
            for (at, piece) in recent {
                let behind = at + piece.length as u64;
                if (*at..behind).contains(&next) {
                    // Within the piece.
                    let start = usize::try_from(next - at).unwrap_or(piece.length);
                    let rest = piece.slab[start..piece.length].to_vec();
                    again.push_back(Piece { length: rest.len(), slab: rest.into() });
                    next = behind;
                }
            }
        }
        if next != self.position {
            return Err(Error::archive(&self.name, "goes on behind its end, too far back"));
        }
        again.append(&mut self.ahead);
        self.ahead = again;
        Ok(())
    }

    /// Notes the last of what is handed out, if what it begins with is accepted and it can only be read in
    /// its order. Asked before anything is read.
    pub(crate) fn note(&mut self, is_part: impl FnOnce(&[u8]) -> bool) {
        let start = self.ahead.front().map_or(&[][..], |piece| &piece.slab[..piece.length]);
        if self.anywhere().is_none() && is_part(start) {
            self.record = Record::Recent(VecDeque::new());
            self.noted = LOOKED_AT;
        }
    }

    fn of(source: Source<'a>, name: &Name, meter: &Meter, context: &'a Context<'a>) -> Self {
        Self {
            source,
            name: name.clone(),
            context,
            pace: Pace::new(),
            meter: meter.clone(),
            slabs: Slabs::default(),
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
            layers: 0,
        }
    }

    fn stored(&self) -> &Stored<'a> {
        match &self.source {
            Source::Stored(stored) => stored,
            Source::Gzip(gunzip) => gunzip.supply().stored(),
            Source::Filter(undone) => undone.supply().stored(),
        }
    }

    /// Libarchive begins to work.
    pub(crate) fn begin(&self) {
        self.pace.begin();
    }

    /// How many bytes libarchive was given, or could have been.
    pub(crate) fn given(&self) -> u64 {
        match &self.source {
            Source::Stored(stored) => stored.size(),
            _ => self.came,
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
    pub(crate) fn slab(&self) -> Option<&Slab> {
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
    fn clip(&mut self) -> Result<()> {
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

    /// Reads what libarchive had no use for: a checksum may come after it, or what nobody has accounted
    /// for. What it was given last is gone.
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
            Source::Gzip(gunzip) => gunzip.behind(),
            Source::Filter(undone) => undone.behind(),
        }
    }

    /// Takes in what lies from `used` on, of which some was handed out already.
    pub(crate) fn rest(&mut self, used: u64, tail: &mut Tail) -> Result<()> {
        let mut next = used;
        if let Record::Recent(recent) = &self.record {
            for (at, piece) in recent {
                let end = at + piece.length as u64;
                if (*at..end).contains(&next) {
                    // Within the piece.
                    let start = usize::try_from(next - at).unwrap_or(piece.length);
                    tail.add(&piece.slab[start..piece.length], self.context)?;
                    next = end;
                }
            }
        }
        if next != self.position {
            return Err(Error::archive(
                &self.name,
                "is compressed, and does not show where it ends",
            ));
        }
        loop {
            let length = self.serve(0)?;
            let Some(slab) = &self.current else { return Ok(()) };
            if length == 0 {
                return Ok(());
            }
            tail.add(&slab[..length], self.context)?;
        }
    }

    /// Does what was handed out until `used` end with these bytes?
    pub(crate) fn ends_with(&self, used: u64, bytes: &[u8]) -> bool {
        let Record::Recent(recent) = &self.record else { return false };
        let Some(from) = used.checked_sub(bytes.len() as u64) else { return false };
        let mut end = Vec::new();
        for (at, piece) in recent {
            for (at, &byte) in (*at..).zip(&piece.slab[..piece.length]) {
                if (from..used).contains(&at) {
                    end.push(byte);
                }
            }
        }
        end == bytes
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
        let mut recent = VecDeque::new();
        if let Record::All(pieces) = std::mem::replace(&mut self.record, Record::None) {
            let mut at = 0;
            for piece in pieces {
                let length = piece.length as u64;
                recent.push_back((at, piece));
                at += length;
            }
        }
        self.record = Record::Recent(recent);
    }

    /// The first `length` bytes, or all, if there are fewer. Asked once, before anything is read.
    pub(super) fn start(&mut self, length: usize) -> Result<&[u8]> {
        if self.ahead.is_empty() {
            let (mut slab, mut filled) = (self.slabs.take(), 0);
            let writable = Slab::get_mut(&mut slab).expect("nobody else holds it");
            let piece = self.pace.piece();
            while filled < length {
                match self.fill(&mut writable[filled..piece], 0)? {
                    0 => break,
                    more => filled += more,
                }
            }
            if filled > 0 {
                self.ahead.push_back(Piece { slab, length: filled });
            }
        }
        Ok(self.ahead.front().map_or(&[], |piece| &piece.slab[..piece.length.min(length)]))
    }

    /// Reads into a buffer, and says how much; nothing at the end. What is read so is not handed out.
    pub(crate) fn read_into(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let Some(piece) = self.ahead.front_mut() else { return self.fill(buffer, 0) };
        let length = piece.length.min(buffer.len());
        buffer[..length].copy_from_slice(&piece.slab[..length]);
        if length < piece.length {
            let rest: Vec<u8> = piece.slab[length..piece.length].to_vec();
            *piece = Piece { length: rest.len(), slab: rest.into() };
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
            (Lent::Slab(length), Some(slab), _) => &slab[..*length],
            (Lent::Filter, _, Source::Filter(undone)) => undone.shown(),
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

    /// Gets what comes next: into the current slab, unless a filter can show it where it is.
    fn next(&mut self, put_out: u64) -> Result<Lent> {
        if let Some(slab) = self.current.take() {
            self.slabs.keep(slab);
        }
        let is_shown = matches!((&self.source, &self.record), (Source::Filter(_), Record::None));
        if self.ahead.is_empty() && is_shown && self.without.is_none() {
            self.context.checkpoint()?;
            let Source::Filter(undone) = &mut self.source else { unreachable!("just seen") };
            self.came += undone.more()? as u64;
            self.check_most(put_out)?;
            return Ok(Lent::Filter);
        }
        let Piece { slab, length } = loop {
            let piece = match self.ahead.pop_front() {
                Some(piece) => piece,
                None => {
                    let mut slab = self.slabs.take();
                    let writable = Slab::get_mut(&mut slab).expect("nobody else holds it");
                    let piece = self.pace.piece();
                    let length = self.fill(&mut writable[..piece], put_out)?;
                    Piece { slab, length }
                }
            };
            if let Some(piece) = self.without(piece) {
                break piece;
            }
        };
        match &mut self.record {
            Record::None => {}
            Record::All(pieces) => pieces.push(Piece { slab: Slab::clone(&slab), length }),
            Record::Recent(recent) => {
                recent.push_back((self.position, Piece { slab: Slab::clone(&slab), length }));
                while recent.get(1).is_some_and(|(at, _)| at + self.noted < self.position) {
                    recent.pop_front();
                }
            }
        }
        self.current = Some(slab);
        Ok(Lent::Slab(length))
    }

    /// What libarchive is shown of a piece; `None` if that is nothing, and more follows.
    fn without(&mut self, piece: Piece) -> Option<Piece> {
        let Some(without) = &mut self.without else { return Some(piece) };
        if without.passes(piece.length as u64) && piece.length > 0 {
            return Some(piece);
        }
        let is_end = piece.length == 0;
        let mut bytes = [without.held(), &piece.slab[..piece.length]].concat();
        let length = without.take_out(&mut bytes, is_end);
        (length > 0 || is_end).then(|| Piece { slab: bytes.into(), length })
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
            (Some(slab), _) => slab,
            (None, Source::Filter(undone)) => undone.shown(),
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
            Source::Gzip(gunzip) => gunzip.read(buffer)?,
            Source::Filter(undone) => undone.read(buffer)?,
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

impl Input for Supply<'_> {
    fn read(&mut self, put_out: u64) -> Option<&[u8]> {
        let at = self.position;
        let served = self.serve(put_out).map(|length| self.clipped(at, length));
        // What is asked is how long it is busy with one piece; it may take many in one call.
        self.begin();
        match served {
            Ok(length) => Some(match (&self.current, &self.source) {
                (Some(slab), _) => &slab[..length],
                (None, Source::Filter(undone)) => &undone.shown()[..length],
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
