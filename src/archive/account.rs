//! What is known of an archive as a whole, when all of it has been read.

use blake3::{Hash, Hasher};

use crate::engine::digest::add_zeros;
use crate::error::Result;
use crate::run::context::Context;

/// What is known of an archive besides its entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Account {
    /// Why entries may be missing at its end, if they may.
    pub(crate) open: Option<&'static str>,
    /// Does nothing mark its end, so that a part of it would be as whole?
    pub(crate) is_unmarked: bool,
    /// Is there nothing but zeros? That is a tar without entries, and how an image of a disc may begin.
    pub(crate) is_only_zeros: bool,
    /// Is it an image of a disc?
    pub(crate) is_image: bool,
    /// What lies behind the container's end, and behind those of the compressions that it is within, from
    /// the inside out; zeros apart.
    pub(crate) behind: Vec<Behind>,
}

impl Account {
    /// Why entries may be missing of an archive that is compared with another one.
    pub(crate) fn open_against(&self, other: &Self) -> Option<&'static str> {
        let is_start = self.is_only_zeros && other.is_image;
        self.open.or(is_start.then_some("is nothing but zeros, with which an image begins as well"))
    }
}

/// Bytes behind an end, which mean nothing to the format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Behind {
    pub(crate) digest: Hash,
    pub(crate) length: u64,
}

/// Takes in what lies behind an end, whatever the pieces it comes in. Zeros before and after it are
/// padding, and make no difference.
#[derive(Default)]
pub(crate) struct Tail {
    hasher: Hasher,
    length: u64,
    /// Zeros that are padding unless something follows.
    zeros: u64,
}

impl Tail {
    /// Takes in the next bytes.
    ///
    /// # Errors
    /// When the context says stop.
    pub(crate) fn add(&mut self, bytes: &[u8], context: &Context<'_>) -> Result<()> {
        let Some(last) = bytes.iter().rposition(|&byte| byte != 0) else {
            self.zeros += bytes.len() as u64;
            return Ok(());
        };
        let start = if self.length > 0 {
            self.length += self.zeros;
            add_zeros(&mut self.hasher, self.zeros, context)?;
            0
        } else {
            bytes.iter().position(|&byte| byte != 0).unwrap_or(last)
        };
        self.hasher.update(&bytes[start..=last]);
        self.length += (last + 1 - start) as u64;
        self.zeros = (bytes.len() - last - 1) as u64;
        Ok(())
    }

    /// What there was, if it was anything but zeros.
    pub(crate) fn finish(&self) -> Option<Behind> {
        let (digest, length) = (self.hasher.finalize(), self.length);
        (length > 0).then_some(Behind { digest, length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::context::Call;

    fn behind(pieces: &[&[u8]]) -> Option<Behind> {
        let (call, mut tail) = (Call::new(None), Tail::default());
        for piece in pieces {
            tail.add(piece, &Context::new(&call)).expect("no limit");
        }
        tail.finish()
    }

    #[test]
    fn zeros_are_padding_before_and_after_but_not_within() {
        assert_eq!(behind(&[b"", b"\0\0\0"]), None);
        let one = behind(&[b"\0a\0\0b\0\0"]).expect("not only zeros");
        assert_eq!((one.length, one.digest), (4, blake3::hash(b"a\0\0b")));
        assert_ne!(behind(&[b"a\0b"]), Some(one));
    }

    #[test]
    fn pieces_of_any_length_come_to_the_same() {
        let bytes = b"\0\0ab\0\0\0c\0d\0\0";
        for length in 1..bytes.len() {
            let pieces: Vec<&[u8]> = bytes.chunks(length).collect();
            assert_eq!(behind(&pieces), behind(&[bytes]), "{length}");
        }
    }
}
