//! Waiting for streams to begin.

use crate::content::{Reader, is_silenced};
use crate::error::Result;
use crate::run::context::Context;

/// Waits for what must be known before a stream begins.
pub(crate) fn wait_for(reader: &mut dyn Reader, context: &Context<'_>) -> Result<()> {
    while !reader.prepare()? {
        context.checkpoint()?;
    }
    Ok(())
}

/// Begins to fetch both, and waits for them as [`wait_for_both`] does.
pub(crate) fn begin_both(
    a: &mut dyn Reader,
    b: &mut dyn Reader,
    context: &Context<'_>,
) -> Result<bool> {
    a.begin()?;
    b.begin()?;
    wait_for_both(a, b, context)
}

/// Waits for both. False if one waits for a server that cannot go on before the other is read.
pub(crate) fn wait_for_both(
    a: &mut dyn Reader,
    b: &mut dyn Reader,
    context: &Context<'_>,
) -> Result<bool> {
    while !a.prepare()? {
        context.checkpoint()?;
        if is_silenced(a, b) {
            return Ok(false);
        }
    }
    while !b.prepare()? {
        context.checkpoint()?;
        if is_silenced(b, a) {
            return Ok(false);
        }
    }
    Ok(true)
}
