//! Read buffers that several can hold at once.
//!
//! What an uncompressed archive holds lies in the very bytes that were read from it. A slab lets them
//! be handed on without copying: whoever holds it keeps it from being filled again.

use std::ops::Range;
use std::sync::Arc;

use crate::content::file::buffers::BUFFER;

/// Bytes in one slab: as many as in any read buffer, for the same reasons.
pub(crate) const SLAB: usize = BUFFER;

/// Bytes that nobody changes while more than one holds them.
pub(crate) type Slab = Arc<[u8]>;

/// Makes slabs, and fills them again once nobody else holds them.
#[derive(Default)]
pub(crate) struct Slabs(Vec<Slab>);

impl Slabs {
    /// A slab that nobody else holds, with unspecified content. There are as many as are held at
    /// once, which is for the holders to bound.
    pub(crate) fn take(&mut self) -> Slab {
        match self.0.iter_mut().position(|slab| Arc::get_mut(slab).is_some()) {
            Some(free) => self.0.swap_remove(free),
            None => vec![0; SLAB].into(),
        }
    }

    /// Keeps `slab`, to be taken again when nobody else holds it any more. Others are shorter.
    pub(crate) fn keep(&mut self, slab: Slab) {
        if slab.len() == SLAB {
            self.0.push(slab);
        }
    }
}

/// Where `bytes` lie in `slab`, if they do.
pub(crate) fn range_in(slab: &Slab, bytes: &[u8]) -> Option<Range<usize>> {
    let start = bytes.as_ptr().addr().checked_sub(slab.as_ptr().addr())?;
    let end = start.checked_add(bytes.len())?;
    (end <= slab.len()).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slab_is_filled_again_only_when_nobody_holds_it() {
        let mut slabs = Slabs::default();
        let slab = slabs.take();
        let (address, held) = (slab.as_ptr(), Arc::clone(&slab));
        slabs.keep(slab);
        assert_ne!(slabs.take().as_ptr(), address);
        drop(held);
        assert_eq!(slabs.take().as_ptr(), address);
        slabs.keep(vec![0; SLAB - 1].into());
        assert_eq!(slabs.take().len(), SLAB);
    }

    #[test]
    fn bytes_lie_in_a_slab_or_elsewhere() {
        let (one, other) = (Slabs::default().take(), Slabs::default().take());
        assert_eq!(range_in(&one, &one[5..9]), Some(5..9));
        assert_eq!(range_in(&one, &one[..]), Some(0..SLAB));
        assert_eq!(range_in(&one, &other[5..9]), None);
        assert_eq!(range_in(&one, b"elsewhere"), None);
    }
}
