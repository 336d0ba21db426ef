use super::*;
use crate::archive::structure::Walk;

fn walked(bytes: &[u8]) -> (Vec<Listed>, Result<Whole, Broken>) {
    let mut walk = Walk::new(Box::<Ar>::default());
    for (index, piece) in bytes.chunks(64).enumerate() {
        walk.pass((index * 64) as u64, piece);
    }
    let outcome = walk.finish();
    (std::iter::from_fn(|| walk.entry()).collect(), outcome)
}

/// One member, as ar(5) has it.
fn member(name: &str, content: &[u8]) -> Vec<u8> {
    let size = content.len();
    let header = format!("{name:16}{0:<12}{0:<6}{0:<6}{1:<8}{size:<10}`\n", 0, 100_644);
    let padding = &b"\n"[..size % 2];
    [header.as_bytes(), content, padding].concat()
}

fn archive(members: &[Vec<u8>]) -> Vec<u8> {
    [MAGIC, &members.concat()].concat()
}

fn listed(name: &str, size: u64) -> Listed {
    Listed { name: Some(name.as_bytes().to_vec()), size: Some(size) }
}

#[test]
fn members_of_all_makes_are_listed() {
    let bytes = archive(&[
        member("//", b"a name of more than sixteen letters.o/\n"),
        member("short.o/", b"123"),
        member("/0", b"12"),
        member("#1/20", b"a long name\0\0\0\0\0\0\0\0\0content"),
        member("bsd.o", b""),
    ]);
    let (entries, outcome) = walked(&bytes);
    assert_eq!(
        outcome,
        Ok(Whole { end: bytes.len() as u64, is_unmarked: true, ..Whole::default() })
    );
    let table = Listed { name: None, size: Some(2) };
    let wanted = [
        Listed::default(),
        listed("short.o", 3),
        table,
        listed("a long name", 7),
        listed("bsd.o", 0),
    ];
    assert_eq!(entries, wanted);
}

#[test]
fn cut_within_a_member_it_is_broken() {
    let members = [
        member("#1/4", b"name1"),
        member("one.o/", b"123"),
        member("two.o/", b"1234567890"),
        member("odd.o/", b"1"),
    ];
    let bytes = archive(&members);
    let mut ends = vec![MAGIC.len()];
    for member in &members {
        ends.push(ends[ends.len() - 1] + member.len());
    }
    for length in 0..bytes.len() {
        let (_, outcome) = walked(&bytes[..length]);
        assert_eq!(outcome.is_err(), !ends.contains(&length), "{length} {outcome:?}");
    }
}

/// A static library of two members, the second of which begins where the table of symbols says.
fn library(width: usize) -> Vec<u8> {
    let table = |second: u64| {
        let numbers = [2, 8, second];
        let bytes =
            numbers.iter().flat_map(|number: &u64| number.to_be_bytes()[8 - width..].to_vec());
        let bytes = bytes.chain(*b"one\0two\0").collect::<Vec<u8>>();
        member(if width == 4 { "/" } else { "/SYM64/" }, &bytes)
    };
    let first = member("one.o/", b"first");
    let second = MAGIC.len() + table(0).len() + first.len();
    archive(&[table(second as u64), first, member("two.o/", b"second")])
}

#[test]
fn a_library_without_a_member_that_has_symbols_is_broken() {
    for width in [4, 8] {
        let bytes = library(width);
        assert!(walked(&bytes).1.is_ok());
        let cut = &bytes[..bytes.len() - member("two.o/", b"second").len()];
        let why = "is cut short: its table of symbols leads to members behind its end";
        assert_eq!(walked(cut).1, Broken::because(why));
    }
}

#[test]
fn a_debian_package_has_its_data() {
    let members = [
        member("debian-binary", b"2.0\n"),
        member("control.tar.xz", b"control"),
        member("data.tar.xz", b"data"),
    ];
    assert!(walked(&archive(&members)).1.is_ok());
    for count in 1..members.len() {
        assert!(walked(&archive(&members[..count])).1.is_err());
    }
}

#[test]
fn what_a_reader_would_not_show_is_broken() {
    let directory = String::from_utf8(member("d/", b"12")).expect("ASCII");
    let directory = directory.replace("100644", "40755 ").into_bytes();
    for hidden in [
        directory,
        member("#1/9", b"name\0more"),
        member("#1/9", b"short"),
        member("", b""),
        member("/x", b""),
        [THIN, &member("a.o/", b"")].concat(),
    ] {
        assert!(walked(&archive(&[hidden])).1.is_err());
    }
    assert!(walked(&[THIN, &member("a.o/", b"")].concat()).1.is_err());
}
