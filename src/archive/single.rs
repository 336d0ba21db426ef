//! A compressed file that has no archive within: its content is the one entry, which has no name.

use super::Account;
use super::input::ArchiveInput;
use super::input::shared_buffer::SharedBuffer;
use super::stream::{Entries, Entry, Step};
use super::within;
use crate::error::{Error, Name, Result};
use crate::run::context::Context;
use crate::sys::libarchive::{Handle, Reads, ShownKind};

/// What libarchive says of what it does not know, in its versions 3.6 to 3.8.
const UNKNOWN: &str = "Unrecognized archive format";

/// A compressed file that is being read.
pub(crate) struct Single<'a> {
    input: ArchiveInput<'a>,
    at: At,
    /// How much came last.
    length: usize,
    account: Account,
}

enum At {
    Beginning,
    Content,
    End,
}

impl<'a> Single<'a> {
    /// What is within `input` is no archive that libarchive knows. `name` is what messages call the file.
    ///
    /// # Errors
    /// When it is the damaged rest of an archive; when it cannot be read.
    pub(crate) fn new(mut input: ArchiveInput<'a>, name: &Name) -> Result<Self> {
        let start = input.look_ahead(within::LOOKED_AT)?;
        if let Some(why) = within::remains(&start, &name.to_string()) {
            return Err(Error::archive(name, why));
        }
        // What has been undone is only passed on.
        input.stop_watching();
        Ok(Self { input, at: At::Beginning, length: 0, account: Account::default() })
    }
}

/// Bytes of an archive, or those of a compressed file without one.
pub(crate) enum Within<'a> {
    Archive(ArchiveInput<'a>),
    Single(ArchiveInput<'a>),
}

/// Asks libarchive whether it knows what is within one layer of compression, where that does not tell itself.
///
/// # Errors
/// When it cannot be read; when the context says stop.
pub(crate) fn probe<'a>(
    mut input: ArchiveInput<'a>,
    reads: Reads,
    context: &Context<'_>,
) -> Result<Within<'a>> {
    context.checkpoint()?;
    input.record();
    // No more than 8 MiB of headers are looked at, here as well.
    input.keep();
    let (mut input, words) = match Handle::open(input, reads) {
        Ok(mut handle) => {
            let words = handle.next().err().map(|failure| failure.0);
            (handle.into_input(), words)
        }
        Err((failure, input)) => (input, Some(failure.0)),
    };
    if let Some(error) = input.failure() {
        return Err(error.clone());
    }
    input.rewind();
    input.unclip();
    let is_unknown = words.is_some_and(|words| words.contains(UNKNOWN));
    Ok(if is_unknown { Within::Single(input) } else { Within::Archive(input) })
}

impl Entries for Single<'_> {
    fn next(&mut self) -> Result<Option<Entry>> {
        if !matches!(self.at, At::Beginning) {
            return Ok(None);
        }
        self.at = At::Content;
        let (name, kind) = (Vec::new(), ShownKind::File);
        Ok(Some(Entry { name, kind, is_cut: false, is_single: true }))
    }

    fn step(&mut self) -> Result<Step> {
        if !matches!(self.at, At::Content) {
            return Ok(Step::End);
        }
        self.length = self.input.advance()?;
        if self.length > 0 {
            return Ok(Step::Bytes);
        }
        self.at = At::End;
        self.account.behind = self.input.behind_filters()?;
        Ok(Step::End)
    }

    fn bytes(&self) -> &[u8] {
        self.input.at_hand(self.length)
    }

    fn buffer(&self) -> Option<&SharedBuffer> {
        self.input.buffer()
    }

    fn is_stored(&self) -> bool {
        true
    }

    fn undone(&self) -> u64 {
        self.input.undone()
    }

    fn compressed(&self) -> u64 {
        self.input.compressed()
    }

    fn spells_exactly(&self) -> bool {
        true
    }

    fn verify(&self) -> Result<()> {
        self.input.verify()
    }

    fn account(&mut self) -> Account {
        std::mem::take(&mut self.account)
    }
}
