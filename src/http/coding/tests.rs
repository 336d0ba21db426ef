use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use proptest::prelude::*;

use super::*;

/// The content of [`BROTLI`] and [`ZSTD`].
fn bottles() -> Vec<u8> {
    let mut text = String::new();
    for number in (1..100).rev() {
        writeln!(text, "{number} bottles of beer on the wall").expect("memory");
    }
    text.into_bytes()
}

/// [`bottles`], by brotli 1.2.
const BROTLI: &str = "1bf30bf88dc438a670e5412c7207e2f96a21b7b1df59ee2dd88a8412997000d230404cf02a6f025ca065a5bf\
    1674327ab841e9e0fd250fd50f0e1602060101f9145f78385808180404e4535ce1e16021601010904fb185878385804140403e450a0f0\
    70b018380807c0a171e0e1602060101f9142a3c1c2c040c0202f2295878385808180404e453a0f070b010300808c867d80683c1603018\
    0c00";

/// The same by zstd 1.5, with a checksum.
const ZSTD: &str = "28b52ffd64f40a2d040092481711b03b00c9c2d8f2c314494949858226790998badcfe6260ea72fb0f313075b9fd510\
    c4c5d6eff14035397db5fc5c0d4e5f65f313075b9fd590c4c5d6eff16035397dbdfc5c0d4e5f6072991170c7241adc08c29e1acd04c7\
    26e95f01f62a821e8eeff19f035d611fcffc7fc3080ed050745b364ef40129ab40b4a7052b589d86415f7a2ec5e";

/// `0123456789` by zstd, without a checksum, in a window of 16 MiB.
const ZSTD_WIDE: &str = "28b52ffd007051000030313233343536373839";

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |digit: &u8| u8::try_from(char::from(*digit).to_digit(16).expect("a digit"));
    let digits: Vec<u8> = hex.bytes().map(|byte| digit(&byte).expect("small")).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).and_then(|()| encoder.finish()).expect("memory")
}

fn zlib(content: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).and_then(|()| encoder.finish()).expect("memory")
}

fn raw(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).and_then(|()| encoder.finish()).expect("memory")
}

