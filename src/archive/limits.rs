//! What an archive has cost so far, against what it may cost.

use crate::error::{Error, Name, Result};
use crate::options::ArchiveLimits;

/// Bytes that may come out before their number is held against that of the compressed ones: a blank page or
/// picture may well be a thousand times as large as what is left of it, and costs nothing.
const SMALL: u64 = 8 << 20;

/// Counts, and stops the reading as soon as a limit is passed.
#[derive(Clone)]
pub(crate) struct Meter {
    name: Name,
    limits: ArchiveLimits,
    entries: u64,
    /// Bytes that came out of compression, but for layers around the whole archive. What is stored as it
    /// is takes as much room in the archive, so that there cannot be too much of it.
    unpacked: u64,
    /// Bytes of holes: comparing them takes time, but they are no sign of a bomb.
    holes: u64,
}

impl Meter {
    pub(crate) fn new(name: Name, limits: ArchiveLimits) -> Self {
        Self { name, limits, entries: 0, unpacked: 0, holes: 0 }
    }

    /// Counts an entry of any kind.
    pub(crate) fn entry(&mut self) -> Result<()> {
        self.entries += 1;
        self.entries_to_come(self.entries)
    }

    /// Looks at the number of entries that there are going to be.
    pub(crate) fn entries_to_come(&self, entries: u64) -> Result<()> {
        match self.limits.max_archive_entries {
            Some(limit) if entries > limit => {
                Err(self.bomb(format!("{entries} entries or more, max_archive_entries is {limit}")))
            }
            _ => Ok(()),
        }
    }

    /// Looks at the length of an entry's name, as the archive has it.
    pub(crate) fn name(&self, length: usize) -> Result<()> {
        match self.limits.max_entry_name_length {
            Some(limit) if length as u64 > limit => Err(self.bomb(format!(
                "an entry's name has {length} bytes, max_entry_name_length is {limit}"
            ))),
            _ => Ok(()),
        }
    }

    /// Counts content that came out of compression within the archive.
    pub(crate) fn unpacked(&mut self, length: u64) {
        self.unpacked = self.unpacked.saturating_add(length);
    }

    /// Counts a hole.
    pub(crate) fn hole(&mut self, length: u64) {
        self.holes = self.holes.saturating_add(length);
    }

    /// Has too much come out of an archive of `compressed` bytes? Of it, `undone` bytes came out of a layer
    /// of compression around the whole archive.
    pub(crate) fn check(&self, undone: u64, compressed: u64) -> Result<()> {
        let unpacked = undone.saturating_add(self.unpacked);
        let size = unpacked.saturating_add(self.holes);
        if let Some(limit) = self.limits.max_decompressed_size
            && size > limit
        {
            return Err(self.bomb(format!(
                "{size} bytes or more decompressed, max_decompressed_size is {limit}"
            )));
        }
        // Beyond 2^53 bytes the rounding is of no importance.
        #[expect(clippy::cast_precision_loss)]
        let ratio = unpacked as f64 / compressed.max(1) as f64;
        match self.limits.max_compression_ratio {
            Some(limit) if ratio > limit && unpacked > SMALL => Err(self.bomb(format!(
                "{unpacked} bytes came out of {compressed}, {ratio:.1} to 1, max_compression_ratio is {limit}"
            ))),
            _ => Ok(()),
        }
    }

    fn bomb(&self, cause: String) -> Error {
        Error::ArchiveBomb { name: self.name.clone(), cause }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(change: impl FnOnce(&mut ArchiveLimits)) -> Meter {
        let mut limits = ArchiveLimits::default();
        change(&mut limits);
        Meter::new("a.tar".into(), limits)
    }

    fn says(result: Result<()>) -> String {
        result.expect_err("a limit was passed").to_string()
    }

    #[test]
    fn a_limit_may_be_reached_and_not_passed() {
        let mut meter = meter(|limits| {
            limits.max_archive_entries = Some(1);
            limits.max_entry_name_length = Some(3);
            limits.max_decompressed_size = Some(100);
            limits.max_compression_ratio = Some(2.0);
        });
        assert_eq!((meter.entry(), meter.name(3)), (Ok(()), Ok(())));
        meter.unpacked(20);
        meter.hole(40);
        assert_eq!(meter.check(40, 1), Ok(()));
        let entries = "a.tar: archive bomb: 2 entries or more, max_archive_entries is 1";
        assert_eq!(says(meter.entry()), entries);
        let name = "a.tar: archive bomb: an entry's name has 4 bytes, max_entry_name_length is 3";
        assert_eq!(says(meter.name(4)), name);
        let size =
            "a.tar: archive bomb: 101 bytes or more decompressed, max_decompressed_size is 100";
        assert_eq!(says(meter.check(41, 1)), size);
        meter.hole(1);
        assert_eq!(says(meter.check(40, 1)), size);
    }

    #[test]
    fn the_ratio_is_that_of_what_was_compressed_and_not_of_a_little() {
        let mut meter = meter(|limits| limits.max_decompressed_size = None);
        meter.hole(u64::MAX);
        meter.unpacked(SMALL);
        assert_eq!(meter.check(0, 1), Ok(()), "so little is no bomb");
        meter.unpacked(SMALL);
        let compressed = 2 * SMALL / 200;
        assert_eq!(meter.check(0, compressed + 1), Ok(()));
        let found = format!(
            "a.tar: archive bomb: {} bytes came out of {compressed}, 200.0 to 1, \
             max_compression_ratio is 200",
            2 * SMALL + 136
        );
        assert_eq!(says(meter.check(136, compressed)), found);
    }

    #[test]
    fn no_limit_is_no_limit() {
        let mut meter = meter(|limits| {
            limits.max_decompressed_size = None;
            limits.max_compression_ratio = None;
            limits.max_archive_entries = None;
            limits.max_entry_name_length = None;
        });
        meter.unpacked(u64::MAX);
        meter.hole(u64::MAX);
        assert_eq!(meter.check(u64::MAX, 0), Ok(()));
        assert_eq!((meter.entries_to_come(u64::MAX), meter.name(usize::MAX)), (Ok(()), Ok(())));
    }
}
