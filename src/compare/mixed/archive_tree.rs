//! What an archive holds, as a tree that is walked beside another one.
//!
//! It is made when all entries have passed. Its directories are those that the names lie in, and those that the
//! archive has entries for. A symbolic link leads to what the archive has under its target: each link is followed
//! once, and those that lead through it go on from there.

use std::collections::{BTreeMap, HashMap};

use crate::archive::entries::{Entries, Index, Kind};
use crate::archive::occurrences;
use crate::compare::archives::resolve::{Meaning, Names, Resolved};
use crate::error::{Error, Name, Result};
use crate::ignore::Selection;
use crate::options::Options;
use crate::outcome::Side;
use crate::run::context::{Context, Steps};
use crate::tree::listing::{EntryKind, Listing};
use crate::tree::{EntryContent, Identity, Tree, leaves_out, names};

/// A directory or a file, by its place among all of them.
pub(crate) type NodeId = usize;

/// Where everything lies.
const ROOT: NodeId = 0;

/// Directories that the names imply, for each entry that an archive may have: the names of the default limits
/// could imply some hundred million.
const IMPLIED: u64 = 4;

/// No device of this machine has this number.
const DEVICE: u64 = u64::MAX;

#[derive(Default)]
struct Node {
    parent: NodeId,
    children: BTreeMap<Box<[u8]>, NodeId>,
    /// The entry whose content it is.
    content: Option<Index>,
    /// What it is, if the archive says so in an entry that has no content.
    without_content: Option<EntryKind>,
}

/// Where a link leads.
#[derive(Debug, Clone, Copy)]
enum End {
    At(NodeId),
    Nowhere,
    /// Out of the archive.
    Out,
}

/// The way that a link leads.
struct Way<'e> {
    link: NodeId,
    at: NodeId,
    /// The names that are left of its target.
    rest: Option<&'e [u8]>,
}

/// What comes of one name of a way.
enum Advance<'e> {
    /// It goes on.
    On,
    /// It has come to its end.
    At(End),
    /// This link, with this target, has to be followed first.
    After(NodeId, &'e [u8]),
}

/// An archive as a tree, next to `other`, whose spelling of a name is taken over.
pub(crate) struct ArchiveTree<'t, T> {
    name: Name,
    entries: &'t Entries,
    other: &'t T,
    nodes: Vec<Node>,
    /// Paths of which it is not known what the archive has there, and why.
    pub(crate) broken: HashMap<Vec<u8>, Error>,
    /// The paths that are a file, or a link, and a directory.
    pub(crate) files_with_entries: Vec<Vec<u8>>,
    /// Where each symbolic link leads.
    ends: HashMap<NodeId, End>,
    follow_links: bool,
    selection: Selection,
}

