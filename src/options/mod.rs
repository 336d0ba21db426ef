//! What a caller can choose, with the defaults and the limits of every value.
//!
//! Plain structs. Whoever fills one calls [`Options::validate`] before any I/O.

pub(crate) mod shown;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::error::{Error, Name, Result};
pub use crate::http::environment::Environment;
use crate::ignore::Ignore;
use crate::run::sink::EarlyEnd;
use crate::sys::url::ParsedUrl;
use crate::text::redact::redacted;

/// Every option of every function, with its default.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Bytes compared between two looks at the clock, the cancel flag and the verdict; also the
    /// size of one sample of the quick check. By default 64 KiB; 1 byte to 1 GiB.
    pub chunk_size: usize,
    /// Let two known, different sizes settle a comparison without reading. By default true.
    pub size_precheck: bool,
    /// Compare samples before everything, where both sides can seek. By default true.
    pub quick_check: bool,
    /// Comparisons at once within one call; 0, the default, means as many as pay off.
    pub max_workers: usize,
    /// Directories: follow symbolic links (the default), or compare their targets.
    pub follow_symlinks: bool,
    /// Directories: patterns with gitignore meaning. By default none.
    pub ignore: Option<Ignore>,
    /// Trees: how many findings end the comparison. By default it goes on to the end.
    pub max_differences: Option<u64>,
    /// Trees: what an entry means for the others that cannot be compared. By default nothing.
    pub on_error: OnError,
    /// How files of this machine are read.
    pub files: FileOptions,
    /// How URLs are fetched.
    pub http: HttpOptions,
    /// Wall clock for the whole call. By default no limit.
    pub comparison_timeout: Option<Duration>,
    /// What an archive may cost.
    pub limits: ArchiveLimits,
    /// Archives: compare entries by their BLAKE3-256 digests. By default false: byte by byte.
    pub hash_compare: bool,
    /// Archives: read a tar on behind its end, as tar's option of this name does. By default false.
    pub ignore_zeros: bool,
}

/// What becomes of an entry that cannot be compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnError {
    /// It is a finding, and the others are compared.
    #[default]
    Report,
    /// Its error ends the whole call, and is the call's.
    Raise,
}

/// How files of this machine are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FileOptions {
    /// Read the holes of sparse files, too. By default false: a hole whose first and last block read as
    /// zeros is taken for one.
    pub read_holes: bool,
    /// What shows that a file changed while it was compared. By default anything at all.
    pub detect_changes: DetectChanges,
}

/// What shows that a file changed while it was compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DetectChanges {
    /// The time of the last change of its inode, and all that [`Mtime`](Self::Mtime) looks at.
    #[default]
    Ctime,
    /// The time of the last change of its content, its size, and whether it is still the same file.
    Mtime,
    /// Only its size.
    Size,
}

impl DetectChanges {
    /// All of them, the strictest first.
    pub const ALL: [Self; 3] = [Self::Ctime, Self::Mtime, Self::Size];

    /// The one that users call `name`.
    ///
    /// # Errors
    /// [`Error::Argument`] when there is none.
    pub fn of(name: &str) -> Result<Self> {
        let message = "detect_changes must be 'ctime', 'mtime' or 'size'";
        let known = Self::ALL.into_iter().find(|kind| kind.name() == name);
        known.ok_or_else(|| Error::Argument(message.to_owned()))
    }

    /// What users call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ctime => "ctime",
            Self::Mtime => "mtime",
            Self::Size => "size",
        }
    }
}

/// How URLs are fetched.
#[derive(Clone, PartialEq)]
pub struct HttpOptions {
    /// Request headers, in order. By default none.
    pub headers: Vec<(String, String)>,
    /// The longest wait for a connection, and for the next byte. By default 30 s.
    pub timeout: Duration,
    /// Follow up to ten redirects. By default true.
    pub follow_redirects: bool,
    /// Demand a valid certificate. By default true.
    pub verify_ssl: bool,
    /// `http://`, `https://`, `socks5://` or `socks5h://`. By default those of `environment`.
    pub proxy: Option<String>,
    /// Let a redirect lead to a private, loopback or link-local address. By default false.
    pub allow_private_redirects: bool,
    /// Refuse such addresses for the first request too. By default false.
    pub block_private: bool,
    /// What the environment says of proxies and certificates. By default nothing: this crate never reads
    /// the variables of the process, since only the program knows when that is safe.
    pub environment: Arc<Environment>,
    /// Undo the content coding that a server applied although it was asked not to. By default true;
    /// false: the bytes are compared as they are sent, whatever the coding is called.
    pub decode_content: bool,
}

