//! What calls need of Python: found when the package is imported, and kept.
//!
//! Nothing is imported later. By then the process may have changed its root, the package on disk may have
//! been replaced by another version, or another thread may be amid the same import while this one forks.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyModule};

/// Modules of komparu, whose classes are looked up by name, and what is needed of Python's own.
pub(super) struct Classes {
    pub(super) config: Py<PyModule>,
    pub(super) errors: Py<PyModule>,
    pub(super) objects: Py<PyModule>,
    pub(super) pairs: Py<PyModule>,
    pub(super) stores: Py<PyModule>,
    pub(super) types: Py<PyModule>,
    /// `collections.abc.Mapping`
    pub(super) mapping: Py<PyAny>,
    /// `os.fsdecode`
    pub(super) fsdecode: Py<PyAny>,
    pub(super) sys: Py<PyModule>,
    /// `sys.modules`: the dictionary that Python goes on using where the name is bound to another one.
    pub(super) modules: Py<PyDict>,
}

impl Classes {
    fn import(py: Python<'_>) -> PyResult<Self> {
        let module = |name| PyModule::import(py, name);
        Ok(Self {
            config: module("komparu._config")?.unbind(),
            errors: module("komparu._errors")?.unbind(),
            objects: module("komparu._objects")?.unbind(),
            pairs: module("komparu._pairs")?.unbind(),
            stores: module("komparu._stores")?.unbind(),
            types: module("komparu._types")?.unbind(),
            // The module that has this name imports others; Python itself has loaded this one.
            mapping: module("_collections_abc")?.getattr("Mapping")?.unbind(),
            fsdecode: module("os")?.getattr("fsdecode")?.unbind(),
            sys: module("sys")?.unbind(),
            modules: module("sys")?.getattr("modules")?.cast_into::<PyDict>()?.unbind(),
        })
    }
}

/// All of them. No thread waits for another one that imports them, and two may do so: one of them could
/// fork, and its child would wait for ever for a thread that it does not have.
pub(super) fn classes(py: Python<'_>) -> PyResult<&Classes> {
    static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();
    if CLASSES.get(py).is_none() {
        let found = Classes::import(py)?;
        // Unless another thread has set it.
        let _ = CLASSES.set(py, found);
    }
    Ok(CLASSES.get(py).expect("one of them has set it"))
}

/// The package's own modules, by their names, as its first import left them. Where `sys.modules` was
/// emptied, the next import takes them from here: errors are raised by the compiled part, which stays
/// what it is, and are to be caught by the classes of both.
pub(super) fn kept(py: Python<'_>) -> Bound<'_, PyDict> {
    static KEPT: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    KEPT.get_or_init(py, || PyDict::new(py).unbind()).bind(py).clone()
}
