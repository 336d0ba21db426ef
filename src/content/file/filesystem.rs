//! Filesystems whose file sizes or inode numbers cannot be trusted.

use std::os::fd::BorrowedFd;

/// Filesystems whose files report a size other than the length of their content: the kernel makes the content
/// while it is read, and the size is a placeholder. The numbers are those of `linux/magic.h` of Linux 6.12.
#[cfg(target_os = "linux")]
const MADE_UP: [u32; 14] = [
    0x0000_9fa0, // PROC_SUPER_MAGIC: 0 for nearly all, and more than can be read for /proc/kcore
    0x6265_6572, // SYSFS_MAGIC: a page for each attribute (fs/sysfs/file.c)
    0x6265_6570, // CONFIGFS_MAGIC: a page, as sysfs (fs/configfs/configfs_internal.h)
    0x6462_6720, // DEBUGFS_MAGIC: 0, or what a driver says
    0x7472_6163, // TRACEFS_MAGIC: the same
    0x7363_6673, // SECURITYFS_MAGIC: the same
    0x5a3c_69f0, // AAFS_MAGIC: the same
    0x0027_e0eb, // CGROUP_SUPER_MAGIC: 0 (fs/kernfs)
    0x6367_7270, // CGROUP2_SUPER_MAGIC: 0 (fs/kernfs)
    0x0765_5821, // RDTGROUP_SUPER_MAGIC: 0 (fs/kernfs)
    0xf97c_ff8c, // SELINUX_MAGIC: 0
    0x4341_5d53, // SMACK_MAGIC: 0
    0x4249_4e4d, // BINFMTFS_MAGIC: 0
    0xabba_1974, // XENFS_SUPER_MAGIC: 0
];

/// Filesystems that pass on inode numbers from elsewhere, so that several files may have the same.
#[cfg(target_os = "linux")]
const PASSED_ON: [u32; 2] = [
    0x6573_5546, // FUSE_SUPER_MAGIC: what its program says
    0x0102_1997, // V9FS_MAGIC: what the host says, of all of its filesystems together
];

/// Does the filesystem of this file make up sizes? Such a file is read to its end, as a stream of unknown
/// size. On any other filesystem a file that ends early is an error: it was truncated, or a read failed
/// silently.
pub(crate) fn makes_up_sizes(file: BorrowedFd<'_>) -> bool {
    #[cfg(target_os = "linux")]
    return kind(file).is_some_and(|kind| MADE_UP.contains(&kind));
    #[cfg(not(target_os = "linux"))]
    {
        let _ = file;
        false
    }
}

/// May two files or directories of this file's filesystem have the same inode number?
pub(crate) fn may_repeat_numbers(file: BorrowedFd<'_>) -> bool {
    #[cfg(target_os = "linux")]
    return kind(file).is_none_or(|kind| PASSED_ON.contains(&kind));
    #[cfg(not(target_os = "linux"))]
    {
        let _ = file;
        true
    }
}

#[cfg(target_os = "linux")]
fn kind(file: BorrowedFd<'_>) -> Option<u32> {
    // All of these numbers have 32 bits; the field is a signed word.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::allow_attributes)]
    rustix::fs::fstatfs(file).ok().map(|filesystem| filesystem.f_type as u32)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd as _;

    use super::*;

    #[test]
    fn sizes_are_made_up_where_the_kernel_makes_the_content() {
        let made_up = |path: &str| makes_up_sizes(File::open(path).expect("opened").as_fd());
        assert!(made_up("/proc/version"));
        assert!(made_up("/sys/devices/system/cpu/online"));
        assert!(!made_up("/etc/passwd"));
    }

    #[test]
    fn an_ordinary_filesystem_repeats_no_inode_number() {
        let place = tempfile::tempdir().expect("a directory");
        let directory = File::open(place.path()).expect("opened");
        assert!(!may_repeat_numbers(directory.as_fd()));
    }
}
