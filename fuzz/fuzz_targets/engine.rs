//! The engine against `==`: two contents, each served with its own chunk borders, holes and ways to
//! be read, and several contents sorted into groups.
#![no_main]

use arbitrary::Arbitrary;
use komparu::internals::engine::{self, lockstep, partition};
use komparu::internals::content::{Chunk, Reader};
use komparu::{Call, Context, Options};
use libfuzzer_sys::fuzz_target;
use scripted::{Scripted, Serving};

#[path = "../../tests/scripted/mod.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod scripted;

/// A content in short: pieces repeated, so that it may be long, and mostly zeros where there are none.
#[derive(Arbitrary, Debug)]
struct Content<'a> {
    pieces: Vec<(&'a [u8], u8, u16)>,
}

impl Content<'_> {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for &(piece, times, zeros) in self.pieces.iter().take(8) {
            for _ in 0..times {
                bytes.extend_from_slice(piece);
            }
            bytes.resize(bytes.len() + usize::from(zeros) % 9000, 0);
        }
        bytes
    }
}

#[derive(Arbitrary, Debug)]
struct Way {
    borders: Vec<u16>,
    holes: Vec<bool>,
    sized: bool,
    random: bool,
}

impl Way {
    fn serving(&self) -> Serving {
        let mut borders: Vec<usize> =
            self.borders.iter().map(|&border| usize::from(border) % 5000 + 1).collect();
        borders.push(4096);
        let mut holes = self.holes.clone();
        holes.push(true);
        Serving { borders, holes, sized: self.sized, random: self.random }
    }
}

#[derive(Arbitrary, Debug)]
enum Edit {
    None,
    Flip(u32, u8),
    Cut(u32),
    Append(u8),
}

impl Edit {
    fn apply(&self, content: &[u8]) -> Vec<u8> {
        let mut edited = content.to_vec();
        match *self {
            Self::None => {}
            Self::Flip(place, bits) => {
                let length = edited.len().max(1);
                if let Some(byte) = edited.get_mut(place as usize % length) {
                    *byte ^= bits;
                }
            }
            Self::Cut(place) => edited.truncate(place as usize % (content.len() + 1)),
            Self::Append(byte) => edited.push(byte),
        }
        edited
    }
}

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    content: Content<'a>,
    edits: [Edit; 3],
    ways: [Way; 4],
    chunk_size: u16,
    size_precheck: bool,
    quick_check: bool,
    workers: u8,
}

fuzz_target!(|input: Input<'_>| {
    let first = input.content.bytes();
    let contents: Vec<Vec<u8>> = std::iter::once(first.clone())
        .chain(input.edits.iter().map(|edit| edit.apply(&first)))
        .collect();
    let servings: Vec<Serving> = input.ways.iter().map(Way::serving).collect();
    let options = Options {
        chunk_size: usize::from(input.chunk_size) + 1,
        size_precheck: input.size_precheck,
        quick_check: input.quick_check,
        max_workers: usize::from(input.workers % 3) + 1,
        ..Options::default()
    };
    let call = Call::new(None);
    let context = Context::new(&call);
    for (content, serving) in contents.iter().zip(&servings).skip(1) {
        let reader = |content, serving| Scripted::new(content, serving);
        let (mut a, mut b) = (reader(&first, &servings[0]), reader(content, serving));
        let outcome = engine::compare(&mut a, &mut b, &options, &context).expect("readable");
        assert_eq!(outcome.is_none(), first == *content, "{outcome:?}");
        let named = outcome.and_then(|unequal| unequal.offset);
        let (mut a, mut b) = (reader(&first, &servings[0]), reader(content, serving));
        let found = lockstep::compare(&mut a, &mut b, options.chunk_size, &context);
        let common = first.len().min(content.len());
        let expected = (0..common).find(|&index| first[index] != content[index]);
        let expected = expected.or((first.len() != content.len()).then_some(common));
        assert_eq!(found.expect("readable"), expected.map(|offset| offset as u64));
        assert!(named.is_none() || named == expected.map(|offset| offset as u64), "{named:?}");
        let (mut a, mut b) = (reader(&first, &servings[0]), reader(content, serving));
        let found = engine::first_difference(&mut a, &mut b, 16, &options, &context);
        let found = found.expect("readable");
        assert_eq!(found.as_ref().map(|found| found.offset), expected.map(|offset| offset as u64));
        if let (Some(found), Some(offset)) = (found, expected) {
            let lines = 1 + first[..offset].iter().filter(|&&byte| byte == b'\n').count();
            let from_there = |content: &[u8]| content[offset..content.len().min(offset + 16)].to_vec();
            assert_eq!(found.line, lines as u64);
            assert_eq!((found.left, found.right), (from_there(&first), from_there(content)));
        }
    }
    sort(&contents, &servings, &options, &context);
});

/// What [`Scripted`] is to two, for many: they must own what they are of.
struct Stream {
    content: Vec<u8>,
    serving: Serving,
    position: usize,
    /// How many chunks were shown, and where the last of them ends.
    shown: (usize, usize),
}

impl Default for Stream {
    fn default() -> Self {
        let serving = Serving { borders: vec![1], holes: vec![false], sized: false, random: false };
        Self { content: Vec::new(), serving, position: 0, shown: (0, 0) }
    }
}

impl Reader for Stream {
    fn chunk(&mut self) -> komparu::Result<Chunk<'_>> {
        if self.position == self.content.len() {
            return Ok(Chunk::End);
        }
        let (count, end) = self.shown;
        if self.position == end {
            let border = self.serving.borders[count % self.serving.borders.len()];
            self.shown = (count + 1, self.content.len().min(end + border));
        }
        let bytes = &self.content[self.position..self.shown.1];
        let is_hole = self.serving.holes[self.shown.0 % self.serving.holes.len()];
        if is_hole && bytes.iter().all(|&byte| byte == 0) {
            return Ok(Chunk::Zeros(bytes.len() as u64));
        }
        Ok(Chunk::Bytes(bytes))
    }

    fn consume(&mut self, length: u64) {
        self.position += usize::try_from(length).expect("what was shown is in memory");
        assert!(self.position <= self.shown.1, "more was taken than was shown");
    }

    fn size(&self) -> Option<u64> {
        self.serving.sized.then_some(self.content.len() as u64)
    }

    fn verify(&self) -> komparu::Result<()> {
        Ok(())
    }
}

/// All of them as streams, sorted into groups.
fn sort(contents: &[Vec<u8>], servings: &[Serving], options: &Options, context: &Context<'_>) {
    let members = contents
        .iter()
        .zip(servings)
        .map(|(content, serving)| {
            let stream =
                Stream { content: content.clone(), serving: serving.clone(), ..Stream::default() };
            partition::Member::Stream(Box::new(stream))
        })
        .collect();
    let limits = partition::PartitionLimits { open: 8, stop_at_difference: false };
    let outcome = partition::partition(members, limits, options, context).expect("readable");
    let mut expected: Vec<Vec<usize>> = Vec::new();
    for (index, content) in contents.iter().enumerate() {
        match expected.iter_mut().find(|group| contents[group[0]] == *content) {
            Some(group) => group.push(index),
            None => expected.push(vec![index]),
        }
    }
    assert_eq!(outcome.groups, expected);
}
