//! How often something that is likely to pass is tried again, and when.

use std::time::Duration;

use super::Options;

/// The longest wait, unless the first one is longer already.
pub(crate) const LONGEST: Duration = Duration::from_secs(60);

/// How often something that is likely to pass is tried again, and when.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Retries {
    /// How often.
    pub(crate) number: usize,
    /// How long before the first time.
    delay: Duration,
}

impl Retries {
    /// So many, the first after `delay`.
    pub(crate) fn new(number: usize, delay: Duration) -> Self {
        Self { number, delay }
    }

    /// How long before the next time, when it has been tried again so many times.
    pub(crate) fn delay(&self, tried: usize) -> Duration {
        let doublings = u32::try_from(tried).unwrap_or(u32::MAX).min(31);
        self.delay.saturating_mul(1 << doublings).min(LONGEST.max(self.delay))
    }
}

impl Options {
    pub(crate) fn retries(&self) -> Retries {
        Retries::new(self.retries, self.retry_delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_as_long_up_to_a_minute() {
        let seconds =
            |delay, tried| Retries::new(9, Duration::from_secs(delay)).delay(tried).as_secs();
        let waits: Vec<_> = (0..8).map(|tried| seconds(1, tried)).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!((seconds(1, 1000), seconds(90, 0), seconds(90, 5)), (60, 90, 90));
        assert_eq!(Retries::new(9, Duration::MAX).delay(5), Duration::MAX);
    }
}
