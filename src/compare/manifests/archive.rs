//! The files of an archive, and their digests.

use super::digests::{Names, Unheard};
use crate::compare::archives::GivenArchive;
use crate::compare::mixed;
use crate::error::Result;
use crate::options::Options;
use crate::run::context::Context;
use crate::run::sink::report;
use crate::tree::empty::EmptyTree;
use crate::tree::manifest::algorithm::Algorithm;
use crate::tree::manifest::write::DigestedFile;

/// The digests of all files of an archive, which is read once. Links are what they lead to.
///
/// # Errors
/// When it is none, damaged, encrypted, or passes a limit; when not all of it is known; when the context says stop.
pub(super) fn digests(
    archive: GivenArchive<'_>,
    algorithm: Algorithm,
    options: &Options,
    context: &Context<'_>,
) -> Result<Vec<DigestedFile>> {
    let nothing = EmptyTree::new(vec![(algorithm, algorithm.length())]);
    let mut files = Vec::new();
    report(&Unheard, options.early_end(), context, |report, context| {
        let names = Names::default();
        files = mixed::digested(archive, &nothing, names, options, report, context)?;
        Ok(())
    })?;
    Ok(files)
}
