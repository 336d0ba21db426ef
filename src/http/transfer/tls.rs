//! Whether a body that ends with its connection came whole.
//!
//! Where a head has no length, the body ends with its connection. TLS tells such an end from a cut: before
//! an orderly end comes an alert, `close_notify` (RFC 8446, section 6.1; RFC 9112, section 9.8). A libcurl of
//! version 7 reports the end without reporting whether the alert came. But it passes every TLS message to its
//! debug callback, and so the alert too.

use curl::easy::InfoType;

/// What was seen of the TLS of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tls {
    /// How many layers there are, one inside the other: that of a proxy, and the server's.
    layers: u8,
    /// Has libcurl passed any message? Some of the TLS libraries that it may use pass none, and report a
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

    /// Looks at a message that libcurl passes to its debug callback.
    pub(super) fn look(&mut self, kind: InfoType, message: &[u8]) {
        if let InfoType::SslDataIn = kind {
            self.shown = true;
            // An alert has two bytes, and no other message has. The second one is 0 for close_notify.
            self.closed |= matches!(message, [_, 0]);
        }
    }

    /// Why a body that ended with its connection may not be whole, if so.
    pub(super) fn doubt(self) -> Option<&'static str> {
        match self.layers {
            0 => None,
            1 if self.closed || !self.shown => None,
            1 => Some("the connection was cut: it ended without TLS's close_notify"),
            // It is not known from which of both layers the alert came.
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
    fn an_alert_says_nothing_where_there_are_two_layers() {
        assert!(shown(Tls::new(true, true), &[&[1, 0]]).is_some());
        assert_eq!(shown(Tls::new(false, true), &[&[1, 0]]), None);
        assert_eq!(shown(Tls::new(false, false), &[]), None);
    }
}