impl<'t, T: Tree> ArchiveTree<'t, T> {
    /// The tree of these entries.
    ///
    /// # Errors
    /// When their names imply too many directories; when the context says stop.
    pub(crate) fn new(
        name: &Name,
        entries: &'t Entries,
        other: &'t T,
        options: &Options,
        context: &Context<'_>,
    ) -> Result<Self> {
        let mut tree = Self {
            name: name.clone(),
            entries,
            other,
            nodes: vec![Node::default()],
            broken: HashMap::new(),
            files_with_entries: Vec::new(),
            ends: HashMap::new(),
            follow_links: options.follow_symlinks,
            selection: options.selection(),
        };
        let limit = options.limits.max_archive_entries.map(|most| most.saturating_mul(IMPLIED));
        let nothing = Entries::default();
        let both = [entries, &nothing];
        let (names, [ids, _]) = Names::of(both, context)?;
        let resolved = Resolved::new(Side::Left, both, &names, &ids, context)?;
        let mut steps = Steps::new(context);
        for id in names.ids() {
            steps.step()?;
            let path = names.name(id, both);
            if occurrences::is_numbered(path) {
                let base = path.split(|&byte| byte == 0).next().unwrap_or(path);
                tree.fail(base, "has several members of this name".to_owned());
                continue;
            }
            let entry = match resolved.meaning(id) {
                Meaning::Nothing => continue,
                Meaning::Content(index) => Some(index),
                Meaning::Dangling(link) => {
                    let target = match entries.kind(link) {
                        Kind::HardLink(target) => Name::new(target),
                        Kind::File | Kind::Symlink(_) => Name::new(path),
                    };
                    let why = format!("a hard link to '{target}', which is not in the archive");
                    tree.fail(path, why);
                    Some(link)
                }
            };
            if resolved.is_ambiguous(id) {
                let why = "several entries whose names may be spelled differently in Unicode";
                tree.fail(path, why.to_owned());
            }
            let node = tree.insert(path);
            tree.nodes[node].content = entry;
            tree.keep_within(limit)?;
        }
        for (path, kind) in &entries.besides.without_content {
            steps.step()?;
            let node = tree.insert(path);
            match tree.nodes[node].without_content.replace(*kind) {
                Some(before) if before != *kind => {
                    tree.fail(path, "has entries of several kinds under this name".to_owned());
                }
                _ => tree.keep_within(limit)?,
            }
        }
        let paths = names.ids().map(|id| names.name(id, both));
        let without_content = entries.besides.without_content.iter().map(|(path, _)| &**path);
        for path in paths.chain(without_content) {
            steps.step()?;
            let Some(id) = tree.at(path) else { continue };
            let node = &tree.nodes[id];
            let is_file = node.content.is_some();
            let is_special = node.without_content.is_some_and(|kind| !kind.is_directory());
            if (is_file || is_special) && tree.is_directory(id) {
                if tree.selection.leaves_out_file(path) {
                    continue;
                }
                tree.files_with_entries.push(path.to_vec());
            } else if is_file && is_special {
                tree.fail(path, "has entries of several kinds under this name".to_owned());
            }
        }
        tree.files_with_entries.sort_unstable();
        tree.files_with_entries.dedup();
        tree.follow_all(context)?;
        Ok(tree)
    }

    /// # Errors
    /// When the names imply more directories and files than this limit.
    fn keep_within(&self, limit: Option<u64>) -> Result<()> {
        match limit {
            Some(limit) if self.nodes.len() as u64 > limit => {
                let (count, name) = (self.nodes.len(), self.name.clone());
                let cause =
                    format!("archive bomb: {count} directories and files, the limit is {limit}");
                Err(Error::ArchiveBomb { name, cause })
            }
            _ => Ok(()),
        }
    }

    /// What was put at this path.
    fn at(&self, path: &[u8]) -> Option<NodeId> {
        let mut parts = path.split(|&byte| byte == b'/');
        parts.try_fold(ROOT, |at, part| self.nodes[at].children.get(part).copied())
    }

    fn fail(&mut self, path: &[u8], why: String) {
        self.broken.entry(path.to_vec()).or_insert_with(|| Error::archive(&self.name, why));
    }

    fn insert(&mut self, path: &[u8]) -> NodeId {
        let mut at = ROOT;
        for part in path.split(|&byte| byte == b'/') {
            at = match self.nodes[at].children.get(part) {
                Some(&child) => child,
                None => {
                    let child = self.nodes.len();
                    self.nodes.push(Node { parent: at, ..Node::default() });
                    self.nodes[at].children.insert(part.into(), child);
                    child
                }
            };
        }
        at
    }

    fn is_directory(&self, id: NodeId) -> bool {
        let node = &self.nodes[id];
        id == ROOT
            || !node.children.is_empty()
            || node.without_content.is_some_and(EntryKind::is_directory)
    }

