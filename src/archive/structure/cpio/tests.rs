use super::*;
use crate::archive::structure::Walk;

type Outcome = Result<Whole, Broken>;

/// What becomes of bytes that pass by in pieces of this length.
fn walked(bytes: &[u8], piece: usize) -> (Vec<Listed>, Outcome) {
    let mut walk = Walk::new(Box::<Cpio>::default());
    for (index, bytes) in bytes.chunks(piece).enumerate() {
        walk.pass((index * piece) as u64, bytes);
    }
    let outcome = walk.finish();
    (std::iter::from_fn(|| walk.entry()).collect(), outcome)
}

fn padded(mut bytes: Vec<u8>, step: usize) -> Vec<u8> {
    bytes.resize(bytes.len().next_multiple_of(step), 0);
    bytes
}

/// One entry, as cpio(5) has it.
fn entry(kind: CpioFormat, name: &[u8], mode: u32, content: &[u8]) -> Vec<u8> {
    let (named, sized) = (name.len() + 1, content.len());
    let sum = content.iter().map(|&byte| u32::from(byte)).sum::<u32>();
    let step = match kind {
        CpioFormat::Odc | CpioFormat::Afio => 1,
        CpioFormat::Newc | CpioFormat::Crc => 4,
        CpioFormat::Little | CpioFormat::Big => 2,
    };
    let header = match kind {
        CpioFormat::Odc => {
            format!("070707{0:06o}{0:06o}{mode:06o}{0:024o}{0:011o}{named:06o}{sized:011o}", 0)
                .into_bytes()
        }
        CpioFormat::Afio => format!(
            "070727{0:08x}{0:016x}m{mode:06o}{0:08x}{0:08x}{0:08x}{0:08x}{0:016x}n{named:04x}{0:04x}{0:04x}s{sized:016x}:",
            0
        )
        .into_bytes(),
        CpioFormat::Newc => {
            format!("070701{0:08X}{mode:08X}{0:032X}{sized:08X}{0:032X}{named:08X}{0:08X}", 0)
                .into_bytes()
        }
        CpioFormat::Crc => {
            format!("070702{0:08X}{mode:08X}{0:032X}{sized:08X}{0:032X}{named:08X}{sum:08X}", 0)
                .into_bytes()
        }
        CpioFormat::Little | CpioFormat::Big => {
            let word = |value: usize| u16::try_from(value & 0xffff).expect("masked");
            let words = [0o070_707, 0, 0, mode as usize, 0, 0, 0, 0, 0, 0, named, sized >> 16, sized];
            let is_little = kind == CpioFormat::Little;
            let bytes =
                |word: u16| if is_little { word.to_le_bytes() } else { word.to_be_bytes() };
            words.into_iter().flat_map(|value| bytes(word(value))).collect()
        }
    };
    let named = padded([&header, name, b"\0"].concat(), step);
    padded([&named, content].concat(), step)
}

const KINDS: [CpioFormat; 6] = [
    CpioFormat::Odc,
    CpioFormat::Afio,
    CpioFormat::Newc,
    CpioFormat::Crc,
    CpioFormat::Little,
    CpioFormat::Big,
];
const FILE: u32 = 0o100_644;

fn archive(kind: CpioFormat) -> Vec<u8> {
    let long = vec![b'x'; 70_001];
    [
        entry(kind, b"some/where", 0o040_755, b""),
        entry(kind, b"some/where/file", FILE, &long),
        entry(kind, b"link", 0o120_777, b"some/where/file"),
        entry(kind, b"last", FILE, b"1"),
        entry(kind, TRAILER, 0, b""),
    ]
    .concat()
}

