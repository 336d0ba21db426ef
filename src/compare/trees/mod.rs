//! Are two directories the same, or a directory and a map of sources?

pub(crate) mod common_files;
pub(crate) mod files;
pub(crate) mod task;
pub(crate) mod walk;

use crate::content::file::path;
use crate::error::Result;
use crate::options::Options;
use crate::outcome::TreeOutcome;
use crate::run::collect::Collector;
use crate::run::context::Context;
use crate::run::sink::Sink;
use crate::source::Source;
use crate::tree::directory::DirectoryTree;
use crate::tree::url_map::UrlTree;

/// Is there a directory of this machine, however long its path is? What cannot be looked at is none.
pub(crate) fn is_directory(source: &Source) -> bool {
    use rustix::fs::{AtFlags, CWD, FileType, statat};

    let look = |path: &[u8]| path::at(CWD, path, |base, path| statat(base, path, AtFlags::empty()));
    let found = source.path().ok().and_then(|path| look(path).ok());
    found.is_some_and(|found| FileType::from_raw_mode(found.st_mode).is_dir())
}

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
    let collector = Collector::default();
    let complete = report_dir(a, b, options, &collector, context)?;
    collector.outcome(complete, context)
}

/// The same, with a sink that takes what is found when it is found. False where the comparison ended with the
/// last of the findings that it was to find.
///
/// # Errors
/// Those of [`compare_dir`].
pub fn report_dir(
    a: &Source,
    b: &Source,
    options: &Options,
    sink: &dyn Sink,
    context: &Context<'_>,
) -> Result<bool> {
    let open =
        |source: &Source| DirectoryTree::open(source.path()?, source.name().clone(), options);
    let (a, b) = (open(a)?, open(b)?);
    walk::compare(&a, &b, options, sink, context)
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
    let collector = Collector::default();
    let complete = report_dir_urls(directory, &urls, options, &collector, context)?;
    collector.outcome(complete, context)
}

/// The same for a map that is a tree already, with a sink, as [`report_dir`] has it.
pub(crate) fn report_dir_urls(
    directory: &Source,
    urls: &UrlTree,
    options: &Options,
    sink: &dyn Sink,
    context: &Context<'_>,
) -> Result<bool> {
    let directory = DirectoryTree::open(directory.path()?, directory.name().clone(), options)?;
    let options = Options { max_workers: options.transfers(), ..options.clone() };
    walk::compare(&directory, urls, &options, sink, context)
}
