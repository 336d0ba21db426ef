//! A plain zip, read without libarchive.
//!
//! A zip has two dates an entry. For each, libarchive asks libc what it is in this time zone, and libc
//! looks for the file with the time zone every time, under a lock that all threads share. Two zips of
//! 54,500 entries on two threads took 3.3 s so, and 2.6 s where a variable of the environment spared libc
//! the file. Without libarchive it is 2.0 s, for zlib-rs takes less time than zlib, too. And what libc asks
//! is a variable of the environment: before glibc 2.41 that may crash while another thread sets one.
//!
//! What the index and the headers both say must be the same, so that every reader finds the same in it.

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::index::ZipIndex;
use super::window::Window;
use crate::archive::input::shared_buffer::SharedBuffer;
use crate::archive::stream::{Entries, Entry, Step};
use crate::archive::structure::Broken;
use crate::archive::structure::zip::{
    DEFLATED, Gap, HEADER_LENGTH, Member, MemberKind as Sort, Members, check, header_length,
};
use crate::content::ReadAt;
use crate::content::file::buffers::Buffer;
use crate::error::{Error, Name, Result};
use crate::run::context::Context;
use crate::sys::libarchive::ShownKind;

/// The zip.
pub(crate) struct PlainZip<'a> {
    window: Window<'a>,
    name: Name,
    context: &'a Context<'a>,
    members: Members,
    /// How many of them there have been, with the one at hand.
    passed: usize,
    content: Content,
    inflate: Decompress,
    buffer: Buffer,
    /// The bytes that were come to last.
    shown: Shown,
}

/// What is left of the content at hand.
#[derive(Default)]
struct Content {
    is_deflated: bool,
    /// Has it come to its end, if it is deflated?
    is_over: bool,
    /// Where the stored bytes go on, and how many there are.
    offset: u64,
    packed: u64,
    /// How many bytes are to come out of them.
    size: u64,
    /// The checksum of all content as it is said to be, and as it is so far.
    checksum: u32,
    computed: Crc,
    /// What lies between it and the next entry.
    gap: Option<Gap>,
}

/// Where bytes are.
enum Shown {
    /// So many in the buffer.
    Inflated(usize),
    /// So many in the window, from this place in the zip on.
    Stored(u64, usize),
}

impl<'a> PlainZip<'a> {
    /// `index` is that of `bytes`. `name` is what messages call the zip.
    pub(crate) fn new(
        bytes: Box<dyn ReadAt + 'a>,
        index: ZipIndex,
        name: &Name,
        context: &'a Context<'a>,
    ) -> Self {
        Self {
            window: Window::new(bytes),
            name: name.clone(),
            context,
            members: index.members,
            passed: 0,
            content: Content::default(),
            inflate: Decompress::new(false),
            buffer: Buffer::take(),
            shown: Shown::Inflated(0),
        }
    }

    /// Goes past a header to the content, which ends before `until`. Says what the entry is called.
    fn enter(&mut self, member: Member, until: u64) -> Result<Vec<u8>> {
        let (start, name) = (member.offset, self.members.name(member));
        let fixed = self.window.at(start, HEADER_LENGTH)?;
        let length = if fixed.len() < HEADER_LENGTH { 0 } else { header_length(fixed) };
        let header = self.window.at(start, length)?.get(..length).unwrap_or_default();
        let shown = match check(header, &member, name) {
            Ok(shown) => shown,
            Err(why) => {
                let cause = format!("its header is not what the index says: {why}");
                return Err(self.damaged(&cause));
            }
        };
        let called = self.members.called(member).map_or(shown, <[u8]>::to_vec);
        let (offset, packed) = (start + length as u64, member.packed);
        let end = offset + packed;
        if end > until {
            return Err(self.damaged("it goes on where something else begins"));
        }
        let gap = Some(Gap::behind(header, &member, end, until));
        self.content = match member.kind {
            Sort::File | Sort::Link => Content {
                is_deflated: member.method == DEFLATED,
                is_over: false,
                offset,
                packed,
                size: member.size,
                checksum: member.checksum,
                computed: Crc::new(),
                gap,
            },
            _ => Content { offset, gap, ..Content::default() },
        };
        self.inflate.reset(false);
        self.shown = Shown::Inflated(0);
        Ok(called)
    }

    /// The target of the link at hand: it stands where a file has its content.
    fn target(&mut self) -> Result<Vec<u8>> {
        let mut target = Vec::new();
        while self.step()? == Step::Bytes {
            target.extend_from_slice(self.bytes());
        }
        if target.contains(&0) {
            return Err(self.damaged("what it leads to has a NUL byte"));
        }
        Ok(target)
    }

    /// Looks whether there is an entry that the index does not list in what lies before the first, or behind
    /// the one at hand.
    fn look_around(&mut self) -> Result<()> {
        let Some(mut gap) = self.content.gap.take() else { return Ok(()) };
        while let Some((at, length)) = gap.wants() {
            self.context.checkpoint()?;
            let bytes = self.window.at(at, length)?;
            let looked = gap.look(&bytes[..length.min(bytes.len())]);
            looked.map_err(|Broken(why)| Error::archive(&self.name, why))?;
        }
        Ok(())
    }