#[test]
fn every_kind_lists_its_entries_and_ends_behind_its_trailer() {
    for kind in KINDS {
        let bytes = archive(kind);
        let whole = Whole { end: bytes.len() as u64, ..Whole::default() };
        for piece in [1, 7, 512, 1 << 20] {
            let (listed, outcome) = walked(&[&bytes[..], &[0; 99]].concat(), piece);
            assert_eq!(outcome, Ok(whole.clone()), "{kind:?}");
            let sizes = [None, Some(70_001), None, Some(1)];
            let names = [&b"some/where"[..], b"some/where/file", b"link", b"last"];
            let wanted = names.into_iter().zip(sizes);
            let wanted = wanted.map(|(name, size)| Listed { name: Some(name.to_vec()), size });
            assert_eq!(listed, wanted.collect::<Vec<_>>(), "{kind:?}");
        }
    }
}

#[test]
fn cut_anywhere_it_is_broken() {
    for kind in KINDS {
        let bytes = [
            entry(kind, b"a", FILE, b"content"),
            entry(kind, b"link", 0o120_777, b"a"),
            entry(kind, TRAILER, 0, b""),
        ]
        .concat();
        let last = bytes.iter().rposition(|&byte| byte == b'!').expect("the end mark's") + 2;
        for length in 0..last {
            assert!(walked(&bytes[..length], 64).1.is_err(), "{kind:?} {length}");
        }
        assert!(walked(&bytes[..last], 64).1.is_ok(), "only padding is missing");
    }
}

#[test]
fn a_wrong_sum_is_found_wherever_the_byte_is() {
    let (start, content) = (entry(CpioFormat::Crc, b"a", FILE, b"").len(), [7; 100]);
    let mut bytes = [
        &entry(CpioFormat::Crc, b"a", FILE, &content)[..],
        &entry(CpioFormat::Crc, TRAILER, 0, b""),
    ];
    let mut whole = bytes.concat();
    assert!(walked(&whole, 13).1.is_ok());
    for at in start..start + content.len() {
        whole[at] ^= 1;
        let why = "has an entry whose checksum is wrong: damaged";
        assert_eq!(walked(&whole, 13).1, Broken::because(why));
        whole[at] ^= 1;
    }
    // GNU cpio gives links no sum.
    let link = entry(CpioFormat::Newc, b"l", 0o120_777, b"target");
    let link = [b"070702", &link[6..]].concat();
    bytes[0] = &link;
    assert!(walked(&bytes.concat(), 13).1.is_ok());
}

#[test]
fn what_a_reader_would_not_show_is_broken() {
    let end = entry(CpioFormat::Newc, TRAILER, 0, b"");
    for hidden in [
        entry(CpioFormat::Newc, b"a\0b", FILE, b""),
        entry(CpioFormat::Newc, b"l", 0o120_777, b"target\0more"),
        entry(CpioFormat::Newc, b"d", 0o040_755, b"content"),
        entry(CpioFormat::Newc, b"d", 0o020_644, b"content"),
        b"garbage".to_vec(),
    ] {
        assert!(walked(&[&hidden[..], &end].concat(), 512).1.is_err());
    }
    // NULs that fill up are nothing.
    for shown in [
        entry(CpioFormat::Newc, b"a\0\0\0", FILE, b""),
        entry(CpioFormat::Newc, b"l", 0o120_777, b"target\0"),
    ] {
        assert!(walked(&[&shown[..], &end].concat(), 512).1.is_ok());
    }
}

#[test]
fn content_of_the_end_mark_lies_behind_the_end() {
    let (end, content) = (entry(CpioFormat::Odc, TRAILER, 0, b""), [0; 100]);
    let bytes = entry(CpioFormat::Odc, TRAILER, 0, &content);
    assert_eq!(walked(&bytes, 64).1, Ok(Whole { end: end.len() as u64, ..Whole::default() }));
}

#[test]
fn numbers_are_nothing_but_digits() {
    let bytes = archive(CpioFormat::Odc);
    for (at, digit) in [(18, b' '), (59, b'9'), (65, b'+'), (70, b'x')] {
        let mut bytes = bytes.clone();
        bytes[at] = digit;
        assert!(walked(&bytes, 512).1.is_err(), "{at}");
    }
}
