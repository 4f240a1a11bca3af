//! A server that may have several endpoints for one thing: the best that it has is asked.

use std::future::Future;

use crate::domain::failure::Failure;
use crate::provider::Provider;

/// Asks the first of `ways` that `provider` is not known to lack, with `by`. Where `lacks` says that it lacks that one
/// too, the next is asked, and what was learned is kept. `ways` are never empty.
pub(super) async fn ask<T, A>(
    provider: &Provider,
    ways: &[usize],
    lacks: impl Fn(&Failure) -> bool,
    by: impl Fn(usize) -> A,
) -> Result<T, Failure>
where
    A: Future<Output = Result<T, Failure>>,
{
    let first = ways.iter().find(|way| !provider.lacks(**way)).unwrap_or(&ways[0]);
    let result = by(*first).await;
    let Err(failure) = &result else { return result };
    // A server that lacks this endpoint has not looked at the request: another of its endpoints may be there.
    let Some(other) = ways.iter().find(|way| *way != first && lacks(failure)) else { return result };
    let result = by(*other).await;
    if !result.as_ref().is_err_and(lacks) {
        provider.found(*first, false);
        provider.found(*other, true);
    }
    result
}
