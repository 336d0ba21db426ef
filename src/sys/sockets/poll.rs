//! Waiting for sockets where there is no epoll: every Unix has `poll`, which takes the whole list.

use std::io;
use std::os::fd::RawFd;
use std::time::Duration;

use super::interest::Interest;

/// Sockets, and what each is watched for.
#[derive(Default)]
pub(super) struct Poller {
    polled: Vec<libc::pollfd>,
}

impl Poller {
    /// Nothing is watched yet.
    #[expect(clippy::unnecessary_wraps, reason = "the poller on Linux opens a descriptor")]
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self::default())
    }

    /// Watches a descriptor, which must be open, for `interest` from now on. If that is nothing, it is not
    /// watched any more, and may be closed already.
    #[expect(clippy::unnecessary_wraps, reason = "the poller on Linux may be full")]
    pub(super) fn set(&mut self, descriptor: RawFd, interest: Interest) -> io::Result<()> {
        let mut events = 0;
        events |= if interest.input { libc::POLLIN } else { 0 };
        events |= if interest.output { libc::POLLOUT } else { 0 };
        match self.polled.iter().position(|polled| polled.fd == descriptor) {
            Some(place) if interest.is_none() => _ = self.polled.swap_remove(place),
            Some(place) => self.polled[place].events = events,
            None if interest.is_none() => {}
            None => self.polled.push(libc::pollfd { fd: descriptor, events, revents: 0 }),
        }
        Ok(())
    }

    /// Waits until a descriptor is ready or `patience` is over. Calls `ready` for each that is, with what it
    /// is watched for and what it is ready for.
    ///
    /// # Errors
    /// When the system cannot wait.
    pub(super) fn wait(
        &mut self,
        patience: Duration,
        mut ready: impl FnMut(RawFd, Interest, Interest),
    ) -> io::Result<()> {
        // Rounded up: the rest of a millisecond would be spent spinning.
        let milliseconds = patience.as_nanos().div_ceil(1_000_000).try_into().unwrap_or(i32::MAX);
        let (list, length) = (self.polled.as_mut_ptr(), self.polled.len() as libc::nfds_t);
        // SAFETY: the pointer and the length are those of one vector of initialised structures.
        // A descriptor that is closed already is reported as such, and harmless.
        if unsafe { libc::poll(list, length, milliseconds) } < 0 {
            let error = io::Error::last_os_error();
            return if error.kind() == io::ErrorKind::Interrupted { Ok(()) } else { Err(error) };
        }
        for polled in self.polled.iter().filter(|polled| polled.revents != 0) {
            let has = |event| polled.events & event != 0;
            let watched_for = Interest { input: has(libc::POLLIN), output: has(libc::POLLOUT) };
            // An error and an end are reported as both: reading and writing find out which.
            let broken = libc::POLLERR | libc::POLLHUP | libc::POLLNVAL;
            let is = |event| polled.revents & (event | broken) != 0;
            let found = Interest { input: is(libc::POLLIN), output: is(libc::POLLOUT) };
            ready(polled.fd, watched_for, found);
        }
        Ok(())
    }
}
