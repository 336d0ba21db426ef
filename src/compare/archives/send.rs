//! One archive, unpacked by a thread that sends what it finds to the thread that compares.

use super::channel::Outlet;
use crate::archive::Account;
use crate::archive::input::Origin;
use crate::archive::unpack::{Found, Plan, Unpacker, unchanged};
use crate::error::Result;
use crate::options::Options;
use crate::run::context::Context;

/// Unpacks an archive, and sends all that counts in it.
pub(crate) fn unpack(
    origin: &dyn Origin,
    options: &Options,
    context: &Context<'_>,
    mut outlet: Outlet,
) {
    let outcome = send_all(origin, options, context, &mut outlet);
    outlet.end(outcome);
}

fn send_all(
    origin: &dyn Origin,
    options: &Options,
    context: &Context<'_>,
    outlet: &mut Outlet,
) -> Result<Account> {
    let mut unpacker = Unpacker::open(origin, Plan::Send, options, context)?;
    while let Some(found) = unpacker.next()? {
        let header = match found {
            Found::Refused(name, why) => {
                outlet.refused(name, why)?;
                continue;
            }
            Found::Entry(header) => header,
        };
        outlet.entry(header)?;
        let (size, digest) = if unpacker.is_sent() && !outlet.is_apart() {
            let sent = unpacker.archive().content(|piece| outlet.content(piece));
            (unchanged(origin, sent)?, None)
        } else {
            unpacker.reduce()?
        };
        outlet.done(size, digest)?;
    }
    Ok(unpacker.archive().account())
}
