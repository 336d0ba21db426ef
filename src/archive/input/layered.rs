//! The bytes of an archive, as libarchive takes them: a buffer at a time, and from wherever it wants them.
//!
//! Whatever they are compressed by is undone in front, one layer after the other, so that what passes here
//! are the bytes of the container itself.

mod again;
mod seen;
mod serve;

use std::collections::VecDeque;

use super::feed_size::FeedSize;
use super::record::{Piece, Record};
use super::shared_buffer::{SharedBuffer, SharedBuffers};
use super::stored::Stored;
use crate::archive::account::Behind;
use crate::archive::limits::Meter;
use crate::archive::passage::Passage;
use crate::archive::structure::rar::WithoutDirectories;
use crate::content::ReadAt;
use crate::error::{Error, Name, Result};
use crate::run::context::Context;

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

    /// Is it one of those that compress single files: gzip, bzip2, xz, zstd, lz4?
    fn is_of_files(&self) -> bool;

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

impl<'a> ArchiveInput<'a> {
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

    /// Is it within one layer of compression, by one of the programs that compress single files?
    pub(crate) fn is_compressed_once(&self) -> bool {
        self.layers == 1 && matches!(&self.source, Source::Layer(layer) if layer.is_of_files())
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

    /// What says whether the work may go on.
    pub(crate) fn context(&self) -> &'a Context<'a> {
        self.context
    }

    /// May the work go on?
    pub(crate) fn checkpoint(&self) -> Result<()> {
        self.context.checkpoint()
    }

    /// How many bytes came out of the layer around what libarchive is given.
    pub(crate) fn undone(&self) -> u64 {
        if self.is_undone() { self.came } else { 0 }
    }

    /// How many bytes there are below all layers, or have come.
    pub(crate) fn compressed(&self) -> u64 {
        self.stored().compressed()
    }
}
