//! What a request shows of who asks, and to whom: found before it is sent.
//!
//! All of it goes to the origin that the user named, and nowhere else: see [`Hop`](super::redirect::Hop).

use std::ffi::OsStr;
use std::path::Path;

use crate::error::{Error, Name, Result, words};
use crate::options::{Auth, HttpOptions};
use crate::text::legible::Piece;
use crate::web::netrc;
use crate::web::url::Url;

/// Bytes of a netrc file that are read: far more than any has.
const MAX_NETRC: u64 = 1 << 20;

/// The header that has credentials.
pub(super) const AUTHORIZATION: &str = "Authorization";

/// What shows who asks for `url`, by the options: not by a header, which is sent as it is. What is in the URL
/// goes before what options say, and that before what a file says.
///
/// # Errors
/// When the netrc file cannot be read or understood.
pub(super) fn find(url: &Url, name: &Name, options: &HttpOptions) -> Result<Option<Auth>> {
    if options.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(AUTHORIZATION)) {
        return Ok(None);
    }
    let in_url = url.credentials();
    let user = in_url.filter(|(_, password)| password.is_empty()).map(|(user, _)| user.as_str());
    if (in_url.is_none() && options.auth.is_none()) || user.is_some() {
        let from_file = if options.netrc { of_netrc(url, user, name, options)? } else { None };
        if from_file.is_some() {
            return Ok(from_file);
        }
    }
    let in_url = in_url.map(|(user, password)| Auth::Password(user.clone(), password.clone()));
    Ok(in_url.or_else(|| options.auth.clone()))
}

fn of_netrc(
    url: &Url,
    user: Option<&str>,
    name: &Name,
    options: &HttpOptions,
) -> Result<Option<Auth>> {
    let Some(path) = &options.environment.netrc else {
        return Err(Error::read(name, "netrc is set, and neither NETRC nor HOME says where it is"));
    };
    let refuse = |cause: &str| {
        let path = Piece(path.as_encoded_bytes());
        Error::read(name, format!("netrc: {path}: {cause}"))
    };
    let text = read(path).map_err(|error| refuse(&words(&error)))?;
    let host = url.host().trim_start_matches('[').trim_end_matches(']');
    let found = netrc::credentials(&text, host, user).map_err(|cause| refuse(&cause))?;
    Ok(found.map(|(user, password)| Auth::Password(user, password)))
}

fn read(path: &OsStr) -> std::io::Result<String> {
    use std::io::Read as _;

    // A FIFO has no end, and may have no beginning.
    if !std::fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is no file"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_NETRC).read_to_end(&mut bytes)?;
    // Names and passwords that are not UTF-8 could not be sent as anything else.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Checks that a file of the options is there: libcurl would not say which is not, and why.
///
/// # Errors
/// When it is not.
pub(super) fn look(path: &Path, option: &str, name: &Name) -> Result<std::fs::Metadata> {
    std::fs::metadata(path).map_err(|error| {
        let shown = Piece(path.as_os_str().as_encoded_bytes());
        Error::read(name, format!("{option}: {shown}: {}", words(&error)))
    })
}
