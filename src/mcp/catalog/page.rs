//! Pages of a list. A cursor names the last entry that was told, so that it means the same after a restart.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rmcp::ErrorData;
use rmcp::model::PaginatedRequestParams;

use super::Page;

/// The most entries of a page.
const MOST: usize = 500;

/// The page that `request` asks for.
///
/// # Errors
/// Where the cursor names no entry of this list (docs: protocols/mcp.md, 5).
pub(super) fn page<'a, T: Clone + 'a>(
    all: impl Iterator<Item = &'a T>,
    request: Option<PaginatedRequestParams>,
    name: impl Fn(&T) -> String,
) -> Page<T> {
    let mut rest = all.peekable();
    if let Some(cursor) = request.and_then(|request| request.cursor) {
        let last = URL_SAFE_NO_PAD.decode(&cursor).ok();
        let is_last = |item: &T| last.as_deref() == Some(name(item).as_bytes());
        if !rest.by_ref().any(is_last) {
            return Err(ErrorData::invalid_params("cursor: not one of this list; begin again without one", None));
        }
    }
    let told: Vec<T> = rest.by_ref().take(MOST).cloned().collect();
    let next = rest.peek().and_then(|_| told.last()).map(|last| URL_SAFE_NO_PAD.encode(name(last)));
    Ok((told, next))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(cursor: &str) -> Option<PaginatedRequestParams> {
        Some(PaginatedRequestParams::default().with_cursor(Some(cursor.to_owned())))
    }

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|at| format!("tool {at}")).collect()
    }

    #[test]
    fn every_entry_is_on_one_page() {
        for count in [0, 1, MOST, MOST + 1, 3 * MOST] {
            let all = names(count);
            let (mut told, mut next) = page(all.iter(), None, Clone::clone).unwrap();
            while let Some(cursor) = next.take() {
                let (more, after) = page(all.iter(), asked(&cursor), Clone::clone).unwrap();
                assert!(!more.is_empty());
                told.extend(more);
                next = after;
            }
            assert_eq!(told, all);
        }
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        for cursor in ["", "!", &URL_SAFE_NO_PAD.encode("tool 7")] {
            let refused = page(names(3).iter(), asked(cursor), Clone::clone).unwrap_err();
            assert_eq!(refused.code.0, -32602);
        }
    }
}
