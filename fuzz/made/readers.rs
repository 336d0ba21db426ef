//! Second readers of containers, which others wrote: what they list is held against what komparu walks.

use std::io::Cursor;

/// Names of entries and, of files, sizes.
pub type Entries = Vec<(Vec<u8>, Option<u64>)>;

/// What another reader lists; `None` where there is none for the format, or it does not read this container.
pub fn entries(format: &str, bytes: &[u8]) -> Option<Entries> {
    match format {
        "tar" => tar(bytes),
        "7z" => seven_zip(bytes),
        _ => None,
    }
}

fn tar(bytes: &[u8]) -> Option<Entries> {
    // Holes that a pax header tells of are unknown to it.
    if bytes.windows(11).any(|bytes| bytes == b"GNU.sparse.") {
        return None;
    }
    let (mut archive, mut entries) = (tar::Archive::new(bytes), Vec::new());
    for entry in archive.entries().ok()? {
        let entry = entry.ok()?;
        let header = entry.header();
        match header.as_bytes()[156] {
            // What holds for all entries, which is none.
            b'g' => continue,
            // Volumes and their names, and what Solaris writes, are entries to that reader.
            b'V' | b'M' | b'A' | b'X' | b'D' => return None,
            _ => {}
        }
        // It takes what only a file has for the content of links and devices, too.
        if matches!(header.as_bytes()[156], b'1'..=b'6') && header.size().ok()? > 0 {
            return None;
        }
        // Without the whole mark of GNU or POSIX, it knows neither long names nor holes.
        if ![b"ustar\x0000", b"ustar  \0"].iter().any(|mark| header.as_bytes()[257..265] == **mark)
        {
            return None;
        }
        let size = header.entry_type().is_file().then(|| entry.size());
        // A name ends at a NUL byte, as it does for tar.
        let path = entry.path_bytes();
        let name = path.split(|&byte| byte == 0).next().unwrap_or_default();
        entries.push((name.to_vec(), size));
    }
    Some(entries)
}

fn seven_zip(bytes: &[u8]) -> Option<Entries> {
    // It looks for no program in front.
    let begins = bytes.starts_with(b"7z\xbc\xaf\x27\x1c");
    let password = sevenz_rust2::Password::empty();
    let archive = sevenz_rust2::Archive::read(&mut Cursor::new(bytes), &password).ok()?;
    let entry = |file: &sevenz_rust2::ArchiveEntry| {
        (file.name().as_bytes().to_vec(), (!file.is_directory()).then(|| file.size()))
    };
    // What an encrypted file is long is told in another way, and it is refused.
    let is_encrypted = bytes.windows(4).any(|bytes| bytes == b"\x06\xf1\x07\x01");
    (begins && !is_encrypted).then(|| archive.files.iter().map(entry).collect())
}
