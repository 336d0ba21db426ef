//! The entries of an archive, as far as their comparison needs them: what they are called and what is
//! known of their content, never the content itself.

use std::collections::HashSet;
use std::sync::Arc;

use blake3::Hash;

use super::names;

/// Where an entry stands among those of its archive that count.
pub(super) type Index = u32;

/// An entry that counts: one with a name that can be matched, and with something to compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// Its name in its one form, composed.
    pub(super) path: Arc<[u8]>,
    pub(super) spelling: Spelling,
    pub(super) kind: Kind,
}

/// What is known of how the archive spells a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Spelling {
    /// It is spelled as it is composed.
    Composed,
    /// It is spelled like this.
    Other(Box<[u8]>),
    /// In any way: the format has names composed.
    Unknown,
}

impl Spelling {
    /// May two entries of the same composed name have had two names?
    pub(super) fn may_differ(&self, other: &Self, composed: &[u8]) -> bool {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => names::has_spellings(composed),
            (one, other) => one != other,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    /// A symbolic link to this target.
    Symlink(Box<[u8]>),
    /// Another name for what is called this by now.
    HardLink(Box<[u8]>),
}

/// What is known of an entry's content when all of it has passed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Body {
    pub(super) size: u64,
    pub(super) digest: Option<Hash>,
    /// The entry of the other archive that it was compared with byte by byte, and whether it is the
    /// same.
    pub(super) twin: Option<(Index, bool)>,
}

/// Everything that counts in one archive, in its order.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub(super) all: Vec<(Header, Body)>,
    /// The names of the first so many of them. As long as two archives keep step, nobody asks.
    names: HashSet<Arc<[u8]>>,
    named: usize,
    /// Names that are not matched, and why.
    pub(super) refused: Vec<(Vec<u8>, &'static str)>,
}

impl Entries {
    /// Where the next entry will stand.
    pub(super) fn next(&self) -> Index {
        Index::try_from(self.all.len()).expect("entries that fit into memory")
    }

    pub(super) fn push(&mut self, header: Header, body: Body) {
        self.all.push((header, body));
    }

    /// Has there been an entry of this name?
    pub(super) fn have(&mut self, path: &[u8]) -> bool {
        for (header, _) in &self.all[self.named..] {
            self.names.insert(Arc::clone(&header.path));
        }
        self.named = self.all.len();
        self.names.contains(path)
    }

    pub(super) fn header(&self, index: Index) -> &Header {
        &self.all[index as usize].0
    }

    pub(super) fn body(&self, index: Index) -> &Body {
        &self.all[index as usize].1
    }
}
