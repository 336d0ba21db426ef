//! The manifest of a tree: its files are listed, digested and written down.

mod archive;
pub(super) mod digests;
mod file;

use std::io::Write as _;

use super::any_trees::{GivenKind, GivenTree, directory, manifest};
use crate::error::{Error, Name, Result};
use crate::options::{OnError, Options};
use crate::run::context::Context;
use crate::run::sort;
use crate::tree::manifest::algorithm::Algorithm;
use crate::tree::manifest::read::Format;
use crate::tree::manifest::write::{self, DigestedFile};

/// What a manifest is to look like.
#[derive(Debug, Clone, Copy)]
pub struct ManifestStyle {
    /// The algorithm of its digests.
    pub algorithm: Algorithm,
    /// What its lines look like.
    pub format: Format,
}

impl ManifestStyle {
    /// # Errors
    /// [`Error::Argument`] if the format has no digests of this algorithm.
    pub fn check(self) -> Result<()> {
        write::head(self.format, self.algorithm).map(drop).map_err(Error::Argument)
    }
}

/// Writes the manifest of a tree to `file`, sorted by name, and says how many files it lists. `file` itself is not
/// listed, if it lies in the tree. Until all files have been read, and as long as not all can be, it stays as it is.
///
/// # Errors
/// When a file cannot be read, or cannot be listed; when the manifest cannot be written; when the context says stop.
pub fn write_manifest(
    tree: &GivenTree,
    file: &[u8],
    style: ManifestStyle,
    options: &Options,
    context: &Context<'_>,
) -> Result<u64> {
    let ManifestStyle { algorithm, format } = style;
    let head = write::head(format, algorithm).map_err(Error::Argument)?;
    // A manifest that lacks what could not be read would be one of another tree.
    let options = &Options {
        on_error: OnError::Raise,
        max_differences: None,
        r#where: false,
        moves: false,
        ignore_case: false,
        ..options.clone()
    };
    let transfers = || Options { max_workers: options.transfers(), ..options.clone() };
    let mut files = match tree.kind(options, context)? {
        GivenKind::Directory(source) => {
            let own = file::within(file, source.path()?);
            digests::of(&directory(source, options)?, algorithm, own.as_deref(), options, context)?
        }
        GivenKind::Map(map) => digests::of(map, algorithm, None, &transfers(), context)?,
        GivenKind::Manifest(given) => {
            let tree = manifest(given, options, context)?;
            digests::of(&tree, algorithm, None, options, context)?
        }
        GivenKind::Archive(source) => archive::digests(source, algorithm, options, context)?,
    };
    sort::sort_by(&mut files, context, |one, two| one.path.cmp(&two.path))?;
    for it in &files {
        if let Some(cause) = write::refused(format, it) {
            return Err(Error::read(&Name::new(&it.path), cause));
        }
    }
    file::write(file, context, |out| {
        out.write_all(head.as_bytes())?;
        files.iter().try_for_each(|it: &DigestedFile| write::line(out, format, algorithm, it))
    })?;
    Ok(files.len() as u64)
}
