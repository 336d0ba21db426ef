//! A map from relative paths to sources, as a tree: the files that a directory should contain.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::listing::{EntryKind, Listing};
use super::{EntryContent, Identity, Tree, last_name, leaves_out, names};
use crate::content::file::FileReader;
use crate::error::{Error, Name, Result};
use crate::options::Options;
use crate::run::context::Context;
use crate::source::Source;
use crate::text::redact::redacted_fully;

/// Sources by their paths.
pub struct UrlTree {
    root: Arc<MapDirectory>,
    options: Box<Options>,
    /// What messages call it.
    name: Name,
    /// Names that are matched with nothing, and why.
    unmatched: Vec<(Vec<u8>, Error)>,
}

/// The entries of one directory, by name.
#[derive(Default)]
pub struct MapDirectory(BTreeMap<Vec<u8>, Node>);

enum Node {
    File(Source),
    Directory(Arc<MapDirectory>),
}

impl Drop for MapDirectory {
    // In a loop: by default each level is dropped within the one above it, and a path of 60,000 parts needs
    // more stack than a thread has.
    fn drop(&mut self) {
        let mut below: Vec<Arc<Self>> = Vec::new();
        let mut entries = std::mem::take(&mut self.0);
        loop {
            let directories = entries.into_values().filter_map(|entry| match entry {
                Node::File(_) => None,
                Node::Directory(directory) => Some(directory),
            });
            below.extend(directories);
            // A directory that another thread still uses is dropped by that thread.
            let next = std::iter::from_fn(|| below.pop()).find_map(Arc::into_inner);
            let Some(mut directory) = next else { return };
            entries = std::mem::take(&mut directory.0);
        }
    }
}

impl UrlTree {
    /// The tree of `entries`, pairs of a path, which is normalized, and its source. Of the options, those
    /// about URLs, `ignore` and `only` are used. `parameter` is what messages call the map.
    ///
    /// # Errors
    /// [`Error::Argument`] for a path that leads out of the tree or to its root, and for two paths that
    /// exclude each other; when the context says stop.
    pub fn new(
        entries: impl IntoIterator<Item = (Vec<u8>, Source)>,
        parameter: &str,
        options: &Options,
        context: &Context<'_>,
    ) -> Result<Self> {
        let mut root = Arc::default();
        for (key, source) in entries {
            context.checkpoint()?;
            let refused = |cause: &str| {
                let key = Name::new(&redacted_fully(&key));
                Error::Argument(format!("{parameter}['{key}'] {cause}"))
            };
            let path = names::normal(&key).map_err(refused)?;
            if path.is_empty() {
                return Err(refused("is no path of a file"));
            }
            insert(&mut root, &path, source).map_err(refused)?;
        }
        let (options, name) = (Box::new(options.clone()), Name::new(b"the map"));
        Ok(Self { root, options, name, unmatched: Vec::new() })
    }

    /// The same tree under another name, beside names that are matched with nothing.
    pub(crate) fn with(self, name: Name, unmatched: Vec<(Vec<u8>, Error)>) -> Self {
        Self { name, unmatched, ..self }
    }

    /// What messages call it.
    pub(crate) fn name(&self) -> &Name {
        &self.name
    }
}

/// Adds a source at `path`, or says why it cannot be there.
fn insert(
    mut directory: &mut Arc<MapDirectory>,
    path: &[u8],
    source: Source,
) -> std::result::Result<(), &'static str> {
    let (directories, name) = match path.iter().rposition(|&byte| byte == b'/') {
        Some(slash) => (Some(&path[..slash]), &path[slash + 1..]),
        None => (None, path),
    };
    for part in directories.into_iter().flat_map(|path| path.split(|&byte| byte == b'/')) {
        let entry = Arc::get_mut(directory).map(|directory| {
            directory.0.entry(part.to_vec()).or_insert_with(|| Node::Directory(Arc::default()))
        });
        directory = match entry.expect("the tree is not shared before it is complete") {
            Node::Directory(directory) => directory,
            Node::File(_) => return Err("lies in what is a file itself"),
        };
    }
    let entries = Arc::get_mut(directory).expect("the tree is not shared before it is complete");
    match entries.0.get(name) {
        Some(Node::File(_)) => return Err("stands for the same path as another key"),
        Some(Node::Directory(_)) => return Err("is a directory, in which others lie"),
        None => entries.0.insert(name.to_vec(), Node::File(source)),
    };
    Ok(())
}

impl Tree for UrlTree {
    type Directory = Arc<MapDirectory>;

    /// A transfer takes far longer than taking a batch.
    const BATCH: usize = 1;

    fn enter(&self, path: &[u8], parent: Option<&Arc<MapDirectory>>) -> Result<Arc<MapDirectory>> {
        let whole = path;
        let (mut directory, path) = match parent {
            Some(parent) => (parent, last_name(path)),
            None => (&self.root, path),
        };
        for part in path.split(|&byte| byte == b'/').filter(|part| !part.is_empty()) {
            directory = match directory.0.get(part) {
                Some(Node::Directory(directory)) => directory,
                _ => return Err(Error::read(&self.display(whole), "is not in the map")),
            };
        }
        Ok(Arc::clone(directory))
    }

    fn identity(&self, _: &Arc<MapDirectory>) -> Option<Identity> {
        None
    }

    fn resolved(&self, _: &Arc<MapDirectory>) -> Option<Vec<u8>> {
        None
    }

    fn is_at(&self, _: &Arc<MapDirectory>, _: &[u8]) -> Result<bool> {
        Ok(false)
    }

    fn is_large(&self, _: &Arc<MapDirectory>) -> bool {
        false
    }

