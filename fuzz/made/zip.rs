//! Zips in all the shapes that writers give them: sizes before the content or after it, numbers of 32 or
//! 64 bits, bytes before the archive, a comment behind it. APPNOTE.TXT has the records.

use arbitrary::Arbitrary;

/// A zip, before it is written.
#[derive(Arbitrary, Debug)]
pub(crate) struct Zip<'a> {
    before: Option<&'a [u8]>,
    entries: Vec<Entry<'a>>,
    comment: &'a [u8],
    /// Is there a record at the end for large numbers?
    large: bool,
    /// Do offsets count what stands before?
    adjusted: bool,
}

#[derive(Arbitrary, Debug)]
struct Entry<'a> {
    name: &'a [u8],
    /// Is the name in letters that mean the same everywhere?
    clear: bool,
    piece: &'a [u8],
    times: u16,
    /// How hard it is compressed, if at all.
    level: Option<u8>,
    sizes: Sizes,
    system: System,
    /// A date in an extra field, and an extra field of an unknown kind.
    date: Option<[u8; 4]>,
    extra: Option<&'a [u8]>,
    comment: &'a [u8],
}

/// Where the sizes stand, and in how many bits.
#[derive(Arbitrary, Debug, Clone, Copy, PartialEq)]
enum Sizes {
    Before,
    LargeBefore,
    Behind { marked: bool },
    LargeBehind,
}

/// Who wrote it, which says what its attributes mean.
#[derive(Arbitrary, Debug, Clone, Copy)]
enum System {
    Dos,
    UnixFile,
    UnixLink,
    UnixDirectory,
}

impl System {
    /// The system's number, and its attributes.
    fn numbers(self) -> (u16, u32) {
        match self {
            Self::Dos => (20, 0x20),
            Self::UnixFile => (0x0314, 0o100_644 << 16),
            Self::UnixLink => (0x0314, 0o120_777 << 16),
            Self::UnixDirectory => (0x0314, 0o040_755 << 16),
        }
    }
}

/// The numbers of an entry that both its records have.
struct Numbers {
    checksum: u32,
    stored: u64,
    content: u64,
    offset: u64,
}

fn short(out: &mut Vec<u8>, numbers: &[u16]) {
    numbers.iter().for_each(|number| out.extend(number.to_le_bytes()));
}

fn plain(out: &mut Vec<u8>, numbers: &[u32]) {
    numbers.iter().for_each(|number| out.extend(number.to_le_bytes()));
}

fn long(out: &mut Vec<u8>, numbers: &[u64]) {
    numbers.iter().for_each(|number| out.extend(number.to_le_bytes()));
}

