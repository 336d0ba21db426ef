//! The functions that take any number of sources.

use std::cell::Cell;

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::pairs::COMPARE_OPTIONS;
use super::request::{Answer, Names, Request, comparison, load_of, options_for};
use super::{errors, sources};
use crate::compare::trees::report_dir_urls;
use crate::jobs::Load;
use crate::options::Options;
use crate::run::context::{Call, Context};
use crate::source::Source;
use crate::tree::url_map::UrlTree;

comparison! {
    /// Are all of these sources the same, byte for byte?
    ///
    /// The others are compared with one of them, several at once. The first difference ends it all, and
    /// counts for more than a source that cannot be read; of several that cannot, the first in the list
    /// is raised. Fewer than two sources are the same.
    ///
    /// Options that are not given have their configured value; the signature shows the one that they
    /// have where nothing was configured.
    ///
    /// Args:
    ///     sources: Local paths, URLs or Sources, in any mixture.
    ///     chunk_size: Bytes compared between two looks at the clock, the cancel flag and the verdict;
    ///         also the size of one sample. 1 to 1 GiB. Default 65536.
    ///     size_precheck: Let two known, different sizes settle it without reading. Default True.
    ///     quick_check: Compare samples from five places first. Default True.
    ///     max_workers: Comparisons at once. 0: as many as pay off, and 16 where a source is a URL; 1:
    ///         one after another. Default 0.
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
    ///     ConfigError: A URL of a kind that is not supported.
    ///     ValueError: An argument that cannot be. Raised before anything is opened, as is TypeError.
    ///     TypeError: An argument of a wrong type; it is named, by its index.
    compare_all(sources), "compare_all",
    "(sources, *, chunk_size=65536, size_precheck=True, quick_check=True, max_workers=0, \
     headers={}, timeout=30.0, follow_redirects=True, verify_ssl=True, proxy=None, \
     decode_content=True, comparison_timeout=None, read_holes=False, detect_changes='ctime')",
    compare_all_job, read_compare_all
}
fn read_compare_all(
    sources: &Bound<'_, PyAny>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Request> {
    let py = sources.py();
    let sources = sources::list(sources, "sources")?;
    let load = load_of(&sources);
    let options = options_for(py, "compare_all", &COMPARE_OPTIONS, options, load)?;
    Ok(Request::new(options, load, move |options, context| {
        crate::compare_all(&sources, options, context).map(Answer::Same)
    }))
}

comparison! {
    /// Which of these sources are the same, byte for byte?
    ///
    /// Each is read at most once, however many there are, and those of a size that no other has are
    /// not read at all. Names of one file, links among them, count as one source, and so does a source that is given twice.
    ///
    /// Options that are not given have their configured value; the signature shows the one that they
    /// have where nothing was configured.
    ///
    /// Args:
    ///     sources: Local paths, URLs or Sources, in any mixture. All URLs are fetched at the same time.
    ///     chunk_size: Bytes compared between two looks at the clock, the cancel flag and the verdict;
    ///         also the size of one sample. 1 to 1 GiB. Default 65536.
    ///     size_precheck: Let two known, different sizes settle it without reading. Default True.
    ///     quick_check: Of no use here: a sample would be read twice.
    ///     max_workers: Threads that compare files. 0: as many as pay off; 1: only the calling one.
    ///         Default 0.
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
    /// Returns:
    ///     A CompareResult; it is true if all sources are identical.
    ///
    /// Raises:
    ///     SourceNotFoundError: There is nothing there. Of several failures, the first in the list is raised.
    ///     SourcePermissionError: This process may not read it.
    ///     SourceReadError: It is no file, cannot be read, or was changed while it was compared.
    ///     ComparisonTimeoutError: comparison_timeout passed.
    ///     ConfigError: A URL of a kind that is not supported.
    ///     ValueError: An argument that cannot be. Raised before anything is opened, as is TypeError.
    ///     TypeError: An argument of a wrong type; it is named, by its index.
    compare_many(sources), "compare_many",
    "(sources, *, chunk_size=65536, size_precheck=True, quick_check=True, max_workers=0, \
     headers={}, timeout=30.0, follow_redirects=True, verify_ssl=True, proxy=None, \
     decode_content=True, comparison_timeout=None, read_holes=False, detect_changes='ctime')",
    compare_many_job, read_compare_many
}

