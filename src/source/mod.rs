//! What a user named, a file, a URL, an object, one of a store or something open, and how it is opened.

use std::borrow::Cow;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Arc;

use crate::content::Content;
use crate::content::file::located::{Located, Location};
use crate::content::memory::{Memory, MemoryReader};
use crate::content::object::ObjectContent;
use crate::content::object::asked::Object;
use crate::content::store::StoredContent;
use crate::content::store::stored::StoredObject;
use crate::content::stream::{Stream, StreamContent};
use crate::content::url::HttpReader;
use crate::content::url::unasked::UrlContent;
use crate::error::{Error, Name, Result};
use crate::options::{Options, Overrides};
use crate::text::redact::{redacted, redacted_fully};
use crate::web::url::Url;

/// A file, a URL or a stream, as its user named it.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    name: Name,
    target: Target,
}

/// What a source is.
#[derive(Debug, Clone, PartialEq)]
enum Target {
    Path(Arc<[u8]>),
    /// With settings of its own, if it has any.
    Url(Box<(Url, Option<Arc<Overrides>>)>),
    Stream(Arc<Stream>),
    Memory(Memory),
    Object(Arc<Object>),
    Undone(Arc<Undone>),
    Stored(Arc<StoredObject>),
}

/// What is within a source, and how that is opened.
#[derive(Debug)]
struct Undone {
    source: Source,
    open: OpenWithin,
}

/// Looks at what is within a source.
pub(crate) type OpenWithin = for<'s> fn(&'s Source, &Options) -> Result<Box<dyn Content + 's>>;

