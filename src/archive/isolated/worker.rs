//! A worker, as its parent has it. Whatever the parent waits for, it looks at the clock and at its flags.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, IoSlice, retry_on_intr};
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, send, sendmsg};
use rustix::process::Signal;

use super::channel::{Incoming, bytes_of};
use super::frame::{self, Frame};
use super::{dying, launch};
use crate::error::Error;
use crate::run::context::Context;

/// How long the parent waits between two looks at the clock and at its flags: a fifth of the 100 ms within which
/// every call promises to stop.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };

/// How long a worker has to give up an archive: a fifth of the same 100 ms, and less than what a new one needs to be
/// there where the processors have other work as well.
const GIVE_UP: Duration = Duration::from_millis(20);

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
    /// Has only a part of a frame been sent?
    is_torn: bool,
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
            is_torn: false,
            parent: std::process::id(),
        })
    }

    /// Did this process start it?
    pub(super) fn is_ours(&self) -> bool {
        self.parent == std::process::id()
    }

    /// Sends a frame, and a descriptor along with it.
    pub(super) fn send(
        &mut self,
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
                    self.is_torn = sent < bytes.len();
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

    /// Waits until it is there: says how much more memory it has than it began with.
    pub(super) fn ready(&mut self, context: &Context<'_>) -> Result<u64, Silent> {
        let ready = self.receive(context)?;
        match self.frame(ready) {
            Some(Frame::Ready { grown }) => Ok(grown),
            _ => Err(Silent::Gone),
        }
    }

    /// Has it give up the archive that it reads. False where it does not in time, and has to be ended.
    pub(super) fn gives_up(&mut self) -> bool {
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        let frame = bytes_of(&Frame::GiveUp);
        self.is_ours()
            && !self.is_torn
            && retry_on_intr(|| send(&self.socket, &frame, flags)) == Ok(frame.len())
            && self.comes_to_an_end()
    }

    /// Passes over all that it still says of its archive. False where that has no end in time.
    fn comes_to_an_end(&mut self) -> bool {
        let begun = Instant::now();
        loop {
            match self.incoming.whole() {
                Ok(Some(length)) => {
                    let range = self.incoming.take(length);
                    match self.frame(range) {
                        Some(Frame::Done { .. } | Frame::Failed(_)) => return true,
                        Some(_) => continue,
                        None => return false,
                    }
                }
                Ok(None) => {}
                Err(_) => return false,
            }
            let Some(left) = GIVE_UP.checked_sub(begun.elapsed()) else { return false };
            match self.incoming.receive(&self.socket, RecvFlags::DONTWAIT) {
                Ok(0) => return false,
                Ok(_) | Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    let left = Timespec::try_from(left).unwrap_or(LOOK);
                    let _ = poll(&mut [PollFd::new(&self.socket, PollFlags::IN)], Some(&left));
                }
                Err(_) => return false,
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
