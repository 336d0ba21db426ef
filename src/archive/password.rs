//! The password of an archive, which no message and no log shows.

use std::ffi::{CStr, CString};
use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Name};

/// What libarchive is given to decrypt a zip.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Password(Arc<CStr>);

impl Password {
    /// `parameter` is what messages call it.
    ///
    /// # Errors
    /// [`Error::Argument`] where no archive can have it.
    pub(crate) fn new(password: &[u8], parameter: &str) -> Result<Self, Error> {
        if password.is_empty() {
            return Err(Error::Argument(format!("{parameter} cannot be empty")));
        }
        let text = CString::new(password);
        let text = text.map_err(|_| Error::Argument(format!("{parameter} contains a NUL byte")))?;
        Ok(Self(text.into()))
    }

    pub(crate) fn text(&self) -> &CStr {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Password(***)")
    }
}

/// Why an archive that is encrypted is not read without a password.
pub(crate) const NEEDED: &str =
    "is encrypted, and there is no password: Archive(source, password=...)";

/// Why an archive of another format takes none.
pub(crate) const ONLY_ZIPS: &str = "takes no password: it is no zip, and only zips are decrypted";

/// Why an entry cannot be decrypted, in the words of libarchive 3.6 to 3.8. The old encryption of zips has one byte to
/// tell a wrong password by, so that one of 256 shows only in the content.
pub(crate) fn failure(name: &Name, words: &str) -> Error {
    let lower = words.to_lowercase();
    let cause = if lower.contains("passphrase") {
        "is encrypted, and the password is wrong".to_owned()
    } else if lower.contains("crypto") || lower.contains("unsupported") {
        format!("is encrypted in a way that is not supported: {}", Name::new(words.as_bytes()))
    } else {
        let words = Name::new(words.trim_end_matches('.').as_bytes());
        format!("is encrypted, and the password is wrong or it is damaged: {words}")
    };
    Error::archive(name, cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let password = Password::new(b"S3cr3tW0rd", "password").expect("one");
        assert_eq!(format!("{password:?}"), "Password(***)");
        assert_eq!(password.text().to_bytes(), b"S3cr3tW0rd");
        for (bad, why) in [(&b""[..], "cannot be empty"), (b"S3cr3t\0", "contains a NUL byte")] {
            let error = Password::new(bad, "Archive.password").expect_err("refused").to_string();
            assert_eq!(error, format!("Archive.password {why}"));
        }
    }

    #[test]
    fn a_wrong_password_is_told_as_such() {
        let name = "x.zip".into();
        for (words, told) in [
            ("Incorrect passphrase", "and the password is wrong"),
            ("ZIP bad CRC: 0x1 should be 0x2", "the password is wrong or it is damaged: ZIP bad"),
            ("Encryption is unsupported due to lack of crypto library", "not supported"),
        ] {
            assert!(failure(&name, words).to_string().contains(told), "{words}");
        }
    }
}