    /// Inflates as much as there is room for.
    fn inflate(&mut self) -> Result<Shown> {
        let mut filled = 0;
        while !self.content.is_over && filled < self.buffer.len() {
            self.context.checkpoint()?;
            let least = usize::from(self.content.packed > 0);
            let ahead = self.content.ahead(self.window.at(self.content.offset, least)?);
            let (was_in, was_out) = (self.inflate.total_in(), self.inflate.total_out());
            let room = &mut self.buffer[filled..];
            let status = self.inflate.decompress(ahead, room, FlushDecompress::None);
            let taken = self.inflate.total_in() - was_in;
            let put_out = self.inflate.total_out() - was_out;
            self.content.take(taken);
            filled += usize::try_from(put_out).expect("no more than there was room for");
            match status {
                Ok(Status::StreamEnd) => self.content.is_over = true,
                Ok(_) if taken > 0 || put_out > 0 => {}
                Ok(_) => return Err(self.damaged("it is cut short")),
                Err(error) => return Err(self.damaged(&error.to_string())),
            }
        }
        Ok(Shown::Inflated(filled))
    }

    fn damaged(&self, cause: &str) -> Error {
        let at_hand = self.passed.checked_sub(1).and_then(|index| self.members.get(index));
        let entry = Name::new(at_hand.map_or(b"", |member| self.members.name(member)));
        Error::archive(&self.name, format!("'{entry}' in it is damaged: {cause}"))
    }
}

impl Content {
    /// The part of the bytes at hand that belongs to it.
    fn ahead<'w>(&self, at_hand: &'w [u8]) -> &'w [u8] {
        let length = usize::try_from(self.packed).unwrap_or(at_hand.len());
        &at_hand[..length.min(at_hand.len())]
    }

    fn take(&mut self, length: u64) {
        self.offset += length;
        self.packed -= length;
    }
}

impl Entries for PlainZip<'_> {
    fn next(&mut self) -> Result<Option<Entry>> {
        self.context.checkpoint()?;
        if self.passed == 0 {
            self.content.gap = Some(Gap::new(0, self.members.start_of(0)));
            self.look_around()?;
        }
        let Some(member) = self.members.get(self.passed) else { return Ok(None) };
        self.passed += 1;
        let name = self.enter(member, self.members.start_of(self.passed))?;
        let kind = match member.kind {
            Sort::File => ShownKind::File,
            Sort::Link => ShownKind::Symlink(self.target()?),
            Sort::Directory => ShownKind::Directory,
            Sort::Other => ShownKind::Other,
        };
        Ok(Some(Entry { name, kind, is_cut: false, is_single: false }))
    }

    fn step(&mut self) -> Result<Step> {
        self.context.checkpoint()?;
        self.shown = if self.content.is_deflated {
            self.inflate()?
        } else {
            let (at, least) = (self.content.offset, usize::from(self.content.packed > 0));
            let length = self.content.ahead(self.window.at(at, least)?).len();
            self.content.take(length as u64);
            Shown::Stored(at, length)
        };
        let bytes = self.shown.within(&self.buffer, &self.window);
        let length = bytes.len() as u64;
        self.content.computed.update(bytes);
        let Some(rest) = self.content.size.checked_sub(length) else {
            return Err(self.damaged("it is larger than the index says"));
        };
        self.content.size = rest;
        if length > 0 {
            return Ok(Step::Bytes);
        }
        if rest > 0 || self.content.packed > 0 {
            return Err(self.damaged("it is not as large as the index says"));
        }
        if self.content.computed.sum() != self.content.checksum {
            return Err(self.damaged("its checksum is wrong"));
        }
        self.look_around()?;
        Ok(Step::End)
    }

    fn bytes(&self) -> &[u8] {
        self.shown.within(&self.buffer, &self.window)
    }

    fn buffer(&self) -> Option<&SharedBuffer> {
        Some(self.window.buffer())
    }

    fn is_stored(&self) -> bool {
        matches!(self.shown, Shown::Stored(..))
    }

    fn undone(&self) -> u64 {
        0
    }

    fn compressed(&self) -> u64 {
        self.window.compressed()
    }

    /// Programs that make zips compose names or leave them as they are, and so do those that read them.
    fn spells_exactly(&self) -> bool {
        false
    }

    /// The opener of bytes that can be read anywhere verifies them.
    fn verify(&self) -> Result<()> {
        Ok(())
    }
}

impl Shown {
    fn within<'s>(&self, buffer: &'s Buffer, window: &'s Window<'_>) -> &'s [u8] {
        match *self {
            Self::Inflated(length) => &buffer[..length],
            Self::Stored(at, length) => &window.at_hand(at)[..length],
        }
    }
}
