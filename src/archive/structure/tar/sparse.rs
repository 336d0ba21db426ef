//! Where the content of a sparse file lies: what is stored has to be exactly what its map says.

use super::decimal::decimal;
use crate::archive::structure::Broken;

/// Stretches of content, added up: they come in their order, and do not overlap.
#[derive(Debug, Clone, Default)]
pub(super) struct Map {
    stored: u64,
    end: u64,
}

impl Map {
    pub(super) fn add(&mut self, offset: u64, length: u64) -> Result<(), Broken> {
        let end = offset.checked_add(length).filter(|_| offset >= self.end);
        let Some(end) = end else {
            return Broken::because("has a sparse file whose parts overlap");
        };
        self.end = end;
        // No more than the end.
        self.stored += length;
        Ok(())
    }

    /// Are there no stretches?
    pub(super) fn is_empty(&self) -> bool {
        self.end == 0
    }

    /// Holds the map against the number of bytes that are stored, and the size with the holes.
    pub(super) fn check(&self, stored: u64, real_size: u64) -> Result<(), Broken> {
        if self.stored != stored || self.end > real_size {
            return Broken::because("has a sparse file whose map is not that of its content");
        }
        Ok(())
    }
}

/// Reads a map that stands before the content, block by block: the number of stretches, then the offset and
/// the length of each, one a line; the last block is filled up.
#[derive(Debug, Default)]
pub(super) struct MapInBody {
    map: Map,
    line: Vec<u8>,
    /// How many stretches are to come; `None` before that is known.
    left: Option<u64>,
    offset: Option<u64>,
    /// How much of the body it takes.
    length: u64,
}

/// As many digits as the longest number has, and more than libarchive reads.
const LINE: usize = 100;

impl MapInBody {
    /// How much of the body has been read.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Takes the next block. Says the map, and how long it was, if it ends in there.
    pub(super) fn take(&mut self, block: &[u8]) -> Result<Option<(Map, u64)>, Broken> {
        self.length += block.len() as u64;
        for &byte in block {
            if self.left == Some(0) {
                break;
            }
            if byte != b'\n' {
                self.line.push(byte);
                if self.line.len() > LINE {
                    return Broken::because("has a sparse file with a damaged map");
                }
                continue;
            }
            let number = decimal(&self.line)?;
            self.line.clear();
            match (self.left, self.offset.take()) {
                (None, _) => self.left = Some(number),
                (Some(_), None) => self.offset = Some(number),
                (Some(left), Some(offset)) => {
                    self.map.add(offset, number)?;
                    self.left = Some(left - 1);
                }
            }
        }
        Ok((self.left == Some(0)).then(|| (self.map.clone(), self.length)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_in_the_body_may_take_several_blocks() {
        let mut map = MapInBody::default();
        assert_eq!(map.take(b"2\n0\n5\n10").expect("good").map(|(_, length)| length), None);
        let (map, length) = map.take(b"0\n7\n\0\0").expect("good").expect("the end");
        assert_eq!(length, 14);
        assert!(map.check(12, 107).is_ok());
        assert!(map.check(11, 107).is_err());
        assert!(map.check(12, 106).is_err());
    }

    #[test]
    fn stretches_come_in_order() {
        let mut map = Map::default();
        map.add(5, 5).expect("good");
        assert!(map.clone().add(9, 1).is_err());
        assert!(map.clone().add(u64::MAX, 1).is_err());
        assert!(map.add(10, 0).is_ok());
    }
}
