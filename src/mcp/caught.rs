//! Panics, caught where they would leave a request without an answer: the SDK runs each as a task of its own.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

use rmcp::ErrorData;

/// The outcome of `work`; `None` where it panicked.
pub(super) fn caught<T>(work: impl Future<Output = T>) -> impl Future<Output = Option<T>> {
    let mut work = Box::pin(work);
    poll_fn(move |cx| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
        Ok(polled) => polled.map(Some),
        Err(_) => Poll::Ready(None),
    })
}

/// The answer of `work` to a request; a panic is an error of the gateway's own.
pub(super) fn answered<T>(
    work: impl Future<Output = Result<T, ErrorData>>,
) -> impl Future<Output = Result<T, ErrorData>> {
    let work = caught(work);
    async move {
        work.await.unwrap_or_else(|| {
            tracing::error!("a request of MCP panicked");
            let words = "This failed in a way that it should not: it is a fault of the gateway.";
            Err(ErrorData::internal_error(words, None))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_ends_nothing_but_its_own_work() {
        assert_eq!(caught(async { 7 }).await, Some(7));
        let work = async {
            tokio::task::yield_now().await;
            assert_eq!(1, 2, "on purpose");
            Ok(())
        };
        assert!(answered(work).await.unwrap_err().message.contains("a fault of the gateway"));
    }
}
