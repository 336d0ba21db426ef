//! Zips: APPNOTE.TXT.
//!
//! A zip says what is in it twice, in the headers in front of each content and in the index at its end,
//! and readers believe the one or the other. So the index is read first ([`End`], [`Record`]), by what
//! can read anywhere; then [`Zip`] walks the headers in the order in which they are stored. Each must say
//! what the index says, and what lies between two entries must not hold a third one that the index does
//! not list: such a header is all that is left of a zip whose end is the end of a zip within it.

mod descriptor;
mod end;
mod fields;
mod gap;
mod header;
mod member;
mod members;
mod name;
mod record;

pub(crate) use self::end::{End, TAIL};
pub(crate) use self::fields::HEADER_LENGTH;
pub(crate) use self::gap::Gap;
pub(crate) use self::header::{check, length as header_length};
pub(crate) use self::member::{Member, MemberKind};
pub(crate) use self::members::Members;
pub(crate) use self::record::{DEFLATED, Record};
use super::{Broken, Structure, Want, Whole};

/// Walks the headers of a zip whose index is known.
pub(crate) struct Zip {
    members: Members,
    /// Where the zip ends, behind the comment of its end record.
    end: u64,
    /// The one that is come to next.
    place: usize,
    state: State,
}

enum State {
    /// Between two entries, before the first or behind the last.
    Gap(Gap),
    /// At the fixed part of a header.
    Fixed,
    /// At what follows the fixed part, which is this.
    Rest([u8; HEADER_LENGTH]),
}

impl Zip {
    /// `members` are those of the index, in the order of their contents; the zip ends at `end`.
    pub(crate) fn new(members: Members, end: u64) -> Self {
        let until = members.start_of(0);
        Self { members, end, place: 0, state: State::Gap(Gap::new(0, until)) }
    }

    /// Goes on from between two entries.
    fn between(&mut self, mut gap: Gap) -> Want {
        if let Some((at, length)) = gap.wants() {
            self.state = State::Gap(gap);
            return Want::Bytes { at, length };
        }
        self.state = State::Fixed;
        match self.members.get(self.place) {
            Some(member) => Want::Bytes { at: member.offset, length: HEADER_LENGTH },
            None => Want::End(Whole { end: self.end, ..Whole::default() }),
        }
    }

    /// Goes on from a header, which is whole.
    fn entry(&mut self, header: &[u8]) -> Result<Want, Broken> {
        let Some(member) = self.members.get(self.place) else {
            return Broken::because("has an entry too many");
        };
        let listed = self.members.listed(member, header)?;
        self.place += 1;
        let end = member.offset + header.len() as u64 + member.packed;
        let until = self.members.start_of(self.place);
        if end > until {
            return Broken::because(format!(
                "is damaged: '{}' in it goes on where something else begins",
                self.members.shown(member)
            ));
        }
        self.state = State::Gap(Gap::behind(header, &member, end, until));
        Ok(listed)
    }
}

impl Structure for Zip {
    fn step(&mut self, bytes: &[u8]) -> Result<Want, Broken> {
        match std::mem::replace(&mut self.state, State::Fixed) {
            State::Gap(mut gap) => {
                gap.look(bytes)?;
                Ok(self.between(gap))
            }
            State::Fixed => {
                let Some(fixed) = bytes.first_chunk() else { return Broken::because(CUT) };
                let rest = header_length(fixed) - HEADER_LENGTH;
                if rest == 0 {
                    return self.entry(fixed);
                }
                self.state = State::Rest(*fixed);
                let at = self.members.start_of(self.place) + HEADER_LENGTH as u64;
                Ok(Want::Bytes { at, length: rest })
            }
            State::Rest(fixed) => {
                let header = [&fixed, bytes].concat();
                if header.len() < header_length(&fixed) {
                    return Broken::because(CUT);
                }
                self.entry(&header)
            }
        }
    }
}

const CUT: &str = "is cut short: within a header";
