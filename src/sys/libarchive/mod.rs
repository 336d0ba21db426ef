//! libarchive, safe to call: about 35 of its functions, for reading and nothing else.
//!
//! A [`Handle`] is one archive being read, on one thread at a time. It takes its bytes from an
//! [`Input`], and what it shows is lent: an entry and a block live until the next one is asked for.

mod callbacks;
mod entry;
mod ffi;
mod formats;
mod input;
mod inside;

use std::ffi::{CStr, c_int};
use std::ptr::{self, NonNull};

use callbacks::{read_callback, seek_callback, skip_callback};
pub(crate) use entry::{ShownEntry, ShownKind};
pub(crate) use formats::{Filter, Filters, Reads};
pub(crate) use input::Input;
use inside::Inside;

use super::locale::Utf8;

/// Why libarchive cannot go on, in its own words. The input may know better.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

/// The version, as libarchive numbers it: 3.8.10 is 3008010.
pub(crate) fn version() -> i32 {
    // SAFETY: no preconditions.
    unsafe { ffi::archive_version_number() }
}

/// A family of formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Ar,
    Cab,
    Cpio,
    Iso9660,
    Lha,
    Rar,
    Rar5,
    SevenZip,
    Tar,
    Warc,
    Xar,
    Zip,
    Other,
    /// libarchive has not said. So it is with a tar that has nothing but the name of a volume.
    Unset,
}

/// Where libarchive found no further entry.
pub(crate) struct End {
    pub(crate) format: Format,
    /// Where it came to.
    pub(crate) stopped_at: u64,
}

/// An archive that is being read.
pub(crate) struct Handle<I: Input> {
    archive: NonNull<ffi::Archive>,
    /// From `Box::into_raw`. libarchive's callbacks make a `&mut` of it, so others may look at it
    /// only while none of its functions runs.
    input: NonNull<I>,
    entry: *mut ffi::RawEntry,
    /// Content on loan, until libarchive is called again.
    block: Option<(NonNull<u8>, usize)>,
}

impl<I: Input> Handle<I> {
    /// Finds out what kind of archive, or within what, the input is.
    pub(crate) fn open(input: I, reads: Reads) -> Result<Self, (Failure, I)> {
        Self::open_with(input, reads, None)
    }

    /// The same; entries that are encrypted are decrypted with the password. Where that is impossible, they say so when
    /// they are read.
    pub(crate) fn open_with(
        input: I,
        reads: Reads,
        password: Option<&CStr>,
    ) -> Result<Self, (Failure, I)> {
        // SAFETY: no preconditions.
        let Some(archive) = NonNull::new(unsafe { ffi::archive_read_new() }) else {
            return Err((Failure("out of memory".to_owned()), input));
        };
        let can_seek = input.can_seek();
        let input = NonNull::from(Box::leak(Box::new(input)));
        // From here on dropping the handle frees both.
        let mut handle = Self { archive, input, entry: ptr::null_mut(), block: None };
        {
            let _inside = Inside::enter();
            formats::support(archive, reads);
        }
        let raw = archive.as_ptr();
        if let Some(password) = password {
            // SAFETY: the archive is new and not yet open; the text ends with a NUL, and is copied.
            unsafe { ffi::archive_read_add_passphrase(raw, password.as_ptr()) };
        }
        // SAFETY: the archive is new and not yet open; the callbacks take the very type that the data
        // points to, which lives until the archive has been freed.
        unsafe {
            ffi::archive_read_set_callback_data(raw, input.as_ptr().cast());
            ffi::archive_read_set_read_callback(raw, read_callback::<I>);
            if can_seek {
                ffi::archive_read_set_skip_callback(raw, skip_callback::<I>);
                ffi::archive_read_set_seek_callback(raw, seek_callback::<I>);
            }
        }
        // SAFETY: a new archive with its callbacks set.
        match handle.call(|archive| unsafe { ffi::archive_read_open1(archive) }) {
            ffi::OK => Ok(handle),
            _ => Err((handle.failure(), handle.into_input())),
        }
    }

