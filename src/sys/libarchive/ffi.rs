//! What komparu calls in libarchive, as its headers declare it.

use std::ffi::{c_char, c_int, c_void};

/// A reader of one archive; opaque.
#[repr(C)]
pub(super) struct Archive {
    _opaque: [u8; 0],
}

/// The header of one entry; opaque, owned by its archive.
#[repr(C)]
pub(super) struct RawEntry {
    _opaque: [u8; 0],
}

pub(super) const EOF: c_int = 1;
pub(super) const OK: c_int = 0;
pub(super) const WARN: c_int = -20;
pub(super) const FATAL: c_int = -30;

/// What a format's code has in common with its variants.
pub(super) const FORMAT_BASE: c_int = 0x00ff_0000;
pub(super) const FORMAT_CPIO: c_int = 0x0001_0000;
pub(super) const FORMAT_TAR: c_int = 0x0003_0000;
pub(super) const FORMAT_TAR_PAX: c_int = 0x0003_0002;
pub(super) const FORMAT_ZIP: c_int = 0x0005_0000;
pub(super) const FORMAT_AR: c_int = 0x0007_0000;
pub(super) const FORMAT_ISO9660: c_int = 0x0004_0000;
pub(super) const FORMAT_XAR: c_int = 0x000a_0000;
pub(super) const FORMAT_LHA: c_int = 0x000b_0000;
pub(super) const FORMAT_CAB: c_int = 0x000c_0000;
pub(super) const FORMAT_RAR: c_int = 0x000d_0000;
pub(super) const FORMAT_7ZIP: c_int = 0x000e_0000;
pub(super) const FORMAT_WARC: c_int = 0x000f_0000;
pub(super) const FORMAT_RAR_V5: c_int = 0x0010_0000;

/// The filter that changes nothing.
pub(super) const FILTER_NONE: c_int = 0;
pub(super) const FILTER_BZIP2: c_int = 2;
pub(super) const FILTER_COMPRESS: c_int = 3;
pub(super) const FILTER_LZMA: c_int = 5;
pub(super) const FILTER_XZ: c_int = 6;
pub(super) const FILTER_UU: c_int = 7;
pub(super) const FILTER_RPM: c_int = 8;
pub(super) const FILTER_LZIP: c_int = 9;
pub(super) const FILTER_LZOP: c_int = 11;
pub(super) const FILTER_LZ4: c_int = 13;
pub(super) const FILTER_ZSTD: c_int = 14;

/// Makes a reader able to read one filter or format.
pub(super) type Support = unsafe extern "C" fn(*mut Archive) -> c_int;

type ReadCallback =
    unsafe extern "C" fn(*mut Archive, *mut c_void, *mut *const c_void) -> libc::ssize_t;
type SkipCallback = unsafe extern "C" fn(*mut Archive, *mut c_void, i64) -> i64;
type SeekCallback = unsafe extern "C" fn(*mut Archive, *mut c_void, i64, c_int) -> i64;

