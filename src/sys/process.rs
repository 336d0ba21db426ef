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

/// Has what is allocated in large pieces be given back to the system when it is freed, and what threads allocate
/// come from one place. Then a limit of address space is one of what is in use.
pub(crate) fn memory_comes_and_goes() {
    // By default glibc keeps ever more of what is freed, and reserves 64 MiB for each thread. 128 KiB is its own
    // value to begin with (mallopt(3)).
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    for (option, value) in [(libc::M_MMAP_THRESHOLD, 128 << 10), (libc::M_ARENA_MAX, 1)] {
        // SAFETY: sets a number of the allocator's, under its own lock.
        unsafe { libc::mallopt(option, value) };
    }
}

/// Ends the process at once: no destructor, no function that was registered for its exit.
pub(crate) fn exit_now(status: i32) -> ! {
    // SAFETY: has no preconditions.
    unsafe { libc::_exit(status) }
}
