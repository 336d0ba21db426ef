//! Archives.

use pyo3::prelude::*;

use super::answer::Names;
use super::arguments::Parameter;
use super::public::{Asked, PROGRESS, Public, load_of};
use super::request::PreparedCall;
use super::sources;
use crate::options::Function;

pub(super) static COMPARE_ARCHIVE: Public = Public {
    function: Function::CompareArchive,
    name: "compare_archive",
    parameters: &[
        Parameter {
            name: "path_a",
            annotation: "SourceLike",
            about: "An archive: a local path, a URL (http, https, file) or a Source. Formats \
                with their index at the end, such as zip, take a server with Range \
                requests.",
        },
        Parameter { name: "path_b", annotation: "SourceLike", about: "Another one." },
    ],
    extras: &[&PROGRESS],
    returns: "DirResult",
    about: "\
Do two archives hold the same files, byte for byte?

Any format and compression that libarchive reads, each side its own: zip against tar.gz, in any
order of the entries. Entries are paired by name; a leading ./, double slashes and a slash at the
end do not count. Symbolic links compare by their target, hard links by the content they name,
sparse files by their full content; of several entries of one name the last counts; directories and
devices do not. A name that is absolute or has a '..' part is matched with nothing: it is in the
result's errors, and the result is not equal then. A single file that is compressed (.gz, .bz2, .xz,
.zst, .lz4) is an archive of one entry, whose name is empty. Nothing is written to disk.",
    outcome: "\
Returns:
    A DirResult; it is true if every entry of both sides was compared and found identical.

Raises:
    ArchiveError: One of the two is encrypted, damaged, cut short, or no archive.
    ArchiveBombError: One of the two passes a limit.
    SourceNotFoundError: There is nothing there.
    SourcePermissionError: This process may not read it.
    SourceReadError: It cannot be read, or was changed while it was compared.
    ComparisonTimeoutError: comparison_timeout passed.
    ConfigError: A URL of a kind that is not supported.
    ValueError: An argument that cannot be. Raised before anything is opened, as is TypeError.
    TypeError: An argument of a wrong type.",
    read: read_compare_archive,
};

fn read_compare_archive(
    given: &[Bound<'_, PyAny>],
    asked: &Asked<'_, '_>,
) -> PyResult<PreparedCall> {
    let [path_a, path_b] = given else { unreachable!("as many as it has parameters") };
    let a = sources::source(path_a, "path_a", asked.objects)?;
    let b = sources::source(path_b, "path_b", asked.objects)?;
    let load = load_of([&a, &b]);
    let options = asked.options(path_a.py(), load)?;
    Ok(PreparedCall::of_trees(options, load, Names::Entries, move |options, sink, context| {
        crate::report_archive(&a, &b, options, sink, context)
    }))
}