    /// The target of a link, if it is one.
    fn target(&self, id: NodeId) -> Option<&'t [u8]> {
        if self.is_directory(id) {
            return None;
        }
        match self.entries.kind(self.nodes[id].content?) {
            Kind::Symlink(target) => Some(target),
            Kind::File | Kind::HardLink(_) => None,
        }
    }

    /// Follows every link, in one walk over all of their targets.
    fn follow_all(&mut self, context: &Context<'_>) -> Result<()> {
        let mut steps = Steps::new(context);
        for id in 0..self.nodes.len() {
            steps.step()?;
            if let Some(target) = self.target(id) {
                self.follow(id, target, &mut steps)?;
            }
        }
        Ok(())
    }

    /// Follows a link, and before it the links on its way that have not been followed yet.
    fn follow(&mut self, link: NodeId, target: &'t [u8], steps: &mut Steps<'_, '_>) -> Result<()> {
        let mut ways = Vec::new();
        if !self.ends.contains_key(&link) {
            self.begin(link, target, &mut ways);
        }
        while let Some(mut way) = ways.pop() {
            steps.step()?;
            let link = way.link;
            match self.advance(&mut way) {
                Advance::On => ways.push(way),
                Advance::At(end) => {
                    self.ends.insert(link, end);
                }
                Advance::After(other, target) => {
                    ways.push(way);
                    self.begin(other, target, &mut ways);
                }
            }
        }
        Ok(())
    }

    /// Begins to follow a link. One that is met again before it has been followed leads in a circle, as do those
    /// that lead to it.
    fn begin(&mut self, link: NodeId, target: &'t [u8], ways: &mut Vec<Way<'t>>) {
        let is_out = target.starts_with(b"/");
        self.ends.insert(link, if is_out { End::Out } else { End::Nowhere });
        if !is_out && !target.is_empty() {
            ways.push(Way { link, at: self.nodes[link].parent, rest: Some(target) });
        }
    }

    /// Takes the next name of a way.
    fn advance(&self, way: &mut Way<'t>) -> Advance<'t> {
        let Some(rest) = way.rest else { return Advance::At(End::At(way.at)) };
        if !self.is_directory(way.at) {
            return Advance::At(End::Nowhere);
        }
        let (part, rest) = match rest.iter().position(|&byte| byte == b'/') {
            Some(slash) => (&rest[..slash], Some(&rest[slash + 1..])),
            None => (rest, None),
        };
        let next = match part {
            b"" | b"." => way.at,
            b".." if way.at == ROOT => return Advance::At(End::Out),
            b".." => self.nodes[way.at].parent,
            name => {
                let Some(child) = self.child(way.at, name) else {
                    return Advance::At(End::Nowhere);
                };
                match (self.target(child), self.ends.get(&child)) {
                    (None, _) => child,
                    (Some(target), None) => return Advance::After(child, target),
                    (Some(_), Some(&End::At(end))) => end,
                    (Some(_), Some(&end)) => return Advance::At(end),
                }
            }
        };
        (way.at, way.rest) = (next, rest);
        Advance::On
    }

    /// Where a link leads.
    fn end(&self, link: NodeId) -> End {
        self.ends.get(&link).copied().unwrap_or(End::Nowhere)
    }

    /// What a directory has under a name, however that is spelled.
    fn child(&self, directory: NodeId, name: &[u8]) -> Option<NodeId> {
        let children = &self.nodes[directory].children;
        children.get(name).or_else(|| children.get(&*names::composed(name.to_vec()))).copied()
    }

    /// What is at a path; its last part is not followed.
    fn find(&self, path: &[u8]) -> Option<NodeId> {
        let (parent, name) = match path.iter().rposition(|&byte| byte == b'/') {
            Some(slash) => (self.directory(ROOT, &path[..slash])?, &path[slash + 1..]),
            None => (ROOT, path),
        };
        self.child(parent, name)
    }

    fn directory(&self, from: NodeId, path: &[u8]) -> Option<NodeId> {
        let mut at = from;
        for part in path.split(|&byte| byte == b'/').filter(|part| !part.is_empty()) {
            let child = self.child(at, part)?;
            at = match self.target(child) {
                None => child,
                Some(_) if !self.follow_links => return None,
                Some(_) => match self.end(child) {
                    End::At(end) => end,
                    End::Nowhere | End::Out => return None,
                },
            };
        }
        self.is_directory(at).then_some(at)
    }

    /// The entry that has the content of the file at a path.
    pub(crate) fn content(&self, path: &[u8]) -> Option<Index> {
        let found = self.find(path)?;
        let file = match self.target(found) {
            None => found,
            Some(_) => match self.end(found) {
                End::At(end) => end,
                End::Nowhere | End::Out => return None,
            },
        };
        self.nodes[file].content
    }

    fn kind(&self, id: NodeId) -> EntryKind {
        if self.target(id).is_none() {
            let without_content = self.nodes[id].without_content;
            return if self.is_directory(id) {
                EntryKind::Directory
            } else {
                without_content.unwrap_or(EntryKind::File)
            };
        }
        if !self.follow_links {
            return EntryKind::Link;
        }
        match self.end(id) {
            End::At(end) if self.is_directory(end) => EntryKind::LinkedDirectory,
            End::At(end) => self.nodes[end].without_content.unwrap_or(EntryKind::File),
            End::Nowhere | End::Out => EntryKind::Link,
        }
    }

    /// How the other tree spells the names of a directory that it spells in one way only, by the composed name.
    fn spellings(&self, path: &[u8], context: &Context<'_>) -> HashMap<Vec<u8>, Option<Vec<u8>>> {
        let mut spellings = HashMap::new();
        let listed = self
            .other
            .enter(path, None)
            .and_then(|directory| self.other.list(&directory, path, context));
        // The walk will say why it cannot be listed.
        let Ok(listing) = listed else { return spellings };
        for index in 0..listing.len() {
            let name = listing.name(index);
            if !name.is_ascii() {
                spellings
                    .entry(names::composed(name.to_vec()))
                    .and_modify(|only| *only = None)
                    .or_insert_with(|| Some(name.to_vec()));
            }
        }
        spellings
    }
}

