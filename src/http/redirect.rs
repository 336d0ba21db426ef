//! Redirects: how many are followed, where they may lead, and what is sent there.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::options::HttpOptions;
use crate::text::legible::Piece;
use crate::text::redact::{redacted, redacted_reference};
use crate::web::address::{Rule, literal, special, special_host};
use crate::web::url::Url;

/// Hops that are followed.
const MAX_REDIRECTS: u8 = 10;

/// One request of a chain of redirects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hop {
    url: Url,
    /// How many redirects led here.
    redirects: u8,
    /// Has every hop so far stayed at the user's own origin? Once a chain has left it, headers and credentials
    /// are not sent any more, even if it comes back: another server chose where it leads.
    trusted: bool,
    /// The host and port that the user named, and the address that was connected to for them.
    named: (String, u16, Option<IpAddr>),
    /// Does the server want a password as Digest?
    digest: bool,
    /// The cookies that servers of the chain have set, as libcurl keeps them: it knows which are for which host.
    cookies: Cookies,
}

/// Cookies, which are not shown: they may let others in.
#[derive(Clone, Default, PartialEq, Eq)]
struct Cookies(Arc<[String]>);

impl fmt::Debug for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cookies", self.0.len())
    }
}

impl Hop {
    /// The request that the user asked for.
    pub(crate) fn first(url: Url) -> Self {
        let named = (url.host().to_owned(), url.port(), literal(url.host()));
        Self { url, redirects: 0, trusted: true, named, digest: false, cookies: Cookies::default() }
    }

