//! Compressions and the like that libarchive undoes: one of them, in front of whatever reads the archive.
//!
//! libarchive undoes filters by itself, and several at once. Undone here, one at a time, what is within
//! passes by in the open, and the end of each can be told: libarchive passes over what lies behind it.

use super::layered::{ArchiveInput, Layer};
use crate::archive::account::{Behind, Tail};
use crate::archive::words;
use crate::error::{Error, Name, Result};
use crate::run::context::Context;
use crate::sys::libarchive::{Failure, Filter, Filters, Handle, Reads};

/// What is within a filter.
pub(crate) struct Undone<'a> {
    handle: Handle<ArchiveInput<'a>>,
    filter: Filter,
    name: Name,
    context: &'a Context<'a>,
    is_over: bool,
    /// How much of the block at hand has been taken.
    taken: usize,
    /// Where in it that begins which came last.
    shown_from: usize,
}

/// How many bytes tell bzip2 and xz.
const MAGIC: usize = 10;

/// What begins with these bytes, if it is one of the filters around an archive that is read in process: the size of
/// blocks and the first block or the end in bzip2, and the xz file format 1.2.0, 2.1.1.1.
fn begins_with(start: &[u8]) -> Option<Filter> {
    match start {
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..]
        | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => {
            Some(Filter::BZIP2)
        }
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Filter::XZ),
        _ => None,
    }
}

/// What ends a text that was encoded by uuencode, in its two ways: POSIX.1-2017, uuencode.
const ENDS: [&[u8]; 4] = [b"\nend\n", b"\nend\r\n", b"\n====\n", b"\n====\r\n"];

impl<'a> Undone<'a> {
    /// `Err` with the bytes as they were if they are within no filter.
    ///
    /// # Errors
    /// When they cannot be read; when they are within the same filter twice.
    pub(crate) fn open(
        mut input: ArchiveInput<'a>,
        filters: Filters,
        name: &Name,
        context: &'a Context<'a>,
    ) -> Result<std::result::Result<Self, ArchiveInput<'a>>> {
        if let Some(filter) = begins_with(input.start(MAGIC)?) {
            match Self::once(input, filter, name, context)? {
                Ok(undone) => return Ok(Ok(undone)),
                Err(again) => input = again,
            }
        }
        input.record();
        let mut handle = open(input, Reads::Filters(filters), name)?;
        let filters = handle.filters();
        let Some(&outermost) = filters.first() else {
            let mut plain = back(handle)?;
            plain.unclip();
            return Ok(Err(plain));
        };
        if filters.len() > 1 {
            let mut input = back(handle)?;
            input.record();
            handle = open(input, Reads::Filters(Filters::Only(outermost)), name)?;
            if handle.filters().len() > 1 {
                return Err(Error::archive(name, "is compressed twice in the same way"));
            }
        }
        handle.input_mut().keep_record();
        let is_over = match handle.next() {
            Ok(entry) => entry.is_none(),
            Err(failure) => return Err(because(name, handle.input(), failure)),
        };
        let (name, filter) = (name.clone(), outermost);
        Ok(Ok(Self { handle, filter, name, context, is_over, taken: 0, shown_from: 0 }))
    }

    /// What is within `filter`, without a look at what that is. libarchive looks for a filter within a filter, and
    /// undoes all that it has found in one go: 1.2 s of work at once for five bzip2 around 8 MiB, 10 ms where each is
    /// undone by itself. `Err` with the bytes as they were if nothing came out: what is damaged is told otherwise.
    fn once(
        mut input: ArchiveInput<'a>,
        filter: Filter,
        name: &Name,
        context: &'a Context<'a>,
    ) -> Result<std::result::Result<Self, ArchiveInput<'a>>> {
        input.record();
        let mut handle = match Handle::open(input, Reads::Filters(Filters::Known(filter))) {
            Ok(handle) => handle,
            Err((_, input)) => return rewound(input).map(Err),
        };
        let is_undone = handle.filters() == [filter];
        if !(is_undone && matches!(handle.next(), Ok(Some(_)))) {
            return back(handle).map(Err);
        }
        handle.input_mut().keep_record();
        let name = name.clone();
        Ok(Ok(Self { handle, filter, name, context, is_over: false, taken: 0, shown_from: 0 }))
    }

    /// Fetches the next block if all of the last one has been taken, unless there is none.
    fn fetch(&mut self) -> Result<()> {
        while self.taken == self.handle.bytes().len() && !self.is_over {
            self.context.checkpoint()?;
            self.handle.input().begin();
            match self.handle.block() {
                Ok(block) => self.is_over = block.is_none(),
                Err(failure) => return Err(because(&self.name, self.handle.input(), failure)),
            }
            self.taken = 0;
        }
        Ok(())
    }

    /// The end of text is not demanded by libarchive.
    fn check_end(&self) -> Result<()> {
        let is_at = |end: &&[u8]| self.handle.input().ends_with(self.handle.used(), end);
        if self.filter == Filter::UU && !ENDS.iter().any(is_at) {
            return Err(Error::archive(&self.name, "is cut short: its text has no end"));
        }
        Ok(())
    }
}

