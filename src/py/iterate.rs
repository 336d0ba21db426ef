//! Trees of any kind, whose findings are read while they are compared.

use std::sync::{Arc, OnceLock};

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use super::answer::Names;
use super::arguments::{Extra, Parameter};
use super::classes::classes;
use super::objects::Objects;
use super::public::{Asked, PROGRESS, Public, load_of};
use super::request::PreparedCall;
use super::run_state::TreeRun;
use super::stores::{self, GivenStore};
use super::values::boolean;
use super::{manifests, many, sources, trees};
use crate::archive::opening::Opening;
use crate::compare::any_trees::{GivenManifest, GivenTree, report_trees};
use crate::jobs::Load;
use crate::options::{Function, Options};
use crate::run::context::Call;
use crate::source::Source;

const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "left",
        annotation: "SourceLike | Mapping[PathKey, SourceLike] | Directory | Archive | Manifest | Store",
        about: "A directory, or an archive: a local path, a URL or a Source; a mapping of relative paths to \
            sources; a Directory, an Archive or a Manifest; or a Store, or a text such as s3://bucket/prefix/.",
    },
    Parameter {
        name: "right",
        annotation: "SourceLike | Mapping[PathKey, SourceLike] | Directory | Archive | Manifest | Store",
        about: "What it is compared with, of any of these kinds.",
    },
];

pub(super) static COMPARE_TREES: Public = Public {
    function: Function::CompareTrees,
    name: "compare_trees",
    parameters: PARAMETERS,
    extras: &[&PROGRESS],
    returns: "DirResult",
    about: "\
Do two trees hold the same files, byte for byte? Each is a directory, an archive, a map of sources, a manifest or a store.

A path that is a directory is that directory; any other path, and a URL, is an archive. Two trees of
one kind are compared as `compare_dir` and `compare_archive` compare them, a directory and a map as
`compare_dir_urls` does. Of an archive and another tree, the archive is read once, and each file is
compared with the one at its path while it passes. With follow_symlinks=False links compare by their
targets; else a link in an archive is what the archive has under its target. A link that leads out
of the archive is in the result's errors, unless the other tree has the same link to nowhere. What a
Manifest lists is compared by its digests: each file is read once, whatever digests it has there.",
    outcome: "\
Returns:
    A DirResult; it is true if every entry of both sides was compared and found identical.

Raises:
    ArchiveError: An archive is encrypted, damaged, cut short, or none.
    ArchiveBombError: An archive passes a limit.
    ManifestError: A line of a manifest is malformed, or contradicts another one.
    SourceNotFoundError: There is nothing there.
    SourcePermissionError: This process may not read it.
    SourceReadError: It cannot be read, or was changed while it was compared.
    ComparisonTimeoutError: comparison_timeout passed.
    ConfigError: A URL of a kind that is not supported; a store whose library is not installed.
    ValueError: An argument that cannot be. Raised before anything is opened, as is TypeError.
    TypeError: An argument of a wrong type.",
    read: read_trees,
};

pub(super) static ITER_TREES: Public = Public {
    function: Function::IterTrees,
    name: "iter_trees",
    parameters: PARAMETERS,
    extras: &[&PROGRESS, &Extra {
        name: "equal",
        annotation: "bool",
        default: "False",
        about: "Give a finding for each path that is identical, too.",
    }],
    returns: "TreeRun",
    about: "\
Compare two trees, and give what is found as it is found.

The two are compared as `compare_trees` would, by threads of komparu's own; options that are about
another kind of tree count for nothing. What is found waits in a bounded queue, so a consumer that is
slow makes the comparison wait. Where one is an archive, everything is found when all its entries have
passed.",
    outcome: "\
Returns:
    A TreeRun: iterate it for a Finding at a time. Use it in a `with` block, whose end stops what is left.

Raises:
    ConfigError: A URL of a kind that is not supported.
    ValueError: An argument that cannot be. Raised before anything is opened, as is TypeError.
    TypeError: An argument of a wrong type.",
    read: read_iter_trees,
};

