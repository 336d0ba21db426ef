//! Outcomes of the crate become Python objects, a part at a time.
//!
//! A result of a million findings takes half a second to make. Between two parts, a caller that waits for it
//! looks at signals, and an event loop does what else it has to do.

use std::vec::IntoIter;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PySet, PyString};

use super::answer::{Answer, Answered};
use super::classes::classes;
use super::errors::raise;
use super::records::{Members, difference, summary};
use super::result::{Decode, decode, text};
use crate::outcome::{Difference, Finding, GroupOutcome, Summary, TreeOutcome};
use crate::run::context::{Call, Context};
use crate::source::Source;
use crate::text::legible::message;

/// Names between two looks at signals: two milliseconds' work.
const CHECKED: usize = 1 << 12;

/// An outcome, and the part of its result that is made.
pub(super) struct Conversion {
    result: Unfinished,
    /// The limits that hold until it is finished.
    call: Option<Call>,
}

enum Unfinished {
    Same(bool),
    Count(u64),
    Difference(Option<Box<Difference>>),
    Tree(Box<Tree>),
    Groups(Box<Groups>),
}

impl Conversion {
    /// A result of which nothing is made yet.
    pub(super) fn new(py: Python<'_>, Answered { answer, call }: Answered) -> PyResult<Self> {
        let result = match answer {
            Answer::Same(same) => Unfinished::Same(same),
            Answer::Count(count) => Unfinished::Count(count),
            Answer::Difference(difference) => Unfinished::Difference(difference),
            Answer::Tree(outcome, names) => {
                let counted = call.as_ref().map(Call::summary).unwrap_or_default();
                Unfinished::Tree(Tree::new(py, outcome, decode(names), counted)?.into())
            }
            Answer::Groups(sources, outcome) => {
                Unfinished::Groups(Groups::new(py, sources, outcome)?.into())
            }
        };
        Ok(Self { result, call })
    }

    /// Converts so many names at most, which are taken from `left`; `None` if that was too few.
    /// Raises what the call says about its limits, unless the result is finished by then.
    pub(super) fn resume<'py>(
        &mut self,
        py: Python<'py>,
        left: &mut usize,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let finished = match &mut self.result {
            Unfinished::Same(same) => Some(same.into_pyobject(py)?.to_owned().into_any()),
            Unfinished::Count(count) => Some(count.into_pyobject(py)?.into_any()),
            Unfinished::Difference(None) => Some(py.None().into_bound(py)),
            Unfinished::Difference(Some(found)) => Some(difference(py, found)?),
            Unfinished::Tree(tree) => tree.resume(py, left)?,
            Unfinished::Groups(groups) => groups.resume(py, left)?,
        };
        if let (None, Some(call)) = (&finished, &self.call) {
            Context::new(call).checkpoint().map_err(|error| raise(py, &error))?;
        }
        Ok(finished)
    }
}