impl<'a> Layer<'a> for Undone<'a> {
    fn below(&self) -> &ArchiveInput<'a> {
        self.handle.input()
    }

    fn is_of_files(&self) -> bool {
        [Filter::BZIP2, Filter::LZ4, Filter::XZ, Filter::ZSTD].contains(&self.filter)
    }

    fn lends(&self) -> bool {
        true
    }

    fn advance(&mut self) -> Result<usize> {
        self.fetch()?;
        self.shown_from = self.taken;
        self.taken = self.handle.bytes().len();
        Ok(self.taken - self.shown_from)
    }

    fn lent(&self) -> &[u8] {
        &self.handle.bytes()[self.shown_from..]
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.fetch()?;
        let rest = &self.handle.bytes()[self.taken..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.taken += length;
        Ok(length)
    }

    fn behind(&mut self) -> Result<Vec<Behind>> {
        self.check_end()?;
        let used = self.handle.used();
        let input = self.handle.input_mut();
        let behind = if input.is_clipped() {
            input.finish()?;
            let whole = input.whole()?;
            if whole.as_ref().is_none_or(|(whole, _)| whole.end != used) {
                return Err(Error::archive(
                    &self.name,
                    "is compressed, and was not read to its end",
                ));
            }
            whole.and_then(|(_, behind)| behind)
        } else {
            let mut tail = Tail::default();
            input.rest(used, &mut tail)?;
            tail.finish()
        };
        let around = self.handle.input_mut().behind_filters()?;
        Ok(behind.into_iter().chain(around).collect())
    }
}

fn open<'a>(
    input: ArchiveInput<'a>,
    reads: Reads,
    name: &Name,
) -> Result<Handle<ArchiveInput<'a>>> {
    Handle::open(input, reads).map_err(|(failure, input)| because(name, &input, failure))
}

/// The bytes once more, from the first one that was read.
fn back(handle: Handle<ArchiveInput<'_>>) -> Result<ArchiveInput<'_>> {
    rewound(handle.into_input())
}

fn rewound(mut input: ArchiveInput<'_>) -> Result<ArchiveInput<'_>> {
    if let Some(error) = input.failure() {
        return Err(error.clone());
    }
    input.rewind();
    Ok(input)
}

/// What the failure of libarchive is due to, as far as the bytes it was given know better.
pub(crate) fn because(name: &Name, input: &ArchiveInput<'_>, Failure(words): Failure) -> Error {
    if let Some(error) = input.failure() {
        return error.clone();
    }
    if input.is_empty() {
        return Error::archive(name, "is empty, and no archive");
    }
    // Words may quote the archive, which may hold anything.
    let cause = words::cause(&words, input.is_undone());
    let cause = Name::new(cause.as_bytes());
    let hint = input
        .why_in_order()
        .map_or_else(String::new, |why| format!(" (read from its start on, since {why})"));
    Error::archive(name, format!("{cause}{hint}"))
}
