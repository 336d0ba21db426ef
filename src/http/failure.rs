//! Why a transfer failed, in words.

use std::io;
use std::time::Duration;

use curl_sys as code;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::error::words;
use crate::text::legible::Piece;

/// For what fails so, libcurl opens files or sockets, and does not say that it could not.
const NEED_DESCRIPTORS: [code::CURLcode; 3] = [
    code::CURLE_COULDNT_RESOLVE_HOST,
    code::CURLE_COULDNT_RESOLVE_PROXY,
    code::CURLE_SSL_CACERT_BADFILE,
];

/// Of curl.h since libcurl 8.6, which curl-sys does not have: a line of a head is longer than libcurl takes.
const TOO_LARGE: code::CURLcode = 100;

/// Of curl.h since libcurl 7.73: a SOCKS proxy refused.
const PROXY: code::CURLcode = 97;

/// How libcurl 8 begins to say that a transfer coding came that was not asked for.
const UNSOLICITED: &str = "Unsolicited Transfer-Encoding (";

/// What is known of a transfer when it fails.
pub(crate) struct Circumstances<'t> {
    /// Did it get as far as a connection?
    pub(crate) connected: bool,
    /// Did the head come to its end?
    pub(crate) answered: bool,
    /// The content that has arrived.
    pub(crate) received: u64,
    pub(crate) size: Option<u64>,
    pub(crate) timeout: Duration,
    /// The system's error number, as far as libcurl noted it.
    pub(crate) errno: Option<i32>,
    /// The proxy, as messages call it.
    pub(crate) proxy: Option<&'t str>,
}

/// The cause, and the system's error number if the system reported the error.
pub(crate) fn cause(error: &curl::Error, known: &Circumstances<'_>) -> (String, Option<i32>) {
    let detail = error.extra_description().filter(|text| !text.is_empty());
    // libcurl's text may quote the server's.
    let detail = Piece(detail.unwrap_or_else(|| error.description()).as_bytes()).to_string();
    let detail = detail.as_str();
    let system = known.errno.filter(|&errno| errno != 0);
    if NEED_DESCRIPTORS.contains(&error.code())
        && let Some(error) = no_descriptor()
    {
        return (words(&error), error.raw_os_error());
    }
    let cause = match error.code() {
        code::CURLE_COULDNT_RESOLVE_HOST | code::CURLE_COULDNT_RESOLVE_PROXY
            if detail.contains("thread failed to start") =>
        {
            return ("no thread can be started to look up the host".to_owned(), Some(libc::EAGAIN));
        }
        code::CURLE_COULDNT_RESOLVE_HOST => "host not found".to_owned(),
        // Only a proxy from the environment: those of options have been parsed. libcurl would show its password.
        code::CURLE_COULDNT_RESOLVE_PROXY | code::CURLE_COULDNT_CONNECT
            if detail.starts_with("Unsupported proxy") =>
        {
            "the proxy that the environment names is no valid URL".to_owned()
        }
        code::CURLE_COULDNT_RESOLVE_PROXY => format!("{} was not found", the_proxy(known)),
        code::CURLE_OPERATION_TIMEDOUT if !known.connected && known.proxy.is_some() => {
            let seconds = known.timeout.as_secs_f64();
            format!("no connection through {} within {seconds} s", the_proxy(known))
        }
        code::CURLE_OPERATION_TIMEDOUT if known.connected => no_data(known.timeout, known.proxy),
        code::CURLE_OPERATION_TIMEDOUT => {
            format!("no connection within {} s", known.timeout.as_secs_f64())
        }
        // libcurl 8 says so; for libcurl 7 see below.
        code::CURLE_COULDNT_CONNECT if detail.starts_with("CONNECT ") => {
            format!("{} ({detail})", no_connection(known))
        }
        code::CURLE_COULDNT_CONNECT | PROXY if known.proxy.is_some() => {
            let words = match system {
                Some(errno) => words(&io::Error::from_raw_os_error(errno)),
                None => detail.to_owned(),
            };
            return (format!("{} ({})", no_connection(known), lower(&words)), system);
        }
        code::CURLE_COULDNT_CONNECT => match system {
            Some(errno) => {
                return (lower(&words(&io::Error::from_raw_os_error(errno))), system);
            }
            None => no_connection(known),
        },
        code::CURLE_PARTIAL_FILE => ended_early(known),
        code::CURLE_GOT_NOTHING => "the connection was closed without an answer".to_owned(),
        code::CURLE_RECV_ERROR | code::CURLE_SEND_ERROR => {
            // `Recv failure: Connection reset by peer`. The noted number may be an older one's.
            let words = detail.rsplit_once("failure: ").map_or(detail, |(_, words)| words);
            // A proxy may refuse to open a tunnel: `CONNECT tunnel failed, response 407`.
            let how_far = if known.connected { ended_early(known) } else { no_connection(known) };
            format!("{how_far} ({})", lower(words))
        }
        // `SSL certificate problem: certificate has expired`: the last part says it.
        code::CURLE_PEER_FAILED_VERIFICATION => verification(detail).to_owned(),
        code::CURLE_SSL_CONNECT_ERROR if is_plain(detail) => {
            format!(
                "no TLS there: what answers{} speaks something else, perhaps http://",
                through(known)
            )
        }
        code::CURLE_SSL_CONNECT_ERROR => {
            format!("no TLS connection{} ({detail})", through(known))
        }
        code::CURLE_SSL_CERTPROBLEM => format!("client_cert cannot be used ({detail})"),
        // Of the key libcurl 8.22 says it with another number than of the certificate.
        code::CURLE_BAD_FUNCTION_ARGUMENT if detail.starts_with("unable to set private key") => {
            format!("client_cert cannot be used ({detail})")
        }
        code::CURLE_SSL_CACERT_BADFILE => {
            format!("the certificates of the authorities cannot be used ({detail})")
        }
        // libcurl 8 looks at it before it passes the line on.
        code::CURLE_BAD_CONTENT_ENCODING if detail.starts_with(UNSOLICITED) => {
            let name = detail[UNSOLICITED.len()..].split(')').next().unwrap_or_default();
            format!("the server sent the transfer coding '{name}', which was not asked for")
        }
        code::CURLE_BAD_CONTENT_ENCODING => format!("cannot be decoded ({detail})"),
        // It takes 100 KiB for one line.
        code::CURLE_OUT_OF_MEMORY if !known.answered => {
            "the server sent a header that is too long".to_owned()
        }
        TOO_LARGE => "the server sent a header that is too long".to_owned(),
        code::CURLE_OUT_OF_MEMORY => "cannot be decoded in bounded memory".to_owned(),
        // HTTP/0.9, or no HTTP at all.
        code::CURLE_UNSUPPORTED_PROTOCOL | code::CURLE_FTP_WEIRD_SERVER_REPLY => {
            format!("no HTTP answer ({detail})")
        }
        _ => detail.to_owned(),
    };
    (cause, None)
}