/// The whole result, made while the caller waits, who may be interrupted.
pub(super) fn whole(py: Python<'_>, answered: Answered) -> PyResult<Bound<'_, PyAny>> {
    let mut conversion = Conversion::new(py, answered)?;
    loop {
        if let Some(result) = conversion.resume(py, &mut { CHECKED })? {
            return Ok(result);
        }
        py.check_signals()?;
    }
}

/// One less to do, if any may be done.
fn take_one(left: &mut usize) -> bool {
    let any = *left > 0;
    *left = left.saturating_sub(1);
    any
}

/// A `DirResult`.
pub(super) struct Tree {
    is_equal: bool,
    findings: IntoIter<(Vec<u8>, Finding)>,
    decode: Decode,
    complete: bool,
    summary: Summary,
    diff: Py<PyDict>,
    only_left: Py<PySet>,
    only_right: Py<PySet>,
    errors: Py<PySet>,
    messages: Py<PyDict>,
    moved: Py<PyDict>,
    differences: Py<PyDict>,
    /// Those that have not been made.
    left_directories: IntoIter<Vec<u8>>,
    directories: Py<PySet>,
}

impl Tree {
    fn new(
        py: Python<'_>,
        outcome: TreeOutcome,
        decode: Decode,
        summary: Summary,
    ) -> PyResult<Self> {
        Ok(Self {
            summary,
            is_equal: outcome.is_equal(),
            findings: outcome.findings.into_iter(),
            decode,
            complete: outcome.complete,
            diff: PyDict::new(py).unbind(),
            only_left: PySet::empty(py)?.unbind(),
            only_right: PySet::empty(py)?.unbind(),
            errors: PySet::empty(py)?.unbind(),
            messages: PyDict::new(py).unbind(),
            moved: PyDict::new(py).unbind(),
            differences: PyDict::new(py).unbind(),
            left_directories: outcome.directories.into_iter(),
            directories: PySet::empty(py)?.unbind(),
        })
    }

    fn resume<'py>(
        &mut self,
        py: Python<'py>,
        left: &mut usize,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let members = Members::get(py)?;
        let (diff, errors) = (self.diff.bind(py), self.errors.bind(py));
        while !self.findings.as_slice().is_empty() {
            if !take_one(left) {
                return Ok(None);
            }
            let Some((path, finding)) = self.findings.next() else { break };
            let path = (self.decode)(py, &path)?;
            match finding {
                Finding::Equal(_) => {}
                Finding::Differs(mismatch) => {
                    if let Some(found) = &mismatch.difference {
                        self.differences.bind(py).set_item(&path, difference(py, found)?)?;
                    }
                    diff.set_item(path, members.reason(mismatch.reason))?;
                }
                Finding::OnlyLeft => self.only_left.bind(py).add(path)?,
                Finding::OnlyRight => self.only_right.bind(py).add(path)?,
                Finding::Moved(moved) => {
                    let to = (self.decode)(py, &moved.to)?;
                    self.moved.bind(py).set_item(path, to)?;
                }
                Finding::Failed(error) => {
                    // What is known to differ does so whether or not it could be read.
                    if !diff.contains(&path)? {
                        diff.set_item(&path, &members.read_error)?;
                    }
                    errors.add(&path)?;
                    self.messages.bind(py).set_item(path, message(&error.to_string()))?;
                }
            }
        }
        while !self.left_directories.as_slice().is_empty() {
            if !take_one(left) {
                return Ok(None);
            }
            let Some(path) = self.left_directories.next() else { break };
            self.directories.bind(py).add((self.decode)(py, &path)?)?;
        }
        let summary = summary(py, &self.summary)?;
        let fields = (
            self.is_equal,
            diff,
            &self.only_left,
            &self.only_right,
            errors,
            &self.messages,
            self.complete,
            &self.moved,
            &self.differences,
            summary,
            &self.directories,
        );
        classes(py)?.types.bind(py).getattr("DirResult")?.call1(fields).map(Some)
    }
}

/// A `CompareResult`.
pub(super) struct Groups {
    sources: IntoIter<Source>,
    outcome: GroupOutcome,
    names: Vec<Py<PyString>>,
    /// The group that each source is in.
    numbers: Vec<usize>,
    sets: Py<PyList>,
    /// The set that is next, as far as it is made.
    next: Py<PySet>,
    /// How many of its group's members are in it: names may be the same.
    members: usize,
}

impl Groups {
    fn new(py: Python<'_>, sources: Vec<Source>, outcome: GroupOutcome) -> PyResult<Self> {
        Ok(Self {
            names: Vec::with_capacity(sources.len()),
            numbers: vec![0; sources.len()],
            sources: sources.into_iter(),
            outcome,
            sets: PyList::empty(py).unbind(),
            next: PySet::empty(py)?.unbind(),
            members: 0,
        })
    }

    fn resume<'py>(
        &mut self,
        py: Python<'py>,
        left: &mut usize,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        while !self.sources.as_slice().is_empty() {
            if !take_one(left) {
                return Ok(None);
            }
            let Some(source) = self.sources.next() else { break };
            self.names.push(text(py, &source.name().bytes())?.unbind());
        }
        let sets = self.sets.bind(py);
        while let Some(members) = self.outcome.groups.get(sets.len()) {
            for &member in &members[self.members..] {
                if !take_one(left) {
                    return Ok(None);
                }
                self.next.bind(py).add(&self.names[member])?;
                self.numbers[member] = sets.len();
                self.members += 1;
            }
            sets.append(std::mem::replace(&mut self.next, PySet::empty(py)?.unbind()))?;
            self.members = 0;
        }
        let numbered = (std::mem::take(&mut self.names), std::mem::take(&mut self.numbers));
        let pairs = classes(py)?.pairs.bind(py).getattr("Pairs")?.call1(numbered)?;
        let fields = (self.outcome.is_equal(), sets, pairs);
        classes(py)?.types.bind(py).getattr("CompareResult")?.call1(fields).map(Some)
    }
}
