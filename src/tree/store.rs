//! What a store has under a prefix, as a tree: a key is a path, `/` stands between its parts.
//!
//! Keys need be no paths. Those that no path spells are matched with nothing, each with the reason: with an empty
//! part, one that is `.` or `..`, a slash at an end, a NUL; and an object whose key is a directory of others. An empty
//! object whose key ends with a slash is what programs put where they want a directory to be seen: no entry.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use super::names;
use super::url_map::UrlTree;
use crate::content::store::listed::ListedObject;
use crate::content::store::requests::StoreRequests;
use crate::content::store::stored::StoredObject;
use crate::error::{Error, Name, Result};
use crate::options::Options;
use crate::run::context::{Context, Steps};
use crate::source::Source;

/// A store's objects: known when its library has listed them.
pub struct StoreTree {
    requests: Arc<StoreRequests>,
    tree: OnceLock<UrlTree>,
}

impl StoreTree {
    /// The tree of what a library lists.
    #[must_use]
    pub fn new(requests: Arc<StoreRequests>) -> Self {
        Self { requests, tree: OnceLock::new() }
    }

    /// Waits until everything is listed.
    ///
    /// # Errors
    /// When it cannot be listed; when the context says stop.
    pub(crate) fn listed(&self, options: &Options, context: &Context<'_>) -> Result<&UrlTree> {
        if let Some(tree) = self.tree.get() {
            return Ok(tree);
        }
        let objects = self.requests.listing(context)?;
        let tree = tree_of(&self.requests, objects, options, context)?;
        Ok(self.tree.get_or_init(|| tree))
    }
}

impl Drop for StoreTree {
    /// The call is over: nothing is wanted of the store any more.
    fn drop(&mut self) {
        self.requests.close();
    }
}

fn tree_of(
    requests: &Arc<StoreRequests>,
    objects: Vec<ListedObject>,
    options: &Options,
    context: &Context<'_>,
) -> Result<UrlTree> {
    let (mut paths, mut unmatched, mut steps) = (Vec::new(), Vec::new(), Steps::new(context));
    let mut seen = HashSet::new();
    let store: Arc<[u8]> = requests.name().bytes().into();
    let name = |key: &[u8]| Name::within(&store, &key.into());
    let mut refuse = |key: &[u8], why: &str| {
        unmatched.push((key.to_vec(), Error::read(&name(key), why)));
    };
    for (index, object) in objects.into_iter().enumerate() {
        steps.step()?;
        match path_of(&object) {
            Key::Marker => {}
            Key::Refused(why) => refuse(&object.key, why),
            Key::Path if !seen.insert(object.key.clone()) => {
                refuse(&object.key, "is listed twice");
            }
            Key::Path => paths.push((index, object)),
        }
    }
    let mut directories = HashSet::new();
    for (_, object) in &paths {
        steps.step()?;
        let slashes = object.key.iter().enumerate().filter(|&(_, &byte)| byte == b'/');
        // From the longest on: where one is known, those above it are.
        for (at, _) in slashes.rev() {
            if !directories.insert(object.key[..at].to_vec()) {
                break;
            }
        }
    }
    let mut entries = Vec::with_capacity(paths.len());
    for (index, listed) in paths {
        steps.step()?;
        if directories.contains(&listed.key) {
            refuse(&listed.key, "is an object, and a directory of others");
            continue;
        }
        let (key, name) = (listed.key.clone(), name(&listed.key));
        let object = StoredObject { requests: Arc::clone(requests), index, listed };
        entries.push((key, Source::stored(object, name)));
    }
    let tree = UrlTree::new(entries, "the store", options, context)?;
    let selection = options.selection();
    unmatched.retain(|(path, _)| selection.is_all() || !selection.leaves_out_file(path));
    Ok(tree.with(requests.name().clone(), unmatched))
}

