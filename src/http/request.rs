//! One request, as libcurl's options.

use std::sync::Arc;
use std::time::Duration;

use curl::easy::{Easy2, List};

use super::channel::{BLOCK, BLOCKS};
use super::redirect::Hop;
use crate::error::Name;
use crate::options::HttpOptions;
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
    /// The part that is asked for, offset and length; `None`: everything.
    pub(super) part: Option<(u64, u64)>,
    /// How many bytes may wait to be read, in blocks of the window.
    pub(super) blocks: usize,
    authorities: Authorities,
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
    pub(crate) fn new(url: &Url, name: Name, options: HttpOptions) -> Self {
        let environment = &options.environment;
        let authorities = environment.authorities.or_of_system();
        let chosen = options.proxy.as_deref().map(Proxies::only);
        let proxies = chosen.unwrap_or_else(|| environment.proxies.clone());
        let server = server_of(url, &proxies);
        Self { name, options, proxies, server, part: None, blocks: BLOCKS, authorities }
    }

    /// The server that a hop leads to, or the proxy.
    pub(super) fn server_of(&self, hop: &Hop) -> Arc<str> {
        server_of(hop.url(), &self.proxies)
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
        Self { part: Some((offset, length)), ..self.clone() }
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
    ) -> Result<(), curl::Error> {
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
        if let Some((offset, length)) = self.part {
            easy.range(&format!("{offset}-{}", offset + length - 1))?;
        }
        if hop.is_trusted() {
            if let Some((user, password)) = hop.url().credentials() {
                easy.username(user)?;
                easy.password(password)?;
            }
            let mut headers = List::new();
            for (name, value) in &options.headers {
                // To libcurl, `Name:` means to leave a header out, `Name;` to send it empty.
                let empty = value.trim().is_empty();
                headers.append(&if empty {
                    format!("{name};")
                } else {
                    format!("{name}: {value}")
                })?;
            }
            easy.http_headers(headers)?;
        }
        Ok(())
    }
}

fn server_of(url: &Url, proxies: &Proxies) -> Arc<str> {
    match proxies.proxy_for(url) {
        Some(proxy) => proxy.into(),
        None => format!("{}:{}", url.host(), url.port()).into(),
    }
}
