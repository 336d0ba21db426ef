use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::*;
use crate::archive::structure::Listed;
use crate::archive::structure::testing::pulled;

/// An archive with this table of contents, and so many bytes of heap.
fn archive(toc: &str, heap: usize) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(toc.as_bytes()).expect("in memory");
    let packed = encoder.finish().expect("in memory");
    let lengths = [packed.len(), toc.len()].map(|length| (length as u64).to_be_bytes());
    let header = [&b"xar!\0\x1c\0\x01"[..], &lengths[0], &lengths[1], &[0, 0, 0, 1]].concat();
    [header, packed, vec![7; heap]].concat()
}

fn toc(within: &str) -> String {
    let sum = "<checksum style=\"sha1\"><offset>0</offset><size>20</size></checksum>";
    format!("<?xml version=\"1.0\"?>\n<xar>\n <toc>{sum}{within}</toc>\n</xar>\n")
}

fn data(offset: u64, length: u64, size: u64) -> String {
    format!(
        "<data><length>{length}</length><offset>{offset}</offset><size>{size}</size>\
         <encoding style=\"a>b\"/></data>"
    )
}

fn walked(bytes: &[u8]) -> (Vec<Option<u64>>, Result<Whole, Broken>) {
    let (listed, outcome) = pulled(&mut Xar::default(), bytes);
    (listed.into_iter().map(|Listed { size, .. }| size).collect(), outcome)
}

fn files() -> String {
    let [one, other] = [data(20, 11, 3), data(31, 5, 9)];
    toc(&format!(
        "<file id=\"1\"><name>d</name><type>directory</type><mode>0755</mode>\
         <file id=\"2\"><name>a</name><type>file</type>{one}</file>\
         <file id=\"3\"><name>e</name><type>directory</type></file>\
         <file id=\"4\"><name>l</name><type>symlink</type><link type=\"file\">a</link></file></file>\
         <file id=\"5\"><type>file</type><name>b</name>{other}\
         <ea id=\"0\"><name>x</name><offset>36</offset><length>4</length><size>4</size></ea></file>\
         <file id=\"6\"><name>empty</name><type>file</type></file>\
         <other><file><type>file</type></file></other>\
         <signature style=\"RSA\"><offset>40</offset><size>256</size></signature>"
    ))
}

#[test]
fn files_are_listed_and_the_heap_ends_where_all_is() {
    let bytes = archive(&files(), 296);
    let whole = Whole { end: bytes.len() as u64, ..Whole::default() };
    let listed = vec![Some(3), Some(0), Some(0), Some(9), Some(0)];
    assert_eq!(walked(&[&bytes[..], b"more"].concat()), (listed, Ok(whole)));
}

#[test]
fn what_libarchive_writes_again_belongs_to_it() {
    let bytes = archive(&files(), 296);
    let end = |again: &[u8]| walked(&[&bytes[..], again].concat()).1.map(|whole| whole.end);
    let length = bytes.len() as u64;
    assert_eq!(end(&bytes[28..48]), Ok(length + 20));
    assert_eq!(end(&[]), Ok(length));
    assert_eq!(end(&[7; 20]), Ok(length));
    for part in 29..48 {
        assert!(end(&bytes[28..part]).is_err(), "{part}");
    }
}

#[test]
fn a_cut_archive_is_broken_wherever_it_is_cut() {
    let bytes = archive(&files(), 296);
    for length in 0..bytes.len() {
        assert!(walked(&bytes[..length]).1.is_err(), "{length}");
    }
}

#[test]
fn a_long_table_is_walked_in_pieces() {
    let file = |index: u64| {
        let data = data(20 + index, 1, index);
        format!("<file><name>{index:032}</name><type>file</type>{data}</file>")
    };
    let toc = toc(&(0..20_000).map(file).collect::<String>());
    let (listed, outcome) = walked(&archive(&toc, 20_020));
    assert!(outcome.is_ok());
    assert_eq!(listed, (0..20_000).map(Some).collect::<Vec<_>>());
}

#[test]
fn what_is_not_well_formed_is_broken() {
    for wrong in [
        "<file>",
        "</file>",
        "<file><name></file></name>",
        "<!-- -->",
        "<![CDATA[<file/>]]>",
        "<file><type>file</type><data><offset>1</offset><offset>2</offset></data></file>",
        "<file><type>file</type><data><offset>&#50;</offset></data></file>",
        "<file><type>file</type><data><offset>-1</offset></data></file>",
        "<file><type>file</type><data><offset>18446744073709551615</offset><length>9</length></data></file>",
    ] {
        assert!(walked(&archive(&toc(wrong), 500)).1.is_err(), "{wrong}");
    }
    for wrong in ["", "<xar/>", "<xar><toc/></xar><xar/>", "<xar><toc/></xar>text"] {
        assert!(walked(&archive(wrong, 0)).1.is_err(), "{wrong}");
    }
    // A table that is longer or shorter than its header says.
    for change in [1, 255] {
        let mut bytes = archive(&files(), 296);
        bytes[23] = bytes[23].wrapping_add(change);
        assert!(walked(&bytes).1.is_err());
    }
}
