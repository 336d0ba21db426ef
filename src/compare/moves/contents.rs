//! What is known of contents, and which of them are the same.

use std::collections::{HashMap, HashSet};

use crate::error::Result;
use crate::outcome::{Finding, Proof};
use crate::run::context::{Context, Steps};
use crate::tree::manifest::algorithm::Algorithm;
use crate::tree::manifest::hasher::{Computed, Hashers};
use crate::tree::manifest::listed::Listed;

/// What is known of the content of a file.
pub(super) enum Content<'t> {
    /// It has been read.
    Read(Computed),
    /// A manifest lists it.
    Listed(Listed<'t>),
}

/// By what contents are told apart: their size, and digests.
type Key = (Option<u64>, Vec<(Algorithm, bool, Vec<u8>)>);

impl Content<'_> {
    fn key(&self) -> Key {
        match self {
            Self::Read(computed) => {
                let digests = computed.digests.iter();
                let digests = digests.map(|(algorithm, bytes)| (*algorithm, false, bytes.clone()));
                (Some(computed.count), digests.collect())
            }
            Self::Listed(listed) => {
                let digests = listed.digests().into_iter();
                let digests = digests.map(|it| (it.algorithm, it.is_guessed, it.bytes.to_vec()));
                (listed.size(), digests.collect())
            }
        }
    }

    /// How many bytes have been read for it.
    pub(super) fn read(&self) -> u64 {
        match self {
            Self::Read(computed) => computed.count,
            Self::Listed(_) => 0,
        }
    }

    /// Is it the content of an empty file?
    pub(super) fn is_empty(&self) -> Result<bool> {
        match self {
            Self::Read(computed) => Ok(computed.count == 0),
            Self::Listed(listed) => match listed.size() {
                Some(size) => Ok(size == 0),
                None => {
                    let nothing = Hashers::new(listed.algorithms(&listed.wanted()?)).finish();
                    Ok(matches!(listed.compare_computed(&nothing)?, Finding::Equal(_)))
                }
            },
        }
    }

    /// How it is known that both are the same, if they are.
    fn same(&self, other: &Self, context: &Context<'_>) -> Result<Option<Proof>> {
        let found = match (self, other) {
            (Self::Read(one), Self::Read(other)) => {
                return Ok((one == other).then_some(Proof::Digest));
            }
            (Self::Read(read), Self::Listed(listed)) | (Self::Listed(listed), Self::Read(read)) => {
                listed.compare_computed(read)
            }
            (Self::Listed(one), Self::Listed(other)) => one.compare(other, context),
        };
        match found {
            Ok(Finding::Equal(proof)) => Ok(Some(proof.unwrap_or(Proof::Digest))),
            Err(error) if error.ends_call() => Err(error),
            Ok(_) | Err(_) => Ok(None),
        }
    }
}

/// The contents of one side, each once.
#[derive(Default)]
pub(super) struct Classes<'t> {
    pub(super) contents: Vec<Content<'t>>,
    known: HashMap<Key, usize>,
}

impl<'t> Classes<'t> {
    /// The number of a content.
    pub(super) fn number(&mut self, content: Content<'t>) -> usize {
        let Self { contents, known } = self;
        *known.entry(content.key()).or_insert_with(|| {
            contents.push(content);
            contents.len() - 1
        })
    }

    /// Of each content, those of the other side that are the same, and how that is known.
    ///
    /// # Errors
    /// When the context says stop.
    pub(super) fn alike(
        &self,
        others: &Classes<'_>,
        context: &Context<'_>,
    ) -> Result<Vec<Vec<(usize, Proof)>>> {
        let mut steps = Steps::new(context);
        let mut by_digest: HashMap<&[u8], Vec<usize>> = HashMap::new();
        for ((_, digests), &class) in &others.known {
            for (_, _, bytes) in digests {
                steps.step()?;
                by_digest.entry(bytes).or_default().push(class);
            }
        }
        let mut alike = vec![Vec::new(); self.contents.len()];
        for ((_, digests), &class) in &self.known {
            let mut tried = HashSet::new();
            for other in digests.iter().filter_map(|it| by_digest.get(&*it.2)).flatten() {
                steps.step()?;
                if tried.insert(*other)
                    && let Some(proof) =
                        self.contents[class].same(&others.contents[*other], context)?
                {
                    alike[class].push((*other, proof));
                }
            }
        }
        Ok(alike)
    }

    /// The contents that cannot be told from any of the other side's: they have no digests of one algorithm.
    ///
    /// # Errors
    /// When the context says stop.
    pub(super) fn incomparable(
        &self,
        others: &Classes<'_>,
        context: &Context<'_>,
    ) -> Result<HashSet<usize>> {
        let (mut common, mut steps) = (HashSet::new(), Steps::new(context));
        for content in &others.contents {
            steps.step()?;
            common.extend(algorithms(content));
        }
        let mut found = HashSet::new();
        for (class, content) in self.contents.iter().enumerate() {
            steps.step()?;
            let has_common = algorithms(content).iter().any(|it| common.contains(it));
            if !others.contents.is_empty() && !has_common {
                found.insert(class);
            }
        }
        Ok(found)
    }
}

/// The algorithms that have made digests of a content, as far as a manifest tells.
fn algorithms(content: &Content<'_>) -> Vec<(Algorithm, usize)> {
    match content {
        Content::Read(computed) => {
            computed.digests.iter().map(|(it, digest)| (*it, digest.len())).collect()
        }
        Content::Listed(listed) => listed.algorithms(&listed.digests()),
    }
}
