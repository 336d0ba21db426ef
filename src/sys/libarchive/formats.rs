//! What libarchive is asked to read.

use std::ffi::c_int;
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

/// Those of them that may be read in the process of the caller: the common ones, whose readers are simple.
const COMMON: [ffi::Support; 3] = [
    ffi::archive_read_support_format_ar,
    ffi::archive_read_support_format_cpio,
    ffi::archive_read_support_format_tar,
];

/// The same of filters.
const COMMON_FILTERS: [c_int; 2] = [ffi::FILTER_BZIP2, ffi::FILTER_XZ];

/// Every filter that libarchive can have built in, but gzip, which is undone elsewhere. `grzip` and
/// `lrzip` never are built in: it would start whatever program of that name is on the PATH, which cannot
/// be stopped in time.
const FILTERS: [(c_int, ffi::Support); 10] = [
    (ffi::FILTER_BZIP2, ffi::archive_read_support_filter_bzip2),
    (ffi::FILTER_COMPRESS, ffi::archive_read_support_filter_compress),
    (ffi::FILTER_LZ4, ffi::archive_read_support_filter_lz4),
    (ffi::FILTER_LZIP, ffi::archive_read_support_filter_lzip),
    (ffi::FILTER_LZMA, ffi::archive_read_support_filter_lzma),
    (ffi::FILTER_LZOP, ffi::archive_read_support_filter_lzop),
    (ffi::FILTER_RPM, ffi::archive_read_support_filter_rpm),
    (ffi::FILTER_UU, ffi::archive_read_support_filter_uu),
    (ffi::FILTER_XZ, ffi::archive_read_support_filter_xz),
    (ffi::FILTER_ZSTD, ffi::archive_read_support_filter_zstd),
];

/// What a handle reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    /// The entries of an archive of any format, within no filter. A tar may go on behind its end, if
    /// zeros are to be ignored there. Without `zip`, one that ends like a zip is none for that.
    Entries { ignore_zeros: bool, zip: bool },
    /// The same of a tar, a cpio or an ar, and of no other format.
    Common { ignore_zeros: bool },
    /// What is within filters, as one entry without a name.
    Filters(Filters),
}

/// Which filters are undone. libarchive looks for one within the other, and reads a little of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filters {
    /// Only this one.
    Only(Filter),
    /// This one, once: libarchive does not look for another one within it. Of what is damaged or empty it then cannot
    /// tell which of the two it is.
    Known(Filter),
    /// zstd and lz4, which komparu recognizes itself.
    Framed,
    /// All but those.
    Others,
    /// bzip2 and xz.
    Common,
}

/// A filter, by libarchive's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Filter(pub(super) c_int);

impl Filter {
    pub(crate) const BZIP2: Self = Self(ffi::FILTER_BZIP2);
    pub(crate) const XZ: Self = Self(ffi::FILTER_XZ);
    pub(crate) const LZ4: Self = Self(ffi::FILTER_LZ4);
    pub(crate) const ZSTD: Self = Self(ffi::FILTER_ZSTD);
    pub(crate) const UU: Self = Self(ffi::FILTER_UU);
}

/// Makes a new archive able to read it, as far as that can be done without starting a program.
pub(super) fn support(archive: NonNull<ffi::Archive>, reads: Reads) {
    match reads {
        Reads::Entries { ignore_zeros, zip: true } => {
            support_entries(archive, ignore_zeros, &FORMATS);
        }
        Reads::Entries { ignore_zeros, zip: false } => {
            support_entries(archive, ignore_zeros, &FORMATS[..FORMATS.len() - 1]);
        }
        Reads::Common { ignore_zeros } => support_entries(archive, ignore_zeros, &COMMON),
        Reads::Filters(Filters::Known(Filter(code))) => {
            // SAFETY: the archive is new and not yet open. What does not become its filter is an error that changes
            // nothing: what is read then is not within a filter.
            unsafe {
                if built_in().iter().any(|(built_in, _)| *built_in == code) {
                    ffi::archive_read_append_filter(archive.as_ptr(), code);
                }
                ffi::archive_read_support_format_raw(archive.as_ptr());
            }
        }
        Reads::Filters(filters) => {
            for (code, support) in built_in() {
                let is_framed = [Filter::ZSTD, Filter::LZ4].contains(&Filter(*code));
                let is_wanted = match filters {
                    Filters::Only(Filter(only)) | Filters::Known(Filter(only)) => only == *code,
                    Filters::Framed => is_framed,
                    Filters::Others => !is_framed,
                    Filters::Common => COMMON_FILTERS.contains(code),
                };
                if is_wanted {
                    // SAFETY: the archive is new and not yet open.
                    unsafe { support(archive.as_ptr()) };
                }
            }
            // SAFETY: the archive is new and not yet open.
            unsafe {
                ffi::archive_read_support_format_raw(archive.as_ptr());
                ffi::archive_read_support_format_empty(archive.as_ptr());
            }
        }
    }
}

fn support_entries(archive: NonNull<ffi::Archive>, ignore_zeros: bool, formats: &[ffi::Support]) {
    for support in formats {
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
    if ignore_zeros {
        let (format, option) = (c"tar".as_ptr(), c"read_concatenated_archives".as_ptr());
        // SAFETY: as above; any text means yes.
        unsafe {
            let yes = c"1".as_ptr();
            ffi::archive_read_set_format_option(archive.as_ptr(), format, option, yes);
        }
    }
}

/// The filters that this libarchive has built in. Of the others it says so with a warning, but only
/// when it has been told to use them: so that is tried on an archive that is not read.
fn built_in() -> &'static [(c_int, ffi::Support)] {
    static BUILT_IN: OnceLock<Vec<(c_int, ffi::Support)>> = OnceLock::new();
    BUILT_IN.get_or_init(|| {
        // SAFETY: no preconditions.
        let archive = unsafe { ffi::archive_read_new() };
        if archive.is_null() {
            return Vec::new();
        }
        let is_built_in = |(_, support): &(c_int, ffi::Support)| {
            // SAFETY: the archive is new and not yet open.
            unsafe { support(archive) == ffi::OK }
        };
        let built_in = FILTERS.into_iter().filter(is_built_in).collect();
        // SAFETY: freed once, and used no more.
        unsafe { ffi::archive_read_free(archive) };
        built_in
    })
}
