//! Pairs: two files, two directories.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::request::{Answer, Names, Request, comparison, load_of, options_for};
use super::sources;
use crate::jobs::Load;

/// The options that `compare` takes, in the order of its signature.
pub(super) const COMPARE_OPTIONS: [&str; 13] = [
    "chunk_size",
    "size_precheck",
    "quick_check",
    "max_workers",
    "headers",
    "timeout",
    "follow_redirects",
    "verify_ssl",
    "proxy",
    "decode_content",
    "comparison_timeout",
    "read_holes",
    "detect_changes",
];

comparison! {
    /// Are two files or URLs the same, byte for byte?
    ///
    /// True means that every byte was compared, or need not be: two names of one file, or holes in both.
    ///
    /// Options that are not given have their configured value; the signature shows the one that they
    /// have where nothing was configured.
    ///
    /// Args:
    ///     source_a: A local path, a URL (http, https, file) or a Source.
    ///     source_b: Another one.
    ///     chunk_size: Bytes compared between two looks at the clock, the cancel flag and the verdict;
    ///         also the size of one sample. 1 to 1 GiB. Default 65536.
    ///     size_precheck: Let two known, different sizes settle it without reading. Default True.
    ///     quick_check: Compare samples from five places first. Default True.
    ///     max_workers: Threads that compare one pair of big files. 0: as many as pay off; 1: only
    ///         the calling one. Default 0.
    ///     headers: For URLs: request headers. Default none.
    ///     timeout: For URLs: seconds to connect, and without a byte arriving. Default 30.
    ///     follow_redirects: For URLs: follow up to ten. Default True.
    ///     verify_ssl: For URLs: demand a valid certificate. Default True.
    ///     proxy: For URLs: http://, https://, socks5:// or socks5h://. Default None: the usual
    ///         environment variables.
    ///     decode_content: For URLs: undo a content coding that a server applied although it was asked not
    ///         to. False: compare the bytes as they are sent, whatever the coding is called. Default
    ///         True.
    ///     comparison_timeout: Seconds of wall clock for the whole call. Default None: no limit.
    ///     read_holes: Read the holes of sparse files, too. Default False: a hole whose first and last
    ///         block read as zeros is taken for one.
    ///     detect_changes: What shows that a file changed while it was compared: "ctime" (anything that
    ///         was done to it), "mtime" (only its size, date and identity), "size". Where only its ctime
    ///         moved it is compared once more before that is an error. Default "ctime".
    ///
    /// Raises:
    ///     SourceNotFoundError: There is nothing there.
    ///     SourcePermissionError: This process may not read it.
    ///     SourceReadError: It is no file, cannot be read, or was changed while it was compared.
    ///     ComparisonTimeoutError: comparison_timeout passed.
    ///     ConfigError: A URL of a kind that is not supported, or that is malformed.
    ///     ValueError: An argument that cannot be. Raised before anything is opened, as is TypeError.
    ///     TypeError: An argument of a wrong type.
    compare(source_a, source_b), "compare",
    "(source_a, source_b, *, chunk_size=65536, size_precheck=True, quick_check=True, \
     max_workers=0, headers={}, timeout=30.0, follow_redirects=True, verify_ssl=True, proxy=None, \
     decode_content=True, comparison_timeout=None, read_holes=False, detect_changes='ctime')",
    compare_job, read_compare
}

fn read_compare(
    source_a: &Bound<'_, PyAny>,
    source_b: &Bound<'_, PyAny>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Request> {
    let a = sources::source(source_a, "source_a")?;
    let b = sources::source(source_b, "source_b")?;
    let load = load_of([&a, &b]);
    let options = options_for(source_a.py(), "compare", &COMPARE_OPTIONS, options, load)?;
    Ok(Request::new(options, load, move |options, context| {
        let outcome = crate::compare(&a, &b, options, context)?;
        Ok(Answer::Same(outcome.is_none()))
    }))
}

/// The options that `compare_dir` takes, in the order of its signature.
const COMPARE_DIR_OPTIONS: [&str; 9] = [
    "chunk_size",
    "size_precheck",
    "quick_check",
    "follow_symlinks",
    "max_workers",
    "ignore",
    "comparison_timeout",
    "read_holes",
    "detect_changes",
];

comparison! {
    /// Do two directories hold the same files, byte for byte?
    ///
    /// Files are paired by their path below either directory, and compared in parallel. Only files are
    /// entries (and links, with follow_symlinks=False): an empty directory is none. Pipes, sockets and
    /// devices are never opened, two of one kind count as equal. What cannot be compared is in the
    /// result's errors, and the result is not equal then.
    ///
    /// Options that are not given have their configured value; the signature shows the one that they
    /// have where nothing was configured.
    ///
    /// Args:
    ///     dir_a: A directory: a local path, a file:// URL or a Source.
    ///     dir_b: Another one.
    ///     chunk_size: Bytes compared between two looks at the clock, the cancel flag and the verdict;
    ///         also the size of one sample. 1 to 1 GiB. Default 65536.
    ///     size_precheck: Let two known, different sizes settle it without reading. Default True.
    ///     quick_check: Compare samples from five places of a big file first. Default True.
    ///     follow_symlinks: Follow links, and cut a loop where it closes. False: compare links by their
    ///         target text. Default True.
    ///     max_workers: Threads. 0: as many as pay off; 1: only the calling one. Default 0.
    ///     ignore: Patterns with gitignore meaning, for entries to leave out on both sides; an ignored
    ///         directory is never read. Default None.
    ///     comparison_timeout: Seconds of wall clock for the whole call. Default None: no limit.
    ///     read_holes: Read the holes of sparse files, too. Default False: a hole whose first and last
    ///         block read as zeros is taken for one.
    ///     detect_changes: What shows that a file changed while it was compared: "ctime" (anything that
    ///         was done to it), "mtime" (only its size, date and identity), "size". Where only its ctime
    ///         moved it is compared once more before that is an error. Default "ctime".
    ///
    /// Returns:
    ///     A DirResult; it is true if every entry of both sides was compared and found identical.
    ///
    /// Raises:
    ///     SourceNotFoundError: There is nothing where a directory should be.
    ///     SourcePermissionError: This process may not read one of the two directories themselves.
    ///     SourceReadError: One of the two is no directory, or cannot be read.
    ///     ComparisonTimeoutError: comparison_timeout passed.
    ///     ConfigError: A URL.
    ///     ValueError: An argument that cannot be. Raised before anything is opened, as is TypeError.
    ///     TypeError: An argument of a wrong type.
    compare_dir(dir_a, dir_b), "compare_dir",
    "(dir_a, dir_b, *, chunk_size=65536, size_precheck=True, quick_check=True, \
     follow_symlinks=True, max_workers=0, ignore=None, comparison_timeout=None, read_holes=False, detect_changes='ctime')",
    compare_dir_job, read_compare_dir, compare_dir_listing
}

fn read_compare_dir(
    dir_a: &Bound<'_, PyAny>,
    dir_b: &Bound<'_, PyAny>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Request> {
    let a = sources::directory(dir_a, "dir_a")?;
    let b = sources::directory(dir_b, "dir_b")?;
    let load = Load::Disk;
    let options = options_for(dir_a.py(), "compare_dir", &COMPARE_DIR_OPTIONS, options, load)?;
    Ok(Request::of_trees(options, load, Names::Paths, move |options, sink, context| {
        crate::report_dir(&a, &b, options, sink, context)
    }))
}
