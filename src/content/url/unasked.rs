//! A URL before it is asked for.

use super::HttpReader;
use crate::content::{Content, Reader};
use crate::error::{Name, Result};
use crate::options::{HttpOptions, Retries};
use crate::web::url::Url;

/// A URL, and how it is to be asked for.
pub(crate) struct UrlContent<'s> {
    pub(crate) url: &'s Url,
    /// What messages call it.
    pub(crate) name: &'s Name,
    pub(crate) options: HttpOptions,
    pub(crate) retries: Retries,
}

impl UrlContent<'_> {
    /// Sends the request, and does not wait for an answer. So many contents are read `concurrently`.
    ///
    /// # Errors
    /// When there is no thread for it.
    pub(crate) fn ask(&self, concurrently: usize) -> Result<HttpReader> {
        let options = self.options.clone();
        HttpReader::start(self.url, self.name, options, self.retries, concurrently)
    }
}

impl Content for UrlContent<'_> {
    fn open(&self, concurrent: usize) -> Result<Box<dyn Reader>> {
        Ok(Box::new(self.ask(concurrent)?))
    }
}
