//! One request, as libcurl's options.

use std::sync::Arc;
use std::time::Duration;

use curl::easy::{Auth as Schemes, Easy2, List};

use super::channel::{BLOCK, BLOCKS};
use super::credentials::{self, AUTHORIZATION};
use super::redirect::Hop;
use crate::error::{Name, Result};
use crate::options::{Auth, HttpOptions, Retries};
use crate::sys::curl::{self as raw, ConnectionFilter};
use crate::web::environment::Authorities;
use crate::web::proxy::Proxies;
use crate::web::url::Url;

/// One request, and what holds for all its redirects.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// What messages call it.
    pub(crate) name: Name,
    pub(super) options: HttpOptions,
    pub(super) proxies: Proxies,
    /// The server of the user's own URL, or the proxy. One that answers a single request at a time keeps all
    /// others waiting.
    pub(crate) server: Arc<str>,
    /// The part that is asked for, its offset and where it ends, if it is to; `None`: everything.
    pub(super) part: Option<(u64, Option<u64>)>,
    /// The header that demands the content of which the beginning has come already.
    condition: Option<String>,
    /// How often it is made again.
    pub(crate) retries: Retries,
    /// How many bytes may wait to be read, in blocks of the window.
    pub(super) blocks: usize,
    authorities: Authorities,
    /// Are no other authorities to be trusted, which libcurl may know?
    only_these: bool,
    /// What shows who asks, unless a header does.
    pub(super) auth: Option<Auth>,
}

/// Bytes that libcurl receives at a time, at least and at most; between them, a quarter of the window. For
/// 1 GiB over loopback 512 KiB, the most that libcurl 7 takes, cost the least processor time, but 1.18 times
/// the time of 60 KiB, for the two threads do less at once; 128 KiB took 0.9 times as long.
/// The kernel hands over 64 KiB at once.
const RECEIVED: (usize, usize) = (64 << 10, 128 << 10);

/// Bytes that the windows of all concurrent bodies may hold together.
const SHARED: usize = 32 << 20;

/// The shortest and longest limit that libcurl takes: less than a millisecond means its own default, and it
/// refuses more milliseconds than 31 bits hold (25 days).
const CONNECT_TIMEOUT: (Duration, Duration) =
    (Duration::from_millis(1), Duration::from_millis(i32::MAX as u64));

const USER_AGENT: &str = concat!("komparu/", env!("CARGO_PKG_VERSION"));

impl Request {
    /// A request for everything, through the chosen proxy, or else through those that the environment names.
    ///
    /// # Errors
    /// When a file that the options name is not there, or cannot be understood.
    pub(crate) fn new(
        url: &Url,
        name: Name,
        options: HttpOptions,
        retries: Retries,
    ) -> Result<Self> {
        let environment = &options.environment;
        let authorities = match &options.ca_bundle {
            Some(path) if credentials::look(path, "ca_bundle", &name)?.is_dir() => {
                Authorities { file: None, directory: Some(path.clone().into()) }
            }
            Some(path) => Authorities { file: Some(path.clone().into()), directory: None },
            None => environment.authorities.or_of_system(),
        };
        if let Some(cert) = &options.client_cert {
            credentials::look(&cert.certificate, "client_cert", &name)?;
            let mut key = cert.key.iter();
            key.try_for_each(|key| credentials::look(key, "client_cert", &name).map(drop))?;
        }
        let only_these = options.ca_bundle.is_some();
        let auth = credentials::find(url, &name, &options)?;
        let chosen = options.proxy.as_deref().map(Proxies::only);
        let proxies = chosen.unwrap_or_else(|| environment.proxies.clone());
        let server = server_of(url, &proxies);
        Ok(Self {
            name,
            options,
            proxies,
            server,
            part: None,
            condition: None,
            retries,
            blocks: BLOCKS,
            authorities,
            only_these,
            auth,
        })
    }

    /// The server that a hop leads to, or the proxy.
    pub(super) fn server_of(&self, hop: &Hop) -> Arc<str> {
        server_of(hop.url(), &self.proxies)
    }

    /// Does it show who asks, to the origin that the user named?
    pub(super) fn sends_credentials(&self) -> bool {
        let is_shown = |(name, _): &(String, String)| name.eq_ignore_ascii_case(AUTHORIZATION);
        self.auth.is_some() || self.options.headers.iter().any(is_shown)
    }

    /// The longest wait for the next byte.
    pub(crate) fn timeout(&self) -> Duration {
        self.options.timeout
    }

    /// The same request, one of `number` that run concurrently: their windows share a fixed amount of memory.
    pub(crate) fn concurrent(self, number: usize) -> Self {
        Self { blocks: (SHARED / BLOCK / number.max(1)).clamp(1, BLOCKS), ..self }
    }