/// What one source sets for itself, in place of what holds for the call; `None` is not set.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HttpOverrides {
    /// All request headers, in place of the call's.
    pub headers: Option<Vec<(String, String)>>,
    /// See [`HttpOptions::timeout`].
    pub timeout: Option<Duration>,
    /// See [`HttpOptions::follow_redirects`].
    pub follow_redirects: Option<bool>,
    /// See [`HttpOptions::verify_ssl`].
    pub verify_ssl: Option<bool>,
    /// See [`HttpOptions::proxy`].
    pub proxy: Option<String>,
}

/// What an archive may cost; `None` is no limit.
#[derive(Debug, Clone, PartialEq)]
pub struct ArchiveLimits {
    /// Bytes that come out of compression or of holes; what is stored as it is does not count. By default
    /// 1 GiB.
    pub max_decompressed_size: Option<u64>,
    /// Decompressed bytes to compressed ones, once 8 MiB have come out. By default 200.
    pub max_compression_ratio: Option<f64>,
    /// Entries. By default 100 000.
    pub max_archive_entries: Option<u64>,
    /// Bytes of one entry's name. By default 4096.
    pub max_entry_name_length: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            chunk_size: 64 << 10,
            size_precheck: true,
            quick_check: true,
            max_workers: 0,
            follow_symlinks: true,
            ignore: None,
            max_differences: None,
            on_error: OnError::default(),
            files: FileOptions::default(),
            http: HttpOptions::default(),
            comparison_timeout: None,
            limits: ArchiveLimits::default(),
            hash_compare: false,
            ignore_zeros: false,
        }
    }
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            headers: Vec::new(),
            timeout: Duration::from_secs(30),
            follow_redirects: true,
            verify_ssl: true,
            proxy: None,
            allow_private_redirects: false,
            block_private: false,
            environment: Arc::default(),
            decode_content: true,
        }
    }
}

impl Default for ArchiveLimits {
    fn default() -> Self {
        Self {
            max_decompressed_size: Some(1 << 30),
            max_compression_ratio: Some(200.0),
            max_archive_entries: Some(100_000),
            max_entry_name_length: Some(4096),
        }
    }
}

/// The most threads a call can ask for.
pub const MAX_WORKERS: usize = 256;

/// More threads than this gain nothing on one machine's disks and memory.
const DEFAULT_WORKERS: usize = 8;

/// Transfers at once: whoever waits for a server takes no CPU meanwhile.
const DEFAULT_TRANSFERS: usize = 16;

const GIB: usize = 1 << 30;

/// Bytes of one header's name: several times what any registered one has.
const MAX_HEADER_NAME: usize = 256;

/// Bytes of all request headers: what is read of a response's at most. Servers take 8 to 64 KiB.
const MAX_HEADERS: usize = 256 << 10;

const PROXY_SCHEMES: [&str; 4] = ["http", "https", "socks5", "socks5h"];

impl Options {
    /// Checks every value.
    ///
    /// # Errors
    /// [`Error::Argument`] with the option's name and what it must be.
    pub fn validate(&self) -> Result<()> {
        require(self.chunk_size > 0, "chunk_size must be positive")?;
        require(self.chunk_size <= GIB, "chunk_size must be <= 1GB")?;
        require(self.max_workers <= MAX_WORKERS, "max_workers must be <= 256")?;
        require(
            self.comparison_timeout != Some(Duration::ZERO),
            "comparison_timeout must be positive",
        )?;
        require(self.max_differences != Some(0), "max_differences must be positive or None")?;
        self.http.validate()?;
        self.limits.validate()
    }

