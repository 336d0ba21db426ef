//! What an archive says of an entry before its content.

use std::ffi::{CStr, c_char};
use std::marker::PhantomData;

use super::ffi;
use super::inside::Inside;

/// The header of an entry.
pub(crate) struct ShownEntry<'a> {
    raw: *mut ffi::RawEntry,
    in_ar: bool,
    _lent_by_its_handle: PhantomData<&'a ()>,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ShownKind {
    /// A file.
    File,
    /// A symbolic link to this target.
    Symlink(Vec<u8>),
    /// Another name for what this entry names. It may have content all the same.
    HardLink(Vec<u8>),
    /// A directory.
    Directory,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A character device.
    CharacterDevice,
    /// A block device.
    BlockDevice,
    /// What a format keeps for itself, or of a kind that is not known.
    Other,
}

impl ShownEntry<'_> {
    /// # Safety
    /// `raw` is an entry that its archive has filled, and that stays so as long as `Self` lives.
    pub(super) unsafe fn new(raw: *mut ffi::RawEntry, in_ar: bool) -> Self {
        Self { raw, in_ar, _lent_by_its_handle: PhantomData }
    }

    /// Its name and what it is. The name is UTF-8 where the archive says in which encoding it is, else the
    /// bytes it has; `None` if it cannot be had.
    pub(crate) fn describe(&self) -> (Option<Vec<u8>>, ShownKind) {
        // Once for both: entering takes as long as reading a name.
        let inside = Inside::enter();
        (self.name(&inside), self.kind(&inside))
    }

    fn name(&self, inside: &Inside) -> Option<Vec<u8>> {
        self.text(inside, ffi::archive_entry_pathname)
            .or_else(|| self.text(inside, ffi::archive_entry_pathname_utf8))
    }

    fn kind(&self, inside: &Inside) -> ShownKind {
        if let Some(target) = self.text(inside, ffi::archive_entry_hardlink) {
            return ShownKind::HardLink(target);
        }
        // SAFETY: an entry.
        match unsafe { ffi::archive_entry_filetype(self.raw) } {
            libc::S_IFLNK => match self.text(inside, ffi::archive_entry_symlink) {
                Some(target) => ShownKind::Symlink(target),
                // The target stands where a file has its content.
                None => ShownKind::File,
            },
            libc::S_IFREG if self.in_ar && self.is_table(inside) => ShownKind::Other,
            // Formats without types leave it out.
            libc::S_IFREG | 0 => ShownKind::File,
            libc::S_IFDIR => ShownKind::Directory,
            libc::S_IFIFO => ShownKind::Fifo,
            libc::S_IFSOCK => ShownKind::Socket,
            libc::S_IFCHR => ShownKind::CharacterDevice,
            libc::S_IFBLK => ShownKind::BlockDevice,
            _ => ShownKind::Other,
        }
    }

    /// Is its content or its name encrypted?
    pub(crate) fn is_encrypted(&self) -> bool {
        // SAFETY: an entry.
        unsafe { ffi::archive_entry_is_encrypted(self.raw) != 0 }
    }

    /// How many bytes it has, holes included, where the archive says so before them.
    pub(crate) fn size(&self) -> Option<u64> {
        // SAFETY: an entry.
        let size = unsafe {
            (ffi::archive_entry_size_is_set(self.raw) != 0)
                .then(|| ffi::archive_entry_size(self.raw))
        };
        size.and_then(|size| u64::try_from(size).ok())
    }

    /// The indices of an ar archive are stored as if they were members.
    fn is_table(&self, inside: &Inside) -> bool {
        let name = self.name(inside).unwrap_or_default();
        [&b"/"[..], b"//", b"/SYM64/", b"__.SYMDEF", b"__.SYMDEF SORTED"].contains(&&*name)
    }

    /// A text, as libarchive has it for a thread that is within it.
    fn text(
        &self,
        _: &Inside,
        get: unsafe extern "C" fn(*mut ffi::RawEntry) -> *const c_char,
    ) -> Option<Vec<u8>> {
        // SAFETY: an entry; the text, if there is one, ends with a NUL, lives until the entry
        // changes, and is copied at once.
        unsafe {
            let text = get(self.raw);
            (!text.is_null()).then(|| CStr::from_ptr(text).to_bytes().to_vec())
        }
    }
}
