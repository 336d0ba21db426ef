//! The entries of an archive, as far as their comparison needs them: what they are called and what is
//! known of their content, never the content itself.

use std::collections::HashMap;
use std::sync::Arc;

use blake3::Hash;

/// Where an entry stands among those of its archive that count.
pub(super) type Index = u32;

/// An entry that counts: one with a name that can be matched, and with something to compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// Its name, made plain.
    pub(super) path: Arc<[u8]>,
    pub(super) kind: Kind,
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
    /// The last of each name so far.
    last: HashMap<Arc<[u8]>, Index>,
    /// Names that are not matched, and why.
    pub(super) refused: Vec<(Vec<u8>, &'static str)>,
}

impl Entries {
    /// Where the next entry will stand.
    pub(super) fn next(&self) -> Index {
        Index::try_from(self.all.len()).expect("entries that fit into memory")
    }

    pub(super) fn push(&mut self, header: Header, body: Body) {
        self.last.insert(Arc::clone(&header.path), self.next());
        self.all.push((header, body));
    }

    /// Has there been an entry of this name?
    pub(super) fn have(&self, path: &[u8]) -> bool {
        self.last.contains_key(path)
    }

    pub(super) fn header(&self, index: Index) -> &Header {
        &self.all[index as usize].0
    }

    pub(super) fn body(&self, index: Index) -> &Body {
        &self.all[index as usize].1
    }
}
