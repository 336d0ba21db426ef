//! What an archive has cost so far, against what it may cost.

use crate::error::{Error, Name, Result};
use crate::options::ArchiveLimits;

/// Headers and padding of a tar of 100,000 empty files, with room to spare.
const OVERHEAD: u64 = 256 << 20;

/// Counts, and stops the reading as soon as a limit is passed.
#[derive(Clone)]
pub(super) struct Meter {
    name: Name,
    limits: ArchiveLimits,
    entries: u64,
    /// All content, holes included: comparing them takes time, too.
    content: u64,
    /// The content that was stored. A hole is not: a sparse file is no sign of a bomb.
    stored: u64,
}

impl Meter {
    pub(super) fn new(name: Name, limits: ArchiveLimits) -> Self {
        Self { name, limits, entries: 0, content: 0, stored: 0 }
    }

    /// Counts an entry of any kind.
    pub(super) fn entry(&mut self) -> Result<()> {
        self.entries += 1;
        self.entries_to_come(self.entries)
    }

    /// Looks at the number of entries that there are going to be.
    pub(super) fn entries_to_come(&self, entries: u64) -> Result<()> {
        match self.limits.max_archive_entries {
            Some(limit) if entries > limit => {
                Err(self.bomb(format!("{entries} entries or more, max_archive_entries is {limit}")))
            }
            _ => Ok(()),
        }
    }

    /// How much may come out of filters, and the error if it is more. There is more than content in an
    /// archive, so this is more than the limit: enough to stop what never shows any.
    pub(super) fn put_out(&self) -> Option<(u64, Error)> {
        let limit = self.limits.max_decompressed_size?;
        let most = limit.saturating_mul(2).saturating_add(OVERHEAD);
        let cause = format!("{most} bytes or more decompressed, max_decompressed_size is {limit}");
        Some((most, self.bomb(cause)))
    }

    /// Looks at the length of an entry's name, as the archive has it.
    pub(super) fn name(&self, length: usize) -> Result<()> {
        match self.limits.max_entry_name_length {
            Some(limit) if length as u64 > limit => Err(self.bomb(format!(
                "an entry's name has {length} bytes, max_entry_name_length is {limit}"
            ))),
            _ => Ok(()),
        }
    }

    /// Counts bytes that came out of an archive of `compressed` bytes.
    pub(super) fn bytes(&mut self, length: usize, compressed: u64) -> Result<()> {
        self.stored = self.stored.saturating_add(length as u64);
        self.add(length as u64)?;
        // Beyond 2^53 bytes the rounding is of no importance.
        #[expect(clippy::cast_precision_loss)]
        let ratio = self.stored as f64 / compressed.max(1) as f64;
        match self.limits.max_compression_ratio {
            Some(limit) if ratio > limit => Err(self.bomb(format!(
                "{} bytes came out of {compressed}, {ratio:.1} to 1, max_compression_ratio is {limit}",
                self.stored
            ))),
            _ => Ok(()),
        }
    }

    /// Counts a hole.
    pub(super) fn hole(&mut self, length: u64) -> Result<()> {
        self.add(length)
    }

    fn add(&mut self, length: u64) -> Result<()> {
        self.content = self.content.saturating_add(length);
        match self.limits.max_decompressed_size {
            Some(limit) if self.content > limit => Err(self.bomb(format!(
                "{} bytes or more decompressed, max_decompressed_size is {limit}",
                self.content
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
        assert_eq!((meter.bytes(60, 30), meter.hole(40)), (Ok(()), Ok(())));
        let entries = "a.tar: archive bomb: 2 entries or more, max_archive_entries is 1";
        assert_eq!(says(meter.entry()), entries);
        let name = "a.tar: archive bomb: an entry's name has 4 bytes, max_entry_name_length is 3";
        assert_eq!(says(meter.name(4)), name);
        let size =
            "a.tar: archive bomb: 101 bytes or more decompressed, max_decompressed_size is 100";
        assert_eq!(says(meter.hole(1)), size);
    }

    #[test]
    fn holes_do_not_count_as_well_compressed() {
        let mut meter = meter(|limits| limits.max_decompressed_size = None);
        assert_eq!((meter.hole(u64::MAX), meter.hole(u64::MAX)), (Ok(()), Ok(())));
        assert_eq!(meter.bytes(2000, 10), Ok(()));
        let ratio = "a.tar: archive bomb: 2001 bytes came out of 10, 200.1 to 1, max_compression_ratio is 200";
        assert_eq!(says(meter.bytes(1, 10)), ratio);
    }
}