impl Entry<'_> {
    fn name(&self) -> Vec<u8> {
        let clear = |byte: u8| match byte & 0x7f {
            0 => b'a',
            b'\\' => b'/',
            byte => byte,
        };
        let name = self.name.iter().take(300).copied();
        if self.clear { name.map(clear).collect() } else { name.collect() }
    }

    fn comment(&self) -> &[u8] {
        &self.comment[..self.comment.len().min(40)]
    }

    /// From the version that is needed to the date.
    fn method(&self, out: &mut Vec<u8>) {
        let is_behind = matches!(self.sizes, Sizes::Behind { .. } | Sizes::LargeBehind);
        let flags = if is_behind { 8 } else { 0 };
        short(out, &[45, flags, if self.level.is_some() { 8 } else { 0 }, 0, 0x21]);
    }

    /// The extra fields, with large numbers if there are any.
    fn extra(&self, large: &[u64]) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some(date) = self.date {
            short(&mut out, &[0x5455, 5]);
            out.push(1);
            out.extend(date);
        }
        if let Some(extra) = self.extra {
            let extra = &extra[..extra.len().min(40)];
            short(&mut out, &[0xbeef, extra.len() as u16]);
            out.extend(extra);
        }
        if !large.is_empty() {
            short(&mut out, &[1, large.len() as u16 * 8]);
            long(&mut out, large);
        }
        out
    }

    fn write(&self, out: &mut Vec<u8>, base: usize) -> Numbers {
        let offset = (out.len() - base) as u64;
        let content = self.piece.repeat(usize::from(self.times % 300));
        let stored = match self.level {
            Some(level) => miniz_oxide::deflate::compress_to_vec(&content, level % 11),
            None => content.clone(),
        };
        let checksum = crc32fast::hash(&content);
        let (size, length) = (stored.len() as u32, content.len() as u32);
        plain(out, &[0x0403_4b50]);
        self.method(out);
        let extra = match self.sizes {
            Sizes::Before => {
                plain(out, &[checksum, size, length]);
                self.extra(&[])
            }
            Sizes::LargeBefore => {
                plain(out, &[checksum, u32::MAX, u32::MAX]);
                self.extra(&[u64::from(length), u64::from(size)])
            }
            Sizes::Behind { .. } => {
                plain(out, &[0, 0, 0]);
                self.extra(&[])
            }
            Sizes::LargeBehind => {
                plain(out, &[0, u32::MAX, u32::MAX]);
                self.extra(&[0, 0])
            }
        };
        short(out, &[self.name().len() as u16, extra.len() as u16]);
        out.extend(self.name());
        out.extend(extra);
        out.extend(stored);
        match self.sizes {
            Sizes::Behind { marked } => {
                if marked {
                    plain(out, &[0x0807_4b50]);
                }
                plain(out, &[checksum, size, length]);
            }
            Sizes::LargeBehind => {
                plain(out, &[0x0807_4b50, checksum]);
                long(out, &[u64::from(size), u64::from(length)]);
            }
            Sizes::Before | Sizes::LargeBefore => {}
        }
        Numbers { checksum, stored: u64::from(size), content: u64::from(length), offset }
    }

    fn index(&self, numbers: &Numbers, out: &mut Vec<u8>) {
        let (system, attributes) = self.system.numbers();
        let Numbers { checksum, stored, content, offset } = *numbers;
        plain(out, &[0x0201_4b50]);
        short(out, &[system]);
        self.method(out);
        let is_large = matches!(self.sizes, Sizes::LargeBefore | Sizes::LargeBehind);
        let large: &[u64] = if is_large { &[content, stored, offset] } else { &[] };
        let fit = |number: u64| if is_large { u32::MAX } else { number as u32 };
        plain(out, &[checksum, fit(stored), fit(content)]);
        let extra = self.extra(large);
        let lengths = [self.name().len(), extra.len(), self.comment().len()];
        short(out, &lengths.map(|length| length as u16));
        short(out, &[0, 0]);
        plain(out, &[attributes, fit(offset)]);
        out.extend(self.name());
        out.extend(extra);
        out.extend(self.comment());
    }
}

impl Zip<'_> {
    /// The bytes of it.
    pub(crate) fn write(&self) -> Vec<u8> {
        let mut out: Vec<u8> = self.before.unwrap_or_default().iter().take(100).copied().collect();
        let base = if self.adjusted { 0 } else { out.len() };
        let entries = &self.entries[..self.entries.len().min(6)];
        let numbers: Vec<_> = entries.iter().map(|entry| entry.write(&mut out, base)).collect();
        let start = (out.len() - base) as u64;
        for (entry, numbers) in entries.iter().zip(&numbers) {
            entry.index(numbers, &mut out);
        }
        let end = (out.len() - base) as u64;
        let count = entries.len() as u64;
        if self.large {
            plain(&mut out, &[0x0606_4b50]);
            long(&mut out, &[44]);
            short(&mut out, &[45, 45]);
            plain(&mut out, &[0, 0]);
            long(&mut out, &[count, count, end - start, start]);
            plain(&mut out, &[0x0706_4b50, 0]);
            long(&mut out, &[end]);
            plain(&mut out, &[1]);
        }
        plain(&mut out, &[0x0605_4b50]);
        short(&mut out, &[0, 0, count as u16, count as u16]);
        plain(&mut out, &[(end - start) as u32, start as u32]);
        let comment = &self.comment[..self.comment.len().min(100)];
        short(&mut out, &[comment.len() as u16]);
        out.extend(comment);
        out
    }
}
