//! What can go wrong, and for which source.
//!
//! One enum for the whole crate. Every variant that is about a source names it, and displays as
//! one line: the source, then the cause.

use std::borrow::Cow;
use std::fmt;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::text::legible::Piece;
use crate::text::redact::{is_nearly_url, redacted_fully};

/// The result of a function of this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a comparison has no verdict.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The source does not exist.
    #[error("{name}: {cause}")]
    NotFound {
        /// The source.
        name: Name,
        /// The system's words, or our own.
        cause: String,
        /// The system's error number, where it gave one.
        errno: Option<i32>,
        /// The HTTP status, where a server gave one.
        status: Option<u16>,
    },
    /// The source exists, but this process may not read it.
    #[error("{name}: {cause}")]
    Permission {
        /// The source.
        name: Name,
        /// The system's words.
        cause: String,
        /// The system's error number, where it gave one.
        errno: Option<i32>,
    },
    /// The source could not be read to its end, or changed while it was read.
    #[error("{name}: {cause}")]
    Read {
        /// The source.
        name: Name,
        /// The system's words, or our own.
        cause: String,
        /// The system's error number, where it gave one.
        errno: Option<i32>,
        /// The HTTP status, where a server gave one.
        status: Option<u16>,
    },
    /// The source's inode was changed while it was read, and nothing else is known to have changed: perhaps
    /// its mode or its names, or its content, with its date set back. Worth comparing once more.
    #[error("{name}: was touched while it was compared")]
    Touched {
        /// The source.
        name: Name,
    },
    /// The file was changed, replaced or deleted while it was read: perhaps not the next time.
    #[error("{name}: {cause}")]
    Changed {
        /// The file.
        name: Name,
        /// What has changed.
        cause: String,
    },
    /// Another program has a lease on the source, and has been asked to give it up: worth another try soon.
    #[error("{name}: another program has a lease on it and does not give it up")]
    Busy {
        /// The source.
        name: Name,
        /// The system's error number.
        errno: i32,
    },
    /// An object of the caller's has raised an exception of its own.
    #[error("{name}: {cause}")]
    Raised {
        /// The object.
        name: Name,
        /// What kind of exception, and what it says.
        cause: String,
        /// Which of those that the objects of the call have raised.
        number: usize,
    },
    /// The archive is encrypted, damaged, cut short, or no archive at all.
    #[error("{name}: {cause}")]
    Archive {
        /// The archive.
        name: Name,
        /// libarchive's words, or our own.
        cause: String,
        /// The system's error number, where it gave one.
        errno: Option<i32>,
    },
    /// The archive costs more than its limits allow.
    #[error("{name}: archive bomb: {cause}")]
    ArchiveBomb {
        /// The archive.
        name: Name,
        /// What it would cost, and the limit.
        cause: String,
    },
    /// A line of a manifest is malformed, or contradicts another one.
    #[error("{name}: {cause}")]
    Manifest {
        /// The manifest.
        name: Name,
        /// The line, and what is wrong with it.
        cause: String,
        /// The line's number, counted from 1.
        line: u32,
    },
    /// An argument has a value that it cannot have.
    #[error("{0}")]
    Argument(String),
    /// The request is well-formed, but not supported.
    #[error("{0}")]
    Config(String),
    /// A panic, which only a mistake in this crate or in its dependencies can cause.
    #[error("komparu has made a mistake, please report it: {0}")]
    Internal(String),
    /// The call took longer than its timeout.
    #[error("comparison timed out after {} s", .0.as_secs_f64())]
    TimedOut(Duration),
    /// The caller cancelled the call.
    #[error("comparison cancelled")]
    Cancelled,
}

impl Error {
    /// An error of the operating system while `name` was looked at, opened or read.
    #[must_use]
    pub fn system(name: &Name, error: &std::io::Error) -> Self {
        let errno = error.raw_os_error();
        let (name, mut cause) = (name.clone(), words(error));
        let is_missing = matches!(
            error.kind(),
            // ENOTDIR: a part of the path is no directory, so nothing can exist under it.
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
        );
        // Nothing with this name exists, or can exist (ENAMETOOLONG): it may have been meant as a URL.
        if (is_missing || error.kind() == std::io::ErrorKind::InvalidFilename)
            && is_nearly_url(&name.bytes())
        {
            cause.push_str(" (a URL begins with http:// or https://, and nothing before it)");
        }
        match error.kind() {
            _ if is_missing => {
                let name = Name::new(&redacted_fully(&name.bytes()));
                Self::NotFound { name, cause, errno, status: None }
            }
            std::io::ErrorKind::PermissionDenied => Self::Permission { name, cause, errno },
            _ => Self::Read { name, cause, errno, status: None },
        }
    }

    /// The same error, with words before its cause, where it has one.
    #[must_use]
    pub(crate) fn because(mut self, words: &str) -> Self {
        if let Self::NotFound { cause, .. }
        | Self::Permission { cause, .. }
        | Self::Read { cause, .. }
        | Self::Archive { cause, .. } = &mut self
        {
            *cause = format!("{words}: {cause}");
        }
        self
    }

    /// An error with our own words why `name` cannot be compared.
    #[must_use]
    pub fn read(name: &Name, cause: impl Into<String>) -> Self {
        Self::Read { name: name.clone(), cause: cause.into(), errno: None, status: None }
    }

