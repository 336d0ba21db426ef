//! The part that the headers of all levels of lha begin with.

use super::super::Broken;

/// How many bytes that is.
pub(super) const FIXED: usize = 22;

/// The extended header that has the sizes of a large file.
pub(super) const SIZES: u8 = 0x42;

/// How a header is made up.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    #[default]
    Zero,
    One,
    Two,
    Three,
}

impl Level {
    /// How many bytes the length of an extended header has.
    pub(super) fn width(self) -> usize {
        if self == Self::Three { 4 } else { 2 }
    }
}

/// What the start of a header says, and what is known of what comes after it.
#[derive(Debug, Default)]
pub(super) struct Fixed {
    pub(super) level: Level,
    pub(super) is_directory: bool,
    /// How many bytes the header has, extended headers included at levels 2 and 3.
    pub(super) base: u64,
    /// How many bytes the extended headers have that were seen.
    pub(super) extended: u64,
    /// How many bytes the packed content has; at level 1 with the extended headers.
    pub(super) packed: u64,
    /// How many bytes the content has.
    pub(super) size: u64,
}

impl Fixed {
    /// Reads the start of a header, which does not begin with a zero byte.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Broken> {
        let Some(bytes) = bytes.first_chunk::<FIXED>() else {
            return Broken::because("is cut short: within a header");
        };
        if &bytes[..2] == b"MZ" {
            return Broken::because("is a program that extracts itself, which is not read");
        }
        let method = &bytes[2..7];
        let level = match bytes[20] {
            0 => Level::Zero,
            1 => Level::One,
            2 => Level::Two,
            3 => Level::Three,
            _ => return Broken::because("has no header where the next entry begins: damaged"),
        };
        if !(method.starts_with(b"-lh") || method.starts_with(b"-lz")) || method[4] != b'-' {
            return Broken::because("has no header where the next entry begins: damaged");
        }
        let number = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|index| bytes[at + index]));
        let (base, least) = match level {
            // What is counted begins behind the length and the sum.
            Level::Zero => (u64::from(bytes[0]) + 2, FIXED as u64 + u64::from(bytes[21])),
            Level::One => (u64::from(bytes[0]) + 2, 27 + u64::from(bytes[21])),
            Level::Two => (u16::from_le_bytes([bytes[0], bytes[1]]).into(), 26),
            // Said behind the start.
            Level::Three => (u64::from(u32::MAX), 0),
        };
        if base < least {
            return Broken::because("has a header of impossible size: damaged");
        }
        Ok(Self {
            level,
            is_directory: method == b"-lhd-",
            base,
            extended: 0,
            packed: number(7).into(),
            size: number(11).into(),
        })
    }

    /// Takes the sizes of a large file, packed and as they are.
    pub(super) fn resize(&mut self, sizes: &[u8]) {
        if let [packed @ .., _, _, _, _, _, _, _, _] = sizes
            && let Ok(packed) = packed.try_into()
            && let Some(&size) = sizes.last_chunk()
        {
            self.packed = u64::from_le_bytes(packed);
            self.size = u64::from_le_bytes(size);
        }
    }
}
