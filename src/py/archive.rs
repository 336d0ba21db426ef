//! Archives.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::request::{Names, Request, comparison, load_of, options_for};
use super::sources;

/// The options that `compare_archive` takes, in the order of its signature.
const OPTIONS: [&str; 16] = [
    "chunk_size",
    "max_decompressed_size",
    "max_compression_ratio",
    "max_archive_entries",
    "max_entry_name_length",
    "hash_compare",
    "ignore_zeros",
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
    /// Do two archives hold the same files, byte for byte?
    ///
    /// Any format and compression that libarchive reads, each side its own: zip against tar.gz, in any
    /// order of the entries. Entries are paired by name; a leading ./, double slashes and a slash at the
    /// end do not count. Symbolic links compare by their target, hard links by the content they name,
    /// sparse files by their full content; of several entries of one name the last counts; directories and
    /// devices do not. A name that is absolute or has a '..' part is matched with nothing: it is in the
    /// result's errors, and the result is not equal then. Nothing is written to disk.
    ///
    /// Options that are not given have their configured value; the signature shows the one that they
    /// have where nothing was configured.
    ///
    /// Args:
    ///     path_a: An archive: a local path, a URL (http, https, file) or a Source. Formats with their
    ///         index at the end, such as zip, take a server with Range requests.
    ///     path_b: Another one.
    ///     chunk_size: Bytes compared between two looks at the clock and the cancel flag. 1 to 1 GiB.
    ///         Default 65536.
    ///     max_decompressed_size: The most bytes that may come out of compression or of holes in each
    ///         archive; what is stored as it is does not count. None: no limit. Default 1 GiB.
    ///     max_compression_ratio: The most bytes that may come out of a compressed byte of each archive,
    ///         once 8 MiB have come out. None: no limit. Default 200.
    ///     max_archive_entries: The most entries, of any kind, that each archive may have. None: no
    ///         limit. Default 100000.
    ///     max_entry_name_length: The most bytes that an entry's name may have. None: no limit. Default
    ///         4096.
    ///     hash_compare: Compare entries by their BLAKE3-256 digests instead of byte by byte. Default
    ///         False.
    ///     ignore_zeros: Read a tar on behind its end, as tar's option of this name does: several tars, one
    ///         after the other, are one. Default False: what follows the end has to be the same bytes.
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
    ///     A DirResult; it is true if every entry of both sides was compared and found identical.
    ///
    /// Raises:
    ///     ArchiveError: One of the two is encrypted, damaged, cut short, or no archive.
    ///     ArchiveBombError: One of the two passes a limit.
    ///     SourceNotFoundError: There is nothing there.
    ///     SourcePermissionError: This process may not read it.
    ///     SourceReadError: It cannot be read, or was changed while it was compared.
    ///     ComparisonTimeoutError: comparison_timeout passed.
    ///     ConfigError: A URL of a kind that is not supported.
    ///     ValueError: An argument that cannot be. Raised before anything is opened, as is TypeError.
    ///     TypeError: An argument of a wrong type.
    compare_archive(path_a, path_b), "compare_archive",
    "(path_a, path_b, *, chunk_size=65536, max_decompressed_size=1073741824, \
     max_compression_ratio=200.0, max_archive_entries=100000, max_entry_name_length=4096, \
     hash_compare=False, ignore_zeros=False, headers={}, timeout=30.0, follow_redirects=True, \
     verify_ssl=True, proxy=None, decode_content=True, comparison_timeout=None, \
     read_holes=False, detect_changes='ctime')",
    compare_archive_job, read_compare_archive, compare_archive_listing
}

fn read_compare_archive(
    path_a: &Bound<'_, PyAny>,
    path_b: &Bound<'_, PyAny>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Request> {
    let a = sources::source(path_a, "path_a")?;
    let b = sources::source(path_b, "path_b")?;
    let load = load_of([&a, &b]);
    let options = options_for(path_a.py(), "compare_archive", &OPTIONS, options, load)?;
    Ok(Request::of_trees(options, load, Names::Entries, move |options, sink, context| {
        crate::report_archive(&a, &b, options, sink, context)
    }))
}
