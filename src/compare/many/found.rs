//! Opening many sources at once.

use crate::content::file::FileReader;
use crate::content::file::located::Located;
use crate::content::{Chunk, Content, Reader, is_silenced};
use crate::engine::partition::Member;
use crate::engine::wait_for;
use crate::error::{Error, Result};
use crate::options::Options;
use crate::run::context::Context;
use crate::run::for_each::{AfterFailure, Verdict, each};
use crate::sys::descriptors::descriptor_limit;

/// A source by its index in the list, and its content.
pub(super) struct Found<'s> {
    pub(super) index: usize,
    pub(super) content: Box<dyn Content + 's>,
}

/// Opens one of many.
pub(super) fn open_one(found: &Found<'_>, options: &Options) -> Result<Box<dyn Reader>> {
    found.content.open(options.transfers())
}

/// How many of them come from servers?
pub(super) fn count_urls(members: &[Found<'_>]) -> usize {
    members.iter().filter(|found| found.content.file().is_none()).count()
}

/// The error to report when the source after these has failed with `error`: that of the first of these that
/// fails too, if any.
pub(super) fn first_failure(
    found: &[Found<'_>],
    error: Error,
    options: &Options,
    context: &Context<'_>,
) -> Error {
    let opens = |found: &Found<'_>, context: &Context<'_>| {
        wait_for(&mut *open_one(found, options)?, context).map(|()| Verdict::Undecided)
    };
    let opened = each(found, options.transfers(), AfterFailure::Stop, context, opens);
    opened.err().unwrap_or(error)
}

/// Three eighths of the files that the process may have open: connections take up to a quarter, and the
/// program itself has some open.
pub(super) fn affordable_files() -> usize {
    descriptor_limit() / 8 * 3
}

/// Makes everything ready to be read: requests all URLs, then waits for their answers. `None` where a server
/// answers one of them and not another: they have to be read one after another.
pub(super) fn open(found: &[Found<'_>], context: &Context<'_>) -> Result<Option<Vec<Member>>> {
    let mut members = Vec::with_capacity(found.len());
    let urls = count_urls(found);
    for Found { content, .. } in found {
        context.checkpoint()?;
        members.push(match (content.file(), content.reopenable()) {
            (Some(file), _) if file.size().is_none() => unsized_file(file.clone())?,
            (_, Some(reopenable)) => Member::Reopenable(reopenable),
            (_, None) => Member::Stream(content.open(urls)?),
        });
    }
    for index in 0..members.len() {
        while let Member::Stream(reader) = &mut members[index] {
            if reader.prepare()? {
                break;
            }
            context.checkpoint()?;
            if is_blocked(&members, index) {
                return Ok(None);
            }
        }
    }
    Ok(Some(members))
}

/// Does this member's server wait until another member is read?
fn is_blocked(members: &[Member], index: usize) -> bool {
    let Member::Stream(silent) = &members[index] else { return false };
    members.iter().any(|other| match other {
        Member::Stream(other) => is_silenced(&**silent, &**other),
        Member::Reopenable(_) => false,
    })
}

/// A file that reports no size: it is empty, as most are, or it can be read only once.
fn unsized_file(located: Located) -> Result<Member> {
    let mut reader = FileReader::open_located(located.clone())?;
    if reader.chunk()? == Chunk::End {
        reader.verify()?;
        return Ok(Member::Reopenable(Box::new(located)));
    }
    Ok(Member::Stream(Box::new(reader)))
}
