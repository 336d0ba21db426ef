//! Something open that the command line was given: standard input, a pipe.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use pyo3::prelude::*;

use super::errors::raise;
use crate::content::stream::Stream;
use crate::error::{Error, Name};
use crate::source::Source;
use crate::sys::descriptors::duplicate;

/// A source that can be read once, by the number of its descriptor.
#[pyclass(frozen, module = "komparu._core")]
pub(super) struct OpenStream(Source);

#[pymethods]
impl OpenStream {
    /// `name` is what messages call it. The descriptor may be closed afterwards.
    #[new]
    fn new(py: Python<'_>, descriptor: i32, name: OsString) -> PyResult<Self> {
        let name = name.into_vec();
        let file = duplicate(descriptor)
            .map_err(|errno| raise(py, &Error::system(&Name::new(&name), &errno.into())))?;
        Ok(Self(Source::stream(Stream::new(file), &name)))
    }
}

impl OpenStream {
    pub(super) fn source(&self) -> Source {
        self.0.clone()
    }
}
