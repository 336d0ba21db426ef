//! One attempt to get an answer, and what those before it have shown.

use std::sync::Arc;

use crate::http::channel::Sender;
use crate::http::redirect::Hop;
use crate::http::request::Request;

/// One attempt to get an answer: the request, and the hop that it goes to.
pub(crate) struct Attempt {
    pub(crate) request: Arc<Request>,
    pub(crate) hop: Hop,
    pub(crate) sender: Sender,
    /// A kept connection had been closed by the server, or there was no descriptor for one: this attempt is to
    /// have a new one.
    pub(crate) again: bool,
    /// There was no descriptor for its connection.
    pub(crate) lacks_socket: bool,
    /// It was made before by a connection of its own, which its server did not look at.
    pub(crate) in_line: bool,
    /// By HTTP/1.1, whose bodies have an end that can be told from a cut. A stream of HTTP/2 ends with a frame
    /// that says so. But libcurl (8.22, and others) takes one that the server gives up with the error
    /// number 0 for one that has come to its end, so that a body without a length may have been cut.
    pub(crate) by_http_1: bool,
}

impl Attempt {
    /// The first one.
    pub(crate) fn first(request: Arc<Request>, hop: Hop, sender: Sender) -> Self {
        let (again, lacks_socket, in_line, by_http_1) = (false, false, false, false);
        Self { request, hop, sender, again, lacks_socket, in_line, by_http_1 }
    }
}