    /// An error for a server's answer that is not the content of `name`.
    #[must_use]
    pub fn answered(name: &Name, cause: impl Into<String>, status: u16) -> Self {
        let (name, cause, errno) = (name.clone(), cause.into(), None);
        let known = Some(status);
        match status {
            // Not Found, and Gone.
            404 | 410 => Self::NotFound { name, cause, errno, status: known },
            _ => Self::Read { name, cause, errno, status: known },
        }
    }

    /// The HTTP status, where a server gave one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::NotFound { status, .. } | Self::Read { status, .. } => *status,
            _ => None,
        }
    }

    /// Is it likely to pass? A change of a file, and what the system says of disks, and of file servers that have lost a
    /// file or have none yet.
    pub(crate) fn may_pass(&self) -> bool {
        const PASSING: [i32; 3] = [libc::EIO, libc::ESTALE, libc::EAGAIN];
        match self {
            Self::Changed { .. } | Self::Touched { .. } => true,
            Self::Read { errno: Some(errno), .. } | Self::Archive { errno: Some(errno), .. } => {
                PASSING.contains(errno)
            }
            _ => false,
        }
    }

    /// Must the whole call stop, whatever else can be compared?
    #[must_use]
    pub fn ends_call(&self) -> bool {
        matches!(self, Self::Cancelled | Self::TimedOut(_))
    }

    /// An error with our own words what is wrong with a line of the manifest `name`.
    #[must_use]
    pub fn manifest(name: &Name, line: u32, cause: &str) -> Self {
        Self::Manifest { name: name.clone(), cause: format!("line {line}: {cause}"), line }
    }

    /// An error with our own words why `name` cannot be read as an archive.
    #[must_use]
    pub fn archive(name: &Name, cause: impl Into<String>) -> Self {
        Self::Archive { name: name.clone(), cause: cause.into(), errno: None }
    }
}

/// The system's words for `error`, without the number that std appends.
pub(crate) fn words(error: &std::io::Error) -> String {
    if let Some(words) = error.raw_os_error().and_then(crate::sys::words::of) {
        return words;
    }
    let mut words = error.to_string();
    if error.raw_os_error().is_some()
        && let Some(end) = words.rfind(" (os error ")
    {
        words.truncate(end);
    }
    words
}

/// A source as its user wrote it, or an entry of one: usually UTF-8, always bytes.
///
/// Cheap to make and to clone: entries share the name of their directory. Always displays as one line,
/// shortened where it is long: see `legible.rs`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    directory: Option<Arc<[u8]>>,
    text: Arc<[u8]>,
}

impl Name {
    /// A name of these bytes.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self { directory: None, text: bytes.into() }
    }

    /// The name of the entry `text` in a directory.
    #[must_use]
    pub fn within(directory: &Arc<[u8]>, text: &Arc<[u8]>) -> Self {
        Self { directory: Some(Arc::clone(directory)), text: Arc::clone(text) }
    }

    /// All of its bytes, unescaped.
    #[must_use]
    pub fn bytes(&self) -> Cow<'_, [u8]> {
        match &self.directory {
            None => Cow::Borrowed(&self.text),
            Some(directory) => Cow::Owned(join(directory, &self.text)),
        }
    }
}

/// Joins two paths with a slash, unless the first is empty or ends with one.
#[must_use]
pub fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    let slash: &[u8] = if directory.is_empty() || directory.ends_with(b"/") { b"" } else { b"/" };
    [directory, slash, name].concat()
}

impl From<&Path> for Name {
    fn from(path: &Path) -> Self {
        Self::new(path.as_os_str().as_bytes())
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self::new(text.as_bytes())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        Piece(&self.bytes()).fmt(out)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "\"{self}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_on_one_line() {
        let name = Name::new(b"caf\xc3\xa9\n\xff\x1b[0m");
        assert_eq!(name.to_string(), r"café\n\xff\u{1b}[0m");
    }

    #[test]
    fn an_entry_is_named_with_its_directory() {
        let within = |directory: &[u8]| Name::within(&directory.into(), &b"x"[..].into());
        assert_eq!(within(b"/a/b").to_string(), "/a/b/x");
        assert_eq!(within(b"/").to_string(), "/x");
        assert_eq!(&*within(b"a").bytes(), b"a/x");
    }

    #[test]
    fn a_system_error_keeps_its_number_and_loses_stds_suffix() {
        let error = Error::system(&"x".into(), &std::io::Error::from_raw_os_error(libc::ENOENT));
        assert_eq!(error.to_string(), "x: No such file or directory");
        assert!(matches!(error, Error::NotFound { errno: Some(libc::ENOENT), .. }));
    }

    #[test]
    fn the_kind_of_a_system_error_decides_the_variant() {
        let of = |errno| Error::system(&"x".into(), &std::io::Error::from_raw_os_error(errno));
        assert!(matches!(of(libc::ENOTDIR), Error::NotFound { .. }));
        assert!(matches!(of(libc::EACCES), Error::Permission { .. }));
        assert!(matches!(of(libc::EPERM), Error::Permission { .. }));
        assert!(matches!(of(libc::EIO), Error::Read { .. }));
        assert!(matches!(of(libc::EMFILE), Error::Read { .. }));
    }
}
