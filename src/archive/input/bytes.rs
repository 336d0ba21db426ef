//! The bytes of an archive before anything is undone: what has them, and how they can be read.

use crate::archive::opening::Opening;
use crate::content::{ReadAt, Reader};
use crate::error::{Name, Result};
use crate::run::context::Context;

/// An archive, before it is read; it may have to be read twice.
pub(crate) trait Origin: Sync {
    /// What messages call it.
    fn name(&self) -> &Name;

    /// What its user said of it.
    fn opening(&self) -> &Opening;

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
