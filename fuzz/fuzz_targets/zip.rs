//! Zips, read by komparu and by libarchive: both find the same entries with the same content. Where only one
//! of them takes a zip, it is libarchive: komparu refuses what is in doubt.
#![no_main]

use arbitrary::Arbitrary;
use komparu::internals::fuzzing::{Stored, entries, entries_by_libarchive};
use komparu::{Call, Context};
use libfuzzer_sys::fuzz_target;
use made::Zip;
use scripted::{Scripted, Serving};

#[path = "../made/zip.rs"]
mod made;
#[path = "../../tests/scripted/mod.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod scripted;

/// How much may be within.
const MOST: u64 = 1 << 20;

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    /// A zip, bytes to be changed, and where to cut it off.
    Made(Zip<'a>, Vec<(u16, u8)>, Option<u16>),
    /// Whatever begins like one.
    Raw(&'a [u8]),
}

fuzz_target!(|input: Input<'_>| {
    let mut is_intact = false;
    let bytes = match input {
        Input::Made(zip, changes, cut) => {
            let mut bytes = zip.write();
            // What looks like another end, in a comment, say, is reason for doubt.
            let ends = bytes.windows(4).filter(|window| window == b"PK\x05\x06").count();
            is_intact = changes.is_empty() && cut.is_none() && ends == 1;
            for (place, bits) in changes {
                let length = bytes.len().max(1);
                if let Some(byte) = bytes.get_mut(usize::from(place) % length) {
                    *byte ^= bits;
                }
            }
            bytes.truncate(cut.map_or(usize::MAX, usize::from));
            bytes
        }
        Input::Raw(bytes) => [b"PK", bytes].concat(),
    };
    let serving = Serving { borders: vec![4096], holes: vec![false], sized: true, random: true };
    let (call, reader) = (Call::new(None), Scripted::new(&bytes, &serving));
    let context = Context::new(&call);
    let ours = entries(Stored::Anywhere(&reader), MOST, &context);
    let theirs = entries_by_libarchive(Stored::Anywhere(&reader), MOST, &context);
    match (ours, theirs) {
        (Ok(mut ours), Ok(mut theirs)) => {
            for entries in [&mut ours, &mut theirs] {
                // Directories are passed over; libarchive writes their names in its own way.
                entries.retain(|entry| entry.kind != "Other");
                entries.sort();
            }
            assert_eq!(ours, theirs);
        }
        (Ok(ours), Err(error)) => panic!("{ours:?}, but libarchive: {error}"),
        (Err(error), Ok(theirs)) if is_intact => panic!("{error}, but libarchive: {theirs:?}"),
        (Err(error), _) => assert!(!error.to_string().contains(['\n', '\r']), "{error}"),
    }
});
