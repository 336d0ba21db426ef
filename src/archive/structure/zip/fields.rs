//! Numbers and extra fields, as records and headers of a zip have them.

/// Without the name and the extra fields that follow it.
pub(crate) const HEADER_LENGTH: usize = 30;

/// The extra fields in `bytes`, each with what kind it is; `None` at the end if the last is cut short. Zeros
/// at the end that are too few for a field are padding.
pub(super) fn extras(bytes: &[u8]) -> impl Iterator<Item = Option<(u16, &[u8])>> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let is_padding = |fields: &[u8]| fields.len() < 4 && fields.iter().all(|&byte| byte == 0);
        let fields = rest.take().filter(|fields| !is_padding(fields))?;
        let field = fields.split_first_chunk::<4>().and_then(|(head, after)| {
            let length = usize::from(short_number(head, 2));
            let (value, next) = after.split_at_checked(length)?;
            rest = Some(next);
            Some((short_number(head, 0), value))
        });
        Some(field)
    })
}

pub(super) fn short_number(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

pub(super) fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from(short_number(bytes, at)) | u32::from(short_number(bytes, at + 2)) << 16
}

pub(super) fn long_number(bytes: &[u8], at: usize) -> u64 {
    u64::from(number(bytes, at)) | u64::from(number(bytes, at + 4)) << 32
}
