//! One open file of Python's, and what its methods must give.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyInt, PyMemoryView, PySlice, PyString};

use crate::py::classes::classes;

/// Bytes that are read at a time: few at first, so that small files cost little, and twice as many as long as a file
/// gives all that it is asked for. Asking for a megabyte takes about 20 µs, a tenth of what reading it takes.
pub(super) const CHUNKS: [usize; 2] = [64 << 10, 1 << 20];

/// Why nothing was read.
pub(super) enum Failure {
    /// This was raised.
    Raised(PyErr),
    /// The file has done what no file does.
    Misbehaved(String),
}

impl From<PyErr> for Failure {
    fn from(raised: PyErr) -> Self {
        Self::Raised(raised)
    }
}

type Result<T> = std::result::Result<T, Failure>;

/// A file that is open for reading.
pub(super) struct File {
    pub(super) object: Py<PyAny>,
    read: Py<PyAny>,
    /// Does it fill a buffer that it is given?
    fills: bool,
    /// Where the content begins, if it can seek.
    start: Option<u64>,
    /// Where it stands.
    at: u64,
    /// Does reading never wait for what may not come?
    pub(super) is_prompt: bool,
}

impl File {
    pub(super) fn ready(file: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = file.py();
        let ready = classes(py)?.objects.bind(py).getattr("ready")?.call1((file,))?;
        let ready: (Bound<'_, PyAny>, bool, Option<u64>, bool) = ready.extract()?;
        let (read, fills, start, is_prompt) = ready;
        let (object, read) = (file.clone().unbind(), read.unbind());
        Ok(Self { object, read, fills, start, at: start.unwrap_or_default(), is_prompt })
    }

    /// Goes to an offset of the content, if it does not stand there. One that cannot seek stands where it must.
    fn go(&mut self, py: Python<'_>, offset: u64) -> Result<()> {
        let Some(start) = self.start else { return Ok(()) };
        let wanted = start.saturating_add(offset);
        if self.at != wanted {
            let file = self.object.bind(py);
            let came = file.call_method1(pyo3::intern!(py, "seek"), (wanted,))?;
            if let Ok(came) = came.cast_into::<PyInt>()
                && PyAnyMethods::ne(came.as_any(), wanted)?
            {
                return Err(Failure::Misbehaved(format!(
                    "went to {came} where {wanted} was sought"
                )));
            }
            self.at = wanted;
        }
        Ok(())
    }

    /// How many bytes the content has, if it can seek.
    pub(super) fn size(&mut self, py: Python<'_>) -> Result<Option<u64>> {
        let Some(start) = self.start else { return Ok(None) };
        let file = self.object.bind(py);
        file.call_method1(pyo3::intern!(py, "seek"), (0, 2))?;
        let end: u64 = file.call_method0(pyo3::intern!(py, "tell"))?.extract()?;
        self.at = end;
        Ok(Some(end.saturating_sub(start)))
    }

    /// The next bytes from an offset of the content on; none at the end.
    pub(super) fn read(
        &mut self,
        buffer: &Bound<'_, PyByteArray>,
        offset: u64,
        most: usize,
    ) -> Result<Vec<u8>> {
        let py = buffer.py();
        self.go(py, offset)?;
        let most = most.min(buffer.len());
        // Where it stands is not known if it raises.
        let at = std::mem::replace(&mut self.at, u64::MAX);
        let read = self.read.bind(py);
        let bytes = if self.fills { filled(read, buffer, most)? } else { given(read, most)? };
        self.at = at.saturating_add(bytes.len() as u64);
        Ok(bytes)
    }

    /// The bytes at an offset; fewer at the end.
    pub(super) fn read_at(
        &mut self,
        buffer: &Bound<'_, PyByteArray>,
        offset: u64,
        length: usize,
    ) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(length);
        while bytes.len() < length {
            let more = self.read(buffer, offset + bytes.len() as u64, length - bytes.len())?;
            if more.is_empty() {
                break;
            }
            bytes.extend(more);
        }
        Ok(bytes)
    }

    pub(super) fn close(&self, py: Python<'_>) -> PyResult<()> {
        let close = classes(py)?.objects.bind(py).getattr("close")?;
        close.call1((&self.object,)).map(drop)
    }
}

/// What a file that fills buffers puts into this one.
fn filled(
    readinto: &Bound<'_, PyAny>,
    buffer: &Bound<'_, PyByteArray>,
    most: usize,
) -> Result<Vec<u8>> {
    let py = readinto.py();
    // A view of its own: the file may release or keep it.
    let view = part(PyMemoryView::from(buffer)?.into_any(), most, buffer.len())?;
    let count = readinto.call1((&view,))?;
    if count.is_none() {
        return Err(silent());
    }
    let Ok(count) = count.cast_into::<PyInt>() else {
        return Err(PyTypeError::new_err("readinto() must return int").into());
    };
    let count = match count.extract::<usize>() {
        Ok(count) if count <= most => count,
        _ => {
            let cause =
                format!("its readinto() says {count} bytes, where there is room for {most}");
            return Err(Failure::Misbehaved(cause));
        }
    };
    if count == buffer.len() {
        return Ok(buffer.to_vec());
    }
    let bytes = part(PyMemoryView::from(buffer)?.into_any(), count, buffer.len())?;
    let bytes = bytes.call_method0(pyo3::intern!(py, "tobytes"))?.cast_into::<PyBytes>();
    Ok(bytes.map_err(PyErr::from)?.as_bytes().to_vec())
}

/// The beginning of a view.
fn part(view: Bound<'_, PyAny>, length: usize, whole: usize) -> PyResult<Bound<'_, PyAny>> {
    if length == whole {
        return Ok(view);
    }
    // Not `PySlice::new`, which leaks the numbers that it makes.
    view.get_item(view.py().get_type::<PySlice>().call1((length,))?)
}

/// What a file without buffers gives.
fn given(read: &Bound<'_, PyAny>, most: usize) -> Result<Vec<u8>> {
    let py = read.py();
    let data = read.call1((most,))?;
    if data.is_none() {
        return Err(silent());
    }
    let bytes = match data.cast::<PyBytes>() {
        Ok(bytes) => bytes.clone(),
        Err(_) if data.is_instance_of::<PyString>() => {
            let message = "read() returned str: open the file in binary mode (\"rb\")";
            return Err(PyTypeError::new_err(message).into());
        }
        Err(_) => {
            let Ok(view) = PyMemoryView::from(&data) else {
                let kind = data.get_type().name()?;
                let message = format!("read() must return bytes, not {kind}");
                return Err(PyTypeError::new_err(message).into());
            };
            let bytes = view.call_method0(pyo3::intern!(py, "tobytes"))?;
            bytes.cast_into::<PyBytes>().map_err(PyErr::from)?
        }
    };
    let bytes = bytes.as_bytes();
    if bytes.len() > most {
        let cause = format!("its read({most}) gave {} bytes", bytes.len());
        return Err(Failure::Misbehaved(cause));
    }
    Ok(bytes.to_vec())
}

fn silent() -> Failure {
    Failure::Misbehaved("has nothing to read now: it is in non-blocking mode".to_owned())
}
