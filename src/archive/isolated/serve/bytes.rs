//! The bytes of an archive, as a worker has them: from its file, or from its parent.

use std::io::ErrorKind;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex};

use rustix::io::retry_on_intr;

use super::super::frame;
use super::talk::Talk;
use crate::content::{Chunk, Extent, ReadAt, Reader};
use crate::error::{Error, Result};
use crate::sys::lock::lock;
use crate::sys::process::exit_now;

/// The bytes of an archive at any place: from its file, or from the parent.
pub(super) struct Asked {
    pub(super) talk: Arc<Mutex<Talk>>,
    pub(super) size: u64,
    pub(super) is_promised: bool,
    pub(super) file: Option<OwnedFd>,
}

impl Asked {
    fn read_file(&self, mut offset: u64, mut buffer: &mut [u8]) -> std::io::Result<()> {
        let Some(file) = &self.file else { return Err(ErrorKind::Unsupported.into()) };
        while !buffer.is_empty() {
            match retry_on_intr(|| rustix::io::pread(file, &mut *buffer, offset))? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                read => {
                    offset += read as u64;
                    buffer = &mut buffer[read..];
                }
            }
        }
        Ok(())
    }
}

impl ReadAt for Asked {
    fn size(&self) -> u64 {
        self.size
    }

    fn extent(&self, _: u64) -> Result<Extent> {
        Ok(Extent::Data { end: self.size })
    }

    fn read_at(&self, mut offset: u64, mut buffer: &mut [u8]) -> Result<()> {
        if self.read_file(offset, buffer).is_ok() {
            return Ok(());
        }
        // The parent gives it, or knows better why it cannot be had.
        while !buffer.is_empty() {
            let mut talk = lock(&self.talk);
            let bytes = talk.ask(offset, buffer.len().min(frame::PIECE))?;
            let Some((now, later)) = buffer.split_at_mut_checked(bytes.len()) else { exit_now(3) };
            if now.is_empty() {
                return Err(Error::Internal("an archive has fewer bytes than it had".to_owned()));
            }
            now.copy_from_slice(bytes);
            offset += now.len() as u64;
            buffer = later;
        }
        Ok(())
    }

    fn is_promised(&self) -> bool {
        self.is_promised
    }

    fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

/// The bytes of an archive in their order, from the parent.
pub(super) struct InOrder {
    talk: Arc<Mutex<Talk>>,
    size: Option<u64>,
    piece: Vec<u8>,
    taken: usize,
}

impl InOrder {
    pub(super) fn new(talk: Arc<Mutex<Talk>>, size: Option<u64>) -> Self {
        Self { talk, size, piece: Vec::new(), taken: 0 }
    }
}

impl Reader for InOrder {
    fn chunk(&mut self) -> Result<Chunk<'_>> {
        if self.taken == self.piece.len() {
            let mut talk = lock(&self.talk);
            let bytes = talk.ask(0, frame::PIECE)?;
            self.piece.clear();
            self.piece.extend_from_slice(bytes);
            self.taken = 0;
        }
        Ok(match &self.piece[self.taken..] {
            [] => Chunk::End,
            bytes => Chunk::Bytes(bytes),
        })
    }

    fn consume(&mut self, length: u64) {
        self.taken += usize::try_from(length).unwrap_or(0);
    }

    fn size(&self) -> Option<u64> {
        self.size
    }

    /// The parent asks for that.
    fn verify(&self) -> Result<()> {
        Ok(())
    }
}
