//! What a manifest lists of one file, compared with a content or with what another manifest lists.

use std::ops::Range;

use super::algorithm::Algorithm;
use super::hasher::{Computed, Hashers};
use super::table::{ListedDigest, Table};
use crate::content::Reader;
use crate::error::{Error, Name, Result};
use crate::outcome::{DiffReason, Finding, Mismatch, Proof};
use crate::run::context::Context;

/// What a manifest lists of one file.
#[derive(Debug, Clone)]
pub struct Listed<'t> {
    table: &'t Table,
    rows: Range<usize>,
}

impl<'t> Listed<'t> {
    /// What is in these rows.
    pub(crate) fn new(table: &'t Table, rows: Range<usize>) -> Self {
        Self { table, rows }
    }

    /// All digests.
    pub(crate) fn digests(&self) -> Vec<ListedDigest<'t>> {
        self.table.digests(self.rows.clone()).collect()
    }

    /// The size, if it is listed.
    pub(crate) fn size(&self) -> Option<u64> {
        self.table.size(self.rows.clone())
    }

    fn name(&self) -> Name {
        Name::new(self.table.name(self.rows.start))
    }

    /// The digests.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn wanted(&self) -> Result<Vec<ListedDigest<'t>>> {
        let digests = self.digests();
        if digests.is_empty() {
            return Err(Error::read(&self.name(), "the manifest has no digest for it"));
        }
        Ok(digests)
    }

    /// Compares a content that has been read: all of its bytes.
    ///
    /// # Errors
    /// If there is no digest.
    pub(crate) fn compare_bytes(&self, bytes: &[u8], context: &Context<'_>) -> Result<Finding> {
        let digests = self.wanted()?;
        if self.size().is_some_and(|size| size != bytes.len() as u64) {
            return Ok(Finding::differs(DiffReason::SizeMismatch));
        }
        let mut hashers = Hashers::new(self.algorithms(&digests));
        hashers.add(bytes);
        context.counters().add_bytes(bytes.len() as u64);
        Ok(self.judge(&digests, &hashers.finish()))
    }

    /// Compares a content, which is read to its end.
    ///
    /// # Errors
    /// If there is no digest; when the content cannot be read; when the context says stop.
    pub(crate) fn compare_reader(
        &self,
        reader: &mut dyn Reader,
        context: &Context<'_>,
    ) -> Result<Finding> {
        let digests = self.wanted()?;
        while !reader.prepare()? {
            context.checkpoint()?;
        }
        if let Some((size, listed)) = reader.size().zip(self.size())
            && size != listed
        {
            return Ok(Finding::differs(DiffReason::SizeMismatch));
        }
        let mut hashers = Hashers::new(self.algorithms(&digests));
        hashers.add_all(reader, context)?;
        Ok(self.judge(&digests, &hashers.finish()))
    }

    /// Compares a content of which all digests are known that the manifest has of any file.
    ///
    /// # Errors
    /// If there is no digest.
    pub(crate) fn compare_computed(&self, computed: &Computed) -> Result<Finding> {
        Ok(self.judge(&self.wanted()?, computed))
    }

    /// The size, if it is listed, and the digest of this algorithm.
    ///
    /// # Errors
    /// If that is not listed.
    pub(crate) fn digest(&self, algorithm: Algorithm) -> Result<(Option<u64>, Vec<u8>)> {
        let is_it = |digest: &&ListedDigest<'_>| {
            digest.algorithm == algorithm
                && digest.bytes.len() == algorithm.length()
                && !digest.is_guessed
        };
        let missing = || format!("the manifest has no digest of {} for it", algorithm.name());
        let digests = self.wanted()?;
        let digest = digests.iter().find(is_it);
        let digest = digest.ok_or_else(|| Error::read(&self.name(), missing()))?;
        Ok((self.size(), digest.bytes.to_vec()))
    }

    /// The algorithms that are wanted, and the lengths of their digests.
    pub(crate) fn algorithms(&self, digests: &[ListedDigest<'_>]) -> Vec<(Algorithm, usize)> {
        let mut wanted: Vec<_> = digests
            .iter()
            .flat_map(|digest| {
                self.table.candidates(*digest).map(|algorithm| (algorithm, digest.bytes.len()))
            })
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        wanted
    }

    /// What a content comes to that has been digested.
    fn judge(&self, digests: &[ListedDigest<'_>], computed: &Computed) -> Finding {
        if self.size().is_some_and(|size| size != computed.count) {
            return Finding::differs(DiffReason::SizeMismatch);
        }
        let mut proof = None;
        for digest in digests {
            let candidates: Vec<_> = computed
                .digests
                .iter()
                .filter(|(algorithm, bytes)| {
                    bytes.len() == digest.bytes.len()
                        && (*algorithm == digest.algorithm
                            || digest.is_guessed
                                && Some(*algorithm) == digest.algorithm.alternative())
                })
                .collect();
            match candidates.iter().find(|(_, bytes)| &bytes[..] == digest.bytes) {
                Some((algorithm, _)) => {
                    self.table.settle(*digest, *algorithm);
                    // All of them are the same: the strongest is named.
                    proof = proof.max(Some(algorithm.proof()));
                }
                None => {
                    let algorithm = candidates.first().map_or(digest.algorithm, |it| it.0);
                    return mismatch(DiffReason::ContentMismatch, algorithm.proof());
                }
            }
        }
        Finding::Equal(proof)
    }

    /// Compares what two manifests list.
    ///
    /// # Errors
    /// If either has no digest, or they have none that is known to be of one algorithm; when the context says stop.
    pub(crate) fn compare(&self, other: &Listed<'_>, context: &Context<'_>) -> Result<Finding> {
        context.checkpoint()?;
        let (ours, theirs) = (self.wanted()?, other.wanted()?);
        if let Some((one, two)) = self.size().zip(other.size())
            && one != two
        {
            return Ok(Finding::differs(DiffReason::SizeMismatch));
        }
        let mut proof = None;
        for one in &ours {
            let is_alike = |two: &&ListedDigest<'_>| {
                let is_possible =
                    |algorithm| other.table.candidates(**two).any(|it| it == algorithm);
                one.bytes.len() == two.bytes.len() && self.table.candidates(*one).any(is_possible)
            };
            for two in theirs.iter().filter(is_alike) {
                // Where only one of the two has a name for its algorithm, that is what it is.
                let named = if one.is_guessed { two.algorithm } else { one.algorithm };
                if one.bytes != two.bytes {
                    if !self.table.is_of_one_algorithm(*one, other.table, *two, context)? {
                        continue;
                    }
                    return Ok(mismatch(DiffReason::ContentMismatch, named.proof()));
                }
                proof = proof.max(Some(named.proof()));
            }
        }
        if proof.is_none() {
            return Err(Error::read(&self.name(), "the two manifests have no digest in common"));
        }
        Ok(Finding::Equal(proof))
    }
}

fn mismatch(reason: DiffReason, proof: Proof) -> Finding {
    Finding::Differs(Mismatch { reason, proof: Some(proof), difference: None })
}
