//! Entries in the order in which an archive has them: what every reader of archives offers.

use std::ops::Range;

use super::account::Account;
use super::input::shared_buffer::SharedBuffer;
use crate::error::Result;
use crate::sys::libarchive::ShownKind;

/// What reads archives of one kind or of many.
pub(crate) trait Entries {
    /// Goes on to the next entry, whose predecessor's content has been taken.
    ///
    /// # Errors
    /// When the archive is damaged or encrypted, or cannot be read; when the context says stop.
    fn next(&mut self) -> Result<Option<Entry>>;

    /// Goes on to more content of the entry at hand.
    ///
    /// # Errors
    /// Those of [`next`](Self::next).
    fn step(&mut self) -> Result<Step>;

    /// The bytes that the last step has come to.
    fn bytes(&self) -> &[u8];

    /// The shared buffer that they may lie in.
    fn buffer(&self) -> Option<&SharedBuffer>;

    /// Do they lie in the archive as they are, or in what came out of a layer around all of it?
    fn is_stored(&self) -> bool;

    /// How many bytes came out of a layer of compression around all of the archive so far.
    fn undone(&self) -> u64;

    /// How many bytes the archive has; of one that a server sends, those that have come.
    fn compressed(&self) -> u64;

    /// Does the entry at hand have its name as it is written in the archive?
    fn spells_exactly(&self) -> bool;

    /// Do all entries of one name count, and not only the last?
    fn counts_all(&self) -> bool {
        false
    }

    /// Asked after the last entry: may what was read be trusted?
    ///
    /// # Errors
    /// When not.
    fn verify(&self) -> Result<()>;

    /// Asked after the last entry: what is there to say of the archive as a whole?
    fn account(&mut self) -> Account {
        Account::default()
    }
}

/// What comes next of an entry's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The bytes at hand.
    Bytes,
    /// A hole.
    Zeros(u64),
    /// Nothing.
    End,
}

/// An entry, without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The name as the archive has it.
    pub(crate) name: Vec<u8>,
    /// What it is.
    pub(crate) kind: ShownKind,
    /// Does the name go on after a NUL byte?
    pub(crate) is_cut: bool,
    /// Is it all that a compressed file has within, which has no name?
    pub(crate) is_single: bool,
}

/// A part of an entry's content, in its order.
pub(crate) enum Piece<'p> {
    /// These bytes.
    Bytes(&'p [u8]),
    /// The bytes in this range of a buffer.
    Shared(&'p SharedBuffer, Range<usize>),
    /// A hole.
    Zeros(u64),
}
