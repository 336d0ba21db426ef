//! What is in a plain zip: what its index says, in the order of the content.

use super::header;
use super::record::{DEFLATED, Plain, Record};
use crate::context::{Context, Steps};
use crate::error::Result;
use crate::order;

/// The entries of a plain zip.
#[derive(Default)]
pub(in crate::reader) struct Members {
    all: Vec<Member>,
    /// Their names, one after another.
    names: Vec<u8>,
    index: u64,
}

/// An entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) kind: Plain,
    pub(super) is_deflated: bool,
    /// Where its header is.
    pub(super) offset: u32,
    /// How many bytes are stored.
    pub(super) packed: u32,
    /// How many bytes the content has.
    pub(super) size: u32,
    pub(super) checksum: u32,
    /// Where its name begins among all names.
    name: u32,
    name_length: u16,
}

impl Member {
    /// Where what belongs to it ends, if its header has no extra fields.
    fn end(&self) -> u64 {
        u64::from(self.offset)
            + header::LENGTH as u64
            + u64::from(self.name_length)
            + u64::from(self.packed)
    }
}

impl Members {
    /// With one more. `None`: it is not plain.
    pub(super) fn with(mut self, record: Record<'_>) -> Option<Self> {
        let (kind, name) = (record.plain_kind()?, record.name());
        self.all.push(Member {
            kind,
            is_deflated: record.method() == DEFLATED,
            offset: record.offset(),
            packed: record.packed(),
            size: record.size(),
            checksum: record.checksum(),
            name: u32::try_from(self.names.len()).ok()?,
            name_length: u16::try_from(name.len()).ok()?,
        });
        self.names.extend_from_slice(name);
        Some(self)
    }

    /// In the order of their content. `None`: not each has a place of its own for it, from the very
    /// beginning of the zip up to its `index`.
    ///
    /// # Errors
    /// When the context says stop.
    pub(super) fn in_order(mut self, index: u64, context: &Context<'_>) -> Result<Option<Self>> {
        order::sort_by(&mut self.all, context, |one, two| one.offset.cmp(&two.offset))?;
        let starts = self.all.iter().map(|member| u64::from(member.offset)).chain([index]);
        let ends = std::iter::once(0).chain(self.all.iter().map(Member::end));
        let mut steps = Steps::new(context);
        for (end, next) in ends.zip(starts) {
            steps.step()?;
            if end > next {
                return Ok(None);
            }
        }
        self.index = index;
        let is_from_the_start = self.all.first().is_some_and(|member| member.offset == 0);
        Ok(is_from_the_start.then_some(self))
    }

    pub(super) fn get(&self, place: usize) -> Option<Member> {
        self.all.get(place).copied()
    }

    pub(super) fn name(&self, member: Member) -> &[u8] {
        let start = usize::try_from(member.name).expect("it has been an index of a vector");
        &self.names[start..][..usize::from(member.name_length)]
    }

    /// Where the index is.
    pub(super) fn index(&self) -> u64 {
        self.index
    }
}
