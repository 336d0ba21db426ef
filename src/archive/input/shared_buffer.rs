//! Read buffers that several can hold at once.
//!
//! What an uncompressed archive holds lies in the very bytes that were read from it. A buffer lets them
//! be handed on without copying: a buffer is not filled again as long as anything holds it.

use std::ops::Range;
use std::sync::Arc;

use crate::content::file::buffers::BUFFER;

/// The length of a buffer: as many as in any read buffer, for the same reasons.
pub(crate) const LENGTH: usize = BUFFER;

/// Bytes that do not change while more than one owner holds them.
pub(crate) type SharedBuffer = Arc<[u8]>;

/// Makes buffers, and fills them again once nothing else holds them.
#[derive(Default)]
pub(crate) struct SharedBuffers(Vec<SharedBuffer>);

impl SharedBuffers {
    /// A buffer that nothing else holds, with unspecified content. There are as many as are held at
    /// once, which is for the holders to bound.
    pub(crate) fn take(&mut self) -> SharedBuffer {
        match self.0.iter_mut().position(|buffer| Arc::get_mut(buffer).is_some()) {
            Some(free) => self.0.swap_remove(free),
            None => vec![0; LENGTH].into(),
        }
    }

    /// Keeps `buffer`, to be taken again when nothing else holds it any more. Others are shorter.
    pub(crate) fn keep(&mut self, buffer: SharedBuffer) {
        if buffer.len() == LENGTH {
            self.0.push(buffer);
        }
    }
}

/// Where `bytes` lie in `buffer`, if they do.
pub(crate) fn range_in(buffer: &SharedBuffer, bytes: &[u8]) -> Option<Range<usize>> {
    let start = bytes.as_ptr().addr().checked_sub(buffer.as_ptr().addr())?;
    let end = start.checked_add(bytes.len())?;
    (end <= buffer.len()).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_filled_again_only_when_nothing_holds_it() {
        let mut buffers = SharedBuffers::default();
        let buffer = buffers.take();
        let (address, held) = (buffer.as_ptr(), Arc::clone(&buffer));
        buffers.keep(buffer);
        assert_ne!(buffers.take().as_ptr(), address);
        drop(held);
        assert_eq!(buffers.take().as_ptr(), address);
        buffers.keep(vec![0; LENGTH - 1].into());
        assert_eq!(buffers.take().len(), LENGTH);
    }

    #[test]
    fn bytes_lie_in_a_buffer_or_elsewhere() {
        let (one, other) = (SharedBuffers::default().take(), SharedBuffers::default().take());
        assert_eq!(range_in(&one, &one[5..9]), Some(5..9));
        assert_eq!(range_in(&one, &one[..]), Some(0..LENGTH));
        assert_eq!(range_in(&one, &other[5..9]), None);
        assert_eq!(range_in(&one, b"elsewhere"), None);
    }
}
