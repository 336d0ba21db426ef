//! Why a RAR archive of either version is refused.

pub(super) const CUT: &str = "is cut short: it ends without its end block";
pub(super) const ENCRYPTED: &str = "is encrypted";
pub(super) const ENCRYPTED_HEADERS: &str = "is encrypted, with its headers";
pub(super) const A_VOLUME: &str = "is a volume of a RAR archive of several volumes";
