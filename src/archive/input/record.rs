//! What libarchive was given last, kept so that it can be given, or looked at, once more.

use std::collections::VecDeque;

use super::shared_buffer::SharedBuffer;

/// Bytes from the start of a buffer.
#[derive(Clone)]
pub(super) struct Piece {
    pub(super) buffer: SharedBuffer,
    pub(super) length: usize,
}

impl Piece {
    /// These bytes, copied.
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self { buffer: bytes.into(), length: bytes.len() }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

/// What is kept.
pub(super) enum Record {
    /// Nothing.
    None,
    /// Everything, so that it can be given once more.
    All(Vec<Piece>),
    /// The last pieces and where each begins: some of it may have been read ahead only.
    Recent(VecDeque<(u64, Piece)>),
}

impl Record {
    /// Keeps the piece that begins at `position`. Of recent ones, those that end more than `most` before it are
    /// dropped.
    pub(super) fn add(&mut self, position: u64, piece: &Piece, most: u64) {
        match self {
            Self::None => {}
            Self::All(pieces) => pieces.push(piece.clone()),
            Self::Recent(recent) => {
                recent.push_back((position, piece.clone()));
                while recent.get(1).is_some_and(|(at, _)| at + most < position) {
                    recent.pop_front();
                }
            }
        }
    }

    /// Drops all but the last pieces from now on.
    pub(super) fn keep_recent(&mut self) {
        let mut recent = VecDeque::new();
        if let Self::All(pieces) = std::mem::replace(self, Self::None) {
            let mut at = 0;
            for piece in pieces {
                let length = piece.length as u64;
                recent.push_back((at, piece));
                at += length;
            }
        }
        *self = Self::Recent(recent);
    }

    /// The recent bytes that begin at `from`, piece by piece, each with the offset of its end.
    pub(super) fn recent_from(&self, from: u64) -> impl Iterator<Item = (u64, &[u8])> {
        let recent = match self {
            Self::Recent(recent) => Some(recent),
            _ => None,
        };
        let mut next = from;
        recent.into_iter().flatten().filter_map(move |(at, piece)| {
            let end = at + piece.length as u64;
            if !(*at..end).contains(&next) {
                return None;
            }
            // Within the piece.
            let start = usize::try_from(next - at).unwrap_or(piece.length);
            next = end;
            Some((end, &piece.bytes()[start..]))
        })
    }

    /// Do the recent bytes that lie before `until` end with these?
    pub(super) fn ends_with(&self, until: u64, bytes: &[u8]) -> bool {
        let Self::Recent(recent) = self else { return false };
        let Some(from) = until.checked_sub(bytes.len() as u64) else { return false };
        let mut end = Vec::new();
        for (at, piece) in recent {
            for (at, &byte) in (*at..).zip(piece.bytes()) {
                if (from..until).contains(&at) {
                    end.push(byte);
                }
            }
        }
        end == bytes
    }
}