/// No connection, and by whose fault as far as that is known.
fn no_connection(known: &Circumstances<'_>) -> String {
    format!("no connection{}", through(known))
}

fn through(known: &Circumstances<'_>) -> String {
    known.proxy.map_or_else(String::new, |_| format!(" through {}", the_proxy(known)))
}

fn the_proxy(known: &Circumstances<'_>) -> String {
    known.proxy.map_or_else(|| "the proxy".to_owned(), |proxy| format!("the proxy {proxy}"))
}

/// Is it that what came was no TLS? OpenSSL takes the letters of HTTP for the version of a record, or its length.
fn is_plain(detail: &str) -> bool {
    ["wrong version number", "packet length too long", "http request", "record layer failure"]
        .iter()
        .any(|words| detail.contains(words))
}

/// The system's error, if there was hardly a descriptor left: the one that the connection had is free again.
fn no_descriptor() -> Option<io::Error> {
    let open = || rustix::fs::open("/", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
    let both = open().and_then(|held| open().map(|_| drop(held)));
    both.err().filter(|&error| [Errno::MFILE, Errno::NFILE].contains(&error)).map(io::Error::from)
}

/// What is wrong with a certificate: libcurl 7 says `SSL certificate problem: ` before it, libcurl 8
/// `SSL certificate OpenSSL verify result: `, and OpenSSL's number after it.
fn verification(detail: &str) -> &str {
    match detail.strip_prefix("SSL certificate OpenSSL verify result: ") {
        Some(words) => words.rsplit_once(" (").map_or(words, |(words, _number)| words),
        None => detail.strip_prefix("SSL certificate problem: ").unwrap_or(detail),
    }
}

/// As it is written after a colon. `CONNECT` stays as it is.
fn lower(words: &str) -> String {
    let mut letters = words.chars();
    if words.chars().nth(1).is_some_and(char::is_uppercase) {
        return words.to_owned();
    }
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// Is it likely that it passes? What the user or the server has set wrong does not.
pub(crate) fn may_pass(error: &curl::Error) -> bool {
    let detail = error.extra_description().unwrap_or_default();
    match error.code() {
        code::CURLE_COULDNT_RESOLVE_HOST
        | code::CURLE_COULDNT_RESOLVE_PROXY
        | code::CURLE_OPERATION_TIMEDOUT
        | code::CURLE_PARTIAL_FILE
        | code::CURLE_GOT_NOTHING
        | code::CURLE_HTTP2
        | code::CURLE_HTTP2_STREAM => true,
        // A proxy that wants another password, or leads nowhere: `CONNECT tunnel failed, response 407`.
        code::CURLE_COULDNT_CONNECT | code::CURLE_RECV_ERROR | code::CURLE_SEND_ERROR => {
            !detail.contains("response 4")
        }
        // A server that is being started again may break off amid the handshake.
        code::CURLE_SSL_CONNECT_ERROR => ["SYSCALL", "reset by peer", "unexpected eof"]
            .iter()
            .any(|words| detail.contains(words)),
        _ => false,
    }
}

/// No byte has come within the timeout.
pub(crate) fn no_data(timeout: Duration, proxy: Option<&str>) -> String {
    let through = proxy.map(|proxy| format!(" through the proxy {proxy}")).unwrap_or_default();
    format!("no data{through} for {} s", timeout.as_secs_f64())
}

/// The body is shorter than its head promised.
pub(crate) fn ended_early(known: &Circumstances<'_>) -> String {
    let received = known.received;
    match known.size {
        Some(size) => format!("ended after {received} of {size} bytes"),
        None => format!("broke off after {received} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: curl_sys::CURLcode, errno: Option<i32>, extra: &str) -> (String, Option<i32>) {
        let mut error = curl::Error::new(code);
        error.set_extra(extra.to_owned());
        let known = Circumstances {
            connected: false,
            answered: false,
            received: 3,
            size: Some(10),
            timeout: Duration::from_millis(1500),
            errno,
            proxy: None,
        };
        cause(&error, &known)
    }

    #[test]
    fn each_error_has_its_cause_in_words() {
        let refused = Some(libc::ECONNREFUSED);
        assert_eq!(
            of(code::CURLE_COULDNT_CONNECT, refused, "Failed to connect to h port 1 after 0 ms"),
            ("connection refused".to_owned(), refused)
        );
        let words = |code, extra| of(code, None, extra).0;
        assert_eq!(words(code::CURLE_COULDNT_RESOLVE_HOST, "x"), "host not found");
        assert_eq!(
            words(code::CURLE_COULDNT_RESOLVE_HOST, "getaddrinfo() thread failed to start"),
            "no thread can be started to look up the host"
        );
        assert_eq!(words(code::CURLE_OPERATION_TIMEDOUT, "x"), "no connection within 1.5 s");
        assert_eq!(words(code::CURLE_PARTIAL_FILE, "x"), "ended after 3 of 10 bytes");
        assert_eq!(
            words(code::CURLE_RECV_ERROR, "CONNECT tunnel failed, response 407"),
            "no connection (CONNECT tunnel failed, response 407)"
        );
        assert_eq!(
            words(code::CURLE_OUT_OF_MEMORY, "x"),
            "the server sent a header that is too long"
        );
        assert_eq!(words(TOO_LARGE, "x"), "the server sent a header that is too long");
        assert_eq!(
            words(code::CURLE_BAD_CONTENT_ENCODING, "Unsolicited Transfer-Encoding (gzip) found"),
            "the server sent the transfer coding 'gzip', which was not asked for"
        );
        let expired = "SSL certificate problem: certificate has expired";
        assert_eq!(words(code::CURLE_PEER_FAILED_VERIFICATION, expired), "certificate has expired");
        let expired = "SSL certificate OpenSSL verify result: certificate has expired (10)";
        assert_eq!(words(code::CURLE_PEER_FAILED_VERIFICATION, expired), "certificate has expired");
        assert_eq!(
            words(code::CURLE_COULDNT_CONNECT, "CONNECT tunnel failed, response 407"),
            "no connection (CONNECT tunnel failed, response 407)"
        );
    }
}
