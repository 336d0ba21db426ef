//! The digests that manifests have.

use crate::outcome::Proof;

/// How a digest is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// MD5, for which two contents of one digest are easily made.
    Md5,
    /// SHA-1, for which that has been done.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// `BLAKE2b`, of any length up to 64 bytes.
    Blake2b,
    /// BLAKE3, of 32 bytes.
    Blake3,
}

impl Algorithm {
    /// All of them, in the order of their numbers.
    pub(crate) const ALL: [Self; 8] = [
        Self::Md5,
        Self::Sha1,
        Self::Sha224,
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
        Self::Blake2b,
        Self::Blake3,
    ];

    /// What each is called, in the same order.
    pub const NAMES: [&str; Self::ALL.len()] =
        ["md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b", "blake3"];

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// What it is called in lines that name it, as coreutils and b3sum write it.
    #[must_use]
    pub(crate) fn tag(self) -> &'static str {
        ["MD5", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512", "BLAKE2b", "BLAKE3"][self as usize]
    }

    /// What a comparison of its digests proves.
    pub(crate) fn proof(self) -> Proof {
        match self {
            Self::Md5 => Proof::Md5,
            Self::Sha1 => Proof::Sha1,
            Self::Sha224 => Proof::Sha224,
            Self::Sha256 => Proof::Sha256,
            Self::Sha384 => Proof::Sha384,
            Self::Sha512 => Proof::Sha512,
            Self::Blake2b => Proof::Blake2b,
            Self::Blake3 => Proof::Blake3,
        }
    }

    /// How many bytes its digests have, unless another length is asked for.
    #[must_use]
    pub(crate) fn length(self) -> usize {
        [16, 20, 28, 32, 48, 64, 64, 32][self as usize]
    }

    /// The one of this name, in any spelling: `SHA2-256`, `sha-256`, `sha256`.
    #[must_use]
    pub fn named(name: &[u8]) -> Option<Self> {
        let plain: Vec<u8> =
            name.iter().filter(|byte| !b"-_ ".contains(byte)).map(u8::to_ascii_lowercase).collect();
        let plain = std::str::from_utf8(&plain).ok()?;
        // OpenSSL names the family, too.
        let plain = match plain.strip_prefix("sha2") {
            Some(rest) if matches!(rest, "224" | "256" | "384" | "512") => format!("sha{rest}"),
            _ => plain.to_owned(),
        };
        let plain = match plain.as_str() {
            "b3" => "blake3",
            "b2" | "blake2" => "blake2b",
            other => other,
        };
        Self::NAMES.iter().position(|&name| name == plain).map(|index| Self::ALL[index])
    }

    /// The one that the name of a manifest says: `SHA256SUMS`, `manifest-sha512.txt`, `release.b3`.
    #[must_use]
    pub(crate) fn of_file(name: &[u8]) -> Option<Self> {
        let words: Vec<u8> = name.to_ascii_lowercase();
        let has = |word: &str| memchr::memmem::find(&words, word.as_bytes()).is_some();
        let word = |word: &str| {
            words.split(|byte| !byte.is_ascii_alphanumeric()).any(|part| part == word.as_bytes())
        };
        let named = Self::NAMES.iter().position(|name| has(name)).map(|index| Self::ALL[index]);
        named.or_else(|| {
            if word("b3") || word("b3sum") || word("b3sums") {
                Some(Self::Blake3)
            } else if word("b2") || word("b2sum") || word("b2sums") || has("blake2") {
                Some(Self::Blake2b)
            } else {
                None
            }
        })
    }

    /// The usual one whose digests have so many bytes.
    #[must_use]
    pub(crate) fn of_length(length: usize) -> Option<Self> {
        Self::ALL[..=Self::Sha512 as usize].iter().copied().find(|it| it.length() == length)
    }

    /// Another one with digests of the same length: which of the two it is, only a content can tell.
    #[must_use]
    pub(crate) fn alternative(self) -> Option<Self> {
        match self {
            Self::Sha256 => Some(Self::Blake3),
            Self::Sha512 => Some(Self::Blake2b),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_algorithm_has_many_spellings() {
        for name in ["sha256", "SHA256", "SHA-256", "SHA2-256", "sha_256"] {
            assert_eq!(Algorithm::named(name.as_bytes()), Some(Algorithm::Sha256), "{name}");
        }
        assert_eq!(Algorithm::named(b"BLAKE2b"), Some(Algorithm::Blake2b));
        assert_eq!(Algorithm::named(b"whirlpool"), None);
        assert_eq!(Algorithm::named(b"SHA512/256"), None);
    }

    #[test]
    fn the_name_of_a_manifest_may_say_its_algorithm() {
        let cases = [
            ("SHA256SUMS", Some(Algorithm::Sha256)),
            ("manifest-sha512.txt", Some(Algorithm::Sha512)),
            ("tree.b3", Some(Algorithm::Blake3)),
            ("B2SUMS", Some(Algorithm::Blake2b)),
            ("md5sums", Some(Algorithm::Md5)),
            ("cab3.txt", None),
            ("sums.txt", None),
        ];
        for (name, expected) in cases {
            assert_eq!(Algorithm::of_file(name.as_bytes()), expected, "{name}");
        }
    }
}