    /// Is this the user's own request?
    pub(crate) fn is_first(&self) -> bool {
        self.redirects == 0
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// May the user's headers and credentials be sent?
    pub(crate) fn is_trusted(&self) -> bool {
        self.trusted
    }

    /// The same request, with a password as Digest.
    pub(crate) fn with_digest(self) -> Self {
        Self { digest: true, ..self }
    }

    pub(crate) fn wants_digest(&self) -> bool {
        self.digest
    }

    /// The cookies that were set by the redirects that led here.
    pub(crate) fn cookies(&self) -> &[String] {
        &self.cookies.0
    }

    /// Takes all cookies that are known once this hop is answered: the next hop has them.
    pub(crate) fn keep_cookies(&mut self, cookies: Vec<String>) {
        self.cookies = Cookies(cookies.into());
    }

    /// Notes the address that this hop's request goes to.
    pub(crate) fn arrived(&mut self, address: IpAddr) {
        if self.is_first() {
            self.named.2 = Some(address);
        }
    }

    /// The addresses that this hop may reach. A redirect may lead to a private one only where the
    /// user named one: to the same host and port again, or to the same address.
    pub(crate) fn rule(&self, options: &HttpOptions) -> Rule {
        let (host, port, address) = &self.named;
        let names_private = address.and_then(special).is_some()
            || (address.is_none() && special_host(host).is_some());
        let is_named = (self.url.host(), self.url.port()) == (host, *port);
        if options.block_private {
            Rule::Public
        } else if self.is_first() || options.allow_private_redirects || (names_private && is_named)
        {
            Rule::Any
        } else {
            address.map_or(Rule::Public, Rule::PublicAnd)
        }
    }

    /// Why this hop is not made: `host` is of a `kind` that its rule refuses.
    pub(crate) fn refusal(&self, host: &str, kind: &str) -> String {
        let host = Piece(host.as_bytes());
        if self.is_first() {
            return format!("{host} is {kind}, and block_private is set");
        }
        self.located(&format!("{host} is {kind}, where no redirect may lead"))
    }

    /// A cause that is this hop's, not the first one's.
    pub(crate) fn located(&self, cause: &str) -> String {
        format!("redirected to {}: {cause}", Piece(&redacted(self.url.text().as_bytes())))
    }

    /// The hop that `location` leads to.
    ///
    /// # Errors
    /// With the cause, when it is one too many, or leads to no URL of http or https.
    pub(crate) fn follow(&self, location: &[u8]) -> Result<Self, String> {
        if self.redirects == MAX_REDIRECTS {
            return Err(format!("redirected more than {MAX_REDIRECTS} times"));
        }
        let url = self.url.join(location).ok_or_else(|| {
            let shown = redacted_reference(location);
            format!("redirected to '{}', which is no http or https URL", Piece(&shown))
        })?;
        let trusted = self.trusted && url.has_origin_of(&self.url);
        // What the user wrote into the URL goes to its origin, like the headers.
        let url = if trusted { url.with_credentials_of(&self.url) } else { url };
        let digest = self.digest && trusted;
        Ok(Self { url, redirects: self.redirects + 1, trusted, digest, ..self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(url: &str) -> Hop {
        Hop::first(Url::parse(url.as_bytes()).expect("a URL"))
    }

    fn follow(hop: &Hop, location: &str) -> Hop {
        hop.follow(location.as_bytes()).expect("a hop")
    }

    const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const METADATA: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(169, 254, 169, 254));
    const PUBLIC: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(8, 8, 8, 8));

    #[test]
    fn headers_and_credentials_stay_with_their_origin() {
        let start = first("http://me:secret@h/a");
        let same = follow(&start, "/b");
        assert!(same.is_trusted());
        assert!(same.url().credentials().is_some());
        for elsewhere in ["http://other/", "https://h/", "http://h:81/", "//other/"] {
            let there = follow(&same, elsewhere);
            assert!(!there.is_trusted(), "{elsewhere}");
            assert_eq!(there.url().credentials(), None);
            let back = follow(&there, "http://you:them@h/a");
            assert!(!back.is_trusted());
            assert_eq!(back.url().credentials(), None);
        }
    }

    #[test]
    fn ten_redirects_are_followed_and_no_more() {
        let mut hop = first("http://h/");
        for _ in 0..10 {
            hop = follow(&hop, "/");
        }
        assert_eq!(hop.follow(b"/"), Err("redirected more than 10 times".to_owned()));
    }

    #[test]
    fn a_redirect_leads_to_http_and_https_only() {
        let cause = first("http://h/").follow(b"file:///etc/passwd").expect_err("refused");
        assert_eq!(cause, "redirected to 'file:///etc/passwd', which is no http or https URL");
        let cause = first("http://h/").follow(b"ftp://me:secret@h/\n").expect_err("refused");
        assert!(!cause.contains("secret") && !cause.contains('\n'), "{cause}");
    }

    #[test]
    fn a_redirect_from_public_to_private_is_refused() {
        let options = HttpOptions::default();
        let mut start = first("http://evil.example/");
        assert_eq!(start.rule(&options), Rule::Any);
        start.arrived(PUBLIC);
        // The same name again: it may stand for another address by now.
        for location in ["/again", "http://other.example/", "http://169.254.169.254/"] {
            let rule = follow(&start, location).rule(&options);
            assert!(rule.refuses(METADATA).is_some() && rule.refuses(LOOPBACK).is_some());
            assert_eq!(rule.refuses(PUBLIC), None);
        }
        let allowed = HttpOptions { allow_private_redirects: true, ..HttpOptions::default() };
        assert_eq!(follow(&start, "/").rule(&allowed), Rule::Any);
    }

    #[test]
    fn a_private_host_that_the_user_named_may_redirect_to_itself() {
        let options = HttpOptions::default();
        let mut start = first("http://nas:8080/");
        start.arrived(LOOPBACK);
        assert_eq!(follow(&start, "/login").rule(&options), Rule::Any);
        let secure = follow(&start, "https://nas:8443/").rule(&options);
        assert_eq!(secure.refuses(LOOPBACK), None);
        assert!(secure.refuses(METADATA).is_some());
    }

    #[test]
    fn block_private_overrules_other_options() {
        let options = HttpOptions {
            block_private: true,
            allow_private_redirects: true,
            ..HttpOptions::default()
        };
        let start = first("http://127.0.0.1/");
        assert_eq!(start.rule(&options), Rule::Public);
        assert_eq!(follow(&start, "/").rule(&options), Rule::Public);
    }
}
