//! URLs, and the references that a redirect follows: what is requested has nothing in it that could
//! end a line, means the same when it is read again, and shows no password.
#![no_main]

use std::net::Ipv4Addr;

use arbitrary::Arbitrary;
use komparu::Source;
use komparu::internals::fuzzing::Url;
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    secure: bool,
    before: &'a [u8],
    after: &'a [u8],
    reference: &'a [u8],
}

/// Stands where a password may stand.
const SECRET: &[u8] = b"S3cr3tW0rd";

fn check(url: &Url) {
    // A host may be in letters of any kind: libcurl brings them into those of the DNS.
    let sendable = |letter: char| letter.is_ascii_graphic() || !letter.is_ascii();
    assert!(url.text().chars().all(sendable), "{:?}", url.text());
    assert!(!url.text().contains('#'), "{:?}", url.text());
    let again = Url::parse(url.text().as_bytes()).expect("what was a URL is one");
    assert_eq!(again.credentials(), None, "{:?}", url.text());
    assert!(again.has_origin_of(url), "{:?} has another origin now", url.text());
    assert_eq!((again.host(), again.port()), (url.host(), url.port()));
    // Digits that are percent-encoded are an address only when they are read again: the one that was
    // found in them at first.
    if again.text() != url.text() {
        assert!(url.host().parse::<Ipv4Addr>().is_ok(), "{:?}", url.text());
        let path = |url: &Url| url.text().splitn(4, '/').nth(3).map(str::to_owned);
        assert_eq!(path(&again), path(url));
    }
}

fuzz_target!(|input: Input<'_>| {
    let scheme: &[u8] = if input.secure { b"https://" } else { b"http://" };
    let text = [scheme, input.before, SECRET, input.after].concat();
    let Some(url) = Url::parse(&text) else { return };
    check(&url);
    // A source with a NUL in it is refused; in a `Location` it is encoded.
    if !text.contains(&0)
        && let Some((_, password)) = url.credentials()
        && password.as_bytes() == SECRET
        && text.windows(SECRET.len()).filter(|window| *window == SECRET).count() == 1
    {
        let source = Source::parse(&text, "source_a").expect("a URL");
        assert!(!source.name().to_string().contains("S3cr3tW0rd"), "{}", source.name());
        assert!(!format!("{source:?}").contains("S3cr3tW0rd"), "{source:?}");
        assert!(!url.text().contains("S3cr3tW0rd"), "{}", url.text());
    }
    if let Some(joined) = url.join(input.reference) {
        check(&joined);
        assert_eq!(joined.credentials(), None, "a server's own");
    }
});
