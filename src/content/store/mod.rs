//! Objects of a store, as S3 and its kin have them: fetched by URLs that the store's own library signs.
//!
//! What a listing says of an object is known before it is asked for: its size may decide without a request, and its
//! `ETag` goes with the request, so that an object that has changed since is an error and no verdict.

pub(crate) mod listed;
mod reader;
pub(crate) mod requests;
pub(crate) mod stored;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use self::reader::StoreReader;
use self::stored::StoredObject;
use super::{Content, Reader};
use crate::error::{Name, Result};
use crate::options::{HttpOptions, Retries};

/// An object before it is asked for.
pub(crate) struct StoredContent<'s> {
    pub(crate) object: &'s Arc<StoredObject>,
    /// What messages call it.
    pub(crate) name: &'s Name,
    pub(crate) options: HttpOptions,
    pub(crate) retries: Retries,
}

impl Content for StoredContent<'_> {
    fn size(&self) -> Option<u64> {
        self.object.listed.size
    }

    fn open(&self, concurrent: usize) -> Result<Box<dyn Reader>> {
        let (object, name) = (Arc::clone(self.object), self.name.clone());
        let options = (&self.options, self.retries);
        Ok(Box::new(StoreReader::new(object, name, options, concurrent)))
    }
}