/// There is one way to open what is within.
impl PartialEq for Undone {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Source {
    /// Reads a user's text: `http://` and `https://` begin a URL; `file:///p` and
    /// `file://localhost/p` are the path `/p`, percent-decoded; text without a scheme is a path, byte
    /// for byte. `parameter` is what messages call the argument that it came from.
    ///
    /// # Errors
    /// [`Error::Argument`] for an empty text, or a NUL byte; [`Error::Config`] for a URL of any other kind.
    pub fn parse(text: &[u8], parameter: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::Argument(format!("{parameter} cannot be empty")));
        }
        let path = match scheme(text) {
            None => Cow::Borrowed(text),
            Some((scheme, rest)) => match scheme.as_str() {
                "file" => file_path(rest, parameter)?,
                "http" | "https" => return Self::url(text, parameter),
                "s3" | "gs" | "az" => {
                    let text = format!(
                        "unsupported URL scheme '{scheme}': {scheme}:// is a tree, for compare_trees"
                    );
                    return Err(Error::Config(text));
                }
                _ => return Err(Error::Config(format!("unsupported URL scheme '{scheme}'"))),
            },
        };
        if path.contains(&0) {
            return Err(Error::Argument(format!("{parameter} contains a NUL byte")));
        }
        Ok(Self { name: Name::new(&redacted(text)), target: Target::Path(path.as_ref().into()) })
    }

    fn url(text: &[u8], parameter: &str) -> Result<Self> {
        if text.contains(&0) {
            return Err(Error::Argument(format!("{parameter} contains a NUL byte")));
        }
        let name = Name::new(&redacted(text));
        let url = Url::parse(text)
            .ok_or_else(|| Error::Config(format!("{parameter} is no valid URL: '{name}'")))?;
        Ok(Self { name, target: Target::Url(Box::new((url, None))) })
    }

    /// What is open, and can be read once. Messages call it `name`.
    #[must_use]
    pub fn stream(stream: Stream, name: &[u8]) -> Self {
        Self { name: Name::new(name), target: Target::Stream(Arc::new(stream)) }
    }

    /// Content in memory. Messages call it `name`.
    #[must_use]
    pub fn memory(bytes: Memory, name: &[u8]) -> Self {
        Self { name: Name::new(&redacted_fully(name)), target: Target::Memory(bytes) }
    }

    /// An object that is asked for its bytes. Messages call it `name`.
    #[must_use]
    pub fn object(object: Object, name: &[u8]) -> Self {
        let name = Name::new(&redacted_fully(name));
        Self { name, target: Target::Object(Arc::new(object)) }
    }

    /// The object that it is, if it is one.
    pub(crate) fn as_object(&self) -> Option<&Arc<Object>> {
        match &self.target {
            Target::Object(object) => Some(object),
            _ => None,
        }
    }

    /// What is within a source, which `open` opens. Its name says that.
    #[must_use]
    pub(crate) fn undone(source: Self, open: OpenWithin) -> Self {
        let name = Name::new(&[&*source.name.bytes(), b" (decompressed)"].concat());
        Self { name, target: Target::Undone(Arc::new(Undone { source, open })) }
    }

    /// An object of a store. Messages call it `name`.
    #[must_use]
    pub(crate) fn stored(object: StoredObject, name: Name) -> Self {
        Self { name, target: Target::Stored(Arc::new(object)) }
    }

    /// The content that it has in memory, if it has any.
    pub(crate) fn in_memory(&self) -> Option<MemoryReader> {
        match &self.target {
            Target::Memory(bytes) => Some(MemoryReader::new(bytes)),
            Target::Path(_)
            | Target::Url(_)
            | Target::Stream(_)
            | Target::Object(_)
            | Target::Undone(_)
            | Target::Stored(_) => None,
        }
    }

    /// The source with its own settings. They mean nothing for a path.
    #[must_use]
    pub fn with(mut self, overrides: Overrides) -> Self {
        if let Target::Url(url) = &mut self.target {
            url.1 = Some(Arc::new(overrides));
        }
        self
    }

    /// The text it was made of, with `***` in place of credentials where it is a URL or may have been meant
    /// as one.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The path that it leads to.
    ///
    /// # Errors
    /// [`Error::Config`] if it is a URL.
    pub fn path(&self) -> Result<&[u8]> {
        match &self.target {
            Target::Path(path) => Ok(path),
            Target::Url(_) => {
                Err(Error::Config(format!("'{}' is a URL, not a local path", self.name)))
            }
            Target::Stream(_) => {
                Err(Error::Config(format!("'{}' is a stream, not a local path", self.name)))
            }
            Target::Memory(_) => {
                Err(Error::Config(format!("'{}' is in memory, not a local path", self.name)))
            }
            Target::Object(_) => {
                Err(Error::Config(format!("'{}' is an object, not a local path", self.name)))
            }
            Target::Undone(_) => {
                Err(Error::Config(format!("'{}' is content, not a local path", self.name)))
            }
            Target::Stored(_) => {
                Err(Error::Config(format!("'{}' is in a store, not a local path", self.name)))
            }
        }
    }

    /// Can it be read once, and not again?
    #[must_use]
    pub fn is_stream(&self) -> bool {
        matches!(self.target, Target::Stream(_))
    }

    /// Is it what is within another source?
    #[must_use]
    pub fn is_undone(&self) -> bool {
        matches!(self.target, Target::Undone(_))
    }

    /// Does its content come from a server, directly or not?
    #[must_use]
    pub fn is_transferred(&self) -> bool {
        match &self.target {
            Target::Url(_) | Target::Stored(_) => true,
            Target::Undone(undone) => undone.source.is_url(),
            Target::Path(_) | Target::Stream(_) | Target::Memory(_) | Target::Object(_) => false,
        }
    }

    /// Does it come from a server?
    #[must_use]
    pub fn is_url(&self) -> bool {
        matches!(self.target, Target::Url(_) | Target::Stored(_))
    }

    /// What it leads to, before it is read: of a path, the file, which is looked at now.
    ///
    /// # Errors
    /// When there is no file at the path.
    pub(crate) fn content<'s>(&'s self, options: &Options) -> Result<Box<dyn Content + 's>> {
        Ok(match &self.target {
            Target::Path(path) => {
                let (location, name) = (Location::new(path.clone()), self.name.clone());
                Box::new(Located::at(location, name, options.files)?)
            }
            Target::Url(url) => Box::new(self.url_content(url, options)),
            Target::Stream(stream) => {
                let detect = options.files.detect_changes;
                Box::new(StreamContent { stream, name: &self.name, detect })
            }
            Target::Memory(bytes) => Box::new(MemoryReader::new(bytes)),
            Target::Object(object) => Box::new(ObjectContent { object, name: &self.name }),
            Target::Undone(undone) => (undone.open)(&undone.source, options)?,
            Target::Stored(object) => {
                let (name, retries) = (&self.name, options.retries());
                let options = options.http.clone();
                Box::new(StoredContent { object, name, options, retries })
            }
        })
    }

    fn url_content<'s>(
        &'s self,
        (url, overrides): &'s (Url, Option<Arc<Overrides>>),
        options: &Options,
    ) -> UrlContent<'s> {
        let retries = options.retries();
        let mut options = options.http.clone();
        if let Some(overrides) = overrides {
            options.apply(overrides);
        }
        UrlContent { url, name: &self.name, options, retries }
    }

    /// Sends a URL's request without waiting for an answer. `concurrent`: how many sources are read at the
    /// same time, this one included.
    ///
    /// # Errors
    /// [`Error::Config`] for a path.
    pub(crate) fn fetch(&self, options: &Options, concurrent: usize) -> Result<HttpReader> {
        match &self.target {
            Target::Url(url) => self.url_content(url, options).ask(concurrent),
            Target::Path(_)
            | Target::Stream(_)
            | Target::Memory(_)
            | Target::Object(_)
            | Target::Undone(_)
            | Target::Stored(_) => Err(Error::Config(format!("'{}' is no URL", self.name))),
        }
    }
}

