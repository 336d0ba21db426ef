//! A worker, as its parent has it. Whatever the parent waits for, it looks at the clock and at its flags.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ExitStatus};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, IoSlice};
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::process::Signal;

use super::channel::{Incoming, bytes_of};
use super::frame::{self, Frame};
use super::{dying, launch};
use crate::error::Error;
use crate::run::context::Context;

/// How long the parent waits between two looks at the clock and at its flags: a fifth of the 100 ms within which
/// every call promises to stop.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };

/// How often it is looked whether a process that was killed is gone, at intervals of [`LOOK`]: only one that
/// waits for a disk or a server is not at once.
const LOOKS: usize = 25;

/// A process that reads archives.
pub(super) struct Worker {
    child: Child,
    /// Names this very process, whatever becomes of its number.
    #[cfg(target_os = "linux")]
    identity: Option<OwnedFd>,
    socket: OwnedFd,
    pub(super) incoming: Incoming,
    /// The process that started it: that of a fork must leave it alone.
    parent: u32,
}

/// Why nothing comes of a worker.
pub(super) enum Silent {
    /// The caller has to stop.
    Stopped(Error),
    /// It is gone, or makes no sense.
    Gone,
}

impl Worker {
    /// Starts one.
    pub(super) fn start() -> io::Result<Self> {
        dying::look();
        let (child, socket) = launch::start()?;
        #[cfg(target_os = "linux")]
        let identity = {
            use rustix::process::{Pid, PidfdFlags, pidfd_open};
            pidfd_open(Pid::from_child(&child), PidfdFlags::empty()).ok()
        };
        Ok(Self {
            child,
            #[cfg(target_os = "linux")]
            identity,
            socket,
            incoming: Incoming::new(),
            parent: std::process::id(),
        })
    }

    /// Did this process start it?
    pub(super) fn is_ours(&self) -> bool {
        self.parent == std::process::id()
    }

    /// Sends a frame, and a descriptor along with it.
    pub(super) fn send(
        &self,
        frame: &Frame<'_>,
        descriptor: Option<BorrowedFd<'_>>,
        context: &Context<'_>,
    ) -> Result<(), Silent> {
        let bytes = bytes_of(frame);
        let (mut sent, mut descriptor) = (0, descriptor);
        while sent < bytes.len() {
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
            let mut more = SendAncillaryBuffer::new(&mut space);
            let one = descriptor.map(|descriptor| [descriptor]);
            if let Some(descriptors) = &one {
                more.push(SendAncillaryMessage::ScmRights(descriptors));
            }
            let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
            match sendmsg(&self.socket, &[IoSlice::new(&bytes[sent..])], &mut more, flags) {
                Ok(length) => {
                    sent += length;
                    descriptor = None;
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => self.wait(PollFlags::OUT, context)?,
                Err(_) => return Err(Silent::Gone),
            }
        }
        Ok(())
    }

    /// Waits for a whole frame: says where it is.
    pub(super) fn receive(
        &mut self,
        context: &Context<'_>,
    ) -> Result<std::ops::Range<usize>, Silent> {
        loop {
            match self.incoming.whole() {
                Ok(Some(length)) => return Ok(self.incoming.take(length)),
                Ok(None) => {}
                Err(_) => return Err(Silent::Gone),
            }
            context.checkpoint().map_err(Silent::Stopped)?;
            match self.incoming.receive(&self.socket, RecvFlags::DONTWAIT) {
                Ok(0) => return Err(Silent::Gone),
                Ok(_) | Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => self.wait(PollFlags::IN, context)?,
                Err(_) => return Err(Silent::Gone),
            }
        }
    }

    /// The frame that was received.
    pub(super) fn frame(&self, range: std::ops::Range<usize>) -> Option<Frame<'_>> {
        frame::parse(self.incoming.taken(range))
    }

    fn wait(&self, events: PollFlags, context: &Context<'_>) -> Result<(), Silent> {
        context.checkpoint().map_err(Silent::Stopped)?;
        let left = context.call().time_left().unwrap_or(Duration::MAX);
        let look = Timespec::try_from(left).map_or(LOOK, |left| left.min(LOOK));
        // Any event, or none, or a signal: the next attempt says which.
        let _ = poll(&mut [PollFd::new(&self.socket, events)], Some(&look));
        Ok(())
    }

    fn signal(&mut self) {
        #[cfg(target_os = "linux")]
        if let Some(identity) = &self.identity {
            let _ = rustix::process::pidfd_send_signal(identity.as_fd(), Signal::KILL);
            return;
        }
        let _ = Signal::KILL;
        let _ = self.child.kill();
    }

    /// Ends it, and says how it ended; `None` where that cannot be known.
    pub(super) fn end(mut self) -> Option<ExitStatus> {
        if !self.is_ours() {
            return None;
        }
        self.signal();
        for _ in 0..LOOKS {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                // Another part of the program has waited for it.
                Err(_) => return None,
                Ok(None) => self.wait_for_exit(),
            }
        }
        dying::leave(self.child);
        None
    }

    fn wait_for_exit(&self) {
        #[cfg(target_os = "linux")]
        if let Some(identity) = &self.identity {
            let _ = poll(&mut [PollFd::new(identity, PollFlags::IN)], Some(&LOOK));
            return;
        }
        let _ = poll(&mut [], Some(&LOOK));
    }
}

/// What a message says of the limit of memory where there was not enough.
pub(super) fn of_memory(limit: Option<u64>) -> String {
    limit.map_or_else(String::new, |limit| format!(" (max_archive_memory is {limit})"))
}

/// How a worker ended that was not told to, in words that go on after the name of the archive.
pub(super) fn how_it_ended(status: Option<ExitStatus>, memory: Option<u64>) -> String {
    let limit = of_memory(memory);
    let is = "cannot be read: the process of its own that read it";
    match status.map(|status| (status.signal(), status.code())) {
        // What libarchive and Rust do where there is no more memory.
        Some((Some(libc::SIGABRT), _)) => format!("{is} ran out of memory or gave up{limit}"),
        Some((None, Some(1))) => format!("{is} ran out of memory{limit}"),
        Some((Some(libc::SIGKILL), _)) => {
            format!("{is} was killed from outside, as a system does that has no more memory")
        }
        Some((Some(signal), _)) => format!("{is} crashed by signal {signal}"),
        Some((None, Some(code))) => format!("{is} ended with status {code}"),
        _ => format!("{is} ended"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_says_how_it_came() {
        let says = |raw| how_it_ended(Some(ExitStatus::from_raw(raw)), Some(7));
        assert!(says(libc::SIGSEGV).ends_with("crashed by signal 11"));
        assert!(says(libc::SIGKILL).contains("was killed from outside"));
        assert!(says(1 << 8).ends_with("ran out of memory (max_archive_memory is 7)"));
        assert!(says(3 << 8).ends_with("ended with status 3"));
        assert!(how_it_ended(None, None).ends_with("ended"));
    }
}
