//! Starts workers.
//!
//! A worker is `python -I -S`, which loads this very library by its path and calls one function of it: no site,
//! no module from a disk, no shell. std starts it by `posix_spawn` (`vfork` and `exec` below), so that nothing
//! is copied and no code of ours runs between the two. Its end of the socket is its standard input.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use crate::error::Name;

/// What Python does: it makes a module of the library, and has it serve. Both modules with an underscore are
/// part of the interpreter itself.
const BOOT: &str = "import sys, _imp, _frozen_importlib as b, _frozen_importlib_external as e
path = sys.argv[1]
loader = e.ExtensionFileLoader('komparu._core', path)
module = _imp.create_dynamic(b.ModuleSpec('komparu._core', loader, origin=path))
_imp.exec_dynamic(module)
module.serve_archives(int(sys.argv[2]))";

/// What workers are started with.
struct Launch {
    python: PathBuf,
    library: PathBuf,
    /// Which file it was when this process loaded it.
    file: Option<File>,
}

/// A file, told from one that has taken its place: device, inode, size, and modification time.
type File = (u64, u64, u64, i64, i64);

fn file(path: &Path) -> Option<File> {
    let file = std::fs::metadata(path).ok()?;
    Some((file.dev(), file.ino(), file.size(), file.mtime(), file.mtime_nsec()))
}

/// With what; or why there cannot be any.
static LAUNCH: OnceLock<Result<Launch, String>> = OnceLock::new();

/// Notes what workers are started with: Python's executable, and this library; or why there are none. Where the
/// executable is not called as Python is (an application that has Python within, or is one file), there are no
/// workers: what it would do when it is started is not known.
#[cfg_attr(
    not(feature = "python"),
    allow(dead_code, reason = "only the Python module has workers")
)]
pub(crate) fn prepare(python: Result<PathBuf, String>, library: PathBuf) {
    let _ = LAUNCH.set(python.and_then(|python| {
        if !is_python(&python) {
            return Err(format!(
                "sys.executable is no Python: {}",
                Name::new(python.as_os_str().as_bytes())
            ));
        }
        if !library.is_absolute() {
            return Err("the path of komparu's library is not known".to_owned());
        }
        let file = file(&library);
        Ok(Launch { python, library, file })
    }));
}

/// What workers are started with.
///
/// # Errors
/// Why there cannot be any.
fn launch() -> Result<&'static Launch, &'static str> {
    match LAUNCH.get() {
        Some(Ok(launch)) => Ok(launch),
        Some(Err(why)) => Err(why),
        None => Err("there is no Python"),
    }
}

/// Can there be workers?
///
/// # Errors
/// Why not.
pub(super) fn check() -> Result<(), &'static str> {
    launch().map(drop)
}

/// Is it called `python`, with a version perhaps: `python3.13t`?
fn is_python(path: &Path) -> bool {
    let name = path.file_name().map_or(&[][..], |name| name.as_bytes());
    let version = name.strip_prefix(b"python");
    path.is_absolute()
        && version.is_some_and(|version| {
            version.iter().all(|byte| byte.is_ascii_digit() || b".td-".contains(byte))
        })
}

/// Starts a worker, and says what it is and what it is talked to through.
pub(super) fn start() -> io::Result<(Child, OwnedFd)> {
    let launch = launch().map_err(|_| io::ErrorKind::Unsupported)?;
    // An upgrade of the package leaves this process with the library that it has: another one may talk otherwise.
    if file(&launch.library) != launch.file {
        return Err(io::Error::other(
            "komparu's library is no longer where it was, or another one is there",
        ));
    }
    let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    let mut command = Command::new(&launch.python);
    command.args(["-I", "-S", "-B", "-c", BOOT]).arg(&launch.library);
    command.arg(OsString::from(std::process::id().to_string()));
    command.stdin(Stdio::from(OwnedFd::from(theirs)));
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    Ok((child, ours.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_called_as_python_is_started() {
        for path in ["/usr/bin/python", "/v/bin/python3", "/python3.13t", "/python3-dbg"] {
            let is_debug = path.ends_with("dbg");
            assert_eq!(is_python(Path::new(path)), !is_debug, "{path}");
        }
        for path in ["python3", "", "/usr/bin/uwsgi", "/opt/app", "/python3/app", "/pythonw"] {
            assert!(!is_python(Path::new(path)), "{path}");
        }
    }
}
