use super::*;
use crate::archive::structure::Walk;

fn walked(bytes: &[u8], piece: usize) -> (Vec<Listed>, Result<Whole, Broken>) {
    let mut walk = Walk::new(Box::<Warc>::default());
    for (index, bytes) in bytes.chunks(piece).enumerate() {
        walk.pass((index * piece) as u64, bytes);
    }
    let outcome = walk.finish();
    (std::iter::from_fn(|| walk.entry()).collect(), outcome)
}

fn record(fields: &str, content: &str) -> String {
    let size = content.len();
    format!("WARC/1.0\r\n{fields}\r\nContent-Length: {size}\r\n\r\n{content}\r\n\r\n")
}

fn file(target: &str, content: &str) -> String {
    record(&format!("WARC-Type: resource\r\nWARC-Target-URI: {target}"), content)
}

#[test]
fn files_are_listed_until_the_end() {
    let bytes = [
        record("WARC-Type: warcinfo", "software: x\r\n\r\n"),
        file("file://a", "one\r\n\r\n"),
        file("http://host/dir/b?c", ""),
    ]
    .concat();
    let listed = |name: &str, size| Listed { name: Some(name.into()), size: Some(size) };
    let wanted = vec![listed("a", 7), listed("dir/b?c", 0)];
    let whole = Whole { end: bytes.len() as u64, is_unmarked: true, ..Whole::default() };
    for piece in [1, 3, 100, 1000] {
        assert_eq!(walked(bytes.as_bytes(), piece), (wanted.clone(), Ok(whole.clone())));
    }
}

#[test]
fn cut_within_a_record_it_is_broken() {
    let records =
        [record("WARC-Type: warcinfo", "x"), file("file://a", "one"), file("file://b", "")];
    let bytes = records.concat();
    let ends = [0, records[0].len(), records[0].len() + records[1].len()];
    for length in 0..bytes.len() {
        let (_, outcome) = walked(&bytes.as_bytes()[..length], 50);
        assert_eq!(outcome.is_err(), !ends.contains(&length), "{length}");
    }
}

#[test]
fn a_record_that_is_not_shown_leaves_it_open() {
    for hidden in [
        record("WARC-Type: request", "GET"),
        record("WARC-Type: metadata", ""),
        record("WARC-Type: Resource\r\nWARC-Target-URI: file://a", ""),
        file("http://host", "page"),
        file("http://host/", "page"),
        file("mailto:x", "mail"),
        file("file://a b", ""),
    ] {
        let (listed, outcome) = walked([file("file://a", ""), hidden].concat().as_bytes(), 50);
        assert_eq!(listed.len(), 1);
        assert!(outcome.is_ok_and(|whole| whole.open.is_some()));
    }
}

#[test]
fn what_can_be_read_in_two_ways_is_broken() {
    for fields in ["content-length: 1", "Content-Length: 1", "Content-Length: +1"] {
        assert!(walked(record(fields, "1").as_bytes(), 50).1.is_err(), "{fields}");
    }
    let longer = file("file://a", "one").replace("Length: 3", "Length: 2");
    assert!(walked(longer.as_bytes(), 50).1.is_err());
}
