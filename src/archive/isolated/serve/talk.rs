//! The conversation of a worker with its parent.

use std::os::fd::OwnedFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, send};

use super::super::channel::Incoming;
use super::super::frame::{self, Frame, Opening};
use crate::error::{Error, Result};
use crate::sys::process::exit_now;

/// What is sent at once: as much as the socket takes without waiting.
const BATCH: usize = 64 << 10;

/// The conversation with the parent. When that is gone, so is this process.
pub(super) struct Talk {
    socket: OwnedFd,
    incoming: Incoming,
    out: Vec<u8>,
}

impl Talk {
    pub(super) fn new(socket: OwnedFd) -> Self {
        Self { socket, incoming: Incoming::new(), out: Vec::new() }
    }

    /// Says something of the archive at hand, though perhaps not at once.
    ///
    /// # Errors
    /// When the parent does not need it any more: [`Error::Cancelled`].
    pub(super) fn show(&mut self, frame: &Frame<'_>) -> Result<()> {
        frame.write(&mut self.out);
        if self.out.len() >= BATCH {
            self.flush();
            if self.is_given_up() {
                return Err(Error::Cancelled);
            }
        }
        Ok(())
    }

    /// Says what is said between archives, and all that has not been sent.
    pub(super) fn say(&mut self, frame: &Frame<'_>) {
        frame.write(&mut self.out);
        self.flush();
    }

    /// Takes back what has not been sent: whole frames.
    pub(super) fn discard(&mut self) {
        self.out.clear();
    }

    /// Does the parent not need the archive at hand any more? While one is read, it says nothing else unasked.
    pub(super) fn is_given_up(&self) -> bool {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        !self.incoming.is_empty()
            || poll(&mut [PollFd::new(&self.socket, PollFlags::IN)], Some(&now)) == Ok(1)
    }

    fn flush(&mut self) {
        let mut rest = &self.out[..];
        while !rest.is_empty() {
            match send(&self.socket, rest, SendFlags::NOSIGNAL) {
                Ok(sent) => rest = &rest[sent..],
                Err(Errno::INTR) => {}
                Err(_) => exit_now(0),
            }
        }
        self.out.clear();
    }

    /// What is to be read next, and its file; `None`: nothing.
    pub(super) fn opening(&mut self) -> Option<(Opening, Option<OwnedFd>)> {
        let mut file = None;
        loop {
            let Some(length) = self.incoming.whole().ok()? else {
                match self.incoming.receive_files(&self.socket) {
                    Ok((0, _)) => return None,
                    Ok((_, received)) => file = received.or(file),
                    Err(Errno::INTR) => {}
                    Err(_) => return None,
                }
                continue;
            };
            let range = self.incoming.take(length);
            match frame::parse(self.incoming.taken(range))? {
                Frame::Open(opening) => return Some((opening, file)),
                // The archive before was read to its end, or given up, before this came.
                Frame::GiveUp => {}
                _ => return None,
            }
        }
    }

    /// Asks for bytes, and says what came.
    ///
    /// # Errors
    /// When the parent does not need the archive any more: [`Error::Cancelled`].
    pub(super) fn ask(&mut self, at: u64, length: usize) -> Result<&[u8]> {
        self.say(&Frame::Wants { at, length: length as u64 });
        let range = loop {
            match self.incoming.whole() {
                Ok(Some(length)) => break self.incoming.take(length),
                Ok(None) => {}
                Err(_) => exit_now(3),
            }
            match self.incoming.receive(&self.socket, RecvFlags::empty()) {
                Ok(0) => exit_now(0),
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => exit_now(3),
            }
        };
        match frame::parse(self.incoming.taken(range)) {
            Some(Frame::Data(bytes)) => Ok(bytes),
            Some(Frame::GiveUp) => Err(Error::Cancelled),
            _ => exit_now(3),
        }
    }
}
