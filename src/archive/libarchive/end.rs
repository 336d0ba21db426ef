//! libarchive has shown the last entry: is that all of the archive, and what lies behind it?

use super::{Check, Libarchive};
use crate::archive::account::Tail;
use crate::archive::ending::doubt;
use crate::archive::input::{Following, following};
use crate::archive::structure::Whole;
use crate::archive::{Account, Behind, initramfs};
use crate::content::file::buffers::Buffer;
use crate::error::{Error, Result};
use crate::sys::libarchive::Format;

/// How long a tar without entries is, as tars are written: an end mark, or a record of tar's usual length. These
/// are 2 and 20 blocks of 512 bytes.
pub(super) const EMPTY_TARS: [u64; 2] = [1024, 10_240];

impl<'a> Libarchive<'a> {
    pub(super) fn end(&mut self) -> Result<()> {
        if let Some(error) = self.handle.input().failure() {
            return Err(error.clone());
        }
        self.begin()?;
        if self.handle.format() == Format::Cpio
            && let Some(whole) = self.handle.input_mut().seen()
        {
            self.goes_on_from = Some(whole.end);
            return self.close(&whole);
        }
        self.handle.input_mut().finish()?;
        let size = self.handle.input().given();
        if let Some(cause) = doubt(&self.handle.end(), size) {
            return Err(Error::archive(&self.name, cause));
        }
        let (whole, behind) = match std::mem::replace(&mut self.check, Check::Over) {
            Check::Beside(mut checked) => {
                let bytes = self.handle.input().anywhere().ok_or_else(|| self.without_check())?;
                let whole = checked.end(bytes, self.context)?;
                let behind = self.behind(whole.end)?;
                (whole, behind)
            }
            Check::Walked(whole) => {
                let behind = self.behind(whole.end)?;
                (whole, behind)
            }
            Check::Passing => {
                let seen = self.handle.input_mut().whole()?;
                seen.ok_or_else(|| self.without_check())?
            }
            Check::Format | Check::Over => return Err(self.without_check()),
        };
        self.close(&whole)?;
        self.look_at_zeros(behind.is_some())?;
        self.account.behind.extend(behind);
        let around = self.handle.input_mut().behind_filters()?;
        self.account.behind.extend(around);
        Ok(())
    }

    /// Holds what libarchive has shown against all that the structure came to.
    fn close(&mut self, whole: &Whole) -> Result<()> {
        self.take_listed();
        let entries = self.entries;
        let counts = match whole.entries {
            Some(has) if has != entries => {
                Err(format!("shows {entries} entries where there are {has}"))
            }
            _ => self.ledger.close(),
        };
        self.account.open = whole.open;
        self.account.is_unmarked = whole.is_unmarked;
        self.account.is_image = self.handle.format() == Format::Iso9660;
        counts.map_err(|why| Error::archive(&self.name, why))
    }

    /// Zeros are a tar without entries to libarchive, whatever may follow: the start of a disc's image for
    /// example, whose first 32 KiB are zeros most often.
    fn look_at_zeros(&mut self, goes_on: bool) -> Result<()> {
        let size = self.handle.input().given();
        let is_tar = matches!(self.handle.format(), Format::Tar | Format::Unset);
        if !is_tar || self.entries > 0 {
            return Ok(());
        }
        if goes_on || size > EMPTY_TARS[1] {
            let is = if goes_on {
                "begins with zeros, and is no archive"
            } else {
                "is nothing but zeros"
            };
            return Err(Error::archive(&self.name, is));
        }
        self.account.is_only_zeros = true;
        if !EMPTY_TARS.contains(&size) {
            let why = "is nothing but zeros, and may be what is left of something else";
            self.account.open = self.account.open.or(Some(why));
        }
        Ok(())
    }

    /// What lies behind the end of a container that can be read anywhere.
    pub(super) fn behind(&self, end: u64) -> Result<Option<Behind>> {
        let Some(bytes) = self.handle.input().anywhere() else { return Ok(None) };
        let (mut tail, mut at, mut buffer) = (Tail::default(), end, Buffer::take());
        while at < bytes.size() {
            self.context.checkpoint()?;
            let rest = usize::try_from(bytes.size() - at).unwrap_or(buffer.len());
            let length = rest.min(buffer.len());
            bytes.read_at(at, &mut buffer[..length])?;
            tail.add(&buffer[..length], self.context)?;
            at += length as u64;
        }
        Ok(tail.finish())
    }

    /// Is it a cpio? Asked after its first entry.
    pub(crate) fn is_cpio(&self) -> bool {
        self.handle.format() == Format::Cpio
    }

    /// What lies behind the end of a cpio: another part, or what is shown to the account. Asked after its
    /// last entry.
    pub(crate) fn into_next_part(mut self) -> Result<(Account, Following<'a>)> {
        let (mut account, mut tail) = (std::mem::take(&mut self.account), Tail::default());
        let from = self.goes_on_from;
        let input = self.handle.into_input();
        let Some(from) = from else { return Ok((account, Following::End(Box::new(input)))) };
        let mut turned = following(input, from, initramfs::is_part, &mut tail)?;
        if let Following::End(input) = &mut turned {
            let behind = tail.finish();
            // It may be the start of another part.
            account.is_unmarked |= behind.is_some();
            account.behind.extend(behind);
            account.behind.extend(input.behind_filters()?);
        }
        Ok((account, turned))
    }
}
