//! What tells one file or directory from another, and what shows that it has changed.

use rustix::fs::Stat;

use crate::options::DetectChanges;

/// Device, inode, size and times of a file, as one `stat` reported them.
///
/// Two files of one filesystem should not have the same device and inode. Some FUSE filesystems give
/// one inode number to several files, so more is required before two paths count as one file: see
/// [`Located::is_same_file`](super::located::Located::is_same_file).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    device: u64,
    inode: u64,
    pub(crate) size: u64,
    /// When the content changed: seconds and nanoseconds.
    modified: (i64, i64),
    /// When anything changed, names included: renaming and unlinking are changes.
    pub(crate) changed: (i64, i64),
}

impl Identity {
    /// The identity in what `stat` reported.
    // The fields of `stat` have other widths and signs on other platforms.
    #[allow(clippy::cast_sign_loss, clippy::cast_possible_wrap, clippy::allow_attributes)]
    #[allow(clippy::unnecessary_cast, clippy::useless_conversion, clippy::cast_lossless)]
    #[must_use]
    pub fn of(stat: &Stat) -> Self {
        Self {
            device: stat.st_dev as u64,
            inode: stat.st_ino as u64,
            size: stat.st_size as u64,
            modified: (stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            changed: (stat.st_ctime as i64, stat.st_ctime_nsec as i64),
        }
    }

    /// An identity without size and times, for trees that have none.
    #[must_use]
    pub fn numbered(device: u64, inode: u64) -> Self {
        Self { device, inode, size: 0, modified: (0, 0), changed: (0, 0) }
    }

    /// Have both the same device and inode? Size and times may differ: one may be older.
    #[must_use]
    pub fn has_number_of(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }

    /// When the content changed, as Python's `st_mtime` has it, to the last bit.
    #[cfg(any(feature = "python", test))]
    #[allow(clippy::cast_precision_loss, reason = "Python loses as much")]
    pub(crate) fn modified_seconds(&self) -> f64 {
        let (seconds, nanoseconds) = self.modified;
        seconds as f64 + 1e-9 * nanoseconds as f64
    }

    /// What happened to the file since, if `now` shows a change that `detect` asks for. A new `changed` time
    /// alone is none.
    pub(crate) fn change_to(&self, now: &Self, detect: DetectChanges) -> Option<String> {
        let during = "while it was compared";
        if detect != DetectChanges::Size && !self.has_number_of(now) {
            Some(format!("was replaced {during}"))
        } else if self.size > now.size {
            Some(format!("shrank from {} to {} bytes {during}", self.size, now.size))
        } else if self.size < now.size {
            Some(format!("grew from {} to {} bytes {during}", self.size, now.size))
        } else if detect != DetectChanges::Size && self.modified != now.modified {
            Some(format!("was modified {during}"))
        } else {
            None
        }
    }
}