impl From<&Path> for Source {
    fn from(path: &Path) -> Self {
        Self { name: path.into(), target: Target::Path(path.as_os_str().as_bytes().into()) }
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

/// The path in a file URL, given what follows `file://`: RFC 8089. A query and a fragment are
/// not part of a path.
fn file_path<'a>(rest: &'a [u8], parameter: &str) -> Result<Cow<'a, [u8]>> {
    let slash = rest.iter().position(|&byte| byte == b'/').unwrap_or(rest.len());
    let (host, path) = rest.split_at(slash);
    if !host.is_empty() && !host.eq_ignore_ascii_case(b"localhost") {
        // Of a host that may be part of a password, the message shows only what is safe.
        let whole = [b"file://", rest].concat();
        let shown = redacted(&whole);
        let host = Name::new(if *shown == *whole { host } else { &shown });
        return Err(Error::Config(format!("{parameter}: file URL of another host, '{host}'")));
    }
    let end = path.iter().position(|byte| b"?#".contains(byte)).unwrap_or(path.len());
    if end == 0 {
        return Err(Error::Argument(format!("{parameter}: file URL without a path")));
    }
    Ok(percent_encoding::percent_decode(&path[..end]).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_is_logged_shows_no_credentials() {
        let secret = "S3cr3tW0rd";
        let url = format!("https://me:{secret}@host/path");
        let source = Source::parse(url.as_bytes(), "source_a").expect("a URL");
        let source = source.with(Overrides {
            headers: Some(vec![("Authorization".to_owned(), secret.to_owned())]),
            proxy: Some(Some(format!("http://me:{secret}@proxy:3128"))),
            ..Overrides::default()
        });
        let text = format!("{source:?}");
        assert!(!text.contains(secret), "{text}");
        for seen in ["https://host/path", "Authorization", "http://***@proxy:3128"] {
            assert!(text.contains(seen), "{text}");
        }
    }

    fn missing(source: &Source) -> String {
        source.content(&Options::default()).err().expect("nothing is there").to_string()
    }

    fn path(text: &str) -> String {
        let source = Source::parse(text.as_bytes(), "source_a").expect("a path");
        String::from_utf8(source.path().expect("a path").to_vec()).expect("UTF-8")
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
        assert_eq!(source.path(), Ok(&bytes[..]));
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
    fn a_text_that_is_no_source_is_refused_with_the_reason() {
        let argument = |text: &str| Error::Argument(text.to_owned());
        let config = |text: &str| Error::Config(text.to_owned());
        assert_eq!(error(""), argument("source_a cannot be empty"));
        assert_eq!(error("a\0b"), argument("source_a contains a NUL byte"));
        assert_eq!(error("file:///a%00b"), argument("source_a contains a NUL byte"));
        assert_eq!(error("file://"), argument("source_a: file URL without a path"));
        assert_eq!(error("file://nas/a"), config("source_a: file URL of another host, 'nas'"));
        for text in ["file://me:secret@nas/a", "file://me:se/secret@nas/a"] {
            assert_eq!(
                error(text),
                config("source_a: file URL of another host, 'file://***@nas/a'")
            );
        }
        assert_eq!(error("FTP://host/a"), config("unsupported URL scheme 'ftp'"));
        assert_eq!(
            error("S3://bucket/"),
            config("unsupported URL scheme 's3': s3:// is a tree, for compare_trees")
        );
        assert_eq!(error("s3+x-y.z://host"), config("unsupported URL scheme 's3+x-y.z'"));
        assert_eq!(
            error("HTTPS://user:secret@host:x/"),
            config("source_a is no valid URL: 'HTTPS://***@host:x/'")
        );
        assert_eq!(error("http://h/\0"), argument("source_a contains a NUL byte"));
    }

    #[test]
    fn a_path_that_is_nearly_a_url_hides_its_credentials_and_says_so_where_it_does_not_exist() {
        for text in [" http://me:secret@h/f", "http:/me:secret@h/f", "https//me:secret@h/f"] {
            let source = Source::parse(text.as_bytes(), "source_a").expect("a path");
            assert_eq!(source.path(), Ok(text.as_bytes()));
            let message = missing(&source);
            assert!(!message.contains("secret") && message.contains("***@h/f"), "{message}");
            assert!(message.contains("a URL begins with http:// or https://"), "{message}");
        }
        let source = Source::parse(b"me:secret@h/f", "source_a").expect("a path");
        let message = missing(&source);
        assert_eq!(message, "***@h/f: No such file or directory");
    }

    #[test]
    fn a_urls_name_hides_its_credentials() {
        let source = Source::parse(b"Http://user:secret@host/a#b", "source_a").expect("a URL");
        assert_eq!(source.name().to_string(), "Http://***@host/a#b");
        assert!(!format!("{:?}", source.name()).contains("secret"));
    }
}
