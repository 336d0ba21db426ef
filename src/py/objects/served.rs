//! The objects of a call, in the thread that calls them: it answers what the threads that compare ask.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::PyByteArray;
use pyo3::{PyTraverseError, PyVisit};

use super::raised::Raised;
use super::read::{CHUNKS, Failure, File};
use crate::content::object::requests::{Answer, Ask, Request, Requests};
use crate::error::{Error, Name};
use crate::py::classes::classes;

/// Requests that are answered between two looks at signals and at the clock.
const AT_ONCE: usize = 8;

/// An object, as it was given.
pub(super) struct Given {
    pub(super) value: Py<PyAny>,
    pub(super) name: Name,
    /// Is it no file, but opens one?
    pub(super) is_opener: bool,
}

/// Which file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum FileKey {
    /// That which was given as this object.
    Given(usize),
    /// That which was opened for this reader.
    Opened(u64),
}

/// How far a reader has read.
struct Position {
    offset: u64,
    /// How much is read next.
    most: usize,
    has_ended: bool,
}

/// The objects of a call.
pub(crate) struct Served {
    requests: Arc<Requests>,
    given: Vec<Given>,
    files: HashMap<FileKey, File>,
    readers: HashMap<u64, Position>,
    /// What files fill, made when the first of them does.
    buffer: Option<Py<PyByteArray>>,
    /// What they have raised.
    pub(crate) raised: Arc<Raised>,
}

impl Served {
    pub(super) fn new(requests: Arc<Requests>, given: Vec<Given>) -> Self {
        let (files, readers) = (HashMap::new(), HashMap::new());
        Self { requests, given, files, readers, buffer: None, raised: Arc::default() }
    }

    /// Are there some that open files?
    pub(super) fn opens(&self) -> bool {
        self.given.iter().any(|given| given.is_opener)
    }

    /// What the garbage collector must know of.
    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.given.iter().try_for_each(|given| visit.call(&given.value))
    }

    /// Where they are asked.
    pub(crate) fn requests(&self) -> Arc<Requests> {
        Arc::clone(&self.requests)
    }

    /// Answers some of what has been asked.
    ///
    /// # Errors
    /// What an object has raised that ends the call.
    pub(crate) fn serve(&mut self, py: Python<'_>) -> PyResult<()> {
        for _ in 0..AT_ONCE {
            let Some(request) = self.requests.next() else { return Ok(()) };
            self.answer(py, request)?;
        }
        self.requests.wake_again();
        Ok(())
    }

    fn answer(&mut self, py: Python<'_>, request: Request) -> PyResult<()> {
        if request.ask == Ask::Close {
            self.readers.remove(&request.reader);
            let opened = self.files.remove(&FileKey::Opened(request.reader));
            return opened.map_or(Ok(()), |file| close(py, &file));
        }
        let answer = match self.attempt(py, &request) {
            Ok(answer) => Ok(answer),
            Err(Failure::Misbehaved(cause)) => {
                Err(Error::read(&self.given[request.object].name, cause))
            }
            Err(Failure::Raised(raised)) if raised.is_instance_of::<PyException>(py) => {
                Err(self.raised.note(py, &self.given[request.object].name, raised))
            }
            Err(Failure::Raised(raised)) => {
                request.answer(Err(Error::Cancelled));
                return Err(raised);
            }
        };
        request.answer(answer);
        Ok(())
    }

    fn attempt(&mut self, py: Python<'_>, request: &Request) -> Result<Answer, Failure> {
        let is_opener = self.given[request.object].is_opener;
        let key = if is_opener {
            FileKey::Opened(request.reader)
        } else {
            FileKey::Given(request.object)
        };
        if let Ask::Open { anywhere } = request.ask {
            let file = match self.files.entry(key) {
                Entry::Occupied(file) => file.into_mut(),
                Entry::Vacant(free) => free.insert(open(py, &self.given[request.object])?),
            };
            let size = if anywhere { file.size(py)? } else { None };
            self.readers
                .insert(request.reader, Position { offset: 0, most: CHUNKS[0], has_ended: false });
            return Ok(Answer::Opened { size, is_prompt: file.is_prompt });
        }
        let most = match request.ask {
            Ask::ReadAt { length, .. } => length.min(CHUNKS[1]),
            _ => self.readers.get(&request.reader).map_or(CHUNKS[0], |position| position.most),
        };
        let buffer = self.buffer(py, most)?;
        let reading = self.files.get_mut(&key).zip(self.readers.get_mut(&request.reader));
        let Some((file, position)) = reading else {
            return Err(Failure::Misbehaved("is not open".to_owned()));
        };
        Ok(Answer::Bytes(match request.ask {
            Ask::ReadAt { offset, length } => file.read_at(&buffer, offset, length)?,
            _ if position.has_ended => Vec::new(),
            _ => {
                // Where it fails, too.
                position.has_ended = true;
                let bytes = file.read(&buffer, position.offset, most)?;
                position.offset += bytes.len() as u64;
                position.has_ended = bytes.is_empty();
                if bytes.len() == most {
                    position.most = (2 * most).min(CHUNKS[1]);
                }
                bytes
            }
        }))
    }

    /// A buffer for so many bytes, or for more.
    fn buffer<'py>(&mut self, py: Python<'py>, most: usize) -> PyResult<Bound<'py, PyByteArray>> {
        if let Some(buffer) = self.buffer.as_ref().map(|buffer| buffer.bind(py))
            && buffer.len() >= most
        {
            return Ok(buffer.clone());
        }
        let made = PyByteArray::new_with(py, most.max(CHUNKS[0]), |_| Ok(()))?;
        self.buffer = Some(made.clone().unbind());
        Ok(made)
    }

    /// The call is over: closes what was opened for it. Files that were given stay open.
    ///
    /// # Errors
    /// What closing has raised that ends more than the call.
    pub(crate) fn finish(&mut self, py: Python<'_>) -> PyResult<()> {
        drop(self.requests.close());
        self.readers.clear();
        let mut outcome = Ok(());
        for (key, file) in self.files.drain() {
            if matches!(key, FileKey::Opened(_)) {
                let closed = close(py, &file);
                outcome = outcome.and(closed);
            }
        }
        outcome
    }
}

fn open(py: Python<'_>, given: &Given) -> PyResult<File> {
    let value = given.value.bind(py);
    if !given.is_opener {
        return File::ready(value);
    }
    let open = classes(py)?.objects.bind(py).getattr("open_anew")?;
    let file = open.call1((value, given.name.to_string()))?;
    File::ready(&file).inspect_err(|_| {
        let _ = file.call_method0("close");
    })
}

/// Closes a file that was opened for the call. What was read of it stays what it is, whatever closing raises.
fn close(py: Python<'_>, file: &File) -> PyResult<()> {
    match file.close(py) {
        Err(raised) if raised.is_instance_of::<PyException>(py) => {
            raised.write_unraisable(py, Some(file.object.bind(py)));
            Ok(())
        }
        closed => closed,
    }
}