/// What a key is.
#[derive(Debug, PartialEq, Eq)]
enum Key {
    Path,
    /// What stands for a directory.
    Marker,
    /// No path, with the reason.
    Refused(&'static str),
}

fn path_of(object: &ListedObject) -> Key {
    let key = &object.key[..];
    if (key.is_empty() || key.ends_with(b"/")) && object.size == Some(0) {
        return Key::Marker;
    }
    if key.is_empty() || key.ends_with(b"/") {
        return Key::Refused("its key ends with '/', and it is not empty");
    }
    match names::normal(key) {
        Err("is absolute") => Key::Refused("its key begins with '/'"),
        Err(why) => Key::Refused(why),
        Ok(normal) if normal != key => {
            Key::Refused("its key has an empty part, or begins with './'")
        }
        Ok(_) => Key::Path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::context::Call;
    use crate::tree::Tree as _;
    use crate::tree::listing::EntryKind;

    fn object(key: &str, size: u64) -> ListedObject {
        ListedObject { key: key.as_bytes().to_vec(), size: Some(size), etag: None }
    }

    fn tree(objects: &[(&str, u64)]) -> StoreTree {
        let requests = Arc::new(StoreRequests::new(Name::new(b"s3://bucket/site/")));
        requests.add(objects.iter().map(|&(key, size)| object(key, size)));
        requests.listed();
        StoreTree::new(requests)
    }

    fn refusals(objects: &[(&str, u64)]) -> Vec<String> {
        let tree = tree(objects);
        let listed = tree.listed(&Options::default(), &Context::new(&Call::new(None)));
        let unmatched = listed.expect("a tree").unmatched();
        unmatched.into_iter().map(|(_, error)| error.to_string()).collect()
    }

    #[test]
    fn keys_that_are_no_paths_are_refused_and_never_left_out() {
        let why = |key: &str, why: &str| vec![format!("s3://bucket/site/{key}: {why}")];
        assert_eq!(refusals(&[("/a", 1)]), why("/a", "its key begins with '/'"));
        assert_eq!(refusals(&[("/a", 0)]), why("/a", "its key begins with '/'"));
        for key in ["a//b", "./a"] {
            let cause = "its key has an empty part, or begins with './'";
            assert_eq!(refusals(&[(key, 1)]), why(key, cause));
        }
        assert_eq!(refusals(&[("a/../b", 1)]), why("a/../b", "has a '..' part"));
        assert_eq!(refusals(&[("a/", 1)]), why("a/", "its key ends with '/', and it is not empty"));
        assert_eq!(refusals(&[("a", 1), ("a", 1)]), why("a", "is listed twice"));
        assert_eq!(refusals(&[("a/", 0), ("", 0), ("a/b", 1), ("c", 0)]), Vec::<String>::new());
        assert_eq!(
            refusals(&[("a", 1), ("a/b/c", 1), ("a/b", 1), ("ab", 1)]),
            [
                "s3://bucket/site/a: is an object, and a directory of others",
                "s3://bucket/site/a/b: is an object, and a directory of others"
            ]
        );
    }

    #[test]
    fn the_objects_below_one_that_is_no_file_are_entries() {
        let tree = tree(&[("a", 1), ("a/b", 1)]);
        let call = Call::new(None);
        let listed = tree.listed(&Options::default(), &Context::new(&call)).expect("a tree");
        let root = listed.enter(b"", None).expect("the root");
        let listing = listed.list(&root, b"", &Context::new(&call)).expect("a listing");
        assert_eq!((listing.len(), listing.name(0)), (1, &b"a"[..]));
        assert_eq!(listing.kind(0), EntryKind::Directory);
    }

    #[test]
    fn a_store_that_fails_is_an_error() {
        let requests = Arc::new(StoreRequests::new(Name::new(b"s3://bucket/")));
        let error = Error::read(requests.name(), "no");
        requests.fail(error.clone());
        let tree = StoreTree::new(requests);
        let listed = tree.listed(&Options::default(), &Context::new(&Call::new(None)));
        assert_eq!(listed.err(), Some(error));
    }

    #[test]
    fn a_store_that_is_never_listed_is_waited_for_as_long_as_the_call_may_last() {
        let tree = StoreTree::new(Arc::new(StoreRequests::new(Name::new(b"s3://bucket/"))));
        let call = Call::until_checkpoint(2);
        let listed = tree.listed(&Options::default(), &Context::new(&call));
        assert_eq!(listed.err(), Some(Error::Cancelled));
    }
}
