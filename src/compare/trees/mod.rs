//! Are two directories the same, or a directory and a map of sources?

pub(crate) mod common_files;
pub(crate) mod files;
pub(crate) mod findings;
pub(crate) mod task;
pub(crate) mod walk;

use crate::error::Result;
use crate::options::Options;
use crate::outcome::TreeOutcome;
use crate::run::context::Context;
use crate::source::Source;
use crate::tree::directory::DirectoryTree;
use crate::tree::url_map::UrlTree;

/// Compares all files of two directories.
///
/// # Errors
/// When either is no directory that can be read; when the context says stop. What cannot be
/// compared within them is a finding.
pub fn compare_dir(
    a: &Source,
    b: &Source,
    options: &Options,
    context: &Context<'_>,
) -> Result<TreeOutcome> {
    let open =
        |source: &Source| DirectoryTree::open(source.path()?, source.name().clone(), options);
    let (a, b) = (open(a)?, open(b)?);
    walk::compare(&a, &b, options, context)
}

/// Compares all files of a directory with the sources that `url_map` gives for their paths.
///
/// # Errors
/// [`Error::Argument`](crate::Error::Argument) for a path that cannot be in a tree; when the directory
/// cannot be read; when the context says stop. A source that fails is a finding.
pub fn compare_dir_urls(
    directory: &Source,
    url_map: Vec<(Vec<u8>, Source)>,
    options: &Options,
    context: &Context<'_>,
) -> Result<TreeOutcome> {
    let urls = UrlTree::new(url_map, "url_map", options, context)?;
    compare_dir_with(directory, &urls, options, context)
}

/// The same for a map that is a tree already.
pub(crate) fn compare_dir_with(
    directory: &Source,
    urls: &UrlTree,
    options: &Options,
    context: &Context<'_>,
) -> Result<TreeOutcome> {
    let directory = DirectoryTree::open(directory.path()?, directory.name().clone(), options)?;
    let options = Options { max_workers: options.transfers(), ..options.clone() };
    walk::compare(&directory, urls, &options, context)
}
