//! The header of one entry of a cpio archive, in each of its kinds.

use super::super::{Broken, LONGEST};

/// How many bytes tell the kind of header.
pub(super) const MAGIC: usize = 6;

/// The bits of a mode that say what an entry is, and two of their values: those of POSIX's `S_IFMT`,
/// which cpio took over as they are.
const TYPE: u64 = 0o170_000;
const REGULAR: u64 = 0o100_000;
const LINK: u64 = 0o120_000;

/// How a header is written.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum CpioFormat {
    /// Octal digits: POSIX's.
    #[default]
    Odc,
    /// Hexadecimal digits, and letters between them: afio's, for large files.
    Afio,
    /// Hexadecimal digits: System V's, without sums and with them.
    Newc,
    Crc,
    /// Words of 16 bits, the lower byte first, or the higher.
    Little,
    Big,
}

impl CpioFormat {
    /// The kind that begins like this.
    pub(super) fn told(bytes: &[u8]) -> Option<Self> {
        match bytes.get(..MAGIC)? {
            b"070707" => Some(Self::Odc),
            b"070727" => Some(Self::Afio),
            b"070701" => Some(Self::Newc),
            b"070702" => Some(Self::Crc),
            // 0o070707.
            [0xc7, 0x71, ..] => Some(Self::Little),
            [0x71, 0xc7, ..] => Some(Self::Big),
            _ => None,
        }
    }

    /// How many bytes the header has, the magic number included.
    pub(super) fn length(self) -> usize {
        match self {
            Self::Odc => 76,
            Self::Afio => 116,
            Self::Newc | Self::Crc => 110,
            Self::Little | Self::Big => 26,
        }
    }
}

/// What a header says.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Header {
    mode: u64,
    /// How many bytes the content has.
    pub(super) size: u64,
    /// How many bytes the name has, the NUL at its end included: one at least.
    pub(super) name_size: usize,
    /// What comes between the name and the content.
    pub(super) name_padding: u64,
    /// The sum of all bytes of the content.
    pub(super) sum: Option<u32>,
    /// Entries begin at multiples of this.
    step: u64,
}

impl Header {
    /// Reads a header that is all there.
    pub(super) fn read(kind: CpioFormat, bytes: &[u8]) -> Result<Self, Broken> {
        let (mode, name_size, size, sum, step) = match kind {
            CpioFormat::Odc => {
                let number = |at, digits| number(bytes, at, digits, 8);
                (number(18, 6)?, number(59, 6)?, number(65, 11)?, None, 1)
            }
            CpioFormat::Afio => {
                let number = |at, digits| number(bytes, at, digits, 16);
                let marks = (bytes[30], bytes[85], bytes[98], bytes[115]);
                if marks != (b'm', b'n', b's', b':') {
                    return Broken::because("has a header that is no header: damaged");
                }
                if number(94, 4)? != 0 {
                    return Broken::because("has extended headers of afio, which are not read");
                }
                (self::number(bytes, 31, 6, 8)?, number(86, 4)?, number(99, 16)?, None, 1)
            }
            CpioFormat::Newc | CpioFormat::Crc => {
                let field = |index: usize| number(bytes, MAGIC + 8 * index, 8, 16);
                let sum =
                    if kind == CpioFormat::Crc { u32::try_from(field(12)?).ok() } else { None };
                (field(1)?, field(11)?, field(6)?, sum, 4)
            }
            CpioFormat::Little | CpioFormat::Big => {
                let word = |index: usize| {
                    let bytes = [bytes[2 * index], bytes[2 * index + 1]];
                    let is_little = kind == CpioFormat::Little;
                    let word = if is_little { u16::from_le_bytes } else { u16::from_be_bytes };
                    u64::from(word(bytes))
                };
                // Numbers of two words have the higher one first, in both byte orders.
                (word(3), word(10), word(11) << 16 | word(12), None, 2)
            }
        };
        let name_size = match usize::try_from(name_size) {
            Ok(0) | Err(_) => return Broken::because("has an entry without a name: damaged"),
            Ok(size) if size > LONGEST => {
                return Broken::because(format!("has an entry whose name has {size} bytes"));
            }
            Ok(size) => size,
        };
        let name_padding = padding((kind.length() + name_size) as u64, step);
        Ok(Self { mode, size, name_size, name_padding, sum, step })
    }

    pub(super) fn is_file(&self) -> bool {
        self.mode & TYPE == REGULAR
    }

    pub(super) fn is_link(&self) -> bool {
        self.mode & TYPE == LINK
    }

    /// What comes after the content.
    pub(super) fn padding(&self) -> u64 {
        padding(self.size, self.step)
    }
}

/// What is missing to a multiple.
fn padding(length: u64, step: u64) -> u64 {
    (step - length % step) % step
}

/// A number of digits, with nothing else among them.
fn number(bytes: &[u8], at: usize, digits: usize, base: u32) -> Result<u64, Broken> {
    bytes[at..at + digits]
        .iter()
        .try_fold(0_u64, |number, &digit| {
            let digit = char::from(digit).to_digit(base)?;
            number.checked_mul(base.into())?.checked_add(digit.into())
        })
        .ok_or_else(|| Broken("has a header that is no header: damaged".to_owned()))
}
