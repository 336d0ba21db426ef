//! Walks a structure while its bytes pass by, on their way to libarchive.

use std::collections::VecDeque;

use super::{Broken, Details, LONGEST, Listed, Structure, Want, Whole};

/// A walk, as far as the bytes have come.
pub(crate) struct Walk {
    structure: Box<dyn Structure>,
    state: State,
    /// What has come of the bytes that are wanted, where they come in parts.
    held: Vec<u8>,
    /// Entries that were told of, and not been asked for.
    listed: VecDeque<(Listed, Details)>,
    /// What was shown of the bytes behind the end, where more was asked for than there was.
    rest: Vec<u8>,
}

#[derive(Debug, Clone)]
enum State {
    Wants { at: u64, length: usize },
    Over(Result<Whole, Broken>),
}

impl Walk {
    /// Begins, before any byte has come.
    pub(crate) fn new(structure: Box<dyn Structure>) -> Self {
        let state = State::Over(Ok(Whole::default()));
        let (held, listed, rest) = (Vec::new(), VecDeque::new(), Vec::new());
        let mut walk = Self { structure, state, held, listed, rest };
        walk.step(None);
        walk
    }

    /// What has to be read elsewhere before bytes pass by that begin at `at`: what is wanted lies before.
    /// It is passed in with [`pass`](Self::pass).
    pub(crate) fn missed(&self, at: u64) -> Option<(u64, usize)> {
        match self.state {
            State::Wants { at: wanted, length } => {
                let next = wanted + self.held.len() as u64;
                let missing = length - self.held.len();
                (next < at)
                    .then(|| (next, usize::try_from(at - next).unwrap_or(missing).min(missing)))
            }
            State::Over(_) => None,
        }
    }

    /// Bytes of the container pass by, which begin at `at` there.
    pub(crate) fn pass(&mut self, at: u64, bytes: &[u8]) {
        let end = at.saturating_add(bytes.len() as u64);
        while let State::Wants { at: wanted, length } = self.state {
            let next = wanted.saturating_add(self.held.len() as u64);
            if next >= end {
                return;
            }
            let Some(start) = next.checked_sub(at) else {
                self.fail("its parts do not come in an order in which they can be accounted for");
                return;
            };
            // Less than the length of the bytes.
            let rest = &bytes[usize::try_from(start).unwrap_or(bytes.len())..];
            let missing = length - self.held.len();
            if rest.len() < missing {
                self.held.extend_from_slice(rest);
                return;
            }
            if self.held.is_empty() {
                self.step(Some(&rest[..missing]));
            } else {
                let mut held = std::mem::take(&mut self.held);
                held.extend_from_slice(&rest[..missing]);
                self.step(Some(&held));
                held.clear();
                self.held = held;
            }
        }
    }

    /// The next entry that was come to.
    #[cfg(test)]
    pub(crate) fn entry(&mut self) -> Option<Listed> {
        self.detailed().map(|(listed, _)| listed)
    }

    /// The same, with all that is known of it.
    pub(crate) fn detailed(&mut self) -> Option<(Listed, Details)> {
        self.listed.pop_front()
    }

    /// Is there nothing more to be seen?
    pub(crate) fn outcome(&self) -> Option<&Result<Whole, Broken>> {
        match &self.state {
            State::Over(outcome) => Some(outcome),
            State::Wants { .. } => None,
        }
    }

    /// All bytes have passed by.
    pub(crate) fn finish(&mut self) -> Result<Whole, Broken> {
        let mut had_none = false;
        while let State::Wants { at, .. } = self.state {
            let held = std::mem::take(&mut self.held);
            if had_none && held.is_empty() {
                self.fail("is cut short");
                break;
            }
            had_none = held.is_empty();
            self.step(Some(&held));
            if let State::Over(Ok(whole)) = &self.state {
                let from = usize::try_from(whole.end.saturating_sub(at)).unwrap_or(held.len());
                self.rest = held.get(from..).unwrap_or_default().to_vec();
            }
        }
        match &self.state {
            State::Over(outcome) => outcome.clone(),
            State::Wants { .. } => unreachable!("it goes on as long as anything is wanted"),
        }
    }

