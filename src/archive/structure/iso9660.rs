//! ISO 9660, with Joliet and Rock Ridge: descriptors from sector 16 on, and one or more trees of
//! directories.
//!
//! ECMA-119 has the format, the Joliet specification and IEEE P1282 (Rock Ridge) what was added, and
//! ECMA-167 part 2 what stands beside it where a disc has UDF too. libarchive reads one tree of those
//! there are, and looks at a file once for all names that it takes for links to one: here all trees are
//! walked, and it is looked at what libarchive would not show.

mod beside;
mod extents;
mod places;
mod record;
mod susp;
mod volume;

use self::extents::{Extents, Rank};
use self::places::{Item, Places};
use self::record::{SECTOR, records};
use self::susp::{Area, Susp, Waiting};
use self::volume::Volumes;
use super::{Broken, LONGEST, Structure, Want, Whole};

/// How much of the start is kept, since several things are looked for there: the system area of 16
/// sectors, the volume descriptors, and what comes behind them. Small images are all in it.
const START: usize = 256 << 10;

/// The walk over one image. All places are looked at in their order, as libarchive reads them, so that an
/// image that is compressed can be walked while it passes by.
#[derive(Debug, Default)]
pub(crate) struct Iso9660 {
    start: Option<Vec<u8>>,
    places: Places,
    /// What has been asked for.
    asked: Option<Item>,
    volumes: Volumes,
    trees: Vec<Tree>,
    extents: Extents,
}

/// One of the trees.
#[derive(Debug, Default)]
struct Tree {
    is_primary: bool,
    is_joliet: bool,
    is_rock_ridge: bool,
    /// Bytes before the fields of each record, where it has some.
    skipped: Option<usize>,
    /// Those that libarchive shows; `None` where it puts together what was moved.
    entries: Option<u64>,
}

impl Iso9660 {
    /// Sees the first sectors, and finds the trees.
    fn start(&mut self, start: &[u8]) -> Result<(), Broken> {
        let sectors = start.chunks_exact(SECTOR);
        let mut descriptors = sectors.skip(16);
        loop {
            match descriptors.next() {
                None => return Broken::because("is cut short: within its volume descriptors"),
                Some(sector) if self.volumes.read(sector)? => break,
                Some(_) => {}
            }
        }
        descriptors.try_for_each(beside::recognized)?;
        for header in beside::headers(start) {
            self.places.add(header, 2, Item::Header);
        }
        for (tree, (volume, is_primary)) in self.volumes.trees().enumerate() {
            let is_joliet = volume.is_joliet;
            self.trees.push(Tree { is_primary, is_joliet, ..Tree::default() });
            self.places.add(volume.root * SECTOR as u64, SECTOR, Item::Root { tree });
        }
        self.places.add(self.volumes.size() - 1, 1, Item::Last);
        Ok(())
    }

    fn see(&mut self, item: Item, bytes: &[u8]) -> Result<(), Broken> {
        match item {
            Item::Header => beside::volume(bytes),
            Item::Root { tree } => self.root(tree, bytes),
            Item::Directory { tree, at, end } => {
                if !bytes.len().is_multiple_of(SECTOR) || bytes.is_empty() {
                    return Broken::because("is cut short: within a directory");
                }
                self.directory(tree, at + bytes.len() as u64, end);
                self.records(tree, bytes)
            }
            Item::Continued(mut waiting) => {
                let more = waiting.susp.read(bytes, 0)?.continued;
                self.look(more, waiting)
            }
            Item::Last if bytes.is_empty() => {
                Broken::because("is cut short: its descriptor counts more sectors")
            }
            Item::Last => Ok(()),
        }
    }

    /// The first record of a root says what fields its tree has.
    fn root(&mut self, tree: usize, sector: &[u8]) -> Result<(), Broken> {
        let Some((root, area)) = record::first(sector)? else {
            return Broken::because("has a root directory without an entry for itself: damaged");
        };
        self.volumes.holds(&root)?;
        let it = &mut self.trees[tree];
        if it.is_primary
            && let Some(skipped) = susp::begins(area)
        {
            it.skipped = Some(skipped);
            it.is_rock_ridge = Susp::default().read(area, skipped + 7)?.is_rock_ridge;
        }
        it.entries = Some(1);
        let rank = match (it.is_primary, it.is_rock_ridge, it.is_joliet) {
            (true, true, _) => Rank::RockRidge,
            (true, false, _) => Rank::Primary,
            (false, _, true) => Rank::Joliet,
            (false, ..) => Rank::Never,
        };
        self.extents.begin(tree, rank);
        self.extents.directory(tree, root.at)?;
        if root.size > SECTOR as u64 {
            self.directory(tree, root.at + SECTOR as u64, root.at + root.size);
        }
        self.records(tree, sector)
    }

