//! Where streams of zstd and lz4 end. libarchive undoes them, but fails at zeros behind a stream of zstd, and
//! passes over what is behind one of lz4.
//!
//! zstd: RFC 8878, section 3.1. lz4: "LZ4 Frame Format Description", versions up to 1.6.4.

use super::{Broken, Structure, Want, Whole};

const ZSTD: u32 = 0xfd2f_b528;
const LZ4: u32 = 0x184d_2204;
const LZ4_LEGACY: u32 = 0x184c_2102;
/// Both have frames that are passed over: this one and the next 15.
const SKIPPABLE: u32 = 0x184d_2a50;

/// The longest block of the old format of lz4: 8 MiB that could not be compressed.
const LONGEST_LEGACY: u32 = (8 << 20) + (8 << 20) / 255 + 16;

/// Which frames there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frame {
    Zstd,
    Lz4,
    /// One of the two: the first frame is passed over.
    Either,
}

/// A walk through frames, one after the other.
pub(crate) struct Frames {
    reads: Reads,
    /// Where what is read next begins, without the byte before it.
    at: u64,
    /// Was the last byte of what was passed over asked for as well?
    is_behind: bool,
    /// How much of a checksum follows each block and the last one.
    checksums: (u64, u64),
}

enum Reads {
    Nothing,
    Magic,
    Skipped,
    ZstdHeader,
    ZstdBlock,
    Lz4Header,
    Lz4Block,
    LegacyBlock,
}

impl Frames {
    pub(crate) fn new() -> Self {
        Self { reads: Reads::Nothing, at: 0, is_behind: false, checksums: (0, 0) }
    }

    /// Which frames they are that begin so.
    pub(crate) fn kind(start: &[u8]) -> Option<Frame> {
        match number(start)? {
            ZSTD => Some(Frame::Zstd),
            LZ4 | LZ4_LEGACY => Some(Frame::Lz4),
            magic if magic & !0xf == SKIPPABLE => Some(Frame::Either),
            _ => None,
        }
    }

    /// Asks for `length` bytes after what is passed over.
    fn after(&mut self, passed: u64, reads: Reads, length: usize) -> Result<Want, Broken> {
        let at = self.at.checked_add(passed).filter(|&at| at < i64::MAX as u64);
        let Some(at) = at else { return Broken::because("has a frame of impossible size") };
        self.at = at;
        self.reads = reads;
        self.is_behind = passed > 0;
        let before = usize::from(self.is_behind);
        Ok(Want::Bytes { at: at - before as u64, length: length + before })
    }

    /// Asks for the next frame, whose checksum and all that is passed over.
    fn frame_after(&mut self, passed: u64) -> Result<Want, Broken> {
        self.after(passed, Reads::Magic, 4)
    }

    fn end(&self) -> Want {
        Want::End(Whole { end: self.at, ..Whole::default() })
    }

    fn magic(&mut self, bytes: &[u8]) -> Result<Want, Broken> {
        match number(bytes) {
            Some(ZSTD) => {
                self.at += 4;
                self.after(0, Reads::ZstdHeader, 1)
            }
            Some(LZ4) => {
                self.at += 4;
                self.after(0, Reads::Lz4Header, 1)
            }
            Some(LZ4_LEGACY) => {
                self.at += 4;
                self.after(0, Reads::LegacyBlock, 4)
            }
            Some(magic) if magic & !0xf == SKIPPABLE => {
                self.at += 4;
                self.after(0, Reads::Skipped, 4)
            }
            _ => Ok(self.end()),
        }
    }

    fn zstd_header(&mut self, descriptor: u8) -> Result<Want, Broken> {
        let is_single = descriptor >> 5 & 1;
        let window = 1 - is_single;
        let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
        let size = [is_single, 2, 4, 8][usize::from(descriptor >> 6)];
        self.checksums = (0, if descriptor & 4 == 0 { 0 } else { 4 });
        self.at += 1;
        self.after(u64::from(window + dictionary + size), Reads::ZstdBlock, 3)
    }

    fn zstd_block(&mut self, bytes: &[u8]) -> Result<Want, Broken> {
        let [low, middle, high] = *bytes else { return cut() };
        let header = u32::from_le_bytes([low, middle, high, 0]);
        let length = match header >> 1 & 3 {
            // Stored, and compressed; in between, one byte that is repeated.
            0 | 2 => u64::from(header >> 3),
            1 => 1,
            _ => return Broken::because("is damaged: zstd knows no such block"),
        };
        self.at += 3;
        if header & 1 == 1 {
            return self.frame_after(length + self.checksums.1);
        }
        self.after(length, Reads::ZstdBlock, 3)
    }

    fn lz4_header(&mut self, flags: u8) -> Result<Want, Broken> {
        if flags >> 6 != 1 {
            return Broken::because("is damaged: there is no such version of lz4");
        }
        let has = |bit: u8, length: u64| if flags >> bit & 1 == 1 { length } else { 0 };
        self.checksums = (has(4, 4), has(2, 4));
        self.at += 1;
        // The size of blocks, those of the content and the dictionary, and a checksum.
        self.after(1 + has(3, 8) + has(0, 4) + 1, Reads::Lz4Block, 4)
    }

