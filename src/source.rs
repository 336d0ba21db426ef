//! From what a user wrote to something that can be read.

use std::borrow::Cow;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Arc;

use crate::context::Context;
use crate::engine;
use crate::error::{Error, Name, Result};
use crate::options::Options;
use crate::outcome::{DiffReason, PairOutcome, TreeOutcome};
use crate::reader::Reader as _;
use crate::reader::file::FileReader;
use crate::reader::located::{Located, Place};
use crate::reader::supply::{Bytes, Origin};
use crate::tree::{self, directory::DirectoryTree};

/// A file, as its user named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    name: Name,
    path: Arc<[u8]>,
}

impl Source {
    /// Reads a user's text: `file:///p` and `file://localhost/p` are the path `/p`, percent-decoded;
    /// text without a scheme is a path, byte for byte. `parameter` is what messages call the
    /// argument that it came from.
    ///
    /// # Errors
    /// [`Error::Argument`] for nothing, or a NUL byte; [`Error::Config`] for a URL of any other kind.
    pub fn parse(text: &[u8], parameter: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::Argument(format!("{parameter} cannot be empty")));
        }
        let path = match scheme(text) {
            None => Cow::Borrowed(text),
            Some((scheme, rest)) => match scheme.as_str() {
                "file" => file_path(rest, parameter)?,
                "http" | "https" => {
                    let message = format!("{parameter} is a URL, and URLs are not supported yet");
                    return Err(Error::Config(message));
                }
                _ => return Err(Error::Config(format!("unsupported URL scheme '{scheme}'"))),
            },
        };
        if path.contains(&0) {
            return Err(Error::Argument(format!("{parameter} contains a NUL byte")));
        }
        Ok(Self { name: Name::new(text), path: path.as_ref().into() })
    }

    /// The text it was made of.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The path that it leads to.
    #[must_use]
    pub fn path(&self) -> &[u8] {
        &self.path
    }

    fn locate(&self) -> Result<Located> {
        Located::at(Place::new(self.path.clone()), self.name.clone())
    }
}

impl From<&Path> for Source {
    fn from(path: &Path) -> Self {
        Self { name: path.into(), path: path.as_os_str().as_bytes().into() }
    }
}

/// Splits `scheme://rest`. The scheme comes out in lower case; its grammar is RFC 3986, section 3.1.
fn scheme(text: &[u8]) -> Option<(String, &[u8])> {
    let colon = text.iter().position(|&byte| byte == b':')?;
    let (scheme, rest) = (&text[..colon], text[colon..].strip_prefix(b"://")?);
    let (first, others) = scheme.split_first()?;
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
    if !first.is_ascii_alphabetic() || !others.iter().all(inner) {
        return None;
    }
    let lower = scheme.iter().map(|byte| char::from(byte.to_ascii_lowercase())).collect();
    Some((lower, rest))
}

/// The path in a file URL, given what stands behind `file://`: RFC 8089. A query and a fragment are
/// not part of a path.
fn file_path<'a>(rest: &'a [u8], parameter: &str) -> Result<Cow<'a, [u8]>> {
    let slash = rest.iter().position(|&byte| byte == b'/').unwrap_or(rest.len());
    let (host, path) = rest.split_at(slash);
    if !host.is_empty() && !host.eq_ignore_ascii_case(b"localhost") {
        let host = Name::new(host);
        return Err(Error::Config(format!("{parameter}: file URL of another host, '{host}'")));
    }
    let end = path.iter().position(|byte| b"?#".contains(byte)).unwrap_or(path.len());
    if end == 0 {
        return Err(Error::Argument(format!("{parameter}: file URL without a path")));
    }
    Ok(percent_encoding::percent_decode(&path[..end]).into())
}

/// Compares the content of two files.
///
/// Two paths to the same file are the same unread, and so are two holes.
///
/// # Errors
/// When either cannot be read or changes meanwhile; when the context says stop.
pub fn compare(
    a: &Source,
    b: &Source,
    options: &Options,
    context: &Context<'_>,
) -> Result<PairOutcome> {
    let (a, b) = (a.locate()?, b.locate()?);
    if a.is_same_file(&b) {
        return Ok(None);
    }
    if options.size_precheck && engine::sizes_differ(a.size(), b.size()) {
        return Ok(Some(DiffReason::SizeMismatch));
    }
    engine::compare(&mut a.open()?, &mut b.open()?, options, context)
}