unsafe extern "C" {
    pub(super) fn archive_version_number() -> c_int;

    pub(super) fn archive_read_new() -> *mut Archive;
    pub(super) fn archive_read_free(archive: *mut Archive) -> c_int;

    pub(super) fn archive_read_append_filter(archive: *mut Archive, code: c_int) -> c_int;
    pub(super) fn archive_read_support_filter_bzip2(archive: *mut Archive) -> c_int;
    pub(super) fn archive_read_support_filter_compress(archive: *mut Archive) -> c_int;
    pub(super) fn archive_read_support_filter_lz4(archive: *mut Archive) -> c_int;
    pub(super) fn archive_read_support_filter_lzip(archive: *mut Archive) -> c_int;
    pub(super) fn archive_read_support_filter_lzma(archive: *mut Archive) -> c_int;
    pub(super) fn archive_read_support_filter_lzop(archive: *mut Archive) -> c_int;
    pub(super) fn archive_read_support_filter_rpm(archive: *mut Archive) -> c_int;
    pub(super) fn archive_read_support_filter_uu(archive: *mut Archive) -> c_int;
    pub(super) fn archive_read_support_filter_xz(archive: *mut Archive) -> c_int;
    pub(super) fn archive_read_support_filter_zstd(archive: *mut Archive) -> c_int;

    pub(super) fn archive_read_support_format_7zip(archive: *mut Archive) -> c_int;
    pub(super) fn archive_read_support_format_ar(archive: *mut Archive) -> c_int;
    pub(super) fn archive_read_support_format_cab(archive: *mut Archive) -> c_int;
    pub(super) fn archive_read_support_format_cpio(archive: *mut Archive) -> c_int;
    pub(super) fn archive_read_support_format_iso9660(archive: *mut Archive) -> c_int;
    pub(super) fn archive_read_support_format_lha(archive: *mut Archive) -> c_int;
    pub(super) fn archive_read_support_format_empty(archive: *mut Archive) -> c_int;
    pub(super) fn archive_read_support_format_raw(archive: *mut Archive) -> c_int;
    pub(super) fn archive_read_support_format_rar(archive: *mut Archive) -> c_int;
    pub(super) fn archive_read_support_format_rar5(archive: *mut Archive) -> c_int;
    pub(super) fn archive_read_support_format_tar(archive: *mut Archive) -> c_int;
    pub(super) fn archive_read_support_format_warc(archive: *mut Archive) -> c_int;
    pub(super) fn archive_read_support_format_xar(archive: *mut Archive) -> c_int;
    pub(super) fn archive_read_support_format_zip(archive: *mut Archive) -> c_int;

    pub(super) fn archive_read_add_passphrase(
        archive: *mut Archive,
        passphrase: *const c_char,
    ) -> c_int;
    pub(super) fn archive_read_set_format_option(
        archive: *mut Archive,
        format: *const c_char,
        option: *const c_char,
        value: *const c_char,
    ) -> c_int;
    pub(super) fn archive_read_set_callback_data(archive: *mut Archive, data: *mut c_void)
    -> c_int;
    pub(super) fn archive_read_set_read_callback(
        archive: *mut Archive,
        read: ReadCallback,
    ) -> c_int;
    pub(super) fn archive_read_set_skip_callback(
        archive: *mut Archive,
        skip: SkipCallback,
    ) -> c_int;
    pub(super) fn archive_read_set_seek_callback(
        archive: *mut Archive,
        seek: SeekCallback,
    ) -> c_int;
    pub(super) fn archive_read_open1(archive: *mut Archive) -> c_int;

    pub(super) fn archive_read_next_header(
        archive: *mut Archive,
        entry: *mut *mut RawEntry,
    ) -> c_int;
    pub(super) fn archive_read_data_block(
        archive: *mut Archive,
        bytes: *mut *const c_void,
        length: *mut libc::size_t,
        offset: *mut i64,
    ) -> c_int;

    pub(super) fn archive_error_string(archive: *mut Archive) -> *const c_char;
    pub(super) fn archive_filter_count(archive: *mut Archive) -> c_int;
    pub(super) fn archive_filter_code(archive: *mut Archive, filter: c_int) -> c_int;
    pub(super) fn archive_format(archive: *mut Archive) -> c_int;
    pub(super) fn archive_format_name(archive: *mut Archive) -> *const c_char;
    pub(super) fn archive_filter_bytes(archive: *mut Archive, filter: c_int) -> i64;

    pub(super) fn archive_entry_pathname(entry: *mut RawEntry) -> *const c_char;
    pub(super) fn archive_entry_pathname_utf8(entry: *mut RawEntry) -> *const c_char;
    pub(super) fn archive_entry_hardlink(entry: *mut RawEntry) -> *const c_char;
    pub(super) fn archive_entry_symlink(entry: *mut RawEntry) -> *const c_char;
    pub(super) fn archive_entry_filetype(entry: *mut RawEntry) -> libc::mode_t;
    pub(super) fn archive_entry_is_encrypted(entry: *mut RawEntry) -> c_int;
    pub(super) fn archive_entry_size_is_set(entry: *mut RawEntry) -> c_int;
    pub(super) fn archive_entry_size(entry: *mut RawEntry) -> i64;
}
