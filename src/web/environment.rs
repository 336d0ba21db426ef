//! What the environment says about requests: which proxies lead where, where the certificates of
//! authorities are, and the passwords of hosts.
//!
//! The variables of the process belong to the interpreter: one thread may change them while another
//! reads, and the C library crashes then. So nothing here reads them from the process. A caller that may
//! read them passes them in before the work begins, as part of the options.

use std::ffi::OsString;

use super::proxy::Proxies;

/// The variables that count, as they were when the call began. By default none is set.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    pub(crate) proxies: Proxies,
    pub(crate) authorities: Authorities,
    /// Where the passwords of hosts are, if that is said.
    pub(crate) netrc: Option<OsString>,
}

/// Where the certificates of the authorities are, if not where libcurl looks by itself: the variables
/// that OpenSSL, curl and Python's own clients go by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Authorities {
    pub(crate) file: Option<OsString>,
    pub(crate) directory: Option<OsString>,
}

impl Environment {
    /// The names of all variables that count. `HTTP_PROXY` is not among them: a web server sets it for
    /// its programs from a header that any client can send.
    pub const VARIABLES: [&'static str; 11] = [
        "http_proxy",
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
        "no_proxy",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "NETRC",
        "HOME",
    ];

    /// Takes the variables that `variable` knows, each of [`VARIABLES`](Self::VARIABLES) asked for by its
    /// name. A program with no other thread that sets variables can pass `|name| std::env::var_os(name)`.
    #[must_use]
    pub fn of(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let path = |name| variable(name).filter(|value| !value.is_empty());
        Self {
            authorities: Authorities {
                file: path("SSL_CERT_FILE"),
                directory: path("SSL_CERT_DIR"),
            },
            proxies: Proxies::of(|name| variable(name)?.into_string().ok()),
            netrc: path("NETRC").or_else(|| {
                let mut home = path("HOME")?;
                home.push("/.netrc");
                Some(home)
            }),
        }
    }
}

impl Authorities {
    /// These, or those of the system where none is named.
    pub(crate) fn or_of_system(&self) -> Self {
        if self.file.is_none() && self.directory.is_none() {
            Self::of_system()
        } else {
            self.clone()
        }
    }

    /// Where distributions keep them: a libcurl that comes along was told nothing of this system.
    #[cfg(feature = "bundled")]
    fn of_system() -> Self {
        use std::path::PathBuf;
        use std::sync::OnceLock;

        use crate::sys::fork::with_fork_lock;

        /// The names that distributions give to the file with all certificates, in the order in which
        /// openssl-probe tries them. Its own search would also ask the environment.
        const FILES: [&str; 10] = [
            "cert.pem",
            "certs.pem",
            "ca-bundle.pem",
            "cacert.pem",
            "ca-certificates.crt",
            "certs/ca-certificates.crt",
            "certs/ca-root-nss.crt",
            "certs/ca-bundle.crt",
            "CARootCertificates.pem",
            "tls-ca-bundle.pem",
        ];

        static FOUND: OnceLock<Authorities> = OnceLock::new();

        let look = || {
            let first = |names: &[&str]| {
                let places = openssl_probe::candidate_cert_dirs();
                let mut paths = places.flat_map(|place| names.iter().map(|name| place.join(name)));
                paths.find(|path| path.exists()).map(PathBuf::into_os_string)
            };
            Self { file: first(&FILES), directory: first(&["certs"]) }
        };
        FOUND.get().unwrap_or_else(|| with_fork_lock(|| FOUND.get_or_init(look))).clone()
    }

    /// The system's libcurl knows.
    #[cfg(not(feature = "bundled"))]
    fn of_system() -> Self {
        Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_that_is_read_is_in_the_list() {
        let asked = std::cell::RefCell::new(Vec::new());
        let of = Environment::of(|name| {
            asked.borrow_mut().push(name.to_owned());
            None
        });
        assert!(of == Environment::default());
        for name in asked.into_inner() {
            assert!(Environment::VARIABLES.contains(&name.as_str()), "{name}");
        }
    }

    #[test]
    fn an_empty_variable_names_no_certificates() {
        let of = Environment::of(|_| Some(OsString::new()));
        assert!(of == Environment::default());
    }
}
