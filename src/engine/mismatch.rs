//! The first byte that differs, in bytes that lie in memory.

use crate::content::is_zero;

/// Bytes in a block that is compared as a whole, before a block that differs is looked at byte by byte: few
/// enough that the look takes 50 ns, enough for the comparison of a block to take no longer than the call.
const BLOCK: usize = 64;

/// The index of the first byte that differs; both must have the same length. What is the same costs one call of
/// memcmp.
pub(crate) fn first_mismatch(a: &[u8], b: &[u8]) -> Option<usize> {
    debug_assert_eq!(a.len(), b.len(), "two pieces of the same length");
    if a == b {
        return None;
    }
    let block = a.chunks(BLOCK).zip(b.chunks(BLOCK)).position(|(a, b)| a != b)?;
    let start = block * BLOCK;
    let byte = a[start..].iter().zip(&b[start..]).position(|(a, b)| a != b)?;
    Some(start + byte)
}

/// The index of the first byte that is not zero.
pub(super) fn first_nonzero(bytes: &[u8]) -> Option<usize> {
    if is_zero(bytes) {
        return None;
    }
    let start = bytes.chunks(BLOCK).position(|block| !is_zero(block))? * BLOCK;
    Some(start + bytes[start..].iter().position(|&byte| byte != 0)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_several_bytes_that_differ_is_found() {
        for length in [1, 2, 63, 64, 65, 127, 128, 129, 1000] {
            let zeros = vec![0; length];
            assert_eq!((first_mismatch(&zeros, &zeros), first_nonzero(&zeros)), (None, None));
            for first in 0..length {
                let mut other = zeros.clone();
                for later in (first..length).step_by(37) {
                    other[later] = 1;
                }
                let found = (first_mismatch(&zeros, &other), first_nonzero(&other));
                assert_eq!(found, (Some(first), Some(first)), "of {length} bytes");
            }
        }
        assert_eq!((first_mismatch(&[], &[]), first_nonzero(&[])), (None, None));
    }
}
