//! Any bytes as an archive, against the same bytes in another file: equal, unverified or an error, and
//! never different; no crash, no hang, and within the limits.
#![no_main]

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use komparu::options::ArchiveLimits;
use komparu::{Call, Context, Error, Finding, Options, Source};
use libfuzzer_sys::fuzz_target;

/// A file with this content, and its path.
fn file(content: &[u8]) -> (tempfile::NamedTempFile, PathBuf) {
    let mut file = tempfile::NamedTempFile::new_in("/dev/shm").expect("a temporary file");
    file.write_all(content).expect("written");
    let path = file.path().to_owned();
    (file, path)
}

fuzz_target!(|content: &[u8]| {
    let hash_compare = content.len() % 2 == 1;
    let ((_a, a), (_b, b)) = (file(content), file(content));
    let options = Options {
        hash_compare,
        limits: ArchiveLimits {
            max_decompressed_size: Some(1 << 20),
            max_archive_entries: Some(1000),
            ..ArchiveLimits::default()
        },
        ..Options::default()
    };
    let call = Call::new(Some(Duration::from_secs(15)));
    let (a, b) = (Source::from(a.as_path()), Source::from(b.as_path()));
    match komparu::compare_archive(&a, &b, &options, &Context::new(&call)) {
        Ok(outcome) => {
            for (path, finding) in &outcome.findings {
                assert!(matches!(finding, Finding::Failed(_)), "{path:?}: {finding:?}");
            }
        }
        Err(Error::TimedOut(_)) => panic!("it took too long"),
        Err(error) => assert!(!error.to_string().contains(['\n', '\r']), "{error}"),
    }
});
