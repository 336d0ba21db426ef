//! The sink that keeps every finding until the call is over.

use std::sync::Mutex;

use super::context::Context;
use super::sink::Sink;
use super::sort;
use crate::error::{Result, join};
use crate::outcome::{Finding, TreeOutcome};
use crate::sys::lock::lock;

/// Findings, in the order in which they came.
#[derive(Default)]
pub struct Collector {
    list_equal: bool,
    found: Mutex<Vec<(Vec<u8>, Finding)>>,
    equal: Mutex<Vec<Vec<u8>>>,
    directories: Mutex<Vec<Vec<u8>>>,
}

impl Collector {
    /// One that keeps the paths that are identical, too.
    #[must_use]
    pub fn of_equal_paths_too() -> Self {
        Self { list_equal: true, ..Self::default() }
    }

    /// Takes out what has been found by now, sorted. `complete`: was everything compared?
    ///
    /// # Errors
    /// When the context says stop.
    pub fn outcome(&self, complete: bool, context: &Context<'_>) -> Result<TreeOutcome> {
        let mut findings = std::mem::take(&mut *lock(&self.found));
        let mut equal = std::mem::take(&mut *lock(&self.equal));
        let directories = std::mem::take(&mut *lock(&self.directories));
        sort_findings(&mut findings, context)?;
        sort::sort_by(&mut equal, context, Ord::cmp)?;
        let directories = directories_with_findings(directories, &findings, context)?;
        Ok(TreeOutcome { findings, equal, directories, complete })
    }
}

impl Sink for Collector {
    fn wants_equal(&self) -> bool {
        self.list_equal
    }

    fn take(&self, path: Vec<u8>, finding: Finding, _: &Context<'_>) -> Result<()> {
        match finding {
            Finding::Equal(_) => lock(&self.equal).push(path),
            finding => lock(&self.found).push((path, finding)),
        }
        Ok(())
    }

    fn keep(&self, path: Vec<u8>, finding: Finding) {
        lock(&self.found).push((path, finding));
    }

    fn take_directory(&self, path: Vec<u8>) {
        lock(&self.directories).push(path);
    }
}

/// Those directories, sorted, in which something was found; `findings` are sorted.
///
/// # Errors
/// When the context says stop.
pub(crate) fn directories_with_findings(
    mut directories: Vec<Vec<u8>>,
    findings: &[(Vec<u8>, Finding)],
    context: &Context<'_>,
) -> Result<Vec<Vec<u8>>> {
    sort::sort_by(&mut directories, context, Ord::cmp)?;
    directories.retain(|directory| {
        let within = join(directory, b"");
        let first = findings.partition_point(|(path, _)| path < &within);
        let those = findings[first..].iter().take_while(|(path, _)| path.starts_with(&within));
        // Where all of its files have moved, there is nothing to say of it.
        those.into_iter().any(|(_, finding)| !matches!(finding, Finding::Moved(_)))
    });
    Ok(directories)
}

/// Sorts findings by the bytes of their paths.
///
/// # Errors
/// When the context says stop.
pub(crate) fn sort_findings(
    findings: &mut [(Vec<u8>, Finding)],
    context: &Context<'_>,
) -> Result<()> {
    // A directory that cannot be read against a file is a path with two findings.
    let failed = |(_, finding): &(Vec<u8>, Finding)| matches!(finding, Finding::Failed(_));
    sort::sort_by(findings, context, |one, two| (&one.0, failed(one)).cmp(&(&two.0, failed(two))))
}