    /// Asks for what is left of a directory, as much at once as may be asked for.
    fn directory(&mut self, tree: usize, at: u64, end: u64) {
        let end = end.next_multiple_of(SECTOR as u64);
        if at < end {
            let length = usize::try_from(end - at).unwrap_or(LONGEST).min(LONGEST);
            self.places.add(at, length, Item::Directory { tree, at, end });
        }
    }

    fn records(&mut self, tree: usize, bytes: &[u8]) -> Result<(), Broken> {
        for mut record in records(bytes)? {
            self.volumes.holds(&record)?;
            let is_first = self.extents.part(tree, &record)?;
            let it = &mut self.trees[tree];
            // libarchive hides a directory of this name, which is for others that were moved.
            if matches!(&*record.name.to_ascii_uppercase(), b"RR_MOVED" | b".RR_MOVED") {
                it.entries = None;
            }
            it.entries = it.entries.map(|entries| entries + u64::from(is_first));
            let (mut susp, mut more) = (Susp::default(), None);
            if let Some(skipped) = it.skipped {
                more = susp.read(&std::mem::take(&mut record.area), skipped)?.continued;
            }
            self.look(more, Box::new(Waiting { tree, record, susp, count: 0 }))?;
        }
        Ok(())
    }

    /// Looks for further fields of a record, if it has some.
    fn look(&mut self, more: Option<Area>, mut waiting: Box<Waiting>) -> Result<(), Broken> {
        let Some(area) = more else { return self.record(&waiting) };
        waiting.count += 1;
        // The longest name and target that a record can have fit into a few areas.
        if waiting.count > 64 || area.offset + area.length > SECTOR || area.length == 0 {
            return Broken::because("has fields that go on at an impossible place: damaged");
        }
        let at = area.sector * SECTOR as u64 + area.offset as u64;
        self.places.add(at, area.length, Item::Continued(waiting));
        Ok(())
    }

    /// All fields of a record have been seen.
    fn record(&mut self, waiting: &Waiting) -> Result<(), Broken> {
        let Waiting { tree, record, susp, .. } = waiting;
        if susp.is_moved {
            self.trees[*tree].entries = None;
            if !record.is_directory {
                return Ok(());
            }
        }
        let kind = susp.mode.map_or(0, |mode| mode & susp::TYPE);
        if kind != 0 && (kind == susp::DIRECTORY) != record.is_directory {
            return Broken::because("has an entry that is a directory and is none");
        }
        if record.is_directory {
            self.extents.directory(*tree, record.at)?;
            self.directory(*tree, record.at, record.at + record.size);
            return Ok(());
        }
        match kind {
            0 | susp::REGULAR => self.extents.file(*tree, record, susp.number),
            // Its target is in the fields.
            susp::LINK => Ok(()),
            _ if record.size == 0 => Ok(()),
            _ => Broken::because("has a device with content"),
        }
    }
}

impl Structure for Iso9660 {
    /// libarchive shows them in the order of their content; only their number is known.
    fn lists_entries(&self) -> bool {
        false
    }

    fn step(&mut self, bytes: &[u8]) -> Result<Want, Broken> {
        let Some(start) = self.start.take() else {
            self.start = Some(Vec::new());
            return Ok(Want::Bytes { at: 0, length: START });
        };
        let start = match self.asked.take() {
            None => {
                self.start(bytes)?;
                bytes.to_vec()
            }
            Some(item) => {
                self.see(item, bytes)?;
                start
            }
        };
        while let Some((at, length, item)) = self.places.next() {
            let kept = usize::try_from(at).ok().and_then(|at| start.get(at..at + length));
            let is_behind = start.len() < START && at + length as u64 > start.len() as u64;
            match kept {
                Some(bytes) => self.see(item, bytes)?,
                None if is_behind => self.see(item, &[])?,
                None => {
                    (self.start, self.asked) = (Some(start), Some(item));
                    return Ok(Want::Bytes { at, length });
                }
            }
        }
        let shown = self.extents.outcome()?;
        let entries = shown.and_then(|tree| self.trees[tree].entries);
        Ok(Want::End(Whole { end: self.volumes.size(), entries, ..Whole::default() }))
    }
}

#[cfg(test)]
mod tests;
