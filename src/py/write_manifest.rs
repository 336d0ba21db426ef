//! Has a manifest written.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::answer::Answer;
use super::arguments::{Extra, Parameter};
use super::errors;
use super::iterate::Unread;
use super::manifests::unknown;
use super::public::{Asked, PROGRESS, Public};
use super::request::PreparedCall;
use super::sources::path_text;
use super::values::{string, wrong_type};
use crate::compare::manifests::ManifestStyle;
use crate::jobs::Load;
use crate::options::Function;
use crate::tree::manifest::algorithm::Algorithm;
use crate::tree::manifest::read::Format;

pub(super) static WRITE_MANIFEST: Public = Public {
    function: Function::WriteManifest,
    name: "write_manifest",
    parameters: &[
        Parameter {
            name: "tree",
            annotation: "SourceLike | Mapping[PathKey, SourceLike] | Directory | Archive | Manifest | Store",
            about: "A directory, or an archive: a local path, a URL or a Source; a mapping of relative paths to \
                sources; a Directory or an Archive; a Store, or a text such as s3://bucket/prefix/; or a Manifest, \
                to be written in another format.",
        },
        Parameter {
            name: "file",
            annotation: "str | bytes | PathLike[str] | PathLike[bytes]",
            about: "Where the manifest is written to: a local path. A file is replaced when all has been written; \
                what is no file, such as /dev/stdout, is written to as it is.",
        },
    ],
    extras: &[
        &Extra {
            name: "algorithm",
            annotation: "str",
            default: "\"sha256\"",
            about: "The algorithm of the digests: sha256, sha512, sha384, sha224, sha1, md5, blake2b or blake3.",
        },
        &Extra {
            name: "format",
            annotation: "str",
            default: "\"gnu\"",
            about: "\"gnu\", as sha256sum, md5sum and b3sum write it; \"bsd\", which names the algorithm in each \
                line; \"hashdeep\"; or \"record\", a wheel's RECORD.",
        },
        &PROGRESS,
    ],
    returns: "int",
    about: "\
Write down the files of a tree with their digests, as `sha256sum` does, sorted by name.

Several files are read at a time; the entries of an archive are digested as they are unpacked. Links are
what they lead to. What cannot be read or listed ends the call, and no manifest is written: it would be
one of another tree. So does a pipe, a socket or a device. The manifest itself is not listed, if it lies
in the tree.",
    outcome: "\
Returns:
    How many files are listed.

Raises:
    ArchiveError: An archive is encrypted, damaged, cut short, or none; or not all of it is known.
    ArchiveBombError: An archive passes a limit.
    ManifestError: A line of a manifest is malformed, or contradicts another one.
    SourceNotFoundError: There is nothing there.
    SourcePermissionError: This process may not read a file, or not write the manifest.
    SourceReadError: A file cannot be read, was changed while it was read, or cannot be listed.
    ComparisonTimeoutError: comparison_timeout passed.
    ConfigError: A URL of a kind that is not supported.
    ValueError: An argument that cannot be. Raised before anything is opened, as is TypeError.
    TypeError: An argument of a wrong type.",
    read: read_write_manifest,
};

fn read_write_manifest(
    given: &[Bound<'_, PyAny>],
    asked: &Asked<'_, '_>,
) -> PyResult<PreparedCall> {
    let [tree, file] = given else { unreachable!("as many as it has parameters") };
    let py = tree.py();
    let call = asked.call();
    let tree = Unread::read(tree, "tree", asked.objects, &call)?;
    let file =
        path_text(file)?.ok_or_else(|| wrong_type("file", "str, bytes or os.PathLike", file))?;
    if file.is_empty() || file.contains(&0) {
        let cause = if file.is_empty() { "cannot be empty" } else { "has a NUL byte" };
        return Err(PyValueError::new_err(format!("file {cause}")));
    }
    let algorithm = asked.extra("algorithm")?.map(|it| string("algorithm", &it)).transpose()?;
    let algorithm = match algorithm.as_deref() {
        None => Algorithm::Sha256,
        Some(name) => Algorithm::ALL
            .into_iter()
            .find(|it| it.name() == name)
            .ok_or_else(|| unknown("algorithm", &Algorithm::NAMES))?,
    };
    let format = asked.extra("format")?.map(|it| string("format", &it)).transpose()?;
    let format = match format.as_deref() {
        None => Format::Gnu,
        Some(name) => Format::named(name).ok_or_else(|| unknown("format", &Format::NAMES))?,
    };
    let load = Unread::load(&[&tree]);
    let options = asked.options(py, load)?;
    let load = match load {
        Load::Transfers(urls) => Load::Transfers(urls.min(options.transfers())),
        Load::Disk => Load::Disk,
    };
    let stores = Unread::stores(&[&tree], py);
    let tree = tree.tree(py, &options, &call)?;
    let style = ManifestStyle { algorithm, format };
    style.check().map_err(|error| errors::raise(py, &error))?;
    stores.into_iter().try_for_each(|store| store.begin(py))?;
    Ok(PreparedCall::new(options, load, move |options, context| {
        crate::write_manifest(&tree, &file, style, options, context).map(Answer::Count)
    }))
}
