//! What the structure of every format is asked, and what it tells.

use crate::sys::libarchive::ShownKind;

/// The most bytes that a structure may ask for at once: more than the longest header of any format, and
/// little enough to be kept in memory. What is longer (an index, a table of names) is asked for in parts.
pub(crate) const LONGEST: usize = 1 << 20;

/// Walks one container, and knows its format. It never reads by itself, never recurs, and keeps a
/// bounded number of bytes.
pub(crate) trait Structure: Send {
    /// Goes on. `bytes` are those that the last [`Want::Bytes`] asked for, fewer only where the container
    /// ends before; none at the first step, and after a [`Want::Entry`]. Not called after [`Want::End`] or
    /// an error.
    ///
    /// # Errors
    /// When the container is damaged, cut short, a part of a set, or cannot be accounted for.
    fn step(&mut self, bytes: &[u8]) -> Result<Want, Broken>;

    /// Does it tell of every entry? Where what lists them is packed itself, it cannot.
    fn lists_entries(&self) -> bool {
        true
    }
}

/// What a structure needs, or has come to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// These bytes, at least one and at most [`LONGEST`]. A structure that is walked while the bytes pass
    /// by never goes back behind the end of what it asked for before.
    Bytes { at: u64, length: usize },
    /// Nothing, but there is this entry. Told once of each entry that libarchive shows, of any kind.
    Entry(Listed),
    /// The same, of which more is known.
    Detailed(Listed, Details),
    /// Nothing more.
    End(Whole),
}

/// An entry, as the structure has it: what is `None` is not checked against what libarchive shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The name, in the bytes that libarchive would show; slashes at its end are of no importance.
    pub(crate) name: Option<Vec<u8>>,
    /// How many bytes of content it has, holes included.
    pub(crate) size: Option<u64>,
}

/// What else is known of an entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Details {
    /// What it is.
    pub(crate) sort: Option<Sort>,
    /// The CRC-32 of its content, which libarchive does not look at in every format.
    pub(crate) checksum: Option<u32>,
    /// The `BLAKE2sp` digest of its content, which RAR 5 may have in place of a CRC-32.
    pub(crate) blake2sp: Option<Box<[u8; 32]>>,
    /// What holds of it, where libarchive shows something else.
    pub(crate) instead: Instead,
}

/// What an entry is, in the rough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    File,
    Link,
    /// A directory, for example.
    Other,
}

/// What holds of an entry that libarchive shows in another way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Instead {
    /// What it is called.
    pub(crate) name: Option<Vec<u8>>,
    /// What it is; the content that libarchive would show is not asked for.
    pub(crate) kind: Option<ShownKind>,
}

/// What a walk came to, if nothing is broken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Whole {
    /// Where the container ends, behind its end mark. Bytes behind it that are not zeros have to be the
    /// same in both archives.
    pub(crate) end: u64,
    /// Why entries may be missing at the end, although nothing is broken: "has no end mark" for example.
    /// `None`: there was an end mark, or another proof that nothing is missing. Where it is set, the
    /// comparison has no verdict but "different".
    pub(crate) open: Option<&'static str>,
    /// Is the end that of all bytes, with nothing that marks it? Then a part that ends between two entries
    /// is as whole, and entries that only the other archive has are not known to be missing.
    pub(crate) is_unmarked: bool,
    /// How many entries libarchive must have shown, where the format counts them without listing each.
    pub(crate) entries: Option<u64>,
}

/// Why a container cannot be accounted for, in one line that goes on after its name: "is cut short: …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken(pub(crate) String);

impl Broken {
    /// This reason.
    pub(crate) fn because<T>(reason: impl Into<String>) -> Result<T, Self> {
        Err(Self(reason.into()))
    }
}
