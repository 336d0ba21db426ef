//! The table of options and the public functions, described to Python: to the script that writes stubs and
//! documentation, to the command line, and to tests.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::functions::FUNCTIONS;
use super::options::shown;
use crate::options::{Layer, Options, TABLE, Topic, ValueKind};

/// Every option, in the order of the table.
#[pyfunction]
pub(super) fn options(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let (all, defaults) = (PyList::empty(py), Options::default());
    for row in TABLE {
        let option = PyDict::new(py);
        let (kind, choices) = kind(row.kind);
        let functions = FUNCTIONS.iter().filter(|public| row.is_taken_by(public.function));
        option.set_item("name", row.name)?;
        option.set_item("english", row.sentence())?;
        option.set_item("russian", row.russian)?;
        option.set_item("kind", kind)?;
        option.set_item("choices", choices)?;
        option.set_item("or_none", is_optional(row.kind))?;
        option.set_item("default", shown(py, (row.value)(&defaults))?)?;
        option.set_item("topic", topic(row.topic))?;
        option.set_item("functions", functions.map(|public| public.name).collect::<Vec<_>>())?;
        option.set_item("layers", row.layers.iter().copied().map(layer).collect::<Vec<_>>())?;
        all.append(option)?;
    }
    Ok(all)
}

/// Every public function that compares: its name, the names and types of its arguments that have a position,
/// those that have none and are no options, with their defaults, the names of its options, and the type of its result.
#[pyfunction]
pub(super) fn functions(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    let all = PyList::empty(py);
    for public in FUNCTIONS {
        let parameters = public.parameters.iter().map(|given| (given.name, given.annotation));
        let options = public.function.options().into_iter().map(|row| row.name);
        let extras =
            public.extras.iter().map(|extra| (extra.name, extra.annotation, extra.default));
        let (parameters, options) = (parameters.collect::<Vec<_>>(), options.collect::<Vec<_>>());
        let extras = extras.collect::<Vec<_>>();
        all.append((public.name, parameters, extras, options, public.returns))?;
    }
    Ok(all)
}

/// The name of a kind, and the texts that it allows.
fn kind(kind: ValueKind) -> (&'static str, &'static [&'static str]) {
    match kind {
        ValueKind::Switch => ("switch", &[]),
        ValueKind::Integer(..) => ("integer", &[]),
        ValueKind::Bytes(..) => ("bytes", &[]),
        ValueKind::Limit => ("limit", &[]),
        ValueKind::Ratio => ("ratio", &[]),
        ValueKind::Seconds => ("seconds", &[]),
        ValueKind::Choice(texts) => ("choice", texts),
        ValueKind::Proxy => ("proxy", &[]),
        ValueKind::Headers => ("headers", &[]),
        ValueKind::Auth => ("auth", &[]),
        ValueKind::Path => ("path", &[]),
        ValueKind::ClientCert => ("client_cert", &[]),
        ValueKind::Patterns => ("patterns", &[]),
        ValueKind::OrNone(of) => self::kind(*of),
    }
}

fn is_optional(kind: ValueKind) -> bool {
    matches!(kind, ValueKind::Limit | ValueKind::Ratio | ValueKind::OrNone(_))
}

fn topic(topic: Topic) -> &'static str {
    match topic {
        Topic::Comparing => "comparing",
        Topic::Directories => "directories",
        Topic::Archives => "archives",
        Topic::Urls => "URLs",
    }
}

fn layer(layer: Layer) -> &'static str {
    match layer {
        Layer::Configure => "configure",
        Layer::Source => "source",
    }
}
