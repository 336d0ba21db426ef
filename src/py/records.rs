//! Python objects of what is found: findings, places, summaries, progress.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict};

use super::classes::classes;
use super::result::Decode;
use crate::outcome::{DiffReason, Difference, Finding, Proof, Summary};
use crate::run::counters::Progress;
use crate::text::legible::message;

/// Members of `komparu`'s enums and classes of its records, looked up once: a finding has several.
pub(super) struct Members {
    equal: Py<PyAny>,
    different: Py<PyAny>,
    unverified: Py<PyAny>,
    content: Py<PyAny>,
    size: Py<PyAny>,
    kind: Py<PyAny>,
    missing: Py<PyAny>,
    pub(super) read_error: Py<PyAny>,
    left: Py<PyAny>,
    right: Py<PyAny>,
    proofs: [Py<PyAny>; Proof::ALL.len()],
    finding: Py<PyAny>,
}

impl Members {
    /// Those that are kept.
    pub(super) fn get(py: Python<'_>) -> PyResult<&Self> {
        static MEMBERS: PyOnceLock<Members> = PyOnceLock::new();
        // Two threads may both look them up, and neither waits for the other: see `classes`.
        if MEMBERS.get(py).is_none() {
            let found = Self::find(py)?;
            let _ = MEMBERS.set(py, found);
        }
        Ok(MEMBERS.get(py).expect("one of them has set it"))
    }

    fn find(py: Python<'_>) -> PyResult<Self> {
        let types = classes(py)?.types.bind(py);
        let member =
            |class: &str, name: &str| types.getattr(class)?.getattr(name).map(Bound::unbind);
        let text = |text: &str| Ok::<_, PyErr>(text.into_pyobject(py)?.into_any().unbind());
        Ok(Self {
            equal: member("Verdict", "EQUAL")?,
            different: member("Verdict", "DIFFERENT")?,
            unverified: member("Verdict", "UNVERIFIED")?,
            content: member("DiffReason", "CONTENT_MISMATCH")?,
            size: member("DiffReason", "SIZE_MISMATCH")?,
            kind: member("DiffReason", "TYPE_MISMATCH")?,
            missing: member("DiffReason", "MISSING")?,
            read_error: member("DiffReason", "READ_ERROR")?,
            left: text("left")?,
            right: text("right")?,
            proofs: [
                member("Proof", "BYTES")?,
                member("Proof", "SAME_FILE")?,
                member("Proof", "SIZE")?,
                member("Proof", "DIGEST")?,
                member("Proof", "SERVER")?,
                // A manifest's digests: the algorithm is said beside it.
                member("Proof", "DIGEST")?,
                member("Proof", "DIGEST")?,
                member("Proof", "DIGEST")?,
                member("Proof", "DIGEST")?,
                member("Proof", "DIGEST")?,
                member("Proof", "DIGEST")?,
                member("Proof", "DIGEST")?,
                member("Proof", "DIGEST")?,
            ],
            finding: types.getattr("Finding")?.unbind(),
        })
    }

    pub(super) fn reason(&self, reason: DiffReason) -> &Py<PyAny> {
        match reason {
            DiffReason::ContentMismatch => &self.content,
            DiffReason::SizeMismatch => &self.size,
            DiffReason::TypeMismatch => &self.kind,
        }
    }

    /// A `Finding`.
    pub(super) fn finding<'py>(
        &self,
        py: Python<'py>,
        path: &[u8],
        finding: &Finding,
        decode: Decode,
    ) -> PyResult<Bound<'py, PyAny>> {
        let path = decode(py, path)?;
        let (proof, algorithm) = match finding.proof() {
            Some(proof) => (Some(&self.proofs[proof as usize]), proof.algorithm()),
            None => (None, None),
        };
        let class = self.finding.bind(py);
        match finding {
            Finding::Equal(_) => class.call1((
                path,
                &self.equal,
                None::<()>,
                None::<()>,
                None::<()>,
                None::<()>,
                proof,
                algorithm,
            )),
            Finding::Differs(mismatch) => {
                let place = mismatch.difference.as_ref().map(|found| difference(py, found));
                let reason = self.reason(mismatch.reason);
                let place = place.transpose()?;
                class.call1((
                    path,
                    &self.different,
                    reason,
                    None::<()>,
                    None::<()>,
                    place,
                    proof,
                    algorithm,
                ))
            }
            Finding::OnlyLeft => class.call1((path, &self.different, &self.missing, &self.left)),
            Finding::OnlyRight => class.call1((path, &self.different, &self.missing, &self.right)),
            Finding::Moved(moved) => {
                let to = decode(py, &moved.to)?;
                class.call1((
                    path,
                    &self.different,
                    &self.missing,
                    &self.left,
                    None::<()>,
                    None::<()>,
                    proof,
                    algorithm,
                    to,
                ))
            }
            Finding::Failed(error) => {
                let words = error.to_string();
                class.call1((path, &self.unverified, &self.read_error, None::<()>, message(&words)))
            }
        }
    }
}

/// A `Difference`.
pub(super) fn difference<'py>(py: Python<'py>, found: &Difference) -> PyResult<Bound<'py, PyAny>> {
    let Difference { offset, line, left, right, left_size, right_size } = found;
    let (left, right) = (PyBytes::new(py, left), PyBytes::new(py, right));
    let fields = (offset, line, left, right, left_size, right_size);
    classes(py)?.types.bind(py).getattr("Difference")?.call1(fields)
}

/// A `Summary`.
pub(super) fn summary<'py>(py: Python<'py>, counted: &Summary) -> PyResult<Bound<'py, PyAny>> {
    let (members, proofs, algorithms) = (Members::get(py)?, PyDict::new(py), PyDict::new(py));
    for ((kind, proof), &count) in Proof::ALL.iter().zip(&members.proofs).zip(&counted.proofs) {
        if count > 0 {
            if let Some(algorithm) = kind.algorithm() {
                algorithms.set_item(algorithm, count)?;
            }
            let before: u64 = proofs.get_item(proof)?.map_or(Ok(0), |before| before.extract())?;
            proofs.set_item(proof, before + count)?;
        }
    }
    let Summary { entries, equal, differing, only_left, only_right, moved, failed, bytes, .. } =
        counted;
    let elapsed = counted.elapsed.as_secs_f64();
    let fields = (
        entries, equal, differing, only_left, only_right, failed, bytes, proofs, elapsed,
        algorithms, moved,
    );
    classes(py)?.types.bind(py).getattr("Summary")?.call1(fields)
}

/// A `Progress`.
pub(super) fn progress<'py>(
    py: Python<'py>,
    counted: &Progress,
    decode: Decode,
) -> PyResult<Bound<'py, PyAny>> {
    let Progress { entries, entries_total, bytes, bytes_total, differing, failed, .. } = counted;
    let path = counted.path.as_deref().map(|path| decode(py, path)).transpose()?;
    let elapsed = counted.elapsed.as_secs_f64();
    let fields = (entries, entries_total, bytes, bytes_total, differing, failed, path, elapsed);
    classes(py)?.types.bind(py).getattr("Progress")?.call1(fields)
}
