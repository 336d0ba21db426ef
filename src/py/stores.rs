//! Stores as Python has them: `komparu.Store`, and texts such as `s3://bucket/prefix/`.
//!
//! A store's library is called by one thread of Python's, which the call starts when its arguments have been read:
//! `komparu._stores` is what it does. The threads that compare know only of [`StoreRequests`].

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyString;

use super::classes::classes;
use crate::content::store::listed::ListedObject;
use crate::content::store::requests;
use crate::error::{Error, Name};
use crate::tree::store::StoreTree;

/// Seconds that a signature is valid: an object that takes long to read may have to be asked for again.
const VALID: u64 = 3600;

/// How the texts begin that are stores.
const SCHEMES: [&str; 3] = ["s3://", "gs://", "az://"];

/// A store that was given, and what will be asked of its library.
pub(super) struct GivenStore {
    /// What the thread does.
    serve: Py<PyAny>,
    requests: Arc<requests::StoreRequests>,
}

impl GivenStore {
    pub(super) fn clone_ref(&self, py: Python<'_>) -> Self {
        Self { serve: self.serve.clone_ref(py), requests: Arc::clone(&self.requests) }
    }

    pub(super) fn tree(self) -> StoreTree {
        StoreTree::new(self.requests)
    }

    /// Starts the thread that calls the library.
    pub(super) fn begin(self, py: Python<'_>) -> PyResult<()> {
        let requests = StoreRequests(self.requests);
        classes(py)?.stores.bind(py).call_method1("begin", (self.serve, requests)).map(drop)
    }
}

/// Is it a text that is a store?
fn is_text(value: &Bound<'_, PyAny>) -> bool {
    let text = value.cast::<PyString>().ok().and_then(|text| text.to_cow().ok());
    text.is_some_and(|text| {
        let start = text.get(..SCHEMES[0].len()).map(str::to_ascii_lowercase);
        start.is_some_and(|start| SCHEMES.contains(&&*start))
    })
}

fn is_store(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = value.py();
    Ok(is_text(value) || value.is_instance(&classes(py)?.types.bind(py).getattr("Store")?)?)
}

/// Reads a store; `None` if it is none.
pub(super) fn store(value: &Bound<'_, PyAny>) -> PyResult<Option<GivenStore>> {
    if !is_store(value)? {
        return Ok(None);
    }
    let given = classes(value.py())?.stores.bind(value.py()).call_method1("given", (value,))?;
    let (name, serve): (String, Py<PyAny>) = given.extract()?;
    let requests = Arc::new(requests::StoreRequests::new(Name::new(name.as_bytes())));
    Ok(Some(GivenStore { serve, requests }))
}

/// What a log calls a store; `None` if it is none.
pub(super) fn name(value: &Bound<'_, PyAny>) -> Option<Name> {
    if !is_store(value).ok()? {
        return None;
    }
    let stores = classes(value.py()).ok()?.stores.bind(value.py());
    let name: String = stores.call_method1("shown", (value,)).ok()?.extract().ok()?;
    Some(Name::new(name.as_bytes()))
}

/// What a comparison wants of a store's library.
#[pyclass(frozen, module = "komparu._core")]
pub(super) struct StoreRequests(Arc<requests::StoreRequests>);

#[pymethods]
impl StoreRequests {
    /// Seconds that signatures are to be valid.
    #[classattr]
    const VALID: u64 = VALID;

    /// Add objects that the library has listed: their keys below the prefix, sizes, and ETags. False if no more are
    /// wanted.
    fn add(&self, objects: Vec<(String, Option<u64>, Option<String>)>) -> bool {
        self.0.add(objects.into_iter().map(|(key, size, etag)| ListedObject {
            key: key.into_bytes(),
            size,
            etag,
        }))
    }

    /// Say that all objects have been added.
    fn listed(&self) {
        self.0.listed();
    }

    /// Say that the library has failed: "missing", "denied", "config" or "failed", and why.
    fn fail(&self, kind: &str, why: String) {
        let name = self.0.name().clone();
        self.0.fail(match kind {
            "missing" => Error::NotFound { name, cause: why, errno: None, status: None },
            "denied" => Error::Permission { name, cause: why, errno: None },
            "config" => Error::Config(why),
            _ => Error::read(&name, why),
        });
    }

    /// Is nothing wanted any more?
    #[getter]
    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Want nothing any more.
    fn close(&self) {
        self.0.close();
    }

    /// Wait until URLs are wanted, and say of which objects, in the order in which they were added. None once nothing
    /// is wanted any more.
    fn next(&self, py: Python<'_>) -> Option<Vec<usize>> {
        py.detach(|| self.0.next())
    }

    /// Give the signed URLs of objects.
    fn sign(&self, objects: Vec<usize>, urls: Vec<String>) {
        let urls = urls.into_iter().map(String::into_bytes);
        self.0.sign(objects.into_iter().zip(urls));
    }
}

impl Drop for StoreRequests {
    /// The thread is gone: nothing that is waited for will come.
    fn drop(&mut self) {
        let why = "the thread that calls its library has ended";
        self.0.fail(Error::Internal(why.to_owned()));
    }
}
