//! The functions that take any number of sources.

use std::cell::Cell;

use pyo3::prelude::*;

use super::answer::{Answer, Names};
use super::arguments::Parameter;
use super::public::{Asked, PROGRESS, Public, load_of};
use super::request::PreparedCall;
use super::{errors, sources};
use crate::compare::trees::report_dir_urls;
use crate::jobs::Load;
use crate::options::{Function, Options};
use crate::run::context::{Call, Context};
use crate::source::Source;
use crate::tree::url_map::UrlTree;

pub(super) static COMPARE_ALL: Public = Public {
    function: Function::CompareAll,
    name: "compare_all",
    parameters: &[Parameter {
        name: "sources",
        annotation: "Iterable[SourceLike]",
        about: "Local paths, URLs or Sources, in any mixture.",
    }],
    extras: &[&PROGRESS],
    returns: "bool",
    about: "\
Are all of these sources the same, byte for byte?

The others are compared with one of them, several at once. The first difference ends it all, and
counts for more than a source that cannot be read; of several that cannot, the first in the list
is raised. Fewer than two sources are the same.",
    outcome: "\
Raises:
    SourceNotFoundError: There is nothing there.
    SourcePermissionError: This process may not read it.
    SourceReadError: It is no file, cannot be read, or was changed while it was compared.
    ComparisonTimeoutError: comparison_timeout passed.
    ConfigError: A URL of a kind that is not supported.
    ValueError: An argument that cannot be. Raised before anything is opened, as is TypeError.
    TypeError: An argument of a wrong type; it is named, by its index.",
    read: read_compare_all,
};
fn read_compare_all(given: &[Bound<'_, PyAny>], asked: &Asked<'_, '_>) -> PyResult<PreparedCall> {
    let [sources] = given else { unreachable!("as many as it has parameters") };
    let py = sources.py();
    let sources = sources::list(sources, "sources", asked.objects, &asked.call())?;
    let load = load_of(&sources);
    let options = asked.options(py, load)?;
    Ok(PreparedCall::new(options, load, move |options, context| {
        crate::compare_all(&sources, options, context).map(Answer::Same)
    }))
}

pub(super) static COMPARE_MANY: Public = Public {
    function: Function::CompareMany,
    name: "compare_many",
    parameters: &[
        Parameter {
            name: "sources",
            annotation: "Iterable[SourceLike]",
            about: "Local paths, URLs or Sources, in any mixture. All URLs are fetched at \
                the same time.",
        },
    ],
    extras: &[&PROGRESS],
    returns: "CompareResult",
    about: "\
Which of these sources are the same, byte for byte?

Each is read at most once, however many there are, and those of a size that no other has are
not read at all. Names of one file, links among them, count as one source, and so does a source that is given twice.
Here quick_check is of no use: a sample would be read twice.",
    outcome: "\
Returns:
    A CompareResult; it is true if all sources are identical.

Raises:
    SourceNotFoundError: There is nothing there. Of several failures, the first in the list is raised.
    SourcePermissionError: This process may not read it.
    SourceReadError: It is no file, cannot be read, or was changed while it was compared.
    ComparisonTimeoutError: comparison_timeout passed.
    ConfigError: A URL of a kind that is not supported.
    ValueError: An argument that cannot be. Raised before anything is opened, as is TypeError.
    TypeError: An argument of a wrong type; it is named, by its index.",
    read: read_compare_many,
};

fn read_compare_many(given: &[Bound<'_, PyAny>], asked: &Asked<'_, '_>) -> PyResult<PreparedCall> {
    let [sources] = given else { unreachable!("as many as it has parameters") };
    let py = sources.py();
    let sources = sources::list(sources, "sources", asked.objects, &asked.call())?;
    let load = load_of(&sources);
    let options = asked.options(py, load)?;
    Ok(PreparedCall::new(options, load, move |options, context| {
        let outcome = crate::compare_many(&sources, options, context)?;
        Ok(Answer::Groups(sources, outcome))
    }))
}

pub(super) static COMPARE_DIR_URLS: Public = Public {
    function: Function::CompareDirUrls,
    name: "compare_dir_urls",
    parameters: &[
        Parameter {
            name: "dir_path",
            annotation: "SourceLike",
            about: "A directory: a local path, a file:// URL or a Source. It is the left \
                side.",
        },
        Parameter {
            name: "url_map",
            annotation: "Mapping[PathKey, SourceLike]",
            about: "Relative paths, and the URL or Source that each of them is to be \
                compared with. It is the right side. \"./a//b/\" is the same path as \
                \"a/b\".",
        },
    ],
    extras: &[&PROGRESS],
    returns: "DirResult",
    about: "\
Does a directory hold what is at these URLs, byte for byte?

Files are paired by their path below the directory, and fetched in parallel over connections that
are used again. What cannot be fetched is a READ_ERROR under its path, with the reason in
messages, and the result is not equal then.",
    outcome: "\
Returns:
    A DirResult; it is true if every entry of both sides was compared and found identical.

Raises:
    SourceNotFoundError: There is nothing where the directory should be.
    SourcePermissionError: This process may not read the directory itself.
    SourceReadError: It is no directory, or cannot be read.
    ComparisonTimeoutError: comparison_timeout passed.
    ConfigError: A URL of a kind that is not supported, or one in place of the directory.
    ValueError: An argument that cannot be, such as a path in url_map that is absolute or has a
        \"..\" part. Raised before anything is opened, as is TypeError.
    TypeError: An argument of a wrong type; in url_map it is named by its path.",
    read: read_compare_dir_urls,
};

fn read_compare_dir_urls(
    given: &[Bound<'_, PyAny>],
    asked: &Asked<'_, '_>,
) -> PyResult<PreparedCall> {
    let [dir_path, url_map] = given else { unreachable!("as many as it has parameters") };
    read_map((dir_path, "dir_path"), (url_map, "url_map"), asked)
}

/// Reads a directory and a map of sources, which came as the arguments of these names.
pub(super) fn read_map(
    (directory, directory_name): (&Bound<'_, PyAny>, &str),
    (url_map, map_name): (&Bound<'_, PyAny>, &'static str),
    asked: &Asked<'_, '_>,
) -> PyResult<PreparedCall> {
    let py = directory.py();
    let directory = sources::directory(directory, directory_name, asked.objects)?;
    let call = asked.call();
    let url_map = sources::map(url_map, map_name, asked.objects, &call)?;
    let load = load_of(url_map.iter().map(|(_, source)| source));
    let options = asked.options(py, load)?;
    let load = match load {
        Load::Transfers(urls) => Load::Transfers(urls.min(options.transfers())),
        Load::Disk => Load::Disk,
    };
    let urls = tree(py, url_map, map_name, &options, &call)?;
    Ok(PreparedCall::of_trees(options, load, Names::Paths, move |options, sink, context| {
        report_dir_urls(&directory, &urls, options, sink, context)
    }))
}

/// The tree of a map, which may be large: signal handlers run meanwhile.
pub(super) fn tree(
    py: Python<'_>,
    url_map: Vec<(Vec<u8>, Source)>,
    name: &str,
    options: &Options,
    call: &Call,
) -> PyResult<UrlTree> {
    let raised = Cell::new(None);
    let interrupt = || match py.check_signals() {
        Ok(()) => false,
        Err(error) => {
            raised.set(Some(error));
            true
        }
    };
    let context = Context::with_interrupt(call, &interrupt);
    let tree = UrlTree::new(url_map, name, options, &context);
    tree.map_err(|error| raised.take().unwrap_or_else(|| errors::raise(py, &error)))
}
