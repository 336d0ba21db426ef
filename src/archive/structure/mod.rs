//! The structure of containers, one module a format: headers, sizes, indices and end marks, never
//! content.
//!
//! A [`Structure`] is a pure function of bytes, a step at a time: it says which bytes it has to see next,
//! and is given them. What brings the bytes is a [`Walk`] where they pass by anyway, on their way to
//! libarchive, and [`pull`] where they are read for the purpose, of a format with an index. So each
//! format is tested with nothing but bytes.

mod ar;
mod cab;
mod contract;
mod cpio;
mod formats;
mod frames;
mod front;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzed;
mod iso9660;
mod lha;
mod pull;
pub(crate) mod rar;
pub(crate) mod seven_zip;
mod tar;
mod walk;
#[cfg(test)]
mod walked;
mod warc;
mod xar;
pub(crate) mod zip;

pub(crate) use self::contract::{
    Broken, Details, Instead, LONGEST, Listed, Sort, Structure, Want, Whole,
};
pub(crate) use self::formats::{Structured, structure_of};
pub(crate) use self::frames::{Frame, Frames};
pub(crate) use self::front::FRONT;
pub(crate) use self::pull::pull;
pub(crate) use self::walk::Walk;

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// Walks bytes that can be read anywhere.
    pub(crate) fn pulled(
        structure: &mut dyn Structure,
        bytes: &[u8],
    ) -> (Vec<Listed>, Result<Whole, Broken>) {
        let (mut listed, mut seen) = (Vec::new(), &[][..]);
        loop {
            match structure.step(seen) {
                Err(broken) => return (listed, Err(broken)),
                Ok(Want::End(whole)) => return (listed, Ok(whole)),
                Ok(Want::Entry(entry) | Want::Detailed(entry, _)) => {
                    listed.push(entry);
                    seen = &[];
                }
                Ok(Want::Bytes { at, length }) => {
                    assert!((1..=LONGEST).contains(&length), "{length}");
                    let rest = bytes.get(usize::try_from(at).expect("in memory")..);
                    let rest = rest.unwrap_or_default();
                    seen = &rest[..length.min(rest.len())];
                }
            }
        }
    }
}
