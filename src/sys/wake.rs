//! A waker that any thread can set off and an event loop can wait for: a descriptor that becomes readable.
//!
//! An eventfd on Linux, a pipe elsewhere. The descriptors are closed when the last owner drops the waker, so
//! no thread ever writes to another file that has got the same number.

use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd, RawFd};

use rustix::io::retry_on_intr;

/// The waker.
#[derive(Debug)]
pub(crate) struct Waker {
    /// Becomes readable.
    readable: OwnedFd,
    /// The other end, where it is another descriptor.
    writable: Option<OwnedFd>,
}

impl Waker {
    /// A waker that has not been woken.
    #[cfg(target_os = "linux")]
    pub(crate) fn new() -> io::Result<Self> {
        use rustix::event::{EventfdFlags, eventfd};
        let readable = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { readable, writable: None })
    }

    /// A waker that has not been woken.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn new() -> io::Result<Self> {
        Self::pipe()
    }

    /// The same, made of a pipe: every Unix has them.
    #[cfg(any(test, not(target_os = "linux")))]
    fn pipe() -> io::Result<Self> {
        let (readable, writable) = std::io::pipe()?;
        let (readable, writable) = (OwnedFd::from(readable), OwnedFd::from(writable));
        rustix::io::ioctl_fionbio(&readable, true)?;
        rustix::io::ioctl_fionbio(&writable, true)?;
        Ok(Self { readable, writable: Some(writable) })
    }

    /// The descriptor that becomes readable.
    pub(crate) fn descriptor(&self) -> RawFd {
        self.readable.as_raw_fd()
    }

    /// Makes the descriptor readable, if it is not.
    pub(crate) fn wake(&self) {
        let end = self.writable.as_ref().unwrap_or(&self.readable);
        // A descriptor that takes no more is readable as it is. An eventfd takes numbers of eight bytes.
        let _ = retry_on_intr(|| rustix::io::write(end.as_fd(), &1_u64.to_ne_bytes()));
    }

    /// Makes the descriptor unreadable, until the next wake-up.
    pub(crate) fn clear(&self) {
        let mut buffer = [0; 512];
        // An eventfd is read at once, a pipe until a read does not fill the buffer.
        while retry_on_intr(|| rustix::io::read(&self.readable, &mut buffer)) == Ok(buffer.len()) {}
    }

    /// Is the descriptor readable?
    #[cfg(test)]
    pub(crate) fn is_woken(&self) -> bool {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let mut waits = [PollFd::new(&self.readable, PollFlags::IN)];
        poll(&mut waits, Some(&at_once)).expect("polled") == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::event::{PollFd, PollFlags, poll};

    #[test]
    fn a_waker_is_readable_until_it_is_cleared() {
        for waker in [Waker::new().expect("a waker"), Waker::pipe().expect("a pipe")] {
            assert!(!waker.is_woken());
            for times in [1, 2, 100_000] {
                (0..times).for_each(|_| waker.wake());
                assert!(waker.is_woken(), "woken {times} times");
                waker.clear();
                assert!(!waker.is_woken(), "cleared after {times} times");
            }
        }
    }

    #[test]
    fn a_waker_wakes_another_thread() {
        let waker = Waker::new().expect("a waker");
        std::thread::scope(|scope| {
            scope.spawn(|| waker.wake());
            let mut waits = [PollFd::new(&waker.readable, PollFlags::IN)];
            assert_eq!(poll(&mut waits, None), Ok(1));
        });
        assert!(waker.descriptor() > 2);
    }
}
