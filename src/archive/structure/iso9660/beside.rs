//! What may stand beside the trees of ISO 9660 in one image, and is not read: UDF, HFS and HFS+.

use super::super::contract::Broken;
use super::record::SECTOR;

/// Where HFS and HFS+ have their header in a volume, and what it begins with.
const HEADER: u64 = 1024;
const APPLE: [&[u8]; 3] = [b"BD", b"H+", b"HX"];

/// Where headers of Apple's volumes would be, by the start of an image.
pub(super) fn headers(start: &[u8]) -> Vec<u64> {
    let mut headers = vec![HEADER];
    // Apple's partition map: entries of 512 bytes each, from the second on, or of a sector each. Where a
    // partition begins is counted in the same.
    for size in [512, SECTOR] {
        let entries = start.chunks_exact(size).skip(1);
        for entry in entries.take_while(|entry| entry.starts_with(b"PM")).take(64) {
            let at = u32::from_be_bytes([8, 9, 10, 11].map(|index| entry[index]));
            headers.extend([512, SECTOR as u64].map(|size| u64::from(at) * size + HEADER));
        }
    }
    headers.sort_unstable();
    headers.dedup();
    headers
}

/// Sees what is where such a header would be.
pub(super) fn volume(bytes: &[u8]) -> Result<(), Broken> {
    if APPLE.contains(&bytes) {
        return Broken::because("has an HFS volume beside its ISO 9660 tree, which is not read");
    }
    Ok(())
}

/// Sees a sector behind the volume descriptors: UDF's three of the volume recognition sequence (ECMA-167,
/// part 2) come right behind them, and all of the start is looked at, since readers differ.
pub(super) fn recognized(sector: &[u8]) -> Result<(), Broken> {
    if matches!(&sector[1..6], b"NSR02" | b"NSR03") {
        return Broken::because("has a UDF tree beside its ISO 9660 tree, which is not read");
    }
    Ok(())
}
