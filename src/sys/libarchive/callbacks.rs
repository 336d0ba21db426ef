//! What libarchive calls back, for the bytes of an archive.

use std::ffi::{c_int, c_void};
use std::io::SeekFrom;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::ffi;
use super::input::Input;
use crate::sys::{fork, locale};

/// Lets a callback work on its input. A panic must not cross libarchive's frames: it is an error
/// there, and has been reported by then. The thread has its own locale meanwhile.
///
/// # Safety
/// `data` is a handle's input, and libarchive is calling back.
unsafe fn answer<'a, I: Input + 'a, T>(
    data: *mut c_void,
    failed: T,
    answer: impl FnOnce(&'a mut I) -> T,
) -> T {
    // SAFETY: the handle's input outlives its archive, and nothing else looks at it while one of
    // libarchive's functions runs.
    let input = unsafe { &mut *data.cast::<I>() };
    let answer = || locale::in_own(|| fork::unguarded(|| answer(input)));
    catch_unwind(AssertUnwindSafe(answer)).unwrap_or(failed)
}

/// # Safety
/// libarchive calls it back, with a handle's input as its data.
pub(super) unsafe extern "C" fn read_callback<I: Input>(
    archive: *mut ffi::Archive,
    data: *mut c_void,
    buffer: *mut *const c_void,
) -> libc::ssize_t {
    // SAFETY: the archive that calls back; it is asked for numbers that it keeps for each filter.
    // The last one is no filter, but what calls back.
    let put_out = unsafe {
        let filters = ffi::archive_filter_count(archive);
        (0..filters - 1).map(|filter| ffi::archive_filter_bytes(archive, filter)).max().unwrap_or(0)
    };
    let put_out = u64::try_from(put_out).unwrap_or(0);
    // SAFETY: as libarchive calls back, with the data that this callback was set with.
    let bytes = unsafe { answer(data, None, |input: &mut I| input.read(put_out)) };
    let Some(bytes) = bytes else { return ffi::FATAL as libc::ssize_t };
    // SAFETY: libarchive made room for a pointer.
    unsafe { *buffer = bytes.as_ptr().cast() };
    libc::ssize_t::try_from(bytes.len()).expect("a slice is no longer than that")
}

/// # Safety
/// libarchive calls it back, with a handle's input as its data.
pub(super) unsafe extern "C" fn skip_callback<I: Input>(
    _: *mut ffi::Archive,
    data: *mut c_void,
    length: i64,
) -> i64 {
    let length = u64::try_from(length).unwrap_or(0);
    // SAFETY: as libarchive calls back, with the data that this callback was set with.
    let skipped = unsafe { answer(data, 0, |input: &mut I| input.skip(length)) };
    i64::try_from(skipped).unwrap_or(0)
}

/// # Safety
/// libarchive calls it back, with a handle's input as its data.
pub(super) unsafe extern "C" fn seek_callback<I: Input>(
    _: *mut ffi::Archive,
    data: *mut c_void,
    offset: i64,
    whence: c_int,
) -> i64 {
    let to = match whence {
        libc::SEEK_CUR => SeekFrom::Current(offset),
        libc::SEEK_END => SeekFrom::End(offset),
        _ => SeekFrom::Start(u64::try_from(offset).unwrap_or(0)),
    };
    // SAFETY: as libarchive calls back, with the data that this callback was set with.
    let position = unsafe { answer(data, None, |input: &mut I| input.seek(to)) };
    position.and_then(|position| i64::try_from(position).ok()).unwrap_or(ffi::FATAL.into())
}
