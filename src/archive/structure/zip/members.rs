//! What is in a zip: what its index says, in the order of the content.

use std::collections::HashMap;

use super::super::{Broken, Details, Instead, Listed, Want};
use super::header;
use super::member::{Member, MemberKind};
use super::record::{AES_METHOD, ENCRYPTED, Record};
use crate::error::{self, Name};
use crate::run::context::{Context, Steps};
use crate::run::sort;

/// The entries of a zip.
#[derive(Debug, Default)]
pub(crate) struct Members {
    all: Vec<Member>,
    /// Their names, one after another, as they are written.
    names: Vec<u8>,
    /// What they are called in truth, where that is something else, by where they are.
    called: HashMap<u64, Vec<u8>>,
    index: u64,
}

impl Members {
    /// With one more, of a zip with so many bytes in `front` of it.
    ///
    /// # Errors
    /// When the record makes no sense, or tells of what cannot be compared.
    pub(crate) fn add(&mut self, record: Record<'_>, front: u64) -> Result<(), Broken> {
        let (mut member, called) = record.member()?;
        let too_much = || Broken("has more names than can be kept".to_owned());
        member.offset = member.offset.checked_add(front).ok_or_else(too_much)?;
        member.name = u32::try_from(self.names.len()).map_err(|_| too_much())?;
        self.names.extend_from_slice(record.name());
        if let Some(called) = called {
            self.called.insert(member.offset, called);
        }
        self.all.push(member);
        Ok(())
    }

    /// In the order of their content, before the `index`.
    ///
    /// # Errors
    /// When the context says stop: there may be millions. Within: when not each has a place of its own for
    /// it, or when it depends on the order which of several of one name is the last.
    pub(crate) fn in_order(
        mut self,
        index: u64,
        context: &Context<'_>,
    ) -> error::Result<Result<Self, Broken>> {
        self.index = index;
        let mut steps = Steps::new(context);
        if !self.is_sorted(&mut steps)? {
            if let Err(broken) = self.have_one_last(&mut steps)? {
                return Ok(Err(broken));
            }
            sort::sort_by(&mut self.all, context, |one, two| one.offset.cmp(&two.offset))?;
        }
        let starts = self.all.iter().skip(1).map(|member| member.offset).chain([index]);
        for (member, next) in self.all.iter().zip(starts) {
            steps.step()?;
            if member.end() > next {
                return Ok(Broken::because(format!(
                    "is damaged: '{}' in it goes on where something else begins",
                    self.shown(*member)
                )));
            }
        }
        Ok(Ok(self))
    }

    fn is_sorted(&self, steps: &mut Steps<'_, '_>) -> error::Result<bool> {
        for pair in self.all.windows(2) {
            steps.step()?;
            if pair[0].offset > pair[1].offset {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Is the last one of each name the last one in the index and in the zip?
    fn have_one_last(&self, steps: &mut Steps<'_, '_>) -> error::Result<Result<(), Broken>> {
        let mut last_of = HashMap::new();
        for member in &self.all {
            steps.step()?;
            let last = last_of.entry(self.name(*member)).or_insert(member.offset);
            *last = member.offset.max(*last);
        }
        let mut seen = HashMap::new();
        for member in &self.all {
            steps.step()?;
            seen.insert(self.name(*member), member);
        }
        for (name, member) in seen {
            steps.step()?;
            if last_of[name] != member.offset {
                return Ok(Broken::because(format!(
                    "has several entries called '{}', and which is the last one depends on the reader",
                    self.shown(*member)
                )));
            }
        }
        Ok(Ok(()))
    }

    /// Is each plain?
    pub(crate) fn are_plain(&self) -> bool {
        self.all.iter().all(|member| member.is_plain)
    }

    /// Is any encrypted, and if so, is one of these a link?
    pub(crate) fn encrypted(&self) -> Option<bool> {
        let mut encrypted =
            self.all.iter().filter(|member| member.flags & ENCRYPTED != 0).peekable();
        encrypted.peek()?;
        Some(encrypted.any(|member| member.kind == MemberKind::Link))
    }

    pub(crate) fn count(&self) -> u64 {
        self.all.len() as u64
    }

    pub(crate) fn get(&self, place: usize) -> Option<Member> {
        self.all.get(place).copied()
    }

    /// Where the header at this place begins; behind the last one, where the index does.
    pub(crate) fn start_of(&self, place: usize) -> u64 {
        self.all.get(place).map_or(self.index, |member| member.offset)
    }

    /// The name as it is written.
    pub(crate) fn name(&self, member: Member) -> &[u8] {
        let start = usize::try_from(member.name).expect("it has been an index of a vector");
        &self.names[start..][..usize::from(member.name_length)]
    }

    /// What it is called in truth, where that is something else.
    pub(crate) fn called(&self, member: Member) -> Option<&[u8]> {
        self.called.get(&member.offset).map(Vec::as_slice)
    }

    /// The name in a message.
    pub(crate) fn shown(&self, member: Member) -> Name {
        Name::new(self.name(member))
    }

    /// What libarchive must show of an entry that has this whole `header`.
    pub(super) fn listed(&self, member: Member, header: &[u8]) -> Result<Want, Broken> {
        let name = self.name(member);
        let shown = header::check(header, &member, name).map_err(|why| {
            let name = self.shown(member);
            Broken(format!(
                "is damaged: '{name}' in it: its header is not what the index says: {why}"
            ))
        })?;
        let called = self.called(member).filter(|called| *called != shown);
        let is_file = member.kind == MemberKind::File;
        // In its second version, the encryption by AES has a digest in place of the checksum.
        let has_checksum = member.method != AES_METHOD || member.checksum != 0;
        let listed = Listed { name: Some(shown), size: is_file.then_some(member.size) };
        let details = Details {
            sort: Some(member.kind.into()),
            checksum: (is_file && has_checksum).then_some(member.checksum),
            blake2sp: None,
            instead: Instead { name: called.map(<[u8]>::to_vec), kind: None },
        };
        Ok(Want::Detailed(listed, details))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::context::Call;

    #[test]
    fn bringing_members_into_order_looks_at_the_context() {
        const COUNT: u32 = 10_000;
        let members = || {
            let mut members = Members::default();
            for number in (0..COUNT).rev() {
                let offset = u64::from(number) * 100;
                let mut member = Member::new(MemberKind::File, true, [0, 0], 0, [offset, 0, 0], 4);
                member.name = number * 4;
                members.all.push(member);
            }
            members.names = (0..COUNT).flat_map(u32::to_le_bytes).collect();
            members
        };
        let call = Call::new(None);
        let sorted = members().in_order(u64::MAX, &Context::new(&call)).expect("no limit");
        let offsets = sorted.expect("apart").all.into_iter().map(|member| member.offset);
        assert!(offsets.eq((0..COUNT).map(|number| u64::from(number) * 100)));
        // Four loops over all, and the sorting.
        let checkpoints = call.checkpoints();
        assert!(checkpoints > 4 * COUNT as usize / 1024, "{checkpoints}");
        for last in (1..=checkpoints).step_by(9) {
            let call = Call::until_checkpoint(last);
            let ended = members().in_order(u64::MAX, &Context::new(&call)).err();
            assert_eq!(ended, Some(error::Error::Cancelled), "{last}");
        }
    }
}
