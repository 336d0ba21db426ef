//! Which addresses a transfer may reach, and what libcurl reports of its connections.

use std::io;
use std::net::IpAddr;
use std::time::Instant;

use super::Transfer;
use crate::error::Error;
use crate::sys::curl::ConnectionFilter;
use crate::web::address::Rule;

impl ConnectionFilter for Transfer {
    fn opens(&mut self, address: IpAddr) -> bool {
        self.opened = true;
        self.permits(address)
    }

    fn lacks_socket(&mut self, error: &io::Error) {
        self.lacks_socket = matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE));
        self.fault = Some(Error::system(&self.request.name, error));
    }

    fn connected(&mut self, address: Option<IpAddr>) -> bool {
        self.connected = true;
        self.last_arrival = Instant::now();
        // One of several addresses may have been refused before.
        self.fault = None;
        self.lacks_socket = false;
        if self.proxy.is_some() {
            return true;
        }
        match address {
            Some(address) => {
                self.hop.arrived(address);
                self.permits(address)
            }
            None => self.rule == Rule::Any,
        }
    }
}

impl Transfer {
    /// May this address be reached? If not, the transfer ends with the reason.
    fn permits(&mut self, address: IpAddr) -> bool {
        // The user chose the proxy, whatever its address.
        let refused = if self.proxy.is_some() { None } else { self.rule.refuses(address) };
        match refused {
            Some(kind) => {
                self.refuse(address, kind);
                false
            }
            None => true,
        }
    }

    fn refuse(&mut self, address: IpAddr, kind: &str) {
        let cause = self.hop.refusal(&address.to_string(), kind);
        self.fault = Some(Error::read(&self.request.name, cause));
    }
}