    /// What ends a comparison of trees before everything is compared.
    pub(crate) fn early_end(&self) -> EarlyEnd {
        let on_error = self.on_error == OnError::Raise;
        EarlyEnd { max_differences: self.max_differences, on_error }
    }

    /// How many threads compare files of this machine within one call.
    #[must_use]
    pub fn workers(&self) -> usize {
        match self.max_workers {
            0 => available_cpus().min(DEFAULT_WORKERS),
            chosen => chosen,
        }
    }

    /// How many comparisons run at once within one call where a side is a URL.
    #[must_use]
    pub fn transfers(&self) -> usize {
        match self.max_workers {
            0 => DEFAULT_TRANSFERS,
            chosen => chosen,
        }
    }
}

impl HttpOptions {
    /// Checks every value.
    ///
    /// # Errors
    /// [`Error::Argument`] with the option's name and what it must be.
    pub fn validate(&self) -> Result<()> {
        require(!self.timeout.is_zero(), "timeout must be positive")?;
        for (name, value) in &self.headers {
            let broken = |text: &str| text.contains(['\r', '\n', '\0']);
            require(!name.is_empty(), "header name cannot be empty")?;
            require(name.len() <= MAX_HEADER_NAME, "header name must be at most 256 bytes long")?;
            require(!broken(name), "header name must not contain CR, LF or NUL")?;
            if let Some(letter) = name.chars().find(|&letter| !is_of_header_name(letter)) {
                let message = format!("header name {name:?} must not contain {letter:?}");
                return Err(Error::Argument(message));
            }
            if broken(value) {
                let message = format!("value of header {name:?} must not contain CR, LF or NUL");
                return Err(Error::Argument(message));
            }
        }
        let bytes = self.headers.iter().map(|(name, value)| name.len() + value.len());
        require(bytes.sum::<usize>() <= MAX_HEADERS, "headers must be at most 256 KiB together")?;
        if let Some(proxy) = &self.proxy {
            let scheme = proxy.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
            require(
                scheme.is_some_and(|scheme| PROXY_SCHEMES.contains(&scheme.as_str())),
                "proxy must start with http://, https://, socks5:// or socks5h://",
            )?;
            if !ParsedUrl::is_proxy(proxy) {
                let shown = Name::new(&redacted(proxy.as_bytes()));
                return Err(Error::Argument(format!("proxy is no valid URL: '{shown}'")));
            }
        }
        Ok(())
    }
}

impl HttpOverrides {
    /// The options that hold for the source, within a call that has `options`.
    #[must_use]
    pub fn over(&self, options: &HttpOptions) -> HttpOptions {
        HttpOptions {
            headers: self.headers.as_ref().unwrap_or(&options.headers).clone(),
            timeout: self.timeout.unwrap_or(options.timeout),
            follow_redirects: self.follow_redirects.unwrap_or(options.follow_redirects),
            verify_ssl: self.verify_ssl.unwrap_or(options.verify_ssl),
            proxy: self.proxy.as_ref().or(options.proxy.as_ref()).cloned(),
            allow_private_redirects: options.allow_private_redirects,
            block_private: options.block_private,
            environment: Arc::clone(&options.environment),
            decode_content: options.decode_content,
        }
    }
}

impl ArchiveLimits {
    fn validate(&self) -> Result<()> {
        let ratio = self.max_compression_ratio.is_none_or(|ratio| ratio > 0.0);
        require(
            self.max_decompressed_size != Some(0),
            "max_decompressed_size must be positive or None",
        )?;
        require(ratio, "max_compression_ratio must be positive or None")?;
        require(
            self.max_archive_entries != Some(0),
            "max_archive_entries must be positive or None",
        )?;
        require(
            self.max_entry_name_length != Some(0),
            "max_entry_name_length must be positive or None",
        )
    }
}

/// RFC 9110, section 5.6.2: a token.
fn is_of_header_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(letter)
}

fn require(condition: bool, message: &str) -> Result<()> {
    if condition { Ok(()) } else { Err(Error::Argument(message.to_owned())) }
}

