//! Pairs: two files, two directories.

use pyo3::prelude::*;

use super::answer::{Answer, Names};
use super::arguments::Parameter;
use super::public::{Asked, PROGRESS, Public, load_of};
use super::request::PreparedCall;
use super::sources;
use crate::jobs::Load;
use crate::options::Function;

pub(super) static COMPARE: Public = Public {
    function: Function::Compare,
    name: "compare",
    parameters: &[
        Parameter {
            name: "source_a",
            annotation: "SourceLike",
            about: "A local path, a URL (http, https, file) or a Source.",
        },
        Parameter { name: "source_b", annotation: "SourceLike", about: "Another one." },
    ],
    extras: &[&PROGRESS],
    returns: "bool",
    about: "\
Are two files or URLs the same, byte for byte?

True means that every byte was compared, or need not be: two names of one file, or holes in both.",
    outcome: "\
Raises:
    SourceNotFoundError: There is nothing there.
    SourcePermissionError: This process may not read it.
    SourceReadError: It is no file, cannot be read, or was changed while it was compared.
    ComparisonTimeoutError: comparison_timeout passed.
    ConfigError: A URL of a kind that is not supported, or that is malformed.
    ValueError: An argument that cannot be. Raised before anything is opened, as is TypeError.
    TypeError: An argument of a wrong type.",
    read: read_compare,
};

fn read_compare(given: &[Bound<'_, PyAny>], asked: &Asked<'_, '_>) -> PyResult<PreparedCall> {
    let [source_a, source_b] = given else { unreachable!("as many as it has parameters") };
    let a = sources::source(source_a, "source_a", asked.objects)?;
    let b = sources::source(source_b, "source_b", asked.objects)?;
    let load = load_of([&a, &b]);
    let options = asked.options(source_a.py(), load)?;
    Ok(PreparedCall::new(options, load, move |options, context| {
        let outcome = crate::compare(&a, &b, options, context)?;
        Ok(Answer::Same(outcome.is_none()))
    }))
}

pub(super) static FIRST_DIFFERENCE: Public = Public {
    function: Function::FirstDifference,
    name: "first_difference",
    parameters: COMPARE.parameters,
    extras: &[&PROGRESS],
    returns: "Difference | None",
    about: "\
Where do two files or URLs differ first? None if they are the same, byte for byte.

All that lies before the place has been compared: what a sample or another thread finds sooner further
on does not count, so size_precheck and quick_check decide nothing here. Two files that are the same
cost what `compare` costs; of others, what lies before the place is read, the first of them twice.",
    outcome: "\
Returns:
    A Difference: the offset of the first byte that differs, its line, and bytes of both from there on.

Raises:
    SourceNotFoundError: There is nothing there.
    SourcePermissionError: This process may not read it.
    SourceReadError: It is no file, cannot be read, or was changed while it was compared.
    ComparisonTimeoutError: comparison_timeout passed.
    ConfigError: A URL of a kind that is not supported, or that is malformed.
    ValueError: An argument that cannot be. Raised before anything is opened, as is TypeError.
    TypeError: An argument of a wrong type.",
    read: read_first_difference,
};

fn read_first_difference(
    given: &[Bound<'_, PyAny>],
    asked: &Asked<'_, '_>,
) -> PyResult<PreparedCall> {
    let [source_a, source_b] = given else { unreachable!("as many as it has parameters") };
    let a = sources::source(source_a, "source_a", asked.objects)?;
    let b = sources::source(source_b, "source_b", asked.objects)?;
    let load = load_of([&a, &b]);
    let options = asked.options(source_a.py(), load)?;
    Ok(PreparedCall::new(options, load, move |options, context| {
        let difference = crate::first_difference(&a, &b, options, context)?;
        Ok(Answer::Difference(difference.map(Box::new)))
    }))
}

pub(super) static COMPARE_DIR: Public = Public {
    function: Function::CompareDir,
    name: "compare_dir",
    parameters: &[
        Parameter {
            name: "dir_a",
            annotation: "SourceLike",
            about: "A directory: a local path, a file:// URL or a Source.",
        },
        Parameter { name: "dir_b", annotation: "SourceLike", about: "Another one." },
    ],
    extras: &[&PROGRESS],
    returns: "DirResult",
    about: "\
Do two directories hold the same files, byte for byte?

Files are paired by their path below either directory, and compared in parallel. Only files are
entries (and links, with follow_symlinks=False): an empty directory is none. Pipes, sockets and
devices are never opened, two of one kind count as equal. What cannot be compared is in the
result's errors, and the result is not equal then.",
    outcome: "\
Returns:
    A DirResult; it is true if every entry of both sides was compared and found identical.

Raises:
    SourceNotFoundError: There is nothing where a directory should be.
    SourcePermissionError: This process may not read one of the two directories themselves.
    SourceReadError: One of the two is no directory, or cannot be read.
    ComparisonTimeoutError: comparison_timeout passed.
    ConfigError: A URL.
    ValueError: An argument that cannot be. Raised before anything is opened, as is TypeError.
    TypeError: An argument of a wrong type.",
    read: read_compare_dir,
};

fn read_compare_dir(given: &[Bound<'_, PyAny>], asked: &Asked<'_, '_>) -> PyResult<PreparedCall> {
    let [dir_a, dir_b] = given else { unreachable!("as many as it has parameters") };
    let a = sources::directory(dir_a, "dir_a", asked.objects)?;
    let b = sources::directory(dir_b, "dir_b", asked.objects)?;
    let load = Load::Disk;
    let options = asked.options(dir_a.py(), load)?;
    Ok(PreparedCall::of_trees(options, load, Names::Paths, move |options, sink, context| {
        crate::report_dir(&a, &b, options, sink, context)
    }))
}
