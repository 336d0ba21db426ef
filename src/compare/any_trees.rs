//! Any tree against any other: what is there, or what was given, decides how the two are compared.

use super::archives::{GivenArchive, report_archives};
use super::mixed::{Reading, report_archive_and_tree};
use super::trees::{is_directory, report_dir, report_dir_urls, walk};
use crate::archive::opening::Opening;
use crate::error::Result;
use crate::options::Options;
use crate::outcome::Side;
use crate::run::context::Context;
use crate::run::sink::Sink;
use crate::source::Source;
use crate::tree::directory::DirectoryTree;
use crate::tree::manifest::read::Format;
use crate::tree::manifest_tree::ManifestTree;
use crate::tree::store::StoreTree;
use crate::tree::url_map::UrlTree;

/// A manifest, as it was given.
#[derive(Debug, Clone)]
pub struct GivenManifest {
    /// Where it is.
    pub source: Source,
    /// What its lines look like, if they are not to tell that themselves.
    pub format: Option<Format>,
}

/// A tree, as it was given.
pub enum GivenTree {
    /// A directory, or what is taken for an archive.
    Named(Source),
    /// Sources by their paths.
    Map(UrlTree),
    /// What a store has under a prefix.
    Store(StoreTree),
    /// What a manifest lists.
    Manifest(GivenManifest),
    /// A directory, and nothing else.
    Directory(Source),
    /// An archive, whatever is there, and what of it counts.
    Archive(Source, Opening),
}

/// What a tree turns out to be.
pub(super) enum GivenKind<'g> {
    Directory(&'g Source),
    Archive(GivenArchive<'g>),
    Map(&'g UrlTree),
    Manifest(&'g GivenManifest),
}

impl GivenTree {
    /// What it turns out to be. Waits for what a store lists.
    ///
    /// # Errors
    /// When a store cannot be listed; when the context says stop.
    pub(super) fn kind(&self, options: &Options, context: &Context<'_>) -> Result<GivenKind<'_>> {
        Ok(match self {
            Self::Named(source) if is_directory(source) => GivenKind::Directory(source),
            Self::Named(source) => {
                GivenKind::Archive(GivenArchive { source, opening: Opening::PLAIN })
            }
            Self::Directory(source) => GivenKind::Directory(source),
            Self::Archive(source, opening) => GivenKind::Archive(GivenArchive { source, opening }),
            Self::Map(urls) => GivenKind::Map(urls),
            Self::Store(store) => GivenKind::Map(store.listed(options, context)?),
            Self::Manifest(manifest) => GivenKind::Manifest(manifest),
        })
    }
}

/// Compares two trees, and says to the sink what it finds; before that, to `names_are_entries`, whether all names
/// are those of archives. False where that ended with the last of the findings that were to be found.
///
/// # Errors
/// When a root cannot be read, or an archive is none, damaged, encrypted or too much; when the context says stop.
pub fn report_trees(
    [left, right]: [&GivenTree; 2],
    options: &Options,
    names_are_entries: impl FnOnce(bool),
    sink: &dyn Sink,
    context: &Context<'_>,
) -> Result<bool> {
    let (left, right) = (left.kind(options, context)?, right.kind(options, context)?);
    names_are_entries(matches!((&left, &right), (GivenKind::Archive(_), GivenKind::Archive(_))));
    let transfers = || Options { max_workers: options.transfers(), ..options.clone() };
    match (left, right) {
        (GivenKind::Directory(left), GivenKind::Directory(right)) => {
            report_dir(left, right, options, sink, context)
        }
        (GivenKind::Archive(left), GivenKind::Archive(right)) => {
            report_archives(left, right, options, sink, context)
        }
        (GivenKind::Directory(left), GivenKind::Map(right)) => {
            report_dir_urls(left, right, options, sink, context)
        }
        (GivenKind::Map(left), GivenKind::Directory(right)) => {
            walk::compare(left, &directory(right, options)?, &transfers(), sink, context)
        }
        (GivenKind::Map(left), GivenKind::Map(right)) => {
            walk::compare(left, right, &transfers(), sink, context)
        }
        (GivenKind::Archive(left), GivenKind::Directory(right)) => {
            let tree = (&directory(right, options)?, right.name());
            let archive = (left, Side::Left);
            report_archive_and_tree(archive, tree, Reading::Driving, options, sink, context)
        }
        (GivenKind::Directory(left), GivenKind::Archive(right)) => {
            let tree = (&directory(left, options)?, left.name());
            let archive = (right, Side::Right);
            report_archive_and_tree(archive, tree, Reading::Driving, options, sink, context)
        }
        (GivenKind::Archive(left), GivenKind::Map(right)) => {
            let (archive, tree) = ((left, Side::Left), (right, right.name()));
            let reading = of_map(left.source, options);
            report_archive_and_tree(archive, tree, reading, &transfers(), sink, context)
        }
        (GivenKind::Map(left), GivenKind::Archive(right)) => {
            let (archive, tree) = ((right, Side::Right), (left, left.name()));
            let reading = of_map(right.source, options);
            report_archive_and_tree(archive, tree, reading, &transfers(), sink, context)
        }
        (GivenKind::Manifest(left), GivenKind::Manifest(right)) => {
            let (left, right) =
                (manifest(left, options, context)?, manifest(right, options, context)?);
            walk::compare(&left, &right, options, sink, context)
        }
        (GivenKind::Manifest(left), GivenKind::Directory(right)) => {
            let (left, right) = (manifest(left, options, context)?, directory(right, options)?);
            walk::compare(&left, &right, options, sink, context)
        }
        (GivenKind::Directory(left), GivenKind::Manifest(right)) => {
            let (left, right) = (directory(left, options)?, manifest(right, options, context)?);
            walk::compare(&left, &right, options, sink, context)
        }
        (GivenKind::Manifest(left), GivenKind::Map(right)) => {
            walk::compare(&manifest(left, options, context)?, right, &transfers(), sink, context)
        }
        (GivenKind::Map(left), GivenKind::Manifest(right)) => {
            walk::compare(left, &manifest(right, options, context)?, &transfers(), sink, context)
        }
        (GivenKind::Archive(left), GivenKind::Manifest(right)) => {
            let tree = (&manifest(right, options, context)?, right.source.name());
            let archive = (left, Side::Left);
            report_archive_and_tree(archive, tree, Reading::Driving, options, sink, context)
        }
        (GivenKind::Manifest(left), GivenKind::Archive(right)) => {
            let tree = (&manifest(left, options, context)?, left.source.name());
            let archive = (right, Side::Right);
            report_archive_and_tree(archive, tree, Reading::Driving, options, sink, context)
        }
    }
}

pub(super) fn directory(source: &Source, options: &Options) -> Result<DirectoryTree> {
    DirectoryTree::open(source.path()?, source.name().clone(), options)
}

pub(super) fn manifest(
    GivenManifest { source, format }: &GivenManifest,
    options: &Options,
    context: &Context<'_>,
) -> Result<ManifestTree> {
    ManifestTree::read(source, *format, options, context)
}

/// How an archive is compared with a map. Where they differ is only seen side by side; of two servers that may
/// be one, neither may wait for the other.
fn of_map(archive: &Source, options: &Options) -> Reading {
    if options.r#where && !archive.is_transferred() {
        Reading::Driving
    } else {
        Reading::Digesting(options.transfers())
    }
}
