//! hashdeep's: `%%%% HASHDEEP-1.0`, a line with the names of the columns, and a line of them for each file.

use super::algorithm::Algorithm;
use super::parsed::{Parsed, Push, unhex};
use super::table::ListedDigest;

/// Reads such lines.
#[derive(Default)]
pub(super) struct Columns {
    /// Has the first line been read?
    is_begun: bool,
    /// What stands between the size and the name, and `None` for an algorithm that is not known.
    algorithms: Option<Vec<Option<Algorithm>>>,
}

impl Columns {
    pub(super) fn line(&mut self, line: &[u8], push: Push<'_>) -> Parsed {
        if line.is_empty() || line.starts_with(b"##") {
            return Ok(());
        }
        if let Some(header) = line.strip_prefix(b"%%%%") {
            return self.header(header);
        }
        let Some(algorithms) = &self.algorithms else {
            return Err("comes before the line with hashdeep's columns");
        };
        let mut fields = line.splitn(algorithms.len() + 2, |&byte| byte == b',');
        let size = fields.next().and_then(|field| std::str::from_utf8(field).ok()?.parse().ok());
        let size: u64 = size.ok_or("has no size")?;
        let mut digests = Vec::new();
        for algorithm in algorithms {
            let bytes = unhex(fields.next().ok_or("has too few columns")?);
            let bytes = bytes.ok_or("has a digest that is not hexadecimal")?;
            if let Some(algorithm) = *algorithm {
                if bytes.len() != algorithm.length() {
                    return Err("has a digest of another length than its algorithm's");
                }
                digests.push((algorithm, bytes));
            }
        }
        let name = fields.next().filter(|name| !name.is_empty()).ok_or("has no name")?;
        let digests: Vec<_> = digests
            .iter()
            .map(|(algorithm, bytes)| ListedDigest {
                algorithm: *algorithm,
                bytes,
                is_guessed: false,
            })
            .collect();
        push(name, Some(size), &digests);
        Ok(())
    }

    fn header(&mut self, header: &[u8]) -> Parsed {
        let header = header.trim_ascii();
        if !self.is_begun {
            self.is_begun = true;
            return if header == b"HASHDEEP-1.0" { Ok(()) } else { Err("is not 'HASHDEEP-1.0'") };
        }
        let columns: Vec<_> = header.split(|&byte| byte == b',').collect();
        match &columns[..] {
            [b"size", algorithms @ .., b"filename"] if self.algorithms.is_none() => {
                self.algorithms =
                    Some(algorithms.iter().map(|name| Algorithm::named(name)).collect());
                Ok(())
            }
            _ => Err("is not 'size', algorithms and 'filename'"),
        }
    }
}
