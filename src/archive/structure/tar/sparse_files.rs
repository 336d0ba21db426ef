//! Sparse files: the four ways in which a tar says where there is content.

use super::header::{BLOCK, Dialect, Header};
use super::holes::Holes;
use super::pax::Sparse;
use super::sparse::{Map, MapInBody};
use super::{Reads, Tar};
use crate::archive::structure::{Broken, LONGEST, Listed, Want};

impl Tar {
    /// A sparse file as GNU tar has them in its own format.
    pub(super) fn old_sparse(
        &mut self,
        header: &Header<'_>,
        mut listed: Listed,
        size: u64,
    ) -> Result<Want, Broken> {
        if header.kind() != b'S' || header.dialect() != Dialect::Gnu {
            return Broken::because("has a sparse file of an unknown kind");
        }
        let (stretches, is_extended) = header.stretches()?;
        if stretches.is_empty() && (is_extended || size > 0) {
            return Broken::because("has a sparse file without a map");
        }
        let real_size = header.real_size()?;
        listed.size = Some(real_size);
        let mut map = Map::default();
        for stretch in stretches {
            map.add(stretch.offset, stretch.length)?;
        }
        self.stretches(listed, map, size, real_size, is_extended)
    }

    pub(super) fn stretches(
        &mut self,
        listed: Listed,
        map: Map,
        size: u64,
        real_size: u64,
        is_extended: bool,
    ) -> Result<Want, Broken> {
        if !is_extended {
            map.check(size, real_size)?;
            return Ok(self.listed(listed, size));
        }
        self.reads = Reads::Stretches { listed, map, size, real_size };
        Ok(Want::Bytes { at: self.at, length: BLOCK })
    }

    /// A sparse file as pax headers have them.
    pub(super) fn pax_sparse(
        &mut self,
        sparse: &Sparse,
        listed: Listed,
        size: u64,
    ) -> Result<Want, Broken> {
        let real_size = sparse.real_size.unwrap_or(size);
        if sparse.has_map_in_body()? {
            let map = MapInBody::default();
            self.reads = Reads::MapInBody { listed, map, size, real_size };
            return Ok(Want::Bytes { at: self.at, length: BLOCK });
        }
        // star has files with a real size and without a map.
        if !sparse.map.is_empty() {
            sparse.map.check(size, real_size)?;
        } else if size != real_size {
            return Broken::because("has a sparse file without a map");
        }
        Ok(self.listed(listed, size))
    }

    /// A sparse file as the tar of Solaris has them.
    pub(super) fn holes(&mut self, mut holes: Holes, size: u64) -> Result<Want, Broken> {
        let Some((start, length)) = holes.next(LONGEST) else { return self.header_after(size) };
        let at = self.at.checked_add(start).filter(|&at| at < i64::MAX as u64);
        let Some(at) = at else { return Broken::because("has an entry of impossible size") };
        self.seen = at + length as u64;
        self.reads = Reads::Zeros { holes, size, length };
        Ok(Want::Bytes { at, length })
    }
}
