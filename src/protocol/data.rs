//! The bytes of pictures and documents, as callers send them: base64, or an address.

/// Takes out the white space that callers wrap base64 with; in place, because the data may be most of a request.
pub fn strip(data: &mut String) {
    if data.bytes().any(|byte| byte.is_ascii_whitespace()) {
        data.retain(|letter| !letter.is_ascii_whitespace());
    }
}

/// Is this base64, of either alphabet: `+/`, or `-_` as in addresses?
pub fn is_base64(data: &str) -> bool {
    data.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'='))
}

/// Is this an address that a provider can fetch?
pub fn is_address(url: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}