impl<T: Tree> ArchiveTree<'_, T> {
    /// Is there anything at a path, however that is spelled?
    pub(crate) fn has(&self, path: &[u8]) -> bool {
        self.find(path).is_some()
    }

    /// The target of the link at a path, if that is to be followed and leads out of the archive.
    pub(crate) fn leads_out(&self, path: &[u8]) -> Option<Name> {
        let found = self.find(path)?;
        let target = self.target(found).filter(|_| self.follow_links)?;
        match self.end(found) {
            End::Out => Some(Name::new(target)),
            End::At(_) | End::Nowhere => None,
        }
    }
}

impl<T: Tree> Tree for ArchiveTree<'_, T> {
    type Directory = NodeId;

    fn enter(&self, path: &[u8], parent: Option<&NodeId>) -> Result<NodeId> {
        let from = parent.copied().unwrap_or(ROOT);
        let way = match parent {
            Some(_) => path.rsplit(|&byte| byte == b'/').next().unwrap_or(path),
            None => path,
        };
        self.directory(from, way)
            .ok_or_else(|| Error::archive(&self.display(path), "is not in the archive"))
    }

    fn identity(&self, &directory: &NodeId) -> Option<Identity> {
        Some(Identity::numbered(DEVICE, directory as u64))
    }

    fn resolved(&self, _: &NodeId) -> Option<Vec<u8>> {
        None
    }

    fn is_at(&self, &directory: &NodeId, path: &[u8]) -> Result<bool> {
        Ok(self.directory(ROOT, path) == Some(directory))
    }

    fn is_large(&self, _: &NodeId) -> bool {
        false
    }

    fn list(&self, &directory: &NodeId, path: &[u8], context: &Context<'_>) -> Result<Listing> {
        let (children, mut listing) = (&self.nodes[directory].children, Listing::default());
        let has_spellings = children.keys().any(|name| names::has_spellings(name));
        let spellings = if has_spellings { self.spellings(path, context) } else { HashMap::new() };
        let mut steps = Steps::new(context);
        for (name, &child) in children {
            steps.step()?;
            let name = spellings.get(&**name).and_then(Option::as_deref).unwrap_or(name);
            let kind = self.kind(child);
            if !leaves_out(&self.selection, path, name, kind) {
                listing.push(name, kind);
            }
        }
        Ok(listing)
    }

    fn open<'d>(&self, _: &'d NodeId, name: &'d [u8]) -> Result<EntryContent<'d>> {
        // Its content has passed.
        Err(Error::archive(&self.display(name), "is compared while the archive is read"))
    }

    fn link(&self, &directory: &NodeId, name: &[u8]) -> Result<Vec<u8>> {
        let target = self.child(directory, name).and_then(|child| self.target(child));
        let broken = || Error::archive(&self.display(name), "is no link");
        target.map(<[u8]>::to_vec).ok_or_else(broken)
    }

    fn display(&self, path: &[u8]) -> Name {
        if path.is_empty() { self.name.clone() } else { Name::new(path) }
    }
}
