//! The content of an object of the caller's: an open file of another language, say, which only that language can read.

pub(crate) mod anywhere;
pub(crate) mod asked;
pub(crate) mod reader;
pub(crate) mod requests;

use std::sync::Arc;

use self::asked::Object;
use self::reader::ObjectReader;
use super::{Content, Reader};
use crate::error::{Name, Result};

/// An object before it is read.
pub(crate) struct ObjectContent<'s> {
    pub(crate) object: &'s Arc<Object>,
    /// What messages call it.
    pub(crate) name: &'s Name,
}

impl Content for ObjectContent<'_> {
    fn open(&self, _: usize) -> Result<Box<dyn Reader>> {
        Ok(Box::new(ObjectReader::open(self.object, self.name, false)?))
    }
}

#[cfg(test)]
mod tests;
