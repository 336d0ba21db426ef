//! Descriptors: how many the process may have, and those that it was given by number.

#[cfg(feature = "python")]
use std::os::fd::{BorrowedFd, OwnedFd, RawFd};

/// How many files and connections the process may have open.
pub(crate) fn descriptor_limit() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    limit.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX)
}

/// Another descriptor of what is open at a number.
///
/// # Errors
/// When nothing is, or there may be no more.
#[cfg(feature = "python")]
pub(crate) fn duplicate(number: RawFd) -> rustix::io::Result<OwnedFd> {
    if number < 0 {
        return Err(rustix::io::Errno::BADF);
    }
    // SAFETY: a number that is not -1. It is borrowed for one system call, which takes any number and fails with
    // EBADF where nothing is open.
    let borrowed = unsafe { BorrowedFd::borrow_raw(number) };
    rustix::io::fcntl_dupfd_cloexec(borrowed, 3)
}
