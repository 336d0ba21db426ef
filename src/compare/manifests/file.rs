//! Where a manifest is written to: a file that is replaced when all of it has been written.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::error::{Error, Name, Result};
use crate::run::context::Context;

/// Where a file lies in a directory, if it does. Both are paths of this machine.
pub(super) fn within(file: &[u8], directory: &[u8]) -> Option<Vec<u8>> {
    let mut file = Path::new(OsStr::from_bytes(file));
    let opened;
    if is_descriptor(file) {
        // What a shell has opened, with `> SHA256SUMS`, is a file with a name of its own.
        opened = fs::canonicalize(file).ok()?;
        file = &opened;
    }
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = fs::canonicalize(parent.unwrap_or(Path::new("."))).ok()?;
    let directory = fs::canonicalize(OsStr::from_bytes(directory)).ok()?;
    let whole = parent.join(file.file_name()?);
    whole.strip_prefix(directory).ok().map(|path| path.as_os_str().as_bytes().to_vec())
}

/// Does a path name what this process has open already?
fn is_descriptor(path: &Path) -> bool {
    const NAMES: [&str; 4] = ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc/self/fd"];
    NAMES.iter().any(|name| path.starts_with(name))
}

/// Writes a file. What is no regular file, such as `/dev/null`, is written to as it is, and so is `/dev/stdout`.
///
/// # Errors
/// When that fails; the file is as it was then. When the context says stop.
pub(super) fn write(
    file: &[u8],
    context: &Context<'_>,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<()> {
    context.checkpoint()?;
    let path = Path::new(OsStr::from_bytes(file));
    let failed = |error: io::Error| Error::system(&Name::new(file), &error);
    let is_stream = is_descriptor(path) || path.metadata().is_ok_and(|it| !it.is_file());
    if is_stream {
        let out = OpenOptions::new().append(true).open(path).map_err(failed)?;
        let mut out = BufWriter::new(out);
        return write(&mut out).and_then(|()| out.flush()).map_err(failed);
    }
    // A link stays one: what it leads to is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let (temporary, out) = beside(&target).map_err(failed)?;
    let mut out = BufWriter::new(out);
    let written = write(&mut out).and_then(|()| out.flush()).and_then(|()| {
        if let Ok(before) = target.metadata() {
            fs::set_permissions(&temporary, before.permissions())?;
        }
        fs::rename(&temporary, &target)
    });
    written.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        failed(error)
    })
}

/// A new file next to another one.
fn beside(target: &Path) -> io::Result<(PathBuf, File)> {
    let name = target.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    for number in 0_u32.. {
        let mut hidden = b".".to_vec();
        hidden.extend_from_slice(name.as_bytes());
        hidden.extend_from_slice(format!(".{}-{number}", std::process::id()).as_bytes());
        let path = target.with_file_name(OsStr::from_bytes(&hidden));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (path, file)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
