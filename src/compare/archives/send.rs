//! One archive, unpacked by a thread that sends what it finds to the thread that compares.

use super::channel::EntrySender;
use crate::archive::entries::BesideEntries;
use crate::archive::input::Origin;
use crate::archive::unpack::{ContentUse, Found, Unpacker, unchanged};
use crate::error::Result;
use crate::options::Options;
use crate::run::context::Context;

/// Unpacks an archive, and sends all that counts in it: entries with content, and directories, pipes and devices
/// if these are wanted.
pub(crate) fn unpack(
    origin: &dyn Origin,
    with_directories: bool,
    options: &Options,
    context: &Context<'_>,
    mut sender: EntrySender,
) {
    let outcome = send_all(origin, with_directories, options, context, &mut sender);
    sender.end(outcome);
}

fn send_all(
    origin: &dyn Origin,
    with_directories: bool,
    options: &Options,
    context: &Context<'_>,
    sender: &mut EntrySender,
) -> Result<BesideEntries> {
    let mut unpacker = Unpacker::open(origin, ContentUse::Send, options, context)?;
    if with_directories {
        unpacker = unpacker.with_directories();
    }
    while let Some(found) = unpacker.next()? {
        let header = match found {
            Found::Refused(name, why) => {
                sender.refused(name, why)?;
                continue;
            }
            Found::Entry(header) => header,
        };
        sender.entry(header)?;
        let (size, digest) = if unpacker.is_sent() && !sender.wants_digests_only() {
            let sent = unpacker.archive().content(|piece| sender.content(piece));
            (unchanged(origin, sent)?, None)
        } else {
            unpacker.reduce()?
        };
        sender.done(size, digest)?;
    }
    Ok(unpacker.besides())
}
