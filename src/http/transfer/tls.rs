//! Whether a body that ends with its connection came whole.
//!
//! Where a head tells no length, a body ends where its connection does. TLS tells such an end from a cut:
//! it has an alert, `close_notify`, that comes before an orderly end (RFC 8446, section 6.1; RFC 9112,
//! section 9.8). A libcurl of version 7 passes the end on without telling whether the alert came. But
//! it shows every message of TLS to whoever debugs, and so the alert too.

use curl::easy::InfoType;

/// What was seen of the TLS that a transfer goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tls {
    /// How many layers there are, one within the other: that of a proxy, and the server's.
    layers: u8,
    /// Has libcurl shown any message? Some of the libraries that it may use show none, and report a
    /// cut by themselves.
    shown: bool,
    closed: bool,
}

impl Tls {
    pub(super) fn new(server: bool, proxy: bool) -> Self {
        Self { layers: u8::from(server) + u8::from(proxy), shown: false, closed: false }
    }

    /// Is there any?
    pub(super) fn is_used(self) -> bool {
        self.layers > 0
    }

    /// Looks at what libcurl shows.
    pub(super) fn look(&mut self, kind: InfoType, message: &[u8]) {
        if let InfoType::SslDataIn = kind {
            self.shown = true;
            // An alert has two bytes, and no other message has. The second one is what it says.
            self.closed |= matches!(message, [_, 0]);
        }
    }

    /// Why a body that ended with the connection cannot be said to be whole, if it cannot.
    pub(super) fn doubt(self) -> Option<&'static str> {
        match self.layers {
            0 => None,
            1 if self.closed || !self.shown => None,
            1 => Some("the connection was cut: it ended without TLS's close_notify"),
            // Whose alert it was is not shown.
            _ => Some(
                "has no length, and through a proxy with TLS a cut cannot be told from its end",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(tls: Tls, messages: &[&[u8]]) -> Option<&'static str> {
        let mut tls = tls;
        for message in messages {
            tls.look(InfoType::SslDataIn, message);
        }
        tls.doubt()
    }

    #[test]
    fn only_close_notify_ends_a_body() {
        let tls = Tls::new(true, false);
        let record: &[u8] = &[23, 3, 3, 0, 0];
        assert!(shown(tls, &[record, &[21]]).is_some());
        assert!(shown(tls, &[record, &[2, 40]]).is_some());
        assert_eq!(shown(tls, &[record, &[1, 0]]), None);
        assert_eq!(shown(tls, &[]), None);
        let mut sent = tls;
        sent.look(InfoType::SslDataIn, record);
        sent.look(InfoType::SslDataOut, &[1, 0]);
        sent.look(InfoType::DataIn, &[1, 0]);
        assert!(sent.doubt().is_some());
    }

    #[test]
    fn of_two_layers_neither_is_believed() {
        assert!(shown(Tls::new(true, true), &[&[1, 0]]).is_some());
        assert_eq!(shown(Tls::new(false, true), &[&[1, 0]]), None);
        assert_eq!(shown(Tls::new(false, false), &[]), None);
    }
}
