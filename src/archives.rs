//! Two archives, as their user named them: paths or URLs, each of which may have to be read twice.

use crate::context::Context;
use crate::engine;
use crate::error::{Error, Name, Result};
use crate::options::Options;
use crate::outcome::TreeOutcome;
use crate::reader::Reader;
use crate::reader::file::FileReader;
use crate::reader::located::Located;
use crate::reader::remote::Remote;
use crate::reader::supply::{Bytes, Origin};
use crate::source::Source;
use crate::tree;

/// Compares all entries of two archives.
///
/// Of two archive files with the same bytes, or two paths to one file, only one is unpacked.
///
/// # Errors
/// When either is no archive, damaged, encrypted, or passes a limit; when the context says stop. What
/// cannot be compared within them is a finding.
pub fn compare_archive(
    a: &Source,
    b: &Source,
    options: &Options,
    context: &Context<'_>,
) -> Result<TreeOutcome> {
    context.checkpoint()?;
    engine::until_quiet(context, || compare_once(a, b, options, context))
}

fn compare_once(
    a: &Source,
    b: &Source,
    options: &Options,
    context: &Context<'_>,
) -> Result<TreeOutcome> {
    let (mut a, mut b) = (Archive::look(a, options)?, Archive::look(b, options)?);
    if let (Some(one), Some(other)) = (&mut a.file, &mut b.file)
        && (one.is_same_file(other) || have_same_bytes(one, other, options, context)?)
    {
        return tree::archive::examine(&a, options, context);
    }
    tree::archive::compare(&a, &b, options, context)
}

/// Says no where it cannot tell without reading a file that can be read only once.
fn have_same_bytes(
    a: &mut FileReader,
    b: &mut FileReader,
    options: &Options,
    context: &Context<'_>,
) -> Result<bool> {
    if a.as_random().is_none() || b.as_random().is_none() {
        return Ok(false);
    }
    let options = Options { size_precheck: true, quick_check: true, ..options.clone() };
    Ok(engine::compare(a, b, &options, context)?.is_none())
}

/// An archive in a file of this machine, which is open, or at a URL.
struct Archive<'s> {
    source: &'s Source,
    options: &'s Options,
    file: Option<FileReader>,
}

impl<'s> Archive<'s> {
    fn look(source: &'s Source, options: &'s Options) -> Result<Self> {
        let located = source.locate(options).map_err(|error| match error {
            // It is there, and no file.
            Error::Read { name, cause, errno, .. } => Error::Archive { name, cause, errno },
            other => other,
        })?;
        let file = located.map(Located::open).transpose()?;
        Ok(Self { source, options, file })
    }

    /// The bytes at a URL, when the server has begun to answer.
    fn fetch<'c>(&self, context: &Context<'c>) -> Result<Bytes<'c>> {
        let mut reader = self.source.fetch(self.options, 2)?;
        while !reader.prepare()? {
            context.checkpoint()?;
        }
        Ok(match Remote::new(Box::new(reader), context.call()) {
            Ok(remote) => Bytes::Anywhere(Box::new(remote)),
            Err(reader) => Bytes::Stream(reader, "the server has no Range requests"),
        })
    }
}

impl Origin for Archive<'_> {
    fn name(&self) -> &Name {
        self.source.name()
    }

    fn open<'c>(&'c self, context: &Context<'c>) -> Result<Bytes<'c>> {
        let Some(file) = &self.file else { return self.fetch(context) };
        if file.as_random().is_some() {
            return Ok(Bytes::Anywhere(Box::new(file)));
        }
        let again = self.source.open(self.source.locate(self.options)?, self.options, 2)?;
        Ok(Bytes::Stream(again, "this file has no size"))
    }

    fn verify(&self) -> Result<()> {
        self.file.as_ref().map_or(Ok(()), Reader::verify)
    }
}
