//! Headers before an entry that say more of it: long names, long targets, pax records.

use super::header::until_nul;
use super::pax::Records;
use crate::archive::structure::Broken;

/// How many there may be: as many as libarchive reads.
const MOST: u32 = 32;

/// What they have said of the entry to come.
#[derive(Default)]
pub(super) struct Before {
    headers: u32,
    /// Is there a header that has to be followed by an entry?
    pub(super) needs_entry: bool,
    pub(super) long_name: Option<Vec<u8>>,
    pub(super) has_long_link: bool,
    pub(super) records: Option<Records>,
}

impl Before {
    /// There is one more, of this kind.
    pub(super) fn count(&mut self, kind: u8) -> Result<(), Broken> {
        self.headers += 1;
        if self.headers > MOST {
            return Broken::because(format!("has more than {MOST} headers for one entry"));
        }
        self.needs_entry |= kind != b'g';
        Ok(())
    }

    /// Takes in what is said in the body of one.
    pub(super) fn take(&mut self, kind: u8, body: &[u8]) -> Result<(), Broken> {
        let is_second = match kind {
            b'L' => self.long_name.replace(until_nul(body).to_vec()).is_some(),
            b'K' => std::mem::replace(&mut self.has_long_link, true),
            b'x' | b'X' => self.records.replace(Records::read(body)?).is_some(),
            b'g' if Records::read(body)?.is_too_much_for_all() => {
                let why = "has a pax header that names every entry, which readers do not agree on";
                return Broken::because(why);
            }
            _ => false,
        };
        if is_second {
            return Broken::because("has an entry with two headers that say the same of it");
        }
        Ok(())
    }
}
