//! Content codings: the same comes of a body however it is cut into pieces, and of deflate what another
//! decoder makes of it. What is coded here comes out as it went in, and an error where its end is missing.
#![no_main]

use arbitrary::Arbitrary;
use komparu::internals::fuzzing::decoded;
use libfuzzer_sys::fuzz_target;
use miniz_oxide::deflate::{compress_to_vec, compress_to_vec_zlib};
use miniz_oxide::inflate::{decompress_to_vec_with_limit, decompress_to_vec_zlib_with_limit};

/// How much may come of a body.
const MOST: usize = 1 << 20;

const NAMES: [&str; 5] = ["gzip", "deflate", "br", "zstd", "x-gzip"];

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    bytes: &'a [u8],
    /// Codings, the first applied first.
    codings: Vec<u8>,
    piece: u16,
    /// Code the bytes first, in zlib or raw.
    made: Option<(bool, u8)>,
    cut: u16,
}

fuzz_target!(|input: Input<'_>| {
    let piece = usize::from(input.piece).max(1);
    if let Some((wrapped, level)) = input.made {
        let code = if wrapped { compress_to_vec_zlib } else { compress_to_vec };
        let body = code(input.bytes, level % 10);
        assert_eq!(decoded(&["deflate"], &body, piece, MOST), Ok(Some(input.bytes.to_vec())));
        let cut = usize::from(input.cut) % body.len();
        assert!(decoded(&["deflate"], &body[..cut], piece, MOST).is_err());
    }
    let names = input.codings.iter().take(5).map(|&which| NAMES[usize::from(which) % NAMES.len()]);
    let names: Vec<_> = names.collect();
    let whole = decoded(&names, input.bytes, usize::MAX, MOST);
    let pieces = decoded(&names, input.bytes, piece, MOST);
    // How far it came before it was too much, or damaged, may differ.
    if let (Ok(Some(_)), _) | (_, Ok(Some(_))) = (&whole, &pieces) {
        assert_eq!(whole, pieces);
    }
    if let ([.., "deflate"], Ok(Some(content))) = (&*names, &whole)
        && names.len() == 1
    {
        let bytes = input.bytes;
        let other = decompress_to_vec_zlib_with_limit(bytes, MOST)
            .or_else(|_| decompress_to_vec_with_limit(bytes, MOST));
        assert_eq!(Ok(content), other.as_ref().map_err(|error| error.status));
    }
});
