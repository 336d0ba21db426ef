//! A bell that any thread can ring and an event loop can hear, as a descriptor that becomes readable.
//!
//! An eventfd on Linux, a pipe elsewhere. The descriptors are closed when the last owner lets go of
//! the bell, so nobody ever rings what has become another file.

use std::io;
#[cfg(test)]
use std::os::fd::BorrowedFd;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd, RawFd};

/// The bell.
#[derive(Debug)]
pub(crate) struct Bell {
    hearing: OwnedFd,
    /// The other end, where it is another descriptor.
    ringing: Option<OwnedFd>,
}

impl Bell {
    /// A bell that has not been rung.
    #[cfg(target_os = "linux")]
    pub(crate) fn new() -> io::Result<Self> {
        use rustix::event::{EventfdFlags, eventfd};
        let hearing = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { hearing, ringing: None })
    }

    /// A bell that has not been rung.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn new() -> io::Result<Self> {
        Self::pipe()
    }

    /// The same, made of a pipe: every Unix has them.
    #[cfg(any(test, not(target_os = "linux")))]
    fn pipe() -> io::Result<Self> {
        let (hearing, ringing) = std::io::pipe()?;
        let (hearing, ringing) = (OwnedFd::from(hearing), OwnedFd::from(ringing));
        rustix::io::ioctl_fionbio(&hearing, true)?;
        rustix::io::ioctl_fionbio(&ringing, true)?;
        Ok(Self { hearing, ringing: Some(ringing) })
    }

    /// What becomes readable.
    pub(crate) fn descriptor(&self) -> RawFd {
        self.hearing.as_raw_fd()
    }

    /// The same, for as long as the bell is there.
    #[cfg(test)]
    pub(crate) fn hearing(&self) -> BorrowedFd<'_> {
        self.hearing.as_fd()
    }

    /// Makes it readable, if it is not.
    pub(crate) fn ring(&self) {
        let end = self.ringing.as_ref().unwrap_or(&self.hearing);
        // What cannot take any more is readable as it is; and eventfds take numbers of eight bytes.
        let _ = retry(|| rustix::io::write(end.as_fd(), &1_u64.to_ne_bytes()));
    }

    /// Makes it unreadable, until it is rung again.
    pub(crate) fn clear(&self) {
        let mut buffer = [0; 512];
        // An eventfd is read at once, and a pipe until less came than there was room for.
        while retry(|| rustix::io::read(&self.hearing, &mut buffer)) == Ok(buffer.len()) {}
    }
}

/// Calls again while a signal interrupts.
fn retry(mut call: impl FnMut() -> rustix::io::Result<usize>) -> rustix::io::Result<usize> {
    loop {
        match call() {
            Err(rustix::io::Errno::INTR) => {}
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    fn is_readable(bell: &Bell) -> bool {
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let mut waits = [PollFd::new(&bell.hearing, PollFlags::IN)];
        poll(&mut waits, Some(&at_once)).expect("polled") == 1
    }

    #[test]
    fn a_bell_is_heard_until_it_is_cleared() {
        for bell in [Bell::new().expect("a bell"), Bell::pipe().expect("a pipe")] {
            assert!(!is_readable(&bell));
            for rings in [1, 2, 100_000] {
                (0..rings).for_each(|_| bell.ring());
                assert!(is_readable(&bell), "after {rings} rings");
                bell.clear();
                assert!(!is_readable(&bell), "cleared after {rings} rings");
            }
        }
    }

    #[test]
    fn a_bell_rings_across_threads() {
        let bell = Bell::new().expect("a bell");
        std::thread::scope(|scope| {
            scope.spawn(|| bell.ring());
            let mut waits = [PollFd::new(&bell.hearing, PollFlags::IN)];
            assert_eq!(poll(&mut waits, None), Ok(1));
        });
        assert!(bell.descriptor() > 2);
    }
}