fn read_compare_many(
    sources: &Bound<'_, PyAny>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Request> {
    let py = sources.py();
    let sources = sources::list(sources, "sources")?;
    let load = load_of(&sources);
    let options = options_for(py, "compare_many", &COMPARE_OPTIONS, options, load)?;
    Ok(Request::new(options, load, move |options, context| {
        let outcome = crate::compare_many(&sources, options, context)?;
        Ok(Answer::Groups(sources, outcome))
    }))
}

/// The options that `compare_dir_urls` takes, in the order of its signature.
const COMPARE_DIR_URLS_OPTIONS: [&str; 14] = [
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
    "ignore",
];

comparison! {
    /// Does a directory hold what is at these URLs, byte for byte?
    ///
    /// Files are paired by their path below the directory, and fetched in parallel over connections that
    /// are used again. What cannot be fetched is a READ_ERROR under its path, with the reason in
    /// messages, and the result is not equal then.
    ///
    /// Options that are not given have their configured value; the signature shows the one that they
    /// have where nothing was configured.
    ///
    /// Args:
    ///     dir_path: A directory: a local path, a file:// URL or a Source. It is the left side.
    ///     url_map: Relative paths, and the URL or Source that each of them is to be compared with. It is
    ///         the right side. "./a//b/" is the same path as "a/b".
    ///     chunk_size: Bytes compared between two looks at the clock, the cancel flag and the verdict;
    ///         also the size of one sample. 1 to 1 GiB. Default 65536.
    ///     size_precheck: Let two known, different sizes settle it without reading. Default True.
    ///     quick_check: Compare samples from five places of a big file first. Default True.
    ///     max_workers: Transfers at once. 0: 16; 1: one after another. Default 0.
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
    ///     ignore: Patterns with gitignore meaning, for entries to leave out on both sides; what is ignored
    ///         is never read, nor fetched. Default None.
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
    ///     SourceNotFoundError: There is nothing where the directory should be.
    ///     SourcePermissionError: This process may not read the directory itself.
    ///     SourceReadError: It is no directory, or cannot be read.
    ///     ComparisonTimeoutError: comparison_timeout passed.
    ///     ConfigError: A URL of a kind that is not supported, or one in place of the directory.
    ///     ValueError: An argument that cannot be, such as a path in url_map that is absolute or has a
    ///         ".." part. Raised before anything is opened, as is TypeError.
    ///     TypeError: An argument of a wrong type; in url_map it is named by its path.
    compare_dir_urls(dir_path, url_map), "compare_dir_urls",
    "(dir_path, url_map, *, chunk_size=65536, size_precheck=True, quick_check=True, \
     max_workers=0, headers={}, timeout=30.0, follow_redirects=True, verify_ssl=True, proxy=None, \
     decode_content=True, comparison_timeout=None, read_holes=False, detect_changes='ctime', \
     ignore=None)",
    compare_dir_urls_job, read_compare_dir_urls, compare_dir_urls_listing
}

fn read_compare_dir_urls(
    dir_path: &Bound<'_, PyAny>,
    url_map: &Bound<'_, PyAny>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Request> {
    let directory = sources::directory(dir_path, "dir_path")?;
    let url_map = sources::map(url_map, "url_map")?;
    let load = load_of(url_map.iter().map(|(_, source)| source));
    let (py, allowed) = (dir_path.py(), &COMPARE_DIR_URLS_OPTIONS);
    let options = options_for(py, "compare_dir_urls", allowed, options, load)?;
    let load = match load {
        Load::Transfers(urls) => Load::Transfers(urls.min(options.transfers())),
        Load::Disk => Load::Disk,
    };
    let urls = tree(py, url_map, &options)?;
    Ok(Request::of_trees(options, load, Names::Paths, move |options, sink, context| {
        report_dir_urls(&directory, &urls, options, sink, context)
    }))
}

/// The tree of a map, which may be large: signal handlers run meanwhile.
fn tree(py: Python<'_>, url_map: Vec<(Vec<u8>, Source)>, options: &Options) -> PyResult<UrlTree> {
    let raised = Cell::new(None);
    let interrupt = || match py.check_signals() {
        Ok(()) => false,
        Err(error) => {
            raised.set(Some(error));
            true
        }
    };
    let call = Call::new(None);
    let context = Context::with_interrupt(&call, &interrupt);
    let tree = UrlTree::new(url_map, "url_map", options, &context);
    tree.map_err(|error| raised.take().unwrap_or_else(|| errors::raise(py, &error)))
}