    /// What was shown of the bytes behind the end when it was known only with the last of all bytes.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.rest
    }

    /// Goes on until more bytes are wanted, which come next after those of the last step.
    fn step(&mut self, bytes: Option<&[u8]>) {
        let behind = match self.state {
            State::Wants { at, length } => at.saturating_add(length as u64),
            State::Over(_) => 0,
        };
        let mut bytes = bytes.unwrap_or_default();
        self.state = loop {
            match self.structure.step(std::mem::take(&mut bytes)) {
                Ok(Want::Entry(listed)) => self.listed.push_back((listed, Details::default())),
                Ok(Want::Detailed(listed, details)) => self.listed.push_back((listed, details)),
                Ok(Want::End(whole)) => break State::Over(Ok(whole)),
                Ok(Want::Bytes { at, length }) => {
                    assert!((1..=LONGEST).contains(&length), "a structure asks for {length} bytes");
                    if at < behind {
                        let why = "has parts that lead back, and is read from its start on";
                        break State::Over(Broken::because(why));
                    }
                    break State::Wants { at, length };
                }
                Err(broken) => break State::Over(Err(broken)),
            }
        };
    }

    fn fail(&mut self, why: &str) {
        self.state = State::Over(Broken::because(why));
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A format for tests: a byte with the length of a name, the name, four bytes with the length of the
    /// content, the content; and a zero at the end.
    #[derive(Default)]
    pub(in super::super) struct Chain {
        at: u64,
        reads: Reads,
        name: Vec<u8>,
        size: u64,
    }

    #[derive(Default)]
    enum Reads {
        #[default]
        Nothing,
        Length,
        Name,
        Size,
    }

    impl Chain {
        fn want(&mut self, reads: Reads, length: usize) -> Want {
            self.reads = reads;
            let at = self.at;
            self.at += length as u64;
            Want::Bytes { at, length }
        }
    }

    impl Structure for Chain {
        fn step(&mut self, bytes: &[u8]) -> Result<Want, Broken> {
            match self.reads {
                Reads::Nothing => Ok(self.want(Reads::Length, 1)),
                Reads::Length => match bytes {
                    [] => Broken::because("is cut short"),
                    [0] => Ok(Want::End(Whole { end: self.at, ..Whole::default() })),
                    [length, ..] => Ok(self.want(Reads::Name, (*length).into())),
                },
                Reads::Name => {
                    self.name = bytes.to_vec();
                    Ok(self.want(Reads::Size, 4))
                }
                Reads::Size => {
                    let Some(size) = bytes.first_chunk() else {
                        return Broken::because("is cut short");
                    };
                    self.size = u32::from_be_bytes(*size).into();
                    self.at += self.size;
                    self.reads = Reads::Nothing;
                    let name = Some(std::mem::take(&mut self.name));
                    Ok(Want::Entry(Listed { name, size: Some(self.size) }))
                }
            }
        }
    }

    pub(in super::super) fn chain(entries: &[(&str, u32)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, size) in entries {
            bytes.push(u8::try_from(name.len()).expect("a short name"));
            bytes.extend(name.as_bytes());
            bytes.extend(size.to_be_bytes());
            // What would be an end if it were looked at.
            bytes.resize(bytes.len() + *size as usize, 0);
        }
        bytes.push(0);
        bytes
    }

    fn names(walk: &mut Walk) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| walk.entry()).map(|entry| entry.name.expect("set")).collect()
    }

    #[test]
    fn pieces_of_any_length_come_to_the_same() {
        let bytes = chain(&[("a", 3), ("longer", 50), ("c", 0)]);
        let whole = Whole { end: bytes.len() as u64, ..Whole::default() };
        for length in 1..=bytes.len() {
            let mut walk = Walk::new(Box::<Chain>::default());
            for (index, piece) in bytes.chunks(length).enumerate() {
                walk.pass((index * length) as u64, piece);
            }
            assert_eq!(walk.outcome(), Some(&Ok(whole.clone())), "{length}");
            assert_eq!(walk.finish(), Ok(whole.clone()));
            assert_eq!(names(&mut walk), [&b"a"[..], b"longer", b"c"]);
        }
    }

    /// Asks for more than there is.
    struct Greedy(bool);

    impl Structure for Greedy {
        fn step(&mut self, bytes: &[u8]) -> Result<Want, Broken> {
            if std::mem::replace(&mut self.0, true) {
                return Ok(Want::End(Whole { end: bytes.len().min(2) as u64, ..Whole::default() }));
            }
            Ok(Want::Bytes { at: 0, length: 100 })
        }
    }

    #[test]
    fn what_is_behind_an_end_that_is_known_late_is_not_lost() {
        let mut walk = Walk::new(Box::new(Greedy(false)));
        walk.pass(0, b"end");
        walk.pass(3, b"behind");
        assert!(walk.finish().is_ok());
        assert_eq!(walk.rest(), b"dbehind");
    }

    #[test]
    fn what_never_comes_is_cut_short() {
        let bytes = chain(&[("a", 3), ("b", 5)]);
        for length in 0..bytes.len() {
            let mut walk = Walk::new(Box::<Chain>::default());
            walk.pass(0, &bytes[..length]);
            assert_eq!(walk.finish(), Broken::because("is cut short"), "{length}");
        }
    }

    #[test]
    fn what_was_passed_over_is_asked_for() {
        let bytes = chain(&[("a", 3), ("b", 5)]);
        let mut walk = Walk::new(Box::<Chain>::default());
        // The first name and what follows it do not pass by.
        walk.pass(0, &bytes[..1]);
        let at = bytes.len() as u64 - 1;
        while let Some((from, length)) = walk.missed(at) {
            let start = usize::try_from(from).expect("in memory");
            walk.pass(from, &bytes[start..start + length]);
        }
        walk.pass(at, &bytes[bytes.len() - 1..]);
        assert_eq!(walk.outcome(), Some(&Ok(Whole { end: at + 1, ..Whole::default() })));
        assert_eq!(names(&mut walk), [b"a", b"b"]);
    }

    #[test]
    fn a_part_that_was_passed_over_is_never_passed_in_silence() {
        let bytes = chain(&[("a", 3)]);
        let mut walk = Walk::new(Box::<Chain>::default());
        walk.pass(4, &bytes[4..]);
        assert!(walk.finish().is_err());
    }
}