fn read_iter_trees(given: &[Bound<'_, PyAny>], asked: &Asked<'_, '_>) -> PyResult<PreparedCall> {
    let wants_equal = asked.extra("equal")?.map_or(Ok(false), |it| boolean("equal", &it))?;
    let request = read_trees(given, asked)?;
    Ok(if wants_equal { request.with_equal_paths() } else { request })
}

/// A tree as it is given, before the options are known.
pub(super) enum Unread {
    Manifest(GivenManifest),
    Directory(Source),
    Archive(Source, Opening),
    Named(Source),
    Map(Vec<(Vec<u8>, Source)>, &'static str),
    Store(GivenStore),
}

impl Unread {
    pub(super) fn read(
        value: &Bound<'_, PyAny>,
        name: &'static str,
        objects: &Objects,
        call: &Call,
    ) -> PyResult<Self> {
        let py = value.py();
        if let Some(manifest) = manifests::manifest(value, objects)? {
            return Ok(Self::Manifest(manifest));
        }
        if let Some((source, opening)) = trees::archive(value, objects)? {
            return Ok(Self::Archive(source, opening));
        }
        if let Some(source) = trees::directory(value, objects)? {
            return Ok(Self::Directory(source));
        }
        if let Some(store) = stores::store(value)? {
            return Ok(Self::Store(store));
        }
        if value.is_instance(classes(py)?.mapping.bind(py))? {
            return Ok(Self::Map(sources::map(value, name, objects, call)?, name));
        }
        sources::source(value, name, objects).map(Self::Named)
    }

    pub(super) fn sources(&self) -> Vec<&Source> {
        match self {
            Self::Manifest(manifest) => vec![&manifest.source],
            Self::Named(source) | Self::Directory(source) | Self::Archive(source, _) => {
                vec![source]
            }
            Self::Map(sources, _) => sources.iter().map(|(_, source)| source).collect(),
            Self::Store(_) => Vec::new(),
        }
    }

    /// What a call waits for that compares these trees: as many transfers as there are URLs, at most the number that
    /// run at once. A store has as many as it likes.
    pub(super) fn load(trees: &[&Self]) -> Load {
        if trees.iter().any(|tree| matches!(tree, Self::Store(_))) {
            return Load::Transfers(usize::MAX);
        }
        load_of(trees.iter().flat_map(|tree| tree.sources()))
    }

    /// The stores among trees: what is listed when all arguments have been read.
    pub(super) fn stores(trees: &[&Self], py: Python<'_>) -> Vec<GivenStore> {
        let store = |tree: &&Self| match tree {
            Self::Store(store) => Some(store.clone_ref(py)),
            _ => None,
        };
        trees.iter().filter_map(store).collect()
    }

    pub(super) fn tree(
        self,
        py: Python<'_>,
        options: &Options,
        call: &Call,
    ) -> PyResult<GivenTree> {
        Ok(match self {
            Self::Manifest(manifest) => GivenTree::Manifest(manifest),
            Self::Named(source) => GivenTree::Named(source),
            Self::Map(sources, name) => {
                GivenTree::Map(many::tree(py, sources, name, options, call)?)
            }
            Self::Store(store) => GivenTree::Store(store.tree()),
            Self::Directory(source) => GivenTree::Directory(source),
            Self::Archive(source, opening) => GivenTree::Archive(source, opening),
        })
    }
}

fn read_trees(given: &[Bound<'_, PyAny>], asked: &Asked<'_, '_>) -> PyResult<PreparedCall> {
    let [left, right] = given else { unreachable!("as many as it has parameters") };
    let py = left.py();
    let call = asked.call();
    let read = |tree, name| Unread::read(tree, name, asked.objects, &call);
    let (left, right) = (read(left, "left")?, read(right, "right")?);
    let load = Unread::load(&[&left, &right]);
    let options = asked.options(py, load)?;
    let load = match load {
        Load::Transfers(urls) => Load::Transfers(urls.min(options.transfers().max(2))),
        Load::Disk => Load::Disk,
    };
    let stores = Unread::stores(&[&left, &right], py);
    let (left, right) = (left.tree(py, &options, &call)?, right.tree(py, &options, &call)?);
    stores.into_iter().try_for_each(|store| store.begin(py))?;
    let names = Arc::new(OnceLock::new());
    let known = Arc::clone(&names);
    Ok(PreparedCall::of_any_trees(options, load, names, move |options, sink, context| {
        let note = |are_entries| {
            let _ = known.set(if are_entries { Names::Entries } else { Names::Paths });
        };
        report_trees([&left, &right], options, note, sink, context)
    }))
}

/// Begins a run.
pub(super) fn begin(request: PreparedCall) -> PyResult<TreeRun> {
    match request.into_tree() {
        Some(request) => Ok(TreeRun::begin(request)),
        None => Err(PyRuntimeError::new_err("only trees have findings")),
    }
}
