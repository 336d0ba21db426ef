//! Several digests of one content, in one pass.

use sha2::Digest as _;

use super::algorithm::Algorithm;
use crate::content::{Chunk, Reader, some_zeros};
use crate::error::Result;
use crate::run::context::Context;

/// Bytes to add at a time: so many stay in the cache for the next digest.
const PART: usize = 64 << 10;

enum Hasher {
    Md5(md5::Md5),
    Sha1(sha1::Sha1),
    Sha224(sha2::Sha224),
    Sha256(sha2::Sha256),
    Sha384(sha2::Sha384),
    Sha512(sha2::Sha512),
    Blake2b(Box<blake2b_simd::State>),
    Blake3(Box<blake3::Hasher>),
}

impl Hasher {
    fn new(algorithm: Algorithm, length: usize) -> Self {
        match algorithm {
            Algorithm::Md5 => Self::Md5(md5::Md5::new()),
            Algorithm::Sha1 => Self::Sha1(sha1::Sha1::new()),
            Algorithm::Sha224 => Self::Sha224(sha2::Sha224::new()),
            Algorithm::Sha256 => Self::Sha256(sha2::Sha256::new()),
            Algorithm::Sha384 => Self::Sha384(sha2::Sha384::new()),
            Algorithm::Sha512 => Self::Sha512(sha2::Sha512::new()),
            Algorithm::Blake2b => {
                let state = blake2b_simd::Params::new().hash_length(length).to_state();
                Self::Blake2b(Box::new(state))
            }
            Algorithm::Blake3 => Self::Blake3(Box::default()),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Md5(hasher) => md5::Digest::update(hasher, bytes),
            Self::Sha1(hasher) => sha1::Digest::update(hasher, bytes),
            Self::Sha224(hasher) => sha2::Digest::update(hasher, bytes),
            Self::Sha256(hasher) => sha2::Digest::update(hasher, bytes),
            Self::Sha384(hasher) => sha2::Digest::update(hasher, bytes),
            Self::Sha512(hasher) => sha2::Digest::update(hasher, bytes),
            Self::Blake2b(hasher) => {
                hasher.update(bytes);
            }
            Self::Blake3(hasher) => {
                hasher.update(bytes);
            }
        }
    }

    fn finish(self) -> Vec<u8> {
        match self {
            Self::Md5(hasher) => hasher.finalize().to_vec(),
            Self::Sha1(hasher) => hasher.finalize().to_vec(),
            Self::Sha224(hasher) => hasher.finalize().to_vec(),
            Self::Sha256(hasher) => hasher.finalize().to_vec(),
            Self::Sha384(hasher) => hasher.finalize().to_vec(),
            Self::Sha512(hasher) => hasher.finalize().to_vec(),
            Self::Blake2b(hasher) => hasher.finalize().as_bytes().to_vec(),
            Self::Blake3(hasher) => hasher.finalize().as_bytes().to_vec(),
        }
    }
}

/// What a content has been found to be: its digests.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Computed {
    /// How many bytes it has.
    pub(crate) count: u64,
    /// Its digests, in the order in which they were wanted.
    pub(crate) digests: Vec<(Algorithm, Vec<u8>)>,
}

/// Digests of what has been read of a content so far.
pub(crate) struct Hashers {
    hashers: Vec<(Algorithm, Hasher)>,
    count: u64,
}

impl Hashers {
    /// Of each algorithm the digest of so many bytes.
    pub(crate) fn new(wanted: impl IntoIterator<Item = (Algorithm, usize)>) -> Self {
        let hashers = wanted
            .into_iter()
            .map(|(algorithm, length)| (algorithm, Hasher::new(algorithm, length)))
            .collect();
        Self { hashers, count: 0 }
    }

    /// Adds bytes.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(PART) {
            for (_, hasher) in &mut self.hashers {
                hasher.update(part);
            }
        }
        self.count += bytes.len() as u64;
    }

    /// Adds all that a reader has. Bytes are counted as they are read.
    ///
    /// # Errors
    /// When it cannot be read, or changed meanwhile; when the context says stop.
    pub(crate) fn add_all(&mut self, reader: &mut dyn Reader, context: &Context<'_>) -> Result<()> {
        while !reader.prepare()? {
            context.checkpoint()?;
        }
        loop {
            context.checkpoint()?;
            let added = match reader.chunk()? {
                Chunk::Bytes(bytes) => {
                    let bytes = &bytes[..bytes.len().min(16 * PART)];
                    self.add(bytes);
                    bytes.len() as u64
                }
                Chunk::Zeros(zeros) => {
                    let zeros = some_zeros(zeros);
                    self.add(zeros);
                    zeros.len() as u64
                }
                Chunk::Waiting => continue,
                Chunk::End => break,
            };
            reader.consume(added);
            context.counters().add_bytes(added);
        }
        reader.verify()
    }

    /// The digests of all that was added.
    pub(crate) fn finish(self) -> Computed {
        let digests = self.hashers.into_iter().map(|(it, hasher)| (it, hasher.finish())).collect();
        Computed { count: self.count, digests }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the tools give for `abc`: FIPS 180-4, RFC 1321, RFC 7693 and the paper on BLAKE3.
    const OF_ABC: [&str; 8] = [
        "900150983cd24fb0d6963f7d28e17f72",
        "a9993e364706816aba3e25717850c26c9cd0d89d",
        "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed\
         8086072ba1e7cc2358baeca134c825a7",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
         2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1\
         7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
        "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",
    ];

    #[test]
    fn every_algorithm_gives_the_digest_of_its_standard() {
        let mut hashers = Hashers::new(Algorithm::ALL.map(|it| (it, it.length())));
        hashers.add(b"a");
        hashers.add(b"bc");
        let computed = hashers.finish();
        assert_eq!(computed.count, 3);
        let found: Vec<_> =
            computed.digests.iter().map(|(_, digest)| Some(digest.clone())).collect();
        assert_eq!(found, OF_ABC.map(|digits| super::super::parsed::unhex(digits.as_bytes())));
    }
}
