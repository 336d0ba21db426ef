//! What a worker and its parent say to each other, as bytes.
//!
//! A frame is the length of the rest (4 bytes), what it is (1 byte), and its fields: numbers of 8 bytes, texts
//! with their length in front. Both ends are the same program on one machine: numbers are in its order. The parent
//! believes nothing of it: what makes no sense is an error.

mod read;
mod shape;
mod write;

pub(super) use self::read::{length, parse};
pub(super) use self::shape::{Access, Counted, Failed, Frame, Opening, PIECE};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::stream::Entry;
    use crate::archive::{Account, Behind};
    use crate::options::ArchiveLimits;
    use crate::sys::libarchive::ShownKind;

    fn frames() -> Vec<Frame<'static>> {
        let counted = Counted { undone: 1, compressed: u64::MAX };
        let behind = vec![Behind { digest: blake3::hash(b"x"), length: 3 }];
        let kinds = [
            ShownKind::File,
            ShownKind::Symlink(b"t".to_vec()),
            ShownKind::HardLink(vec![]),
            ShownKind::Directory,
            ShownKind::Fifo,
            ShownKind::Socket,
            ShownKind::CharacterDevice,
            ShownKind::BlockDevice,
            ShownKind::Other,
        ];
        let entries = kinds.into_iter().map(|kind| Frame::Entry {
            entry: Entry { name: b"n\xff\0".to_vec(), kind, is_cut: true, is_single: false },
            is_exact: false,
            counts_all: true,
        });
        let accesses = [Access::Descriptor, Access::Anywhere, Access::InOrder(b"why".to_vec())];
        let openings = accesses.into_iter().map(|access| {
            Frame::Open(Opening {
                name: b"a.7z".to_vec(),
                access,
                size: Some(7),
                is_promised: true,
                ignore_zeros: false,
                password: Some(b"secret".to_vec()),
                limits: ArchiveLimits::default(),
            })
        });
        let failures = [
            Failed::Archive(b"why".to_vec(), Some(2)),
            Failed::Bomb(b"why".to_vec()),
            Failed::Read(vec![], None),
            Failed::Internal(b"x".to_vec()),
        ];
        let account = Account { is_unmarked: true, is_image: true, behind, ..Account::default() };
        let mut all = vec![
            Frame::Data(b"data"),
            Frame::Ready { grown: 5 },
            Frame::Wants { at: 1, length: 2 },
            Frame::Opened,
            Frame::GiveUp,
            Frame::Bytes { bytes: b"content", is_stored: true, counted },
            Frame::Zeros { length: 9, counted },
            Frame::End(counted),
            Frame::Done { open: Some(b"has no end".to_vec()), account },
        ];
        all.extend(entries.chain(openings).chain(failures.map(Frame::Failed)));
        all
    }

    #[test]
    fn what_is_said_is_understood_and_nothing_else_is() {
        for frame in frames() {
            let mut bytes = Vec::new();
            frame.write(&mut bytes);
            assert_eq!(length(&bytes), Some(Some(bytes.len())));
            assert!(parse(&bytes) == Some(frame));
            for cut in 0..bytes.len() {
                assert!(parse(&bytes[..cut]).is_none(), "{cut}");
            }
            bytes.push(0);
            assert!(parse(&bytes).is_none());
        }
        assert!(parse(&[1, 0, 0, 0, 99]).is_none());
        assert_eq!(
            (length(&[0; 4]), length(&[0xff; 4]), length(&[0; 3])),
            (None, None, Some(None))
        );
    }
}
