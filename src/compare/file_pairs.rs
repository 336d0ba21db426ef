//! Many pairs of local files by the rules of Python's `filecmp`: their signatures first, then their content.
//!
//! What is not two regular files that can be read is left to the caller, who has Python's own exceptions.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::pair::compare_contents;
use crate::content::file::located::{Located, Location};
use crate::engine::until_quiet;
use crate::error::{Error, Result};
use crate::options::Options;
use crate::run::context::Context;
use crate::run::for_each::{AfterFailure, Verdict, each};

/// Pairs are compared by the calling thread alone for this long, before others are spawned to help: about
/// what it takes to spawn two.
const ALONE: Duration = Duration::from_micros(100);

/// What is known of a pair.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FilePair {
    /// Their signatures decide whether they are the same.
    Looked(bool),
    /// Their content was read: whether it is the same, their size, and when each of them was modified.
    Read(bool, u64, [f64; 2]),
    /// They are no regular files, or cannot be read.
    Unknown,
    /// They changed while they were compared.
    Changed(Error),
}

/// Compares each of these pairs, several at a time. With `shallow`, files of the same size and modification
/// time are taken for the same.
///
/// # Errors
/// When the context says stop.
pub(crate) fn compare_file_pairs(
    pairs: &[(PathBuf, PathBuf)],
    shallow: bool,
    options: &Options,
    context: &Context<'_>,
) -> Result<Vec<FilePair>> {
    let begun = Instant::now();
    let mut outcomes = Vec::with_capacity(pairs.len());
    while begun.elapsed() < ALONE
        && let Some(pair) = pairs.get(outcomes.len())
    {
        context.checkpoint()?;
        outcomes.push(one(pair, shallow, options, context)?);
    }
    let rest = &pairs[outcomes.len()..];
    if rest.is_empty() {
        return Ok(outcomes);
    }
    let at_a_time = options.workers().min(rest.len());
    // Threads that are left over are divided among the pairs.
    let options =
        &Options { max_workers: (options.workers() / at_a_time).max(1), ..options.clone() };
    let places: Vec<_> = rest.iter().map(|pair| (pair, OnceLock::new())).collect();
    each(&places, at_a_time, AfterFailure::Continue, context, |(pair, place), context| {
        let outcome = one(pair, shallow, options, context)?;
        place.get_or_init(|| outcome);
        Ok(Verdict::Undecided)
    })?;
    outcomes.extend(places.into_iter().filter_map(|(_, place)| place.into_inner()));
    Ok(outcomes)
}

fn one(
    (a, b): &(PathBuf, PathBuf),
    shallow: bool,
    options: &Options,
    context: &Context<'_>,
) -> Result<FilePair> {
    match decide(a, b, shallow, options, context) {
        Ok(outcome) => Ok(outcome),
        Err(error) if error.ends_call() => Err(error),
        Err(
            error @ (Error::Read { errno: None, .. }
            | Error::Changed { .. }
            | Error::Touched { .. }),
        ) => Ok(FilePair::Changed(error)),
        Err(_) => Ok(FilePair::Unknown),
    }
}

fn decide(
    a: &Path,
    b: &Path,
    shallow: bool,
    options: &Options,
    context: &Context<'_>,
) -> Result<FilePair> {
    let (Ok(file_a), Ok(file_b)) = (look_at(a, options), look_at(b, options)) else {
        return Ok(FilePair::Unknown);
    };
    // The null device is no regular file. It alone has a known size of zero.
    if file_a.size() == Some(0) || file_b.size() == Some(0) {
        return Ok(FilePair::Unknown);
    }
    let (id_a, id_b) = (file_a.identity(), file_b.identity());
    if id_a.size != id_b.size {
        return Ok(FilePair::Looked(false));
    }
    let modified = [id_a.modified_seconds(), id_b.modified_seconds()];
    if shallow && modified[0].to_bits() == modified[1].to_bits() {
        return Ok(FilePair::Looked(true));
    }
    if id_a.has_number_of(&id_b) {
        // Perhaps two names of one file, whose content needs no reading; but it must be readable.
        for file in [&file_a, &file_b] {
            drop(file.open()?);
        }
    }
    let mut looked_at = Some((file_a, file_b));
    let difference = until_quiet(options.retries(), context, || {
        // When they are compared again they are looked at again.
        let (file_a, file_b) = match looked_at.take() {
            Some(files) => files,
            None => (look_at(a, options)?, look_at(b, options)?),
        };
        compare_contents(&file_a, &file_b, options, context)
    })?;
    Ok(FilePair::Read(difference.is_none(), id_a.size, modified))
}

