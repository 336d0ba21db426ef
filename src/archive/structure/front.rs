//! Archives that unpack themselves: a program stands in front, and the archive begins with a mark somewhere
//! behind it.

use super::{Broken, Want};

/// How much may stand in front of the mark: the most that RAR looks through, and more than
/// libarchive does.
pub(crate) const FRONT: u64 = 1 << 20;

/// Looks for a mark. What is looked at is never asked for twice, nor a byte behind the mark.
pub(super) struct Front {
    mark: &'static [u8],
    at: u64,
    /// How much of the mark the last bytes before are.
    matched: usize,
    /// How much was asked for last.
    wanted: usize,
}

impl Front {
    pub(super) fn new(mark: &'static [u8]) -> Self {
        Self { mark, at: 0, matched: 0, wanted: 0 }
    }

    /// Looks at the bytes that were wanted, if any were. Says where the mark ends, or which bytes come next.
    pub(super) fn look(&mut self, bytes: &[u8]) -> Result<std::result::Result<u64, Want>, Broken> {
        if bytes.len() < self.wanted || self.at > FRONT {
            return Broken::because("has no archive behind the program that it begins with");
        }
        let seen = [&self.mark[..self.matched], bytes].concat();
        self.at += bytes.len() as u64;
        let begins = |&length: &usize| seen.ends_with(&self.mark[..length]);
        let longest = seen.len().min(self.mark.len());
        self.matched = (0..=longest).rev().find(begins).unwrap_or(0);
        let missing = self.mark.len() - self.matched;
        Ok(match missing {
            0 => {
                self.matched = 0;
                Ok(self.at)
            }
            length => Err(self.want(length)),
        })
    }

    /// Has so much been looked at behind the mark, which was none?
    pub(super) fn pass(&mut self, length: usize) -> Want {
        self.at += length as u64;
        self.want(self.mark.len())
    }

    fn want(&mut self, length: usize) -> Want {
        self.wanted = length;
        Want::Bytes { at: self.at, length }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bytes: &[u8]) -> Result<u64, Broken> {
        let (mut front, mut shown) = (Front::new(b"Rar!!R"), 0..0);
        loop {
            match front.look(&bytes[shown])? {
                Ok(end) => return Ok(end),
                Err(Want::Bytes { at, length }) => {
                    let start = usize::try_from(at).expect("small").min(bytes.len());
                    shown = start..(start + length).min(bytes.len());
                }
                Err(other) => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn the_mark_is_found_wherever_it_begins() {
        for front in [&b""[..], b"R", b"Rar!!", b"Rar!!Rar", b"MZ Rar! Rar!!!", &[0; 5000]] {
            let bytes = [front, b"Rar!!Rx"].concat();
            // The marks of this test overlap.
            let end =
                bytes.windows(6).position(|window| window == b"Rar!!R").expect("there is one");
            assert_eq!(found(&bytes), Ok(end as u64 + 6), "{front:?}");
        }
        assert!(found(b"Rar!!").is_err());
        assert!(found(&vec![0; 2 << 20]).is_err());
    }
}
