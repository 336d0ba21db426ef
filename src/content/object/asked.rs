//! An object as the crate knows it: where it is asked for its bytes, and whether that can be done again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::requests::Requests;
use crate::error::{Error, Name, Result};

/// An object that is asked for its bytes by [`Requests`].
#[derive(Debug)]
pub struct Object {
    pub(super) requests: Arc<Requests>,
    /// Which of the call's objects it is.
    pub(super) number: usize,
    /// Can it be read again, from where it began?
    is_reopenable: bool,
    is_taken: AtomicBool,
}

impl Object {
    /// The object of this number, whose requests go there.
    #[must_use]
    pub fn new(requests: Arc<Requests>, number: usize, is_reopenable: bool) -> Self {
        Self { requests, number, is_reopenable, is_taken: AtomicBool::new(false) }
    }

    /// Takes the one chance to read it, if it can be read only once.
    pub(super) fn take(&self, name: &Name) -> Result<()> {
        if self.is_taken.swap(true, Ordering::Relaxed) && !self.is_reopenable {
            let cause = "can be read only once, and would have to be read again";
            return Err(Error::read(name, cause));
        }
        Ok(())
    }
}

/// An object is the same as itself only.
impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}