fn look_at(path: &Path, options: &Options) -> Result<Located> {
    let location = Location::new(path.as_os_str().as_bytes().into());
    Located::at(location, path.into(), options.files)
}

#[cfg(test)]
mod tests {
    use std::fs::{File, create_dir, write};
    use std::os::unix::fs::symlink;
    use std::time::SystemTime;

    use super::*;
    use crate::run::context::Call;

    fn pairs(directory: &Path, names: &[[&str; 2]]) -> Vec<(PathBuf, PathBuf)> {
        names.iter().map(|[a, b]| (directory.join(a), directory.join(b))).collect()
    }

    /// Files that were all modified at the same time, but for one.
    fn files() -> tempfile::TempDir {
        let directory = tempfile::tempdir().expect("a directory");
        for (name, content, seconds) in [
            ("a", "1", 0),
            ("same", "1", 0),
            ("other", "2", 0),
            ("late", "1", 1),
            ("long", "11", 0),
        ] {
            let path = directory.path().join(name);
            write(&path, content).expect("written");
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            File::open(&path).and_then(|file| file.set_modified(time)).expect("set");
        }
        create_dir(directory.path().join("directory")).expect("made");
        symlink("nowhere", directory.path().join("link")).expect("made");
        directory
    }

    #[test]
    fn each_pair_has_its_own_outcome_in_the_order_of_the_list() {
        let files = files();
        let cases = [
            (["a", "same"], FilePair::Looked(true), FilePair::Read(true, 1, [0.0, 0.0])),
            (["a", "other"], FilePair::Looked(true), FilePair::Read(false, 1, [0.0, 0.0])),
            (
                ["a", "late"],
                FilePair::Read(true, 1, [0.0, 1.0]),
                FilePair::Read(true, 1, [0.0, 1.0]),
            ),
            (
                ["other", "late"],
                FilePair::Read(false, 1, [0.0, 1.0]),
                FilePair::Read(false, 1, [0.0, 1.0]),
            ),
            (["a", "a"], FilePair::Looked(true), FilePair::Read(true, 1, [0.0, 0.0])),
            (["a", "long"], FilePair::Looked(false), FilePair::Looked(false)),
            (["a", "link"], FilePair::Unknown, FilePair::Unknown),
            (["a", "missing"], FilePair::Unknown, FilePair::Unknown),
            (["directory", "directory"], FilePair::Unknown, FilePair::Unknown),
            (["/dev/null", "/dev/null"], FilePair::Unknown, FilePair::Unknown),
        ];
        // More of them than one thread comes to alone.
        let many: Vec<_> = cases.iter().cycle().take(3000).collect();
        let names: Vec<_> = many.iter().map(|case| case.0).collect();
        let pairs = pairs(files.path(), &names);
        for (shallow, max_workers) in [(true, 0), (false, 0), (false, 1), (false, 3)] {
            let (call, options) = (Call::new(None), Options { max_workers, ..Options::default() });
            let outcomes = compare_file_pairs(&pairs, shallow, &options, &Context::new(&call));
            let expected = many.iter().map(|case| if shallow { &case.1 } else { &case.2 });
            assert_eq!(outcomes, Ok(expected.cloned().collect()));
        }
    }

    #[test]
    fn a_call_that_is_stopped_has_no_outcomes() {
        let files = files();
        let pairs = pairs(files.path(), &vec![["a", "same"]; 3000]);
        for last in [1, 2, 1500, 3000] {
            let call = Call::until_checkpoint(last);
            let options = Options::default();
            let outcome = compare_file_pairs(&pairs, false, &options, &Context::new(&call));
            assert_eq!(outcome, Err(Error::Cancelled), "{last}");
        }
    }
}