    /// Where the bytes come from.
    pub(crate) fn input(&self) -> &I {
        // SAFETY: alive as long as self; no function of libarchive runs while self is borrowed, so
        // no callback has a `&mut` of it.
        unsafe { self.input.as_ref() }
    }

    /// The same, to be worked on. What it has lent must stay as it is.
    pub(crate) fn input_mut(&mut self) -> &mut I {
        // SAFETY: as above, and self is borrowed only here.
        unsafe { self.input.as_mut() }
    }

    /// Goes on to the next entry; `None` after the last one.
    pub(crate) fn next(&mut self) -> Result<Option<ShownEntry<'_>>, Failure> {
        let mut entry = ptr::null_mut();
        // SAFETY: an open archive, and room for a pointer.
        let status =
            self.call(|archive| unsafe { ffi::archive_read_next_header(archive, &raw mut entry) });
        self.entry = entry;
        match status {
            ffi::EOF => Ok(None),
            ffi::OK => Ok(Some(self.entry())),
            // A name that is no UTF-8 is a warning, and no fault. Others tell of something that was
            // passed over, and what was passed over is not compared.
            ffi::WARN if self.is_about_letters() => Ok(Some(self.entry())),
            _ => Err(self.failure()),
        }
    }

    fn entry(&self) -> ShownEntry<'_> {
        // SAFETY: libarchive set it with the header, and keeps it until the next one is read, for
        // which this handle must not be borrowed.
        unsafe { ShownEntry::new(self.entry, self.format() == Format::Ar) }
    }

    /// The format, when a header has been read.
    pub(crate) fn format(&self) -> Format {
        // SAFETY: an open archive.
        match unsafe { ffi::archive_format(self.archive.as_ptr()) } & ffi::FORMAT_BASE {
            ffi::FORMAT_AR => Format::Ar,
            ffi::FORMAT_CAB => Format::Cab,
            ffi::FORMAT_CPIO => Format::Cpio,
            ffi::FORMAT_ISO9660 => Format::Iso9660,
            ffi::FORMAT_LHA => Format::Lha,
            ffi::FORMAT_RAR => Format::Rar,
            ffi::FORMAT_RAR_V5 => Format::Rar5,
            ffi::FORMAT_7ZIP => Format::SevenZip,
            ffi::FORMAT_TAR => Format::Tar,
            0 => Format::Unset,
            ffi::FORMAT_WARC => Format::Warc,
            ffi::FORMAT_XAR => Format::Xar,
            ffi::FORMAT_ZIP => Format::Zip,
            _ => Format::Other,
        }
    }

    /// What libarchive calls the format, when a header has been read.
    pub(crate) fn format_name(&self) -> String {
        // SAFETY: an open archive; the name, if there is one, ends with a NUL and is copied at once.
        unsafe {
            let name = ffi::archive_format_name(self.archive.as_ptr());
            (!name.is_null()).then(|| CStr::from_ptr(name).to_string_lossy().into_owned())
        }
        .unwrap_or_else(|| "unnamed".to_owned())
    }

    /// The filters that the input is within, from the outside in.
    pub(crate) fn filters(&self) -> Vec<Filter> {
        // SAFETY: an open archive; the last filter is no filter, but what calls back for the input.
        unsafe {
            let filters = ffi::archive_filter_count(self.archive.as_ptr()) - 1;
            let code = |filter| ffi::archive_filter_code(self.archive.as_ptr(), filter);
            (0..filters)
                .rev()
                .map(code)
                .filter(|&code| code != ffi::FILTER_NONE)
                .map(Filter)
                .collect()
        }
    }

    /// How much of the input has been used, which may be less than what was read of it.
    pub(crate) fn used(&self) -> u64 {
        // SAFETY: an open archive. The last filter is what calls back.
        let used = unsafe {
            let last = ffi::archive_filter_count(self.archive.as_ptr()) - 1;
            ffi::archive_filter_bytes(self.archive.as_ptr(), last)
        };
        u64::try_from(used).unwrap_or(0)
    }

    /// Does the format at hand keep names as bytes, which are passed on as they are?
    pub(crate) fn spells_exactly(&self) -> bool {
        // SAFETY: an open archive.
        let format = unsafe { ffi::archive_format(self.archive.as_ptr()) };
        format != ffi::FORMAT_TAR_PAX
            && [ffi::FORMAT_TAR, ffi::FORMAT_CPIO, ffi::FORMAT_AR]
                .contains(&(format & ffi::FORMAT_BASE))
    }

    /// Where it ended, when there was no further entry.
    pub(crate) fn end(&self) -> End {
        // SAFETY: an open archive.
        let at = unsafe { ffi::archive_filter_bytes(self.archive.as_ptr(), 0) };
        End { format: self.format(), stopped_at: u64::try_from(at).unwrap_or(0) }
    }

    /// Goes on to more content of the entry at hand, and says where in the entry it lies: what was left
    /// out before it is a hole. `None` after the last of it.
    pub(crate) fn block(&mut self) -> Result<Option<u64>, Failure> {
        let (mut bytes, mut length, mut offset) = (ptr::null(), 0, 0);
        let status = self.call(|archive| {
            let (bytes, length, offset) = (&raw mut bytes, &raw mut length, &raw mut offset);
            // SAFETY: an open archive, and room for all that is returned.
            unsafe { ffi::archive_read_data_block(archive, bytes, length, offset) }
        });
        match status {
            ffi::EOF => Ok(None),
            ffi::OK => {
                self.block = NonNull::new(bytes.cast_mut().cast()).map(|start| (start, length));
                let impossible = |_| Failure("a block of content at no possible place".to_owned());
                u64::try_from(offset).map(Some).map_err(impossible)
            }
            // A warning here is a checksum that is wrong.
            _ => Err(self.failure()),
        }
    }

    /// The content that [`block`](Self::block) has come to.
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: libarchive lends this many bytes until it is called again, for which `self` must
        // not be borrowed, and which forgets them.
        self.block.map_or(&[], |(start, length)| unsafe {
            std::slice::from_raw_parts(start.as_ptr(), length)
        })
    }

    /// The input, when the archive is not to be read any more.
    pub(crate) fn into_input(self) -> I {
        let handle = std::mem::ManuallyDrop::new(self);
        handle.free();
        // SAFETY: made by leaking a box; nothing else has it, now that the archive is gone.
        unsafe { *Box::from_raw(handle.input.as_ptr()) }
    }

    fn is_about_letters(&self) -> bool {
        let Failure(words) = self.failure();
        Utf8::enter().is_some()
            && ["can't be converted", "cannot be converted"].iter().any(|part| words.contains(part))
    }

    fn failure(&self) -> Failure {
        // SAFETY: an archive; the words, if there are any, end with a NUL and are copied at once.
        let words = unsafe {
            let words = ffi::archive_error_string(self.archive.as_ptr());
            (!words.is_null()).then(|| CStr::from_ptr(words).to_string_lossy().into_owned())
        };
        Failure(words.unwrap_or_else(|| "damaged".to_owned()))
    }

    fn call(&mut self, function: impl FnOnce(*mut ffi::Archive) -> c_int) -> c_int {
        self.block = None;
        let _inside = Inside::enter();
        function(self.archive.as_ptr())
    }

    fn free(&self) {
        let _inside = Inside::enter();
        // SAFETY: called once, by what ends this handle.
        unsafe { ffi::archive_read_free(self.archive.as_ptr()) };
    }
}

impl<I: Input> Drop for Handle<I> {
    fn drop(&mut self) {
        self.free();
        // SAFETY: made by leaking a box; nothing else has it, now that the archive is gone.
        drop(unsafe { Box::from_raw(self.input.as_ptr()) });
    }
}
