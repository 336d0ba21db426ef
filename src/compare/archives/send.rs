//! One archive, unpacked by a thread that sends what it finds to the thread that compares.

use super::channel::EntrySender;
use crate::archive::Account;
use crate::archive::input::Origin;
use crate::archive::unpack::{ContentUse, Found, Unpacker, unchanged};
use crate::error::Result;
use crate::options::Options;
use crate::run::context::Context;

/// Unpacks an archive, and sends all that counts in it.
pub(crate) fn unpack(
    origin: &dyn Origin,
    options: &Options,
    context: &Context<'_>,
    mut sender: EntrySender,
) {
    let outcome = send_all(origin, options, context, &mut sender);
    sender.end(outcome);
}

fn send_all(
    origin: &dyn Origin,
    options: &Options,
    context: &Context<'_>,
    sender: &mut EntrySender,
) -> Result<Account> {
    let mut unpacker = Unpacker::open(origin, ContentUse::Send, options, context)?;
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
    Ok(unpacker.archive().account())
}
