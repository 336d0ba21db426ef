//! Frames through a socket: what has come of the next one, and sending.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

use rustix::io::{Errno, IoSliceMut};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recv, recvmsg};

use super::frame::{self, Frame};

/// How much room there is for what comes, to begin with: two pieces of content.
const ROOM: usize = 2 * frame::PIECE;

/// What has come, and not been taken.
pub(super) struct Incoming {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

/// What a frame is that makes no sense.
pub(super) struct Nonsense;

impl Incoming {
    pub(super) fn new() -> Self {
        Self { buffer: vec![0; ROOM], start: 0, end: 0 }
    }

    /// Has all been taken that has come?
    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Has a whole frame come? Says how long it is.
    pub(super) fn whole(&self) -> Result<Option<usize>, Nonsense> {
        let bytes = &self.buffer[self.start..self.end];
        let length = frame::length(bytes).ok_or(Nonsense)?;
        Ok(length.filter(|&length| length <= bytes.len()))
    }

    /// Takes the frame that has come and is so long. It stays where it is until more is received.
    pub(super) fn take(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.start;
        self.start += length;
        start..self.start
    }

    /// The bytes that were taken.
    pub(super) fn taken(&self, range: std::ops::Range<usize>) -> &[u8] {
        &self.buffer[range]
    }

    /// Receives more, once: says how much. What was taken is gone.
    pub(super) fn receive(&mut self, socket: &OwnedFd, flags: RecvFlags) -> Result<usize, Errno> {
        let (received, _) = recv(socket.as_fd(), self.room(), flags)?;
        self.end += received;
        Ok(received)
    }

    /// The same, and a descriptor that may have come along.
    #[cfg_attr(
        not(feature = "python"),
        allow(dead_code, reason = "only the Python module has workers")
    )]
    pub(super) fn receive_files(
        &mut self,
        socket: &OwnedFd,
    ) -> Result<(usize, Option<OwnedFd>), Errno> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut more = RecvAncillaryBuffer::new(&mut space);
        let mut room = [IoSliceMut::new(self.room())];
        let received = recvmsg(socket, &mut room, &mut more, RecvFlags::CMSG_CLOEXEC)?.bytes;
        self.end += received;
        let files = more.drain().filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next_back(),
            _ => None,
        });
        Ok((received, files.last()))
    }

    /// Where more may come to.
    fn room(&mut self) -> &mut [u8] {
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
        } else if self.start > 0 && self.buffer.len() - self.end < frame::PIECE {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        &mut self.buffer[self.end..]
    }
}

/// The bytes of one frame.
pub(super) fn bytes_of(frame: &Frame<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame.write(&mut bytes);
    bytes
}
