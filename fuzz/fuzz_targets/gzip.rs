//! gzip, undone by komparu and by another decoder: both give the same, or find it damaged. Members are
//! made here with all that a header may hold, and then changed; or the input itself is taken for gzip.
#![no_main]

use arbitrary::Arbitrary;
use komparu::internals::fuzzing::{Stored, supplied};
use komparu::{Call, Context};
use libfuzzer_sys::fuzz_target;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use scripted::{Scripted, Serving};

#[path = "../../tests/scripted/mod.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod scripted;

/// How much may be within.
const MOST: usize = 1 << 17;

const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
/// What a header says that it holds.
const CHECKSUM: u8 = 2;
const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;
const RESERVED: u8 = 0xe0;

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    /// Members, what stands behind them, bytes to be changed, and where to cut it all off.
    Made(Vec<Member<'a>>, &'a [u8], Vec<(u16, u8)>, Option<u16>, Way),
    /// Whatever comes after the magic number.
    Raw(&'a [u8], Way),
}

#[derive(Arbitrary, Debug)]
struct Member<'a> {
    piece: &'a [u8],
    times: u16,
    level: u8,
    flags: u8,
    texts: [&'a [u8]; 3],
}

/// How the bytes are read.
#[derive(Arbitrary, Debug)]
struct Way {
    borders: Vec<u16>,
    holes: Vec<bool>,
    random: bool,
}

impl Member<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let flags = self.flags & (CHECKSUM | EXTRA | NAME | COMMENT);
        out.extend(MAGIC);
        out.extend([flags, 0, 0, 0, 0, 0, 3]);
        let [extra, name, comment] = self.texts;
        if flags & EXTRA != 0 {
            let extra = &extra[..extra.len().min(usize::from(u16::MAX))];
            out.extend((extra.len() as u16).to_le_bytes());
            out.extend(extra);
        }
        for (text, flag) in [(name, NAME), (comment, COMMENT)] {
            if flags & flag != 0 {
                out.extend(text.iter().filter(|&&byte| byte != 0));
                out.push(0);
            }
        }
        if flags & CHECKSUM != 0 {
            let checksum = crc32fast::hash(&out[start..]) as u16;
            out.extend(checksum.to_le_bytes());
        }
        let content = self.piece.repeat(usize::from(self.times % 500));
        out.extend(miniz_oxide::deflate::compress_to_vec(&content, self.level % 11));
        out.extend(crc32fast::hash(&content).to_le_bytes());
        out.extend((content.len() as u32).to_le_bytes());
    }
}

impl Way {
    fn serving(&self) -> Serving {
        let mut borders: Vec<usize> =
            self.borders.iter().map(|&border| usize::from(border) % 300 + 1).collect();
        borders.push(1 << 20);
        let mut holes = self.holes.clone();
        holes.push(false);
        Serving { borders, holes, sized: true, random: self.random }
    }
}

/// Why the other decoder gives nothing.
#[derive(Debug, PartialEq)]
enum No {
    /// It is damaged or cut short.
    Damaged,
    /// There is too much within.
    Much,
}

fn byte(rest: &mut &[u8]) -> Option<u8> {
    let (&first, behind) = rest.split_first()?;
    *rest = behind;
    Some(first)
}

fn number(rest: &mut &[u8], bytes: usize) -> Option<usize> {
    let (number, behind) = rest.split_at_checked(bytes)?;
    *rest = behind;
    Some(number.iter().rev().fold(0, |sum, &byte| sum << 8 | usize::from(byte)))
}

/// Passes over a header, as RFC 1952 has it.
fn header(rest: &mut &[u8]) -> Option<()> {
    let all = *rest;
    *rest = rest.strip_prefix(&MAGIC)?;
    let flags = byte(rest)?;
    number(rest, 6)?;
    if flags & RESERVED != 0 {
        return None;
    }
    if flags & EXTRA != 0 {
        let length = number(rest, 2)?;
        *rest = rest.get(length..)?;
    }
    for flag in [NAME, COMMENT] {
        if flags & flag != 0 {
            while byte(rest)? != 0 {}
        }
    }
    if flags & CHECKSUM != 0 {
        let checksum = crc32fast::hash(&all[..all.len() - rest.len()]);
        if number(rest, 2)? != checksum as usize & 0xffff {
            return None;
        }
    }
    Some(())
}

/// What is within, as the other decoder has it.
fn expected(mut rest: &[u8]) -> Result<Vec<u8>, No> {
    let mut all = Vec::new();
    while rest.starts_with(&MAGIC) {
        header(&mut rest).ok_or(No::Damaged)?;
        let mut content = vec![0; MOST + 1];
        let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let mut decoder = DecompressorOxide::new();
        let (status, read, written) = decompress(&mut decoder, rest, &mut content, 0, flags);
        content.truncate(written);
        if all.len() + content.len() > MOST {
            return Err(No::Much);
        }
        if status != TINFLStatus::Done {
            return Err(No::Damaged);
        }
        rest = &rest[read..];
        let (checksum, length) = (number(&mut rest, 4), number(&mut rest, 4));
        if checksum != Some(crc32fast::hash(&content) as usize) || length != Some(content.len()) {
            return Err(No::Damaged);
        }
        all.append(&mut content);
    }
    Ok(all)
}

fuzz_target!(|input: Input<'_>| {
    let (stored, way) = match input {
        Input::Made(members, behind, changes, cut, way) => {
            let mut stored = Vec::new();
            members.iter().take(5).for_each(|member| member.write(&mut stored));
            stored.extend(behind);
            for (place, bits) in changes {
                let length = stored.len().max(1);
                if let Some(byte) = stored.get_mut(usize::from(place) % length) {
                    *byte ^= bits;
                }
            }
            stored.truncate(cut.map_or(usize::MAX, usize::from));
            (stored, way)
        }
        Input::Raw(bytes, way) => ([&MAGIC, bytes].concat(), way),
    };
    let is_gzip = stored.starts_with(&MAGIC);
    let expected = if is_gzip { expected(&stored) } else { Ok(stored.clone()) };
    let (call, serving) = (Call::new(None), way.serving());
    let context = Context::new(&call);
    let reader = Scripted::new(&stored, &serving);
    let bytes = if way.random {
        Stored::Anywhere(&reader)
    } else {
        Stored::InOrder(Box::new(Scripted::new(&stored, &serving)))
    };
    match (supplied(bytes, MOST as u64, &context), expected) {
        (Ok(given), Ok(expected)) => assert!(given == expected, "other bytes"),
        (Ok(given), Err(No::Much)) => assert!(given.len() > MOST, "it gave less"),
        (Ok(_), Err(No::Damaged)) => panic!("it is damaged"),
        (Err(error), Ok(expected)) => panic!("{error}, but it has {} bytes", expected.len()),
        (Err(error), Err(_)) => assert!(!error.to_string().contains(['\n', '\r']), "{error}"),
    }
});
