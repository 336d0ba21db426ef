//! Walks a structure whose bytes can be read anywhere.

use super::{Broken, Details, LONGEST, Listed, Structure, Want, Whole};
use crate::content::ReadAt;
use crate::error::Result;
use crate::run::context::Context;

/// How much is read at a time where a structure asks for less: most go on right behind.
const PIECE: usize = 16 << 10;

/// Walks to the end. `entry` is told of every entry.
///
/// # Errors
/// When the bytes cannot be read; when the context says stop; those of `entry`. Within: when the container
/// is broken.
pub(crate) fn pull(
    structure: &mut dyn Structure,
    bytes: &dyn ReadAt,
    context: &Context<'_>,
    mut entry: impl FnMut(Listed, Details) -> Result<()>,
) -> Result<std::result::Result<Whole, Broken>> {
    let (mut piece, mut start) = (Vec::new(), 0_u64);
    let mut shown = 0..0;
    loop {
        context.checkpoint()?;
        let want = match structure.step(&piece[shown]) {
            Ok(want) => want,
            Err(broken) => return Ok(Err(broken)),
        };
        shown = match want {
            Want::End(whole) => return Ok(Ok(whole)),
            Want::Entry(listed) => {
                entry(listed, Details::default())?;
                0..0
            }
            Want::Detailed(listed, details) => {
                entry(listed, details)?;
                0..0
            }
            Want::Bytes { at, length } => {
                assert!((1..=LONGEST).contains(&length), "a structure asks for {length} bytes");
                let length = within(bytes.size(), at, length);
                if at < start || at + length as u64 > start + piece.len() as u64 {
                    start = at;
                    piece.resize(within(bytes.size(), at, length.max(PIECE)), 0);
                    if !piece.is_empty() {
                        bytes.read_at(at, &mut piece)?;
                    }
                }
                // Both lie within the piece.
                let from = usize::try_from(at - start).unwrap_or(0).min(piece.len());
                from..from + length
            }
        };
    }
}

/// How many of so many bytes there are from `at` on.
fn within(size: u64, at: u64, length: usize) -> usize {
    usize::try_from(size.saturating_sub(at)).unwrap_or(length).min(length)
}

#[cfg(test)]
mod tests {
    use super::super::walk::tests::{Chain, chain};
    use super::*;
    use crate::content::Extent;
    use crate::run::context::Call;

    struct InMemory<'m>(&'m [u8]);

    impl ReadAt for InMemory<'_> {
        fn size(&self) -> u64 {
            self.0.len() as u64
        }

        fn extent(&self, _: u64) -> Result<Extent> {
            Ok(Extent::Data { end: self.size() })
        }

        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
            let start = usize::try_from(offset).expect("in memory");
            buffer.copy_from_slice(&self.0[start..start + buffer.len()]);
            Ok(())
        }
    }

    fn pulled(bytes: &[u8]) -> (Vec<Vec<u8>>, std::result::Result<Whole, Broken>) {
        let (call, mut names) = (Call::new(None), Vec::new());
        let outcome =
            pull(&mut Chain::default(), &InMemory(bytes), &Context::new(&call), |entry, _| {
                names.push(entry.name.expect("set"));
                Ok(())
            });
        (names, outcome.expect("it can be read"))
    }

    #[test]
    fn walks_near_and_far() {
        let bytes = chain(&[("a", 3), ("long", 100_000), ("c", 0)]);
        let whole = Whole { end: bytes.len() as u64, ..Whole::default() };
        let names = vec![b"a".to_vec(), b"long".to_vec(), b"c".to_vec()];
        assert_eq!(pulled(&bytes), (names, Ok(whole)));
    }

    #[test]
    fn shows_fewer_bytes_only_at_the_end() {
        let bytes = chain(&[("a", 3), ("b", 5)]);
        for length in 0..bytes.len() {
            assert_eq!(
                pulled(&bytes[..length]).1,
                Err(Broken("is cut short".to_owned())),
                "{length}"
            );
        }
    }
}
