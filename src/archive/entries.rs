//! The entries of an archive, as far as their comparison needs them: what they are called and what is
//! known of their content, never the content itself.
//!
//! A million entries are no million allocations: names, targets and spellings lie in one vector each,
//! which takes half of the memory, and no time to give back.

use std::ops::Range;
use std::sync::Arc;

use blake3::Hash;

use super::Account;
use super::name_table::NameTable;
use crate::error::Result;
use crate::run::context::{Context, Steps};
use crate::tree::listing::EntryKind;
use crate::tree::names;

/// Where an entry stands among those of its archive that count.
pub(crate) type Index = u32;

/// An entry that counts: one with a name that can be matched, and with something to compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    /// Its name in its one form, composed.
    pub(crate) path: Arc<[u8]>,
    pub(crate) spelling: Spelling,
    pub(crate) kind: Kind,
}

/// What is known of how the archive spells a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling<T = Box<[u8]>> {
    /// It is spelled as it is composed.
    Composed,
    /// It is spelled like this.
    Other(T),
    /// In any way: the format has names composed.
    Unknown,
}

impl<T: PartialEq> Spelling<T> {
    /// May two entries of the same composed name have had two names?
    pub(crate) fn may_differ(&self, other: &Self, composed: &[u8]) -> bool {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => names::has_spellings(composed),
            (one, other) => one != other,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind<T = Box<[u8]>> {
    File,
    /// A symbolic link to this target.
    Symlink(T),
    /// Another name for what is called this by now.
    HardLink(T),
}

/// What is known of an entry's content when all of it has passed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Body {
    pub(crate) size: u64,
    pub(crate) digest: Option<Hash>,
    /// The entry of the other archive that it was compared with byte by byte, and whether it is the
    /// same.
    pub(crate) counterpart: Option<(Index, bool)>,
}

/// Bytes in [`Entries::bytes`].
#[derive(Debug, Clone, Copy)]
struct Text {
    start: usize,
    length: u32,
}

/// An entry, whose texts lie elsewhere.
#[derive(Debug)]
struct StoredEntry {
    path: Text,
    /// Where it stands in [`Entries::special`], counted from 1; 0: it is a file, spelled as it is
    /// composed, as nearly all are.
    special: u32,
    body: Body,
}

/// What else there is to an entry.
#[derive(Debug, Clone, Copy)]
struct Special {
    spelling: Spelling<Text>,
    kind: Kind<Text>,
}

/// What most entries are.
const ORDINARY: Special = Special { spelling: Spelling::Composed, kind: Kind::File };

/// Everything that counts in one archive, in its order.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    all: Vec<StoredEntry>,
    special: Vec<Special>,
    bytes: Vec<u8>,
    has_hard_links: bool,
    /// The names of the first so many of them. As long as two archives keep step, they are not needed.
    names: NameTable,
    named: Index,
    pub(crate) besides: BesideEntries,
}

/// What an archive has besides the entries that count.
#[derive(Debug, Default)]
pub(crate) struct BesideEntries {
    /// Names that are not matched, and why.
    pub(crate) refused: Vec<(Vec<u8>, &'static str)>,
    /// Directories, pipes and devices, where these were asked for: composed names, in the archive's order.
    pub(crate) without_content: Vec<(Box<[u8]>, EntryKind)>,
    /// What is known of the archive as a whole.
    pub(crate) account: Account,
}

impl Entries {
    /// How many there are; where the next entry will stand.
    pub(crate) fn count(&self) -> Index {
        Index::try_from(self.all.len()).expect("entries that fit into memory")
    }

    /// Where all of them stand.
    pub(crate) fn indices(&self) -> Range<Index> {
        0..self.count()
    }

    pub(crate) fn push(&mut self, header: &Header, body: Body) {
        let path = self.keep(&header.path);
        if header.kind == Kind::File && header.spelling == Spelling::Composed {
            self.all.push(StoredEntry { path, special: 0, body });
            return;
        }
        let spelling = match &header.spelling {
            Spelling::Composed => Spelling::Composed,
            Spelling::Other(written) => Spelling::Other(self.keep(written)),
            Spelling::Unknown => Spelling::Unknown,
        };
        let kind = match &header.kind {
            Kind::File => Kind::File,
            Kind::Symlink(target) => Kind::Symlink(self.keep(target)),
            Kind::HardLink(target) => {
                self.has_hard_links = true;
                Kind::HardLink(self.keep(target))
            }
        };
        self.special.push(Special { spelling, kind });
        let special = u32::try_from(self.special.len()).expect("no more than there are entries");
        self.all.push(StoredEntry { path, special, body });
    }

    fn keep(&mut self, text: &[u8]) -> Text {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(text);
        let length = u32::try_from(text.len()).expect("names are held in memory several times");
        Text { start, length }
    }

    fn text(&self, text: Text) -> &[u8] {
        &self.bytes[text.start..][..text.length as usize]
    }

    fn entry(&self, index: Index) -> &StoredEntry {
        &self.all[index as usize]
    }

    fn special(&self, index: Index) -> &Special {
        match self.entry(index).special.checked_sub(1) {
            None => &ORDINARY,
            Some(place) => &self.special[place as usize],
        }
    }

    /// Is any of them a hard link?
    pub(crate) fn have_hard_links(&self) -> bool {
        self.has_hard_links
    }

    pub(crate) fn path(&self, index: Index) -> &[u8] {
        self.text(self.entry(index).path)
    }

    pub(crate) fn spelling(&self, index: Index) -> Spelling<&[u8]> {
        match self.special(index).spelling {
            Spelling::Composed => Spelling::Composed,
            Spelling::Other(written) => Spelling::Other(self.text(written)),
            Spelling::Unknown => Spelling::Unknown,
        }
    }

    pub(crate) fn kind(&self, index: Index) -> Kind<&[u8]> {
        match self.special(index).kind {
            Kind::File => Kind::File,
            Kind::Symlink(target) => Kind::Symlink(self.text(target)),
            Kind::HardLink(target) => Kind::HardLink(self.text(target)),
        }
    }

    pub(crate) fn body(&self, index: Index) -> &Body {
        &self.entry(index).body
    }

    pub(crate) fn set_digest(&mut self, index: Index, digest: Option<Hash>) {
        self.all[index as usize].body.digest = digest;
    }

    /// Has there been an entry of this name?
    ///
    /// # Errors
    /// When the context says stop: the first time, there may be many names to take in.
    pub(crate) fn have(&mut self, path: &[u8], context: &Context<'_>) -> Result<bool> {
        let (mut names, mut steps) = (std::mem::take(&mut self.names), Steps::new(context));
        for index in self.named..self.count() {
            steps.step()?;
            names.insert(self.path(index), index, |other| self.path(other), context)?;
        }
        self.named = self.count();
        let found = names.find(path, |other| self.path(other));
        self.names = names;
        Ok(found.is_some())
    }
}
