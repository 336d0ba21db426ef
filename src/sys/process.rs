//! What a process of its own that reads archives does to itself: it gives up what it has no use for.

use std::os::fd::RawFd;

/// Closes every descriptor of this process from `first` on, whatever it was inherited from.
///
/// Only for a process that has nothing else to do with any of them, and has one thread.
pub(crate) fn close_from(first: RawFd) {
    #[cfg(target_os = "linux")]
    {
        let first = u32::try_from(first).unwrap_or(3);
        // The system call by its number: musl and older glibc have no function for it.
        // SAFETY: closes descriptors, and touches no memory. Nothing of this crate has opened any of them yet.
        let closed = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) };
        if closed == 0 {
            return;
        }
    }
    // Linux before 5.9, and others: as many as there may be, but not millions.
    let most = super::descriptors::descriptor_limit().min(1 << 16);
    for descriptor in first..RawFd::try_from(most).unwrap_or(RawFd::MAX) {
        // SAFETY: as above.
        unsafe { libc::close(descriptor) };
    }
}

/// Ends the process at once: no destructor, no function that was registered for its exit.
pub(crate) fn exit_now(status: i32) -> ! {
    // SAFETY: has no preconditions.
    unsafe { libc::_exit(status) }
}
