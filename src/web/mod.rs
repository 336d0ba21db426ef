//! URLs, addresses and proxies: what is known of a request before anything is sent.

pub(crate) mod address;
pub(crate) mod environment;
pub(crate) mod netrc;
pub(crate) mod proxy;
pub(crate) mod url;