    /// The same request, for a part of the content.
    pub(crate) fn for_part(&self, offset: u64, length: u64) -> Self {
        Self { part: Some((offset, Some(offset + length))), ..self.clone() }
    }

    /// The same request, for the rest of a content whose beginning has come: up to `end`, or all.
    pub(crate) fn for_rest(&self, offset: u64, end: Option<u64>, condition: String) -> Self {
        Self { part: Some((offset, end)), condition: Some(condition), ..self.clone() }
    }

    /// Has `easy` make this request at `hop`.
    ///
    /// # Errors
    /// When libcurl refuses an option.
    pub(crate) fn configure<H: ConnectionFilter>(
        &self,
        easy: &mut Easy2<H>,
        hop: &Hop,
        proxy: Option<&str>,
    ) -> std::result::Result<(), curl::Error> {
        let options = &self.options;
        raw::guard(easy)?;
        easy.url(hop.url().text())?;
        easy.useragent(USER_AGENT)?;
        easy.accept_encoding("identity")?;
        // A body that comes coded all the same is decoded by its reader.
        easy.http_content_decoding(false)?;
        easy.buffer_size((self.blocks * BLOCK / 4).clamp(RECEIVED.0, RECEIVED.1))?;
        easy.connect_timeout(options.timeout.clamp(CONNECT_TIMEOUT.0, CONNECT_TIMEOUT.1))?;
        // Empty texts mean none. Otherwise libcurl reads the environment.
        easy.proxy(proxy.unwrap_or_default())?;
        easy.noproxy("")?;
        easy.ssl_verify_peer(options.verify_ssl)?;
        easy.ssl_verify_host(options.verify_ssl)?;
        let secure_proxy = proxy.is_some_and(|proxy| proxy.starts_with("https"));
        if secure_proxy {
            easy.proxy_ssl_verify_peer(options.verify_ssl)?;
            easy.proxy_ssl_verify_host(options.verify_ssl)?;
        }
        if self.only_these {
            raw::forget_authorities(easy)?;
        }
        if let Some(file) = &self.authorities.file {
            easy.cainfo(file)?;
            if let Some(text) = file.to_str().filter(|_| secure_proxy) {
                easy.proxy_cainfo(text)?;
            }
        }
        if let Some(directory) = &self.authorities.directory {
            easy.capath(directory)?;
            if secure_proxy {
                easy.proxy_capath(directory)?;
            }
        }
        if let Some((offset, end)) = self.part {
            let last = end.map(|end| (end - 1).to_string()).unwrap_or_default();
            easy.range(&format!("{offset}-{last}"))?;
        }
        if options.follow_redirects {
            // Without a file: cookies of this chain of redirects, and of no other.
            easy.cookie_file("")?;
            for cookie in hop.cookies() {
                easy.cookie_list(cookie)?;
            }
        }
        let mut headers = List::new();
        // A store's object is asked for by its `ETag` from the first request on.
        let is_if_match = |(name, _): &(String, String)| name.eq_ignore_ascii_case("If-Match");
        let is_said = hop.is_trusted() && options.headers.iter().any(is_if_match);
        if let Some(condition) = self.condition.as_ref().filter(|_| !is_said) {
            headers.append(condition)?;
        }
        if hop.is_trusted() {
            if let Some(cert) = &options.client_cert {
                easy.ssl_cert(&cert.certificate)?;
                easy.ssl_key(cert.key.as_ref().unwrap_or(&cert.certificate))?;
                // Without one, OpenSSL would ask at the terminal for that of an encrypted key.
                easy.key_password("")?;
            }
            match &self.auth {
                Some(Auth::Password(user, password)) => {
                    easy.username(user)?;
                    easy.password(password)?;
                    let mut schemes = Schemes::new();
                    let digest = hop.wants_digest();
                    easy.http_auth(schemes.digest(digest).basic(!digest))?;
                }
                Some(Auth::Bearer(token)) => {
                    headers.append(&format!("Authorization: Bearer {token}"))?;
                }
                None => {}
            }
            for (name, value) in &options.headers {
                // To libcurl, `Name:` means to leave a header out, `Name;` to send it empty.
                let empty = value.trim().is_empty();
                headers.append(&if empty {
                    format!("{name};")
                } else {
                    format!("{name}: {value}")
                })?;
            }
        }
        easy.http_headers(headers)?;
        Ok(())
    }
}

fn server_of(url: &Url, proxies: &Proxies) -> Arc<str> {
    match proxies.proxy_for(url) {
        Some(proxy) => proxy.into(),
        None => format!("{}:{}", url.host(), url.port()).into(),
    }
}