/// The same content by every coding: the name, the body, whether all damage is found.
fn every_coding() -> [(&'static str, Vec<u8>, bool); 6] {
    let content = bottles();
    [
        ("gzip", gzip(&content), true),
        ("x-gzip", gzip(&content), true),
        ("deflate", zlib(&content), true),
        ("deflate", raw(&content), false),
        ("br", bytes(BROTLI), false),
        ("zstd", bytes(ZSTD), true),
    ]
}

fn decoding(names: &[&str]) -> Decoding {
    let names: Vec<_> = names.iter().map(|name| name.as_bytes().to_vec()).collect();
    Decoding::check(&names).expect("known");
    Decoding::new(&names).expect("memory").expect("codings")
}

/// The content of a body that comes in pieces of some length.
fn decode(names: &[&str], body: &[u8], piece: usize) -> Result<Vec<u8>, String> {
    let mut decoding = decoding(names);
    let mut content = Vec::new();
    let mut pieces = body.chunks(piece);
    let mut rest: &[u8] = &[];
    let mut last = false;
    while !decoding.has_ended() {
        if rest.is_empty() && decoding.needs_input() {
            rest = pieces.next().unwrap_or_default();
            last = rest.is_empty();
        }
        let taken = decoding.advance(rest, last)?;
        rest = &rest[taken..];
        // In two parts, as a reader may.
        for part in [2, 1] {
            let length = decoding.content().len() / part;
            content.extend_from_slice(&decoding.content()[..length]);
            decoding.consume(length);
        }
    }
    Ok(content)
}

#[test]
fn every_coding_is_undone_however_its_body_is_cut() {
    for (name, body, _) in every_coding() {
        for piece in [1, 2, 3, 64, body.len()] {
            assert_eq!(decode(&[name], &body, piece), Ok(bottles()), "{name} by {piece}");
        }
    }
}

#[test]
fn a_coding_that_does_not_end_is_an_error_wherever_it_stops() {
    for (name, body, _) in every_coding() {
        for length in 0..body.len() {
            let cause = decode(&[name], &body[..length], 50).expect_err("not whole");
            assert!(cause.contains("does not come to its end"), "{name}, {length}: {cause}");
        }
    }
}

#[test]
fn bytes_after_the_end_are_an_error() {
    for (name, body, _) in every_coding() {
        for behind in [&[0][..], &[0xff; 20], b"\x1f", b"\x1f\x8b\x08", b"(\xb5/\xfd"] {
            for piece in [1, body.len(), body.len() + 50] {
                let body = [&body, behind].concat();
                assert!(decode(&[name], &body, piece).is_err(), "{name}: {behind:?} by {piece}");
            }
        }
    }
}

#[test]
fn a_wrong_bit_is_found_where_there_is_a_checksum() {
    for (name, body, all_found) in every_coding() {
        for bit in 0..body.len() * 8 {
            let mut damaged = body.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            match decode(&[name], &damaged, 64) {
                // Such as the time in gzip's header.
                Ok(content) => assert!(!all_found || content == bottles(), "{name}: bit {bit}"),
                Err(cause) => assert!(cause.contains("coding"), "{cause}"),
            }
        }
    }
}

#[test]
fn gzip_may_have_several_members() {
    let content = bottles();
    let (one, two) = content.split_at(1000);
    let body = [gzip(one), gzip(&[]), gzip(two), gzip(&[])].concat();
    for piece in [1, 17, body.len()] {
        assert_eq!(decode(&["gzip"], &body, piece).as_ref(), Ok(&content));
    }
    for length in [1, 10, 25] {
        assert!(decode(&["gzip"], &body[..body.len() - length], 50).is_err() || length == 20);
    }
}

#[test]
fn zstd_may_have_several_frames() {
    let body = [bytes(ZSTD), bytes(ZSTD)].concat();
    assert_eq!(decode(&["zstd"], &body, 10), Ok([bottles(), bottles()].concat()));
}

#[test]
fn zstd_that_needs_much_memory_is_refused() {
    let cause = decode(&["zstd"], &bytes(ZSTD_WIDE), 50).expect_err("too wide");
    assert!(cause.contains("memory"), "{cause}");
}

#[test]
fn several_codings_are_undone_in_the_opposite_order() {
    let content = bottles();
    let body = gzip(&zlib(&gzip(&raw(&content))));
    let names = ["deflate", "gzip", "deflate", "gzip"];
    for piece in [1, 33, body.len()] {
        assert_eq!(decode(&names, &body, piece).as_ref(), Ok(&content));
    }
    for length in 0..body.len() {
        assert!(decode(&names, &body[..length], 50).is_err());
    }
    // The inner one is cut, the outer one whole.
    let inner = gzip(&content);
    let cause = decode(&["gzip", "deflate"], &zlib(&inner[..inner.len() - 1]), 50);
    assert_eq!(cause, Err("its gzip coding does not come to its end".to_owned()));
}

#[test]
fn an_empty_body_is_an_error() {
    for name in ["gzip", "deflate", "br", "zstd"] {
        assert!(decode(&[name], &[], 1).is_err(), "{name}");
    }
}

#[test]
fn much_content_is_decoded_a_buffer_at_a_time() {
    let body = gzip(&gzip(&vec![0; 4 << 20]));
    assert!(body.len() < 1000);
    let mut decoding = decoding(&["gzip", "gzip"]);
    let (mut taken, mut content) = (0, 0);
    while !decoding.has_ended() {
        taken += decoding.advance(&body[taken..], taken == body.len()).expect("is whole");
        assert!(decoding.content().len() <= OUTPUT);
        content += decoding.content().len();
        decoding.consume(decoding.content().len());
    }
    assert_eq!(content, 4 << 20);
}

#[test]
fn a_coding_that_cannot_be_undone_is_named() {
    let check = |names: &[&str]| {
        let names: Vec<_> = names.iter().map(|name| name.as_bytes().to_vec()).collect();
        Decoding::check(&names)
    };
    let cause = check(&["gzip", "aws-chunked"]).expect_err("no coding");
    assert!(cause.contains("'aws-chunked'") && cause.contains("decode_content=False"), "{cause}");
    assert!(check(&["compress"]).is_err());
    assert!(check(&["gzip"; MOST]).is_ok());
    assert!(check(&["gzip"; MOST + 1]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn content_survives_coding_and_decoding(
        content in prop::collection::vec(0_u8..4, 0..20_000),
        piece in 1_usize..3000,
    ) {
        for (name, body) in
            [("gzip", gzip(&content)), ("deflate", zlib(&content)), ("deflate", raw(&content))]
        {
            prop_assert!(decode(&[name], &body, piece).as_ref() == Ok(&content), "{}", name);
        }
        let mut body = vec![0; zstd_safe::compress_bound(content.len())];
        let length = zstd_safe::compress(&mut body[..], &content, 3).expect("room");
        prop_assert_eq!(decode(&["zstd"], &body[..length], piece), Ok(content));
    }

    #[test]
    fn any_bytes_are_decoded_or_refused(
        body in prop::collection::vec(any::<u8>(), 0..2000),
        piece in 1_usize..300,
    ) {
        for name in ["gzip", "deflate", "br", "zstd"] {
            let whole = decode(&[name], &body, body.len().max(1));
            prop_assert_eq!(decode(&[name], &body, piece).ok(), whole.ok());
        }
    }
}
