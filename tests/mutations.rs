//! Damaged archives, a great many of them: the answer is a verdict or an error about that archive, in bounded
//! memory, the same in both orders, and the same with digests as without.
//!
//! `KOMPARU_MUTATIONS` says how many for each kind of archive; `make mutations` sets it to 15,000.
//! `KOMPARU_KIND` says which kind alone.

use std::path::{Path, PathBuf};
use std::process::Command;

use komparu::{Call, Context, Error, Options, Source, TreeOutcome};

/// How many by default.
const FEW: u64 = 50;

/// A stream of numbers that look random and are the same each time: Marsaglia's xorshift.
struct Chance(u64);

impl Chance {
    fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.number() % limit.max(1) as u64).expect("below a usize")
    }
}

/// Changes some bytes, cuts some out, doubles some, or cuts all off.
fn mutate(content: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = content.to_vec();
    for _ in 0..=chance.below(6) {
        let place = chance.below(bytes.len());
        let end = (place + 1 + chance.below(64)).min(bytes.len());
        match chance.below(7) {
            _ if bytes.is_empty() => break,
            0 => bytes[place] = chance.number().to_le_bytes()[0],
            1 => bytes[place] ^= 1 << chance.below(8),
            2 => bytes[place..end].fill(0xff),
            3 => bytes[place..end].fill(0),
            4 => drop(bytes.drain(place..end)),
            5 => {
                let piece = bytes[place..end].to_vec();
                let at = chance.below(bytes.len());
                bytes.splice(at..at, piece);
            }
            _ if chance.below(8) == 0 => bytes.truncate(place),
            _ => {
                let digits = chance.number().to_string();
                for (byte, digit) in bytes[place..end].iter_mut().zip(digits.bytes()) {
                    *byte = digit;
                }
            }
        }
    }
    bytes
}

const KINDS: [(&str, &[&str]); 18] = [
    ("gnu.tar", &["tar", "--format=gnu", "--sparse", "-cf"]),
    ("pax.tar", &["tar", "--format=pax", "-cf"]),
    ("tar.gz", &["bsdtar", "-czf"]),
    ("tar.bz2", &["bsdtar", "-cjf"]),
    ("tar.xz", &["bsdtar", "-cJf"]),
    ("tar.zst", &["bsdtar", "--zstd", "-cf"]),
    ("tar.lz4", &["bsdtar", "--lz4", "-cf"]),
    ("tar.Z", &["bsdtar", "-cZf"]),
    ("tar.uu", &["bsdtar", "--uuencode", "-cf"]),
    ("cpio", &["bsdtar", "--format=newc", "-cf"]),
    ("xar", &["bsdtar", "--format=xar", "-cf"]),
    ("zip", &["zip", "-qry"]),
    ("bsd.zip", &["bsdtar", "--format=zip", "-cf"]),
    // Those before are libarchive's to read, for what `pack` puts into them.
    ("plain.zip", &["zip", "-qr", "-x", "*caf*", "@"]),
    ("stored.zip", &["zip", "-qr0", "-x", "*caf*", "@"]),
    ("7z", &["7z", "a", "-snl", "-bso0"]),
    ("bsd.7z", &["bsdtar", "--format=7zip", "-cf"]),
    ("iso", &["bsdtar", "--format=iso9660", "-cf"]),
];

fn pack(directory: &Path, kind: &str, command: &[&str]) -> PathBuf {
    let tree = directory.join("tree");
    std::fs::create_dir_all(tree.join("directory")).expect("a directory");
    std::fs::write(tree.join("a"), "hello world\n".repeat(3)).expect("written");
    std::fs::write(tree.join("directory/b"), [7; 3000]).expect("written");
    std::fs::write(tree.join("caf\u{e9}"), "").expect("written");
    // There they are from the second kind on.
    let _ = std::os::unix::fs::symlink("a", tree.join("link"));
    let _ = std::fs::hard_link(tree.join("a"), tree.join("hard"));
    let archive = directory.join(format!("x.{kind}"));
    let mut packing = Command::new(command[0]);
    packing.args(&command[1..]).arg(&archive).arg(".").current_dir(&tree);
    assert!(packing.status().expect("a tool that scripts/prepare.sh installs").success(), "{kind}");
    archive
}

fn compare(a: &Path, b: &Path, hash_compare: bool) -> komparu::Result<TreeOutcome> {
    let mut options = Options { hash_compare, ..Options::default() };
    options.limits.max_decompressed_size = Some(16 << 20);
    let call = Call::new(None);
    komparu::compare_archive(&Source::from(a), &Source::from(b), &options, &Context::new(&call))
}

/// The most memory that this process has used, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[test]
fn every_damaged_archive_has_an_answer() {
    let count = std::env::var("KOMPARU_MUTATIONS").ok().and_then(|count| count.parse().ok());
    let directory = tempfile::tempdir().expect("a directory");
    let mutated = directory.path().join("mutated");
    let chosen = std::env::var("KOMPARU_KIND").ok();
    for (kind, command) in KINDS {
        if chosen.as_ref().is_some_and(|chosen| chosen != kind) {
            continue;
        }
        let archive = pack(directory.path(), kind, command);
        let content = std::fs::read(&archive).expect("an archive");
        let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
        let mut tally = [0; 3];
        let before = peak();
        for number in 0..count.unwrap_or(FEW) {
            let changed = mutate(&content, &mut chance);
            std::fs::write(&mutated, &changed).expect("written");
            let outcome = compare(&archive, &mutated, number % 2 == 0);
            match &outcome {
                Ok(outcome) => tally[usize::from(!outcome.is_equal())] += 1,
                Err(Error::Archive { name, .. } | Error::ArchiveBomb { name, .. }) => {
                    assert_eq!(*name.bytes(), *mutated.to_str().expect("UTF-8").as_bytes());
                    tally[2] += 1;
                }
                Err(error) => panic!("{kind}, {number}: {error}"),
            }
            // Both ways to compare, and both orders, have to agree.
            if number % 16 == 0 {
                let other = compare(&mutated, &archive, number % 2 != 0);
                let found = |outcome: komparu::Result<TreeOutcome>| {
                    outcome.map(|outcome| outcome.findings.len()).ok()
                };
                assert_eq!(found(outcome), found(other), "{kind}, {number}");
            }
        }
        let grown = peak().saturating_sub(before) >> 10;
        println!("{kind}: equal, different, error {tally:?}; peak memory grew by {grown} MiB");
        assert!(grown < 512, "{kind}: {grown} MiB");
    }
}
