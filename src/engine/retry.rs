//! Comparing again, where the reason for a failure is likely to pass.

use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::options::Retries;
use crate::run::context::{Context, PULSE};
use crate::run::retried;

/// The longest wait for other programs to give up their leases. Linux takes a lease away after 45 s
/// (`/proc/sys/fs/lease-break-time`, which hardly any system changes).
const LEASES: Duration = Duration::from_secs(50);

/// The shortest and the longest wait before the next try.
const PAUSES: [Duration; 2] = [Duration::from_millis(1), Duration::from_secs(1)];

/// Compares; once more where nothing of a file but its inode has changed meanwhile (its mode, perhaps, or
/// another of its names), again and again while another program has a lease on a file, and as often as the user wants
/// where the reason is likely to pass.
///
/// # Errors
/// Those of `compare`; when the context says stop.
pub(crate) fn until_quiet<T>(
    retries: Retries,
    context: &Context<'_>,
    mut compare: impl FnMut() -> Result<T>,
) -> Result<T> {
    let (mut was_touched, mut tried) = (false, 0);
    let mut waiting: Option<(Instant, Duration)> = None;
    loop {
        let compared = compare();
        match &compared {
            Err(Error::Touched { .. }) if !was_touched => was_touched = true,
            Err(Error::Busy { .. }) => {
                let (begun, pause) = waiting.unwrap_or_else(|| (Instant::now(), PAUSES[0]));
                if begun.elapsed() > LEASES {
                    return compared;
                }
                wait(pause, context)?;
                waiting = Some((begun, (pause * 2).min(PAUSES[1])));
            }
            Err(error) if error.may_pass() && tried < retries.number => {
                let delay = retries.delay(tried);
                tried += 1;
                retried::note(error, delay, tried, retries.number);
                wait(delay, context)?;
            }
            _ => return compared,
        }
    }
}

/// Waits for that long, with checkpoints.
fn wait(pause: Duration, context: &Context<'_>) -> Result<()> {
    let begun = Instant::now();
    loop {
        context.checkpoint()?;
        let left = pause.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(PULSE / 5));
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::run::context::Call;

    fn tries(outcomes: &[Result<u32>]) -> (Result<u32>, usize) {
        tries_again(0, outcomes)
    }

    fn tries_again(number: usize, outcomes: &[Result<u32>]) -> (Result<u32>, usize) {
        let (call, count) = (Call::new(None), Cell::new(0));
        let outcome =
            until_quiet(Retries::new(number, Duration::ZERO), &Context::new(&call), || {
                count.set(count.get() + 1);
                outcomes[count.get() - 1].clone()
            });
        (outcome, count.get())
    }

    #[test]
    fn a_touched_file_is_compared_once_more_and_a_leased_one_until_it_is_free() {
        let touched = || Err(Error::Touched { name: "x".into() });
        let busy = || Err(Error::Busy { name: "x".into(), errno: libc::EAGAIN });
        let other = || Err(Error::read(&"x".into(), "broken"));
        assert_eq!(tries(&[Ok(1)]), (Ok(1), 1));
        assert_eq!(tries(&[other()]), (other(), 1));
        assert_eq!(tries(&[touched(), Ok(1)]), (Ok(1), 2));
        assert_eq!(tries(&[touched(), touched()]), (touched(), 2));
        assert_eq!(tries(&[busy(), busy(), busy(), Ok(1)]), (Ok(1), 4));
        assert_eq!(tries(&[busy(), touched(), busy(), other()]), (other(), 4));
    }

    #[test]
    fn what_is_likely_to_pass_is_tried_as_often_as_the_user_wants() {
        let system =
            |errno| Err(Error::system(&"x".into(), &std::io::Error::from_raw_os_error(errno)));
        let changed = || Err(Error::Changed { name: "x".into(), cause: "grew".to_owned() });
        let touched = || Err(Error::Touched { name: "x".into() });
        for errno in [libc::EIO, libc::ESTALE, libc::EAGAIN] {
            assert_eq!(tries_again(1, &[system(errno), Ok(1)]), (Ok(1), 2));
            assert_eq!(tries_again(0, &[system(errno)]), (system(errno), 1));
        }
        assert_eq!(tries_again(2, &[changed(), changed(), Ok(1)]), (Ok(1), 3));
        assert_eq!(tries_again(2, &[changed(), changed(), changed()]), (changed(), 3));
        // Once without being asked to.
        assert_eq!(tries_again(1, &[touched(), touched(), Ok(1)]), (Ok(1), 3));
        for other in
            [system(libc::EACCES), system(libc::ENOENT), Err(Error::read(&"x".into(), "y"))]
        {
            assert_eq!(tries_again(9, std::slice::from_ref(&other)), (other, 1));
        }
    }

    #[test]
    fn a_timeout_ends_the_wait_for_a_lease() {
        let limit = Duration::from_millis(20);
        let call = Call::new(Some(limit));
        let busy = || Err::<(), _>(Error::Busy { name: "x".into(), errno: libc::EAGAIN });
        let outcome = until_quiet(Retries::default(), &Context::new(&call), busy);
        assert_eq!(outcome, Err(Error::TimedOut(limit)));
    }
}
