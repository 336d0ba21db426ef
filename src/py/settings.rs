//! The options of a `komparu.Comparer`, read and checked once.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::config;
use super::options::shown;
use crate::options::{Overrides, TABLE};

/// Some options, that stand between those of the process and those of a call.
#[pyclass(frozen, module = "komparu._core")]
pub(super) struct Settings(Overrides);

#[pymethods]
impl Settings {
    #[new]
    #[pyo3(signature = (**options))]
    fn new(options: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        Ok(Self(options.map_or_else(|| Ok(Overrides::default()), config::given_options)?))
    }

    /// What is set, in the order of the table: a new dictionary each time.
    fn options<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let options = PyDict::new(py);
        for row in TABLE {
            if let Some(value) = (row.given)(&self.0) {
                options.set_item(row.name, shown(py, value)?)?;
            }
        }
        Ok(options)
    }
}

impl Settings {
    pub(super) fn overrides(&self) -> &Overrides {
        &self.0
    }
}
