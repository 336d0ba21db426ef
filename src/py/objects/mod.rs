//! Objects of the caller's as sources: what has bytes, open files, and what opens one.
//!
//! A call collects its objects while its arguments are read. What lies in memory is taken at once. The others are
//! called while the comparison goes on, by the thread that [`serves`](served::Served) it and by no other.

pub(super) mod bridge;
pub(super) mod raised;
pub(super) mod read;
pub(super) mod served;

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyString};

use self::served::{Given, Served};
use super::classes::classes;
use super::values::encode;
use crate::content::memory::Memory;
use crate::content::object::asked::Object;
use crate::content::object::requests::Requests;
use crate::source::Source;

/// What an object is, as `komparu._objects` tells it.
const BYTES: u8 = 0;
// Once is 1.
const AGAIN: u8 = 2;
const OPENER: u8 = 3;

/// The objects of a call, while its arguments are read.
#[derive(Default)]
pub(super) struct Objects {
    /// Are sources only looked at, and nothing taken of them?
    only_looks: bool,
    collected: RefCell<Collected>,
}

#[derive(Default)]
struct Collected {
    /// Where they are asked, once there is one.
    requests: Option<Arc<Requests>>,
    given: Vec<Given>,
    /// Open files by their identity, and what the arguments were that they came as.
    files: HashMap<usize, (String, Py<PyAny>)>,
    /// What lies in memory. A thread that is not attached to the interpreter must not be the last to have it.
    kept: Vec<Memory>,
}

/// The objects of a call that has been read.
#[derive(Default)]
pub(super) struct CallObjects {
    /// Those that are called while it compares.
    pub(super) served: Option<Served>,
    _kept: Vec<Memory>,
}

/// Bytes, from some place on.
struct BytesFrom {
    bytes: PyBackedBytes,
    start: usize,
}

impl AsRef<[u8]> for BytesFrom {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[self.start.min(self.bytes.len())..]
    }
}

impl Objects {
    /// For looking at sources that are not going to be read.
    pub(super) fn looking() -> Self {
        Self { only_looks: true, collected: RefCell::default() }
    }

    /// What is called while the call compares, and what is kept as long.
    pub(super) fn finish(self) -> CallObjects {
        let Collected { requests, given, kept, .. } = self.collected.into_inner();
        let served = requests.map(|requests| Served::new(requests, given));
        CallObjects { served, _kept: kept }
    }

    /// Bytes as a source.
    pub(super) fn bytes(&self, bytes: Bound<'_, PyBytes>, start: usize, name: &[u8]) -> Source {
        let memory = Memory::new(BytesFrom { bytes: bytes.into(), start });
        self.collected.borrow_mut().kept.push(memory.clone());
        Source::memory(memory, name)
    }

    /// What has bytes otherwise, as a source; `None` if nothing can be read of it. `parameter` is the argument it came
    /// as, and `name` what messages call it, if it has been given a name. `calls`: what can be called opens it.
    pub(super) fn source(
        &self,
        value: &Bound<'_, PyAny>,
        parameter: &str,
        name: Option<Vec<u8>>,
        calls: bool,
    ) -> PyResult<Option<Source>> {
        let py = value.py();
        let look = classes(py)?.objects.bind(py).getattr("look")?;
        let options = pyo3::types::PyDict::new(py);
        options.set_item("calls", calls)?;
        options.set_item("takes", !self.only_looks)?;
        let found = look.call((value, parameter), Some(&options))?;
        if found.is_none() {
            return Ok(None);
        }
        let found: (u8, Bound<'_, PyAny>, usize, Bound<'_, PyString>) = found.extract()?;
        let (kind, content, start, own_name) = found;
        let name = name.map_or_else(|| encode(&own_name), Ok)?;
        if kind != OPENER {
            self.note_file(value, parameter)?;
        }
        if kind == BYTES {
            return Ok(Some(self.bytes(content.cast_into()?, start, &name)));
        }
        let mut collected = self.collected.borrow_mut();
        let number = collected.given.len();
        let requests = collected.requests.get_or_insert_default();
        let object = Object::new(Arc::clone(requests), number, kind >= AGAIN);
        let source = Source::object(object, &name);
        let name = source.name().clone();
        collected.given.push(Given { value: content.unbind(), name, is_opener: kind == OPENER });
        Ok(Some(source))
    }

    /// Notes a file that is open, which can be read once in a call.
    fn note_file(&self, value: &Bound<'_, PyAny>, parameter: &str) -> PyResult<()> {
        let identity = value.as_ptr().addr();
        let noted = (parameter.to_owned(), value.clone().unbind());
        let before = self.collected.borrow_mut().files.insert(identity, noted);
        match before {
            Some((before, _)) if !self.only_looks => Err(PyValueError::new_err(format!(
                "{parameter} is the same file object as {before}, and can be read only once: \
                 give a callable that opens it anew"
            ))),
            _ => Ok(()),
        }
    }
}