/// Compares all files of two directories.
///
/// # Errors
/// When either is no directory that can be read; when the context says stop. What cannot be
/// compared within them is a finding.
pub fn compare_dir(
    a: &Source,
    b: &Source,
    options: &Options,
    context: &Context<'_>,
) -> Result<TreeOutcome> {
    let (a, b) = (DirectoryTree::open(&a.path, options)?, DirectoryTree::open(&b.path, options)?);
    tree::compare::compare(&a, &b, options, context)
}

/// Compares all entries of two archives.
///
/// Of two archives with the same bytes, or two paths to one file, only one is unpacked.
///
/// # Errors
/// When either is no archive, damaged, encrypted, or passes a limit; when the context says stop. What
/// cannot be compared within them is a finding.
pub fn compare_archive(
    a: &Source,
    b: &Source,
    options: &Options,
    context: &Context<'_>,
) -> Result<TreeOutcome> {
    let (mut a, mut b) = (ArchiveFile::open(a)?, ArchiveFile::open(b)?);
    if a.file.is_same_file(&b.file) || have_same_bytes(&mut a.file, &mut b.file, options, context)?
    {
        return tree::archive::examine(&a, options, context);
    }
    tree::archive::compare(&a, &b, options, context)
}

/// Says no where it cannot tell without reading a file that can be read only once.
fn have_same_bytes(
    a: &mut FileReader,
    b: &mut FileReader,
    options: &Options,
    context: &Context<'_>,
) -> Result<bool> {
    if a.as_random().is_none() || b.as_random().is_none() {
        return Ok(false);
    }
    let options = Options { size_precheck: true, quick_check: true, ..options.clone() };
    Ok(engine::compare(a, b, &options, context)?.is_none())
}

/// An archive in a file of this machine.
struct ArchiveFile {
    source: Source,
    file: FileReader,
}

impl ArchiveFile {
    fn open(source: &Source) -> Result<Self> {
        let located = source.locate().map_err(|error| match error {
            // It is there, and no file.
            Error::Read { name, cause, errno } => Error::Archive { name, cause, errno },
            other => other,
        })?;
        Ok(Self { source: source.clone(), file: located.open()? })
    }
}

impl Origin for ArchiveFile {
    fn name(&self) -> &Name {
        &self.source.name
    }

    fn open(&self) -> Result<Bytes<'_>> {
        match self.file.as_random() {
            Some(file) => Ok(Bytes::Anywhere(file)),
            None => Ok(Bytes::Stream(Box::new(self.source.locate()?.open()?))),
        }
    }

    fn verify(&self) -> Result<()> {
        self.file.verify()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> String {
        let source = Source::parse(text.as_bytes(), "source_a").expect("a path");
        String::from_utf8(source.path.to_vec()).expect("UTF-8")
    }

    fn error(text: &str) -> Error {
        Source::parse(text.as_bytes(), "source_a").expect_err("no path")
    }

    #[test]
    fn text_without_a_scheme_is_a_path_byte_for_byte() {
        for text in ["a", "/a//b/", "./a:b", "a:/b", "1a://b", "://b", "a b://c", "C:\\x", "%41"] {
            assert_eq!(path(text), text);
        }
        let bytes = b"\xff\xfe\n";
        let source = Source::parse(bytes, "source_a").expect("a path");
        assert_eq!(*source.path, *bytes);
    }

    #[test]
    fn a_file_url_is_its_path_decoded() {
        assert_eq!(path("file:///a%20b/c%C3%A9"), "/a b/cé");
        assert_eq!(path("FILE://localhost/a"), "/a");
        assert_eq!(path("file://LocalHost/a%3Fb"), "/a?b");
        assert_eq!(path("file:///a?query#fragment"), "/a");
        assert_eq!(path("file:///100%"), "/100%");
    }

    #[test]
    fn what_is_no_source_says_why() {
        let argument = |text: &str| Error::Argument(text.to_owned());
        let config = |text: &str| Error::Config(text.to_owned());
        assert_eq!(error(""), argument("source_a cannot be empty"));
        assert_eq!(error("a\0b"), argument("source_a contains a NUL byte"));
        assert_eq!(error("file:///a%00b"), argument("source_a contains a NUL byte"));
        assert_eq!(error("file://"), argument("source_a: file URL without a path"));
        assert_eq!(error("file://nas/a"), config("source_a: file URL of another host, 'nas'"));
        assert_eq!(error("FTP://host/a"), config("unsupported URL scheme 'ftp'"));
        assert_eq!(error("s3+x-y.z://host"), config("unsupported URL scheme 's3+x-y.z'"));
        assert!(
            matches!(error("HTTPS://user:secret@host/"), Error::Config(text) if !text.contains("secret"))
        );
    }
}