/// The CPUs this process may use: its affinity mask and, on Linux, its cgroup's quota. Asking reads
/// several files under /proc and /sys (60 µs), so the first answer is kept. Two threads may both ask:
/// were one to wait for the other, it would do so for ever in a child that was forked just then.
fn available_cpus() -> usize {
    static CPUS: AtomicUsize = AtomicUsize::new(0);
    match CPUS.load(Ordering::Relaxed) {
        0 => {
            let cpus = std::thread::available_parallelism().map_or(1, usize::from);
            CPUS.store(cpus, Ordering::Relaxed);
            cpus
        }
        cpus => cpus,
    }
}

/// How many files and connections the process may have open.
pub(crate) fn descriptor_limit() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    limit.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(change: impl FnOnce(&mut Options)) -> String {
        let mut options = Options::default();
        change(&mut options);
        options.validate().expect_err("the value should be refused").to_string()
    }

    #[test]
    fn the_defaults_are_valid() {
        assert_eq!(Options::default().validate(), Ok(()));
    }

    #[test]
    fn every_limit_is_named() {
        assert_eq!(message(|o| o.chunk_size = 0), "chunk_size must be positive");
        assert_eq!(message(|o| o.chunk_size = GIB + 1), "chunk_size must be <= 1GB");
        assert_eq!(message(|o| o.max_workers = 257), "max_workers must be <= 256");
        assert_eq!(message(|o| o.http.timeout = Duration::ZERO), "timeout must be positive");
        assert_eq!(
            message(|o| o.comparison_timeout = Some(Duration::ZERO)),
            "comparison_timeout must be positive"
        );
        assert_eq!(
            message(|o| o.limits.max_decompressed_size = Some(0)),
            "max_decompressed_size must be positive or None"
        );
        assert_eq!(
            message(|o| o.limits.max_compression_ratio = Some(f64::NAN)),
            "max_compression_ratio must be positive or None"
        );
    }

    #[test]
    fn a_header_cannot_smuggle_another() {
        let with = |name: &str, value: &str| {
            message(|o| o.http.headers = vec![(name.to_owned(), value.to_owned())])
        };
        assert_eq!(with("X", "a\r\nY: b"), "value of header \"X\" must not contain CR, LF or NUL");
        assert_eq!(with("X\nY", "a"), "header name must not contain CR, LF or NUL");
        assert_eq!(with("", "a"), "header name cannot be empty");
        assert_eq!(with("X: a", "b"), "header name \"X: a\" must not contain ':'");
        assert_eq!(with("é", "b"), "header name \"é\" must not contain 'é'");
    }

    #[test]
    fn headers_have_a_largest_size() {
        let with = |headers: Vec<(String, String)>| message(|o| o.http.headers = headers);
        let header = |name: usize, value: usize| ("a".repeat(name), "b".repeat(value));
        assert_eq!(with(vec![header(257, 1)]), "header name must be at most 256 bytes long");
        let most = "headers must be at most 256 KiB together";
        assert_eq!(with(vec![header(256, MAX_HEADERS)]), most);
        assert_eq!(with(vec![header(256, 1 << 10); 300]), most);
        let mut options = Options::default();
        options.http.headers = vec![header(256, MAX_HEADERS - 256)];
        assert_eq!(options.validate(), Ok(()));
    }

    #[test]
    fn a_proxy_needs_a_scheme_that_is_spoken() {
        for bad in ["proxy:8080", "ftp://proxy", "socks4://proxy"] {
            assert!(message(|o| o.http.proxy = Some(bad.to_owned())).starts_with("proxy must"));
        }
        for bad in [
            "http://",
            "http://me:se/cret@proxy:3128",
            "http://me:secret@proxy:x",
            "http://a b/",
            "socks5://p:99999",
        ] {
            let refused = message(|o| o.http.proxy = Some(bad.to_owned()));
            assert!(refused.starts_with("proxy is no valid URL: '"), "{refused}");
            assert!(!refused.contains("cret"), "{refused}");
        }
        let mut options = Options::default();
        options.http.proxy = Some("SOCKS5H://127.0.0.1:1080".to_owned());
        assert_eq!(options.validate(), Ok(()));
    }
}