    fn lz4_block(&mut self, bytes: &[u8]) -> Result<Want, Broken> {
        let Some(length) = number(bytes) else { return cut() };
        self.at += 4;
        match length & 0x7fff_ffff {
            0 if length == 0 => self.frame_after(self.checksums.1),
            length => self.after(u64::from(length) + self.checksums.0, Reads::Lz4Block, 4),
        }
    }

    /// The old format has no end: another frame begins, or something that cannot be a block.
    fn legacy_block(&mut self, bytes: &[u8]) -> Result<Want, Broken> {
        match number(bytes) {
            Some(length @ 1..=LONGEST_LEGACY) => {
                self.at += 4;
                self.after(length.into(), Reads::LegacyBlock, 4)
            }
            _ => self.magic(bytes),
        }
    }
}

impl Structure for Frames {
    fn step(&mut self, bytes: &[u8]) -> Result<Want, Broken> {
        if matches!(self.reads, Reads::Nothing) {
            return self.frame_after(0);
        }
        let bytes = match (self.is_behind, bytes.split_first()) {
            (false, _) => bytes,
            (true, Some((_, bytes))) => bytes,
            (true, None) => return cut(),
        };
        match (&self.reads, bytes) {
            (Reads::Nothing | Reads::Magic, _) => self.magic(bytes),
            (Reads::LegacyBlock, _) => self.legacy_block(bytes),
            (Reads::Lz4Block, _) => self.lz4_block(bytes),
            (Reads::ZstdBlock, _) => self.zstd_block(bytes),
            (Reads::ZstdHeader, [descriptor]) => self.zstd_header(*descriptor),
            (Reads::Lz4Header, [flags]) => self.lz4_header(*flags),
            (Reads::Skipped, _) => match number(bytes) {
                Some(length) => {
                    self.at += 4;
                    self.frame_after(length.into())
                }
                None => cut(),
            },
            _ => cut(),
        }
    }
}

fn number(bytes: &[u8]) -> Option<u32> {
    bytes.try_into().ok().map(u32::from_le_bytes)
}

fn cut<T>() -> Result<T, Broken> {
    Broken::because("is cut short: its compression has no end")
}

#[cfg(test)]
mod tests {
    use std::io::{Seek as _, Write as _};
    use std::process::Command;

    use super::*;
    use crate::archive::structure::Walk;

    /// What a tool makes of this content.
    fn compressed(command: &[&str], content: &[u8]) -> Vec<u8> {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(content).expect("written");
        file.rewind().expect("back at its start");
        let mut tool = Command::new(command[0]);
        let output = tool.args(&command[1..]).stdin(file).output();
        let output = output.expect("a tool that scripts/prepare.sh installs");
        assert!(output.status.success(), "{command:?}");
        output.stdout
    }

    fn end(bytes: &[u8]) -> Result<u64, Broken> {
        let mut walk = Walk::new(Box::new(Frames::new()));
        walk.pass(0, bytes);
        walk.finish().map(|whole| whole.end)
    }

    const COMMANDS: [&[&str]; 7] = [
        &["zstd", "-c"],
        &["zstd", "-c", "--no-check"],
        &["zstd", "-c", "-19", "--long=27"],
        &["lz4", "-c"],
        &["lz4", "-c", "-BX", "-B4"],
        &["lz4", "-c", "--content-size", "--no-frame-crc"],
        &["lz4", "-c", "-l"],
    ];

    #[test]
    fn streams_end_where_their_tools_end_them() {
        let noise: Vec<u8> = (0_u64..300_000)
            .map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_mul(n | 1).to_be_bytes()[2])
            .collect();
        for command in COMMANDS {
            for content in [&b""[..], b"a few bytes", &vec![7; 1_000_000], &noise] {
                let stream = compressed(command, content);
                let length = stream.len() as u64;
                let with = |rest: &[u8]| end(&[&stream[..], rest].concat());
                for rest in [&b""[..], b"junk", &[0; 700], b"x"] {
                    // The old format takes what may be a block for one.
                    assert_eq!(with(rest), Ok(length), "{command:?}, {rest:?}");
                }
                assert_eq!(with(&stream), Ok(2 * length), "{command:?}");
                let skipped =
                    [&(SKIPPABLE + 3).to_le_bytes()[..], &[5, 0, 0, 0], b"12345"].concat();
                assert_eq!(with(&skipped), Ok(length + 13), "{command:?}");
                if !command.contains(&"-l") {
                    for cut in (4..stream.len()).step_by(97).chain([stream.len() - 1]) {
                        assert!(end(&stream[..cut]).is_err(), "{command:?}, {cut}");
                    }
                }
            }
        }
    }
}
