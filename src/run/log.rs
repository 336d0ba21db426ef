//! Every finding of a call in little memory, for a result that is asked for at the end.
//!
//! A call that streams its findings does not need to keep them, but its result does. Paths that follow one another
//! mostly begin in the same way: of each path only what differs from the one before is kept. A million findings take
//! some 10 bytes each instead of 100.

use crate::error::Error;
use crate::outcome::{DiffReason, Difference, Finding, Mismatch, Moved, Proof};

/// Findings in the order in which they came. Identical paths are not kept.
#[derive(Debug, Default)]
pub(crate) struct FindingLog {
    /// For each finding: what it is, how many bytes of the path are those of the one before, and the others.
    bytes: Vec<u8>,
    last: Vec<u8>,
    count: usize,
    /// What few findings have, in their order.
    errors: Vec<Error>,
    differences: Vec<Difference>,
    moves: Vec<Moved>,
}

const REASONS: [DiffReason; 3] =
    [DiffReason::ContentMismatch, DiffReason::SizeMismatch, DiffReason::TypeMismatch];

// What a finding is, in one byte. From the last of these on: how it differs.
const ONLY_LEFT: u8 = 0;
const ONLY_RIGHT: u8 = 1;
const FAILED: u8 = 2;
const DIFFERS: u8 = 3;

/// More than any code of how something differs.
const MOVED: u8 = u8::MAX;

/// Numbers of a proof: one more than there are proofs, for none.
const PROOFS: usize = Proof::ALL.len() + 1;

impl FindingLog {
    /// Adds a finding, unless it is that a path is identical.
    pub(crate) fn push(&mut self, path: &[u8], finding: &Finding) {
        let kind = match finding {
            Finding::Equal(_) => return,
            Finding::OnlyLeft => ONLY_LEFT,
            Finding::OnlyRight => ONLY_RIGHT,
            Finding::Moved(moved) => {
                self.moves.push((**moved).clone());
                MOVED
            }
            Finding::Failed(error) => {
                self.errors.push((**error).clone());
                FAILED
            }
            Finding::Differs(mismatch) => {
                self.differences.extend(mismatch.difference.as_deref().cloned());
                code(mismatch)
            }
        };
        let common = path.iter().zip(&self.last).take_while(|(one, other)| one == other).count();
        self.bytes.push(kind);
        self.push_number(common);
        self.push_number(path.len() - common);
        self.bytes.extend_from_slice(&path[common..]);
        self.last.truncate(common);
        self.last.extend_from_slice(&path[common..]);
        self.count += 1;
    }

    /// Adds a number, seven bits at a time: paths are short, and numbers with them.
    fn push_number(&mut self, mut number: usize) {
        while number >= 0x80 {
            self.bytes.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.bytes.push(number.to_le_bytes()[0]);
    }

    /// All findings.
    pub(crate) fn findings(&self) -> Vec<(Vec<u8>, Finding)> {
        let mut all = Vec::with_capacity(self.count);
        let (mut errors, mut differences) = (self.errors.iter(), self.differences.iter());
        let mut targets = self.moves.iter();
        let (mut rest, mut path) = (&self.bytes[..], Vec::new());
        while let Some((&kind, after)) = rest.split_first() {
            let (common, after) = number(after);
            let (length, after) = number(after);
            let (added, after) = after.split_at(length);
            path.truncate(common);
            path.extend_from_slice(added);
            rest = after;
            let finding = match kind {
                ONLY_LEFT => Finding::OnlyLeft,
                ONLY_RIGHT => Finding::OnlyRight,
                MOVED => match targets.next() {
                    Some(moved) => Finding::Moved(Box::new(moved.clone())),
                    None => continue,
                },
                FAILED => match errors.next() {
                    Some(error) => Finding::failed(error.clone()),
                    None => continue,
                },
                differs => Finding::Differs(mismatch(differs, || {
                    differences.next().cloned().map(Box::new)
                })),
            };
            all.push((path.clone(), finding));
        }
        all
    }
}

/// The number at the front, and what follows it.
fn number(mut bytes: &[u8]) -> (usize, &[u8]) {
    let (mut number, mut shift) = (0, 0_u32);
    while let Some((&byte, rest)) = bytes.split_first() {
        bytes = rest;
        number |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 || shift >= usize::BITS {
            break;
        }
    }
    (number, bytes)
}

/// How something differs, in one byte.
fn code(mismatch: &Mismatch) -> u8 {
    let reason = REASONS.iter().position(|&reason| reason == mismatch.reason).unwrap_or(0);
    let proof = mismatch.proof.map_or(0, |proof| proof as usize + 1);
    let shown = usize::from(mismatch.difference.is_some());
    // At most 3 + 2 * 18.
    u8::try_from(usize::from(DIFFERS) + (reason * PROOFS + proof) * 2 + shown).unwrap_or(DIFFERS)
}

/// What a byte says of how something differs.
fn mismatch(code: u8, difference: impl FnOnce() -> Option<Box<Difference>>) -> Mismatch {
    let code = usize::from(code - DIFFERS);
    let (shown, code) = (code % 2 == 1, code / 2);
    let proof = (code % PROOFS).checked_sub(1).map(|proof| Proof::ALL[proof]);
    let reason = REASONS[(code / PROOFS).min(REASONS.len() - 1)];
    Mismatch { reason, proof, difference: if shown { difference() } else { None } }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn finding() -> impl Strategy<Value = Finding> {
        let proof = proptest::option::of(proptest::sample::select(&Proof::ALL[..]));
        let difference = proptest::option::of(0..9_u64).prop_map(|offset| {
            let difference = |offset| Difference {
                offset,
                line: 1,
                left: vec![1],
                right: vec![],
                left_size: None,
                right_size: Some(7),
            };
            offset.map(|offset| Box::new(difference(offset)))
        });
        let differs = (proptest::sample::select(&REASONS[..]), proof, difference);
        prop_oneof![
            Just(Finding::OnlyLeft),
            Just(Finding::Moved(Box::new(Moved {
                to: b"elsewhere".to_vec(),
                proof: Proof::Digest
            }))),
            Just(Finding::OnlyRight),
            "[a-c]{0,3}".prop_map(|why| Finding::failed(Error::read(&"x".into(), why))),
            differs.prop_map(|(reason, proof, difference)| {
                Finding::Differs(Mismatch { reason, proof, difference })
            }),
        ]
    }

    proptest! {
        #[test]
        fn what_was_pushed_comes_out_in_order(
            all in proptest::collection::vec(("[ab/]{0,6}|[a]{100,300}", finding()), 0..20),
        ) {
            let mut log = FindingLog::default();
            log.push(b"identical", &Finding::Equal(None));
            for (path, finding) in &all {
                log.push(path.as_bytes(), finding);
            }
            let pushed: Vec<_> =
                all.into_iter().map(|(path, finding)| (path.into_bytes(), finding)).collect();
            prop_assert_eq!(log.findings(), pushed);
        }
    }

    #[test]
    fn a_finding_takes_few_bytes() {
        let mut log = FindingLog::default();
        for number in 0..10_000 {
            let path = format!("some/directory/with/a/long/name/{number:07}.txt");
            log.push(path.as_bytes(), &Finding::OnlyLeft);
        }
        assert!(log.bytes.len() < 11 * 10_000, "{}", log.bytes.len());
    }
}
