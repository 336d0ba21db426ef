//! What libarchive is asked to read.

use std::ptr::NonNull;
use std::sync::OnceLock;

use super::ffi;

/// Every format but three: `raw` takes any file for an archive, `mtree` any text, and `empty` takes
/// an empty file for one. Zip is the last one.
const FORMATS: [ffi::Support; 12] = [
    ffi::archive_read_support_format_7zip,
    ffi::archive_read_support_format_ar,
    ffi::archive_read_support_format_cab,
    ffi::archive_read_support_format_cpio,
    ffi::archive_read_support_format_iso9660,
    ffi::archive_read_support_format_lha,
    ffi::archive_read_support_format_rar,
    ffi::archive_read_support_format_rar5,
    ffi::archive_read_support_format_tar,
    ffi::archive_read_support_format_warc,
    ffi::archive_read_support_format_xar,
    ffi::archive_read_support_format_zip,
];

/// Every filter that libarchive can have built in. `grzip` and `lrzip` never are: it would start
/// whatever program of that name is on the PATH, which cannot be stopped in time.
const FILTERS: [ffi::Support; 11] = [
    ffi::archive_read_support_filter_bzip2,
    ffi::archive_read_support_filter_compress,
    ffi::archive_read_support_filter_gzip,
    ffi::archive_read_support_filter_lz4,
    ffi::archive_read_support_filter_lzip,
    ffi::archive_read_support_filter_lzma,
    ffi::archive_read_support_filter_lzop,
    ffi::archive_read_support_filter_rpm,
    ffi::archive_read_support_filter_uu,
    ffi::archive_read_support_filter_xz,
    ffi::archive_read_support_filter_zstd,
];

/// Makes a new archive able to read all that can be read without starting a program; zips only where `zip` says so.
pub(super) fn support_all(archive: NonNull<ffi::Archive>, zip: bool) {
    let formats = if zip { &FORMATS[..] } else { &FORMATS[..FORMATS.len() - 1] };
    for support in formats.iter().chain(built_in()) {
        // SAFETY: the archive is new and not yet open. What is not supported after all (xar, where
        // there is no XML parser) is an error that changes nothing.
        unsafe { support(archive.as_ptr()) };
    }
    // On macOS, entries with a file's resources would be passed over.
    // SAFETY: the archive is new and not yet open; the texts end with a NUL, and none means no.
    unsafe {
        let (format, option) = (c"zip".as_ptr(), c"mac-ext".as_ptr());
        ffi::archive_read_set_format_option(archive.as_ptr(), format, option, std::ptr::null());
    }
}

/// The filters that this libarchive has built in. Of the others it says so with a warning, but only
/// when it has been told to use them: so that is tried on an archive that nobody reads.
fn built_in() -> &'static [ffi::Support] {
    static BUILT_IN: OnceLock<Vec<ffi::Support>> = OnceLock::new();
    BUILT_IN.get_or_init(|| {
        // SAFETY: no preconditions.
        let archive = unsafe { ffi::archive_read_new() };
        if archive.is_null() {
            return Vec::new();
        }
        // SAFETY: the archive is new and not yet open.
        let is_built_in = |support: &ffi::Support| unsafe { support(archive) } == ffi::OK;
        let built_in = FILTERS.into_iter().filter(is_built_in).collect();
        // SAFETY: freed once, and used no more.
        unsafe { ffi::archive_read_free(archive) };
        built_in
    })
}
