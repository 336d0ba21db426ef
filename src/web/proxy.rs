//! Which proxy leads to a URL.
//!
//! It is chosen here and not by libcurl, because the rules for private addresses depend on it: behind a
//! proxy, the address that libcurl connects to is the proxy's.

use std::fmt;
use std::net::IpAddr;

use super::address::literal;
use super::url::Url;

/// The proxies of one request and its redirects.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Proxies {
    http: Option<String>,
    https: Option<String>,
    /// Hosts that are reached directly.
    direct: Vec<String>,
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A proxy in the environment may have no scheme, and then nothing tells its password from a host.
        f.debug_struct("Proxies").finish_non_exhaustive()
    }
}

impl Proxies {
    /// One proxy for every URL.
    pub(crate) fn only(proxy: &str) -> Self {
        let proxy = Some(proxy.to_owned());
        Self { http: proxy.clone(), https: proxy, direct: Vec::new() }
    }

    /// The proxies that curl's variables name.
    pub(crate) fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: &[&str]| {
            names.iter().find_map(|name| variable(name)).filter(|value| !value.is_empty())
        };
        let direct = first(&["no_proxy", "NO_PROXY"]).unwrap_or_default();
        Self {
            http: first(&["http_proxy", "all_proxy", "ALL_PROXY"]),
            https: first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
            direct: direct
                .split([',', ' '])
                .filter(|entry| !entry.is_empty())
                .map(str::to_ascii_lowercase)
                .collect(),
        }
    }

    /// The proxy for `url`, if it is not reached directly.
    pub(crate) fn proxy_for(&self, url: &Url) -> Option<&str> {
        if self.direct.iter().any(|entry| covers(entry, url.host())) {
            return None;
        }
        if url.is_secure() { self.https.as_deref() } else { self.http.as_deref() }
    }
}

/// Does an entry of `no_proxy` cover `host`? It is `*`, a domain, an address or a block of them.
fn covers(entry: &str, host: &str) -> bool {
    if entry == "*" {
        return true;
    }
    if let Some(address) = literal(host) {
        return match entry.split_once('/') {
            Some((block, bits)) => match (block.parse(), bits.parse()) {
                (Ok(block), Ok(bits)) => in_block(address, block, bits),
                _ => false,
            },
            None => literal(entry) == Some(address),
        };
    }
    let (domain, host) = (entry.trim_matches('.'), host.trim_end_matches('.'));
    let rest = host.strip_suffix(domain);
    !domain.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn in_block(address: IpAddr, block: IpAddr, bits: u32) -> bool {
    match (address, block) {
        (IpAddr::V4(address), IpAddr::V4(block)) => {
            let differing = address.to_bits() ^ block.to_bits();
            bits <= 32 && differing.leading_zeros() >= bits
        }
        (IpAddr::V6(address), IpAddr::V6(block)) => {
            let differing = address.to_bits() ^ block.to_bits();
            bits <= 128 && differing.leading_zeros() >= bits
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_that_are_logged_show_no_credentials() {
        let text = format!("{:?}", Proxies::only("socks5://me:S3cr3tW0rd@proxy"));
        assert!(!text.contains("S3cr3tW0rd"), "{text}");
    }

    fn environment(pairs: &[(&str, &str)]) -> Proxies {
        Proxies::of(|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn proxy<'a>(proxies: &'a Proxies, url: &str) -> Option<&'a str> {
        proxies.proxy_for(&Url::parse(url.as_bytes()).expect("a URL"))
    }

    #[test]
    fn each_scheme_has_its_variable_and_all_proxy_covers_both() {
        let proxies = environment(&[("http_proxy", "http://p"), ("ALL_PROXY", "socks5h://q")]);
        assert_eq!(proxy(&proxies, "http://h/"), Some("http://p"));
        assert_eq!(proxy(&proxies, "https://h/"), Some("socks5h://q"));
        assert_eq!(proxy(&environment(&[]), "http://h/"), None);
    }

    #[test]
    fn a_clients_header_is_no_proxy() {
        assert_eq!(proxy(&environment(&[("HTTP_PROXY", "http://evil")]), "http://h/"), None);
    }

    #[test]
    fn no_proxy_covers_domains_addresses_and_blocks() {
        let all = ("all_proxy", "http://p");
        let list = "example.org, .dev,10.0.0.0/8,::1,fd00::/8";
        let proxies = environment(&[all, ("no_proxy", list)]);
        for direct in [
            "http://example.org/",
            "http://a.EXAMPLE.org/",
            "http://x.dev./",
            "http://10.9.8.7/",
            "http://[::1]/",
            "http://[fd12::1]/",
        ] {
            assert_eq!(proxy(&proxies, direct), None, "{direct}");
        }
        for proxied in ["http://notexample.org/", "http://11.0.0.1/", "http://[::2]/", "http://h/"]
        {
            assert_eq!(proxy(&proxies, proxied), Some("http://p"), "{proxied}");
        }
        assert_eq!(proxy(&environment(&[all, ("no_proxy", "*")]), "http://h/"), None);
    }

    #[test]
    fn a_chosen_proxy_is_for_every_url() {
        let proxies = Proxies::only("http://p");
        assert_eq!(proxy(&proxies, "https://localhost/"), Some("http://p"));
    }
}
