//! One object of a store.

use std::sync::Arc;

use super::listed::ListedObject;
use super::requests::StoreRequests;

/// An object of a store, and whom to ask for its URL.
#[derive(Debug)]
pub(crate) struct StoredObject {
    pub(crate) requests: Arc<StoreRequests>,
    /// Which of the listed objects it is.
    pub(crate) index: usize,
    pub(crate) listed: ListedObject,
}

/// An object is the same as itself only.
impl PartialEq for StoredObject {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.requests, &other.requests) && self.index == other.index
    }
}