    fn list(
        &self,
        directory: &Arc<MapDirectory>,
        path: &[u8],
        context: &Context<'_>,
    ) -> Result<Listing> {
        let (mut listing, selection) = (Listing::default(), self.options.selection());
        for (name, entry) in &directory.0 {
            context.checkpoint()?;
            let kind = match entry {
                Node::File(_) => EntryKind::File,
                Node::Directory(_) => EntryKind::Directory,
            };
            if !leaves_out(&selection, path, name, kind) {
                listing.push(name, kind);
            }
        }
        Ok(listing)
    }

    fn open<'d>(
        &self,
        directory: &'d Arc<MapDirectory>,
        name: &'d [u8],
    ) -> Result<EntryContent<'d>> {
        let Some(Node::File(source)) = directory.0.get(name) else {
            return Err(Error::read(&self.display(name), "is not in the map"));
        };
        let content = source.content(&self.options)?;
        match content.file() {
            Some(file) => FileReader::open_located(file.clone()).map(EntryContent::File),
            None => content.open(1).map(EntryContent::Stream),
        }
    }

    fn size(&self, directory: &Arc<MapDirectory>, name: &[u8]) -> Result<Option<u64>> {
        let Some(Node::File(source)) = directory.0.get(name) else {
            return Err(Error::read(&self.display(name), "is not in the map"));
        };
        Ok(source.content(&self.options)?.size())
    }

    fn link(&self, _: &Arc<MapDirectory>, name: &[u8]) -> Result<Vec<u8>> {
        Err(Error::read(&self.display(name), "is no link"))
    }

    fn display(&self, path: &[u8]) -> Name {
        Name::new(path)
    }

    fn unmatched(&self) -> Vec<(Vec<u8>, Error)> {
        self.unmatched.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ignore::Ignore;
    use crate::run::context::Call;

    fn tree(keys: &[&str], patterns: &[&str]) -> Result<UrlTree> {
        let entries = keys.iter().map(|key| {
            let url = Source::parse(b"http://host/", "url").expect("a URL");
            (key.as_bytes().to_vec(), url)
        });
        let patterns = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        let ignore = Some(Ignore::new(patterns).expect("patterns"));
        let options = Options { ignore, ..Options::default() };
        UrlTree::new(entries, "url_map", &options, &Context::new(&Call::new(None)))
    }

    fn refusal(keys: &[&str]) -> String {
        tree(keys, &[]).err().expect("refused").to_string()
    }

    fn listed(tree: &UrlTree, path: &str) -> Vec<(String, EntryKind)> {
        let directory = tree.enter(path.as_bytes(), None).expect("a directory");
        let call = Call::new(None);
        let listing = tree.list(&directory, path.as_bytes(), &Context::new(&call));
        let listing = listing.expect("a listing");
        let entry = |index| {
            let name = String::from_utf8(listing.name(index).to_vec()).expect("UTF-8");
            (name, listing.kind(index))
        };
        (0..listing.len()).map(entry).collect()
    }

    #[test]
    fn paths_make_directories() {
        let tree = tree(&["./a/b/c", "a//d", "e"], &[]).expect("a tree");
        let of = |name: &str, kind| (name.to_owned(), kind);
        assert_eq!(listed(&tree, ""), [of("a", EntryKind::Directory), of("e", EntryKind::File)]);
        assert_eq!(listed(&tree, "a"), [of("b", EntryKind::Directory), of("d", EntryKind::File)]);
        assert_eq!(listed(&tree, "a/b"), [of("c", EntryKind::File)]);
        assert!(tree.enter(b"e", None).is_err());
    }

    #[test]
    fn every_path_of_a_map_is_a_checkpoint() {
        let source = Source::parse(b"http://host/", "url").expect("a URL");
        let entries = (0..100).map(|name: u32| (name.to_string().into_bytes(), source.clone()));
        let call = Call::until_checkpoint(50);
        let tree = UrlTree::new(entries, "url_map", &Options::default(), &Context::new(&call));
        assert_eq!(tree.err(), Some(Error::Cancelled));
    }

    #[test]
    fn an_ignored_path_is_not_listed() {
        let tree = tree(&["a/b", "c.pyc", "d/e.pyc", "d/f"], &["*.pyc", "/a/"]).expect("a tree");
        assert_eq!(listed(&tree, ""), [("d".to_owned(), EntryKind::Directory)]);
        assert_eq!(listed(&tree, "d"), [("f".to_owned(), EntryKind::File)]);
    }

    #[test]
    fn a_path_of_a_million_parts_is_dropped_without_recursion() {
        let key = "a/".repeat(1_000_000) + "b";
        let whole = tree(&[&key], &[]).expect("a tree");
        let below = whole.enter(b"a/a/a", None).expect("a directory");
        drop(whole);
        assert_eq!(below.0.len(), 1, "a directory in use is still whole");
        drop(below);
    }

    #[test]
    fn an_impossible_key_is_refused_by_name() {
        assert_eq!(refusal(&["/a"]), "url_map['/a'] is absolute");
        assert_eq!(refusal(&["a/../b"]), "url_map['a/../b'] has a '..' part");
        assert_eq!(refusal(&["a\0"]), "url_map['a\\u{0}'] contains a NUL byte");
        assert_eq!(refusal(&["./"]), "url_map['./'] is no path of a file");
        assert_eq!(
            refusal(&["a", "./a"]),
            "url_map['./a'] stands for the same path as another key"
        );
        assert_eq!(refusal(&["a", "a/b"]), "url_map['a/b'] lies in what is a file itself");
        assert_eq!(refusal(&["a/b", "a"]), "url_map['a'] is a directory, in which others lie");
    }
}
