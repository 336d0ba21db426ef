//! What is known of an object before it is asked for.

/// What a listing says of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedObject {
    /// Its key, relative to the prefix that was listed.
    pub key: Vec<u8>,
    /// How many bytes it has, if the listing says it.
    pub size: Option<u64>,
    /// Its `ETag`, if the listing has one.
    pub etag: Option<String>,
}

impl ListedObject {
    /// The `ETag` as a header has it; `None` where it says nothing beyond doubt: a weak one is no validator of bytes.
    pub(super) fn strong_etag(&self) -> Option<String> {
        let etag = self.etag.as_deref().map(str::trim).filter(|etag| !etag.is_empty())?;
        if etag.starts_with("W/") || etag.contains(|letter: char| letter.is_ascii_control()) {
            return None;
        }
        // Azure's listings have it without its quotes.
        Some(if etag.starts_with('"') { etag.to_owned() } else { format!("\"{etag}\"") })
    }
}
