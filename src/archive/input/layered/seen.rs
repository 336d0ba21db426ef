//! What is handed out passes by a structure, which holds the container against its format.

use super::{ArchiveInput, Source};
use crate::archive::account::Behind;
use crate::archive::passage::Passage;
use crate::archive::structure::{Broken, Details, Frames, Listed, Structure, Whole};
use crate::error::{Error, Result};

impl ArchiveInput<'_> {
    /// Keeps what passes by from now on until the format is known.
    pub(crate) fn keep(&mut self) {
        self.passage = Passage::new();
    }

    /// The format is known, and this is its structure, which is to see what passes by; `None`: nothing
    /// has to.
    ///
    /// # Errors
    /// When the container is broken.
    pub(crate) fn show(&mut self, structure: Option<Box<dyn Structure>>) -> Result<()> {
        let Some(structure) = structure else {
            self.passage.end();
            return Ok(());
        };
        let anywhere = match &self.source {
            Source::Stored(stored) if !self.is_later => stored.anywhere(),
            _ => None,
        };
        let begun = self.passage.begin(structure, anywhere, self.context)?;
        begun.map_err(|broken| self.broken(broken))
    }

    /// Shows libarchive frames of zstd and lz4, and nothing of what is behind their end.
    pub(in crate::archive::input) fn clip(&mut self) -> Result<()> {
        self.keep();
        self.is_clipped = true;
        self.show(Some(Box::new(Frames::new())))
    }

    /// It was no filter after all.
    pub(crate) fn unclip(&mut self) {
        self.passage.end();
        self.is_clipped = false;
    }

    /// Is nothing shown of what is behind the end of frames?
    pub(crate) fn is_clipped(&self) -> bool {
        self.is_clipped
    }

    /// How much libarchive sees of so many bytes that begin `at` there.
    pub(super) fn clipped(&self, at: u64, length: usize) -> usize {
        match self.passage.end_of_structure() {
            Some(end) if self.is_clipped => {
                usize::try_from(end.saturating_sub(at)).unwrap_or(length).min(length)
            }
            _ => length,
        }
    }

    /// The next entry that the structure has come to.
    pub(crate) fn entry(&mut self) -> Option<(Listed, Details)> {
        self.passage.entry()
    }

    pub(super) fn broken(&self, Broken(why): Broken) -> Error {
        Error::archive(&self.name, why)
    }

    /// Reads what libarchive had no use for: a checksum may come after it, or bytes that belong to no
    /// part of the container. What it was given last is gone.
    ///
    /// # Errors
    /// When the checksum is wrong; when there is too much; when the container is broken.
    pub(crate) fn finish(&mut self) -> Result<()> {
        if self.is_undone() || self.passage.is_seen() {
            while self.serve(0)? > 0 {}
        }
        Ok(())
    }

    /// What the structure has come to so far, if it has come to its end.
    pub(crate) fn seen(&self) -> Option<Whole> {
        self.passage.seen()
    }

    /// What the structure has come to, if one has seen what passed by, and what lies behind its end. All
    /// has been read.
    ///
    /// # Errors
    /// When the container is broken.
    pub(crate) fn whole(&mut self) -> Result<Option<(Whole, Option<Behind>)>> {
        match self.passage.finish(self.context)? {
            None => Ok(None),
            Some(Ok(whole)) => Ok(Some(whole)),
            Some(Err(broken)) => Err(self.broken(broken)),
        }
    }

    /// What lies behind the ends of filters, from the inside out. All within has been read.
    ///
    /// # Errors
    /// When it cannot be read; when the context says stop.
    pub(crate) fn behind_filters(&mut self) -> Result<Vec<Behind>> {
        match &mut self.source {
            Source::Stored(_) => Ok(Vec::new()),
            Source::Layer(layer) => layer.behind(),
        }
    }
}
