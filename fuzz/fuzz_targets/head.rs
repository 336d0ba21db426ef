//! The head of a response, from a server that lies: whatever it sends is taken or refused, and a part
//! counts as the one that was asked for only if it says exactly so.
#![no_main]

use arbitrary::Arbitrary;
use komparu::internals::fuzzing::Head;
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    raw: &'a [u8],
    range: Option<(u64, u64, Option<u64>)>,
    asked: (u64, u32, u64),
}

fuzz_target!(|input: Input<'_>| {
    let Input { raw, range, asked: (offset, length, whole) } = input;
    let length = u64::from(length) + 1;
    let mut head = Head::default();
    for line in raw.split_inclusive(|&byte| byte == b'\n') {
        // What is refused is refused; more may come.
        let _ = head.line(line);
    }
    assert!(!head.to_string().contains(['\r', '\n']), "one line");
    if head.is_coded() {
        assert_eq!(head.size(), None);
    }
    if head.has_ranges() {
        assert!(head.size().is_some());
    }
    if head.is_part(offset, length, whole) {
        let digits = offset.to_string().into_bytes();
        assert!(raw.windows(digits.len()).any(|window| window == digits), "it never said so");
    }
    let Some((first, last, size)) = range else { return };
    let size = size.map_or("*".to_owned(), |size| size.to_string());
    let line = format!("Content-Range: bytes {first}-{last}/{size}\r\n");
    assert!(head.line(line.as_bytes()).is_ok());
    let exactly = first == offset
        && u128::from(last) == u128::from(offset) + u128::from(length) - 1
        && (size == "*" || size == whole.to_string());
    assert_eq!(head.is_part(offset, length, whole), exactly);
});
