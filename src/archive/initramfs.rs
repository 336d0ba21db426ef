//! How the parts of an initramfs begin.

/// What compressed parts begin with, as the kernel's lib/decompress.c lists it: gzip twice, bzip2, lzma, xz,
/// lzo, lz4, zstd.
const COMPRESSED: [&[u8]; 8] = [
    b"\x1f\x8b",
    b"\x1f\x9e",
    b"BZh",
    b"\x5d\0\0",
    b"\xfd7zXZ\0",
    b"\x89LZO",
    b"\x02\x21\x4c\x18",
    b"\x28\xb5\x2f\xfd",
];

/// What the headers of a cpio begin with, in all of its kinds.
const CPIO: [&[u8]; 6] = [b"070701", b"070702", b"070707", b"070727", b"\xc7\x71", b"\x71\xc7"];

/// Does a cpio begin like this?
pub(crate) fn is_cpio(start: &[u8]) -> bool {
    CPIO.iter().any(|magic| start.starts_with(magic))
}

/// Does a part of an initramfs begin like this?
pub(crate) fn is_part(start: &[u8]) -> bool {
    is_cpio(start) || COMPRESSED.iter().any(|magic| start.starts_with(magic))
}
