//! What frames there are.

use crate::archive::Account;
use crate::archive::stream::Entry;
use crate::options::ArchiveLimits;

/// The longest frame that is accepted: names and targets are the longest texts, and libarchive has none that
/// come near it.
pub(crate) const LONGEST: usize = 64 << 20;

/// How many bytes of content one frame has at most: libarchive's blocks have 64 KiB most often.
pub(crate) const PIECE: usize = 256 << 10;

/// What is in front of a frame's fields.
pub(crate) const HEAD: usize = 5;

/// How the bytes of an archive come to the worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Access {
    /// It has the descriptor of the file.
    Descriptor,
    /// It asks for those at a place.
    Anywhere,
    /// It asks for the next ones; and why only those.
    InOrder(Vec<u8>),
}

/// An archive that a worker is to read.
#[derive(Clone, PartialEq)]
pub(crate) struct Opening {
    pub(crate) name: Vec<u8>,
    pub(crate) access: Access,
    pub(crate) size: Option<u64>,
    pub(crate) is_promised: bool,
    pub(crate) ignore_zeros: bool,
    pub(crate) password: Option<Vec<u8>>,
    pub(crate) limits: ArchiveLimits,
}

/// What was counted by now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) undone: u64,
    pub(crate) compressed: u64,
}

/// Why an archive cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failed {
    Archive(Vec<u8>, Option<u64>),
    Bomb(Vec<u8>),
    Read(Vec<u8>, Option<u64>),
    Internal(Vec<u8>),
}

/// One thing that is said.
#[derive(Clone, PartialEq)]
pub(crate) enum Frame<'f> {
    /// To the worker: read this.
    Open(Opening),
    /// To the worker: what it asked for. Nothing: the end.
    Data(&'f [u8]),
    /// To the worker: give up the archive at hand, which is not needed any more. Where it has been read by then,
    /// this means nothing.
    GiveUp,
    /// The worker is there, and has so many bytes of memory more than it began with.
    Ready { grown: u64 },
    /// It asks for so many bytes at this place, or from where it is.
    Wants { at: u64, length: u64 },
    /// The archive is open.
    Opened,
    /// The next entry; is its name spelled exactly, and do all of one name count?
    Entry { entry: Entry, is_exact: bool, counts_all: bool },
    /// More of its content; is it stored as it is?
    Bytes { bytes: &'f [u8], is_stored: bool, counted: Counted },
    /// A hole in it.
    Zeros { length: u64, counted: Counted },
    /// Its end.
    End(Counted),
    /// All entries have been shown.
    Done { open: Option<Vec<u8>>, account: Account },
    /// It cannot be read.
    Failed(Failed),
}
