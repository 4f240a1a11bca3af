//! A request's body that nobody reads to its end is read and thrown away for a while: a connection that is closed while
//! its client is still sending is reset, and the client loses the answer that tells it why.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::http::Request;
use axum::http::header::EXPECT;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::runtime::Handle;

/// How long a client that was refused may go on sending.
const LINGER: Duration = Duration::from_secs(5);

/// A request's body.
pub(super) struct Lingering {
    body: Option<Incoming>,
    /// Does the client wait for leave to send? To read would be to give it.
    waits: bool,
}

impl Lingering {
    /// The same request, whose body will be read to its end.
    pub(super) fn wrap(request: Request<Incoming>) -> Request<Lingering> {
        let waits = request.headers().contains_key(EXPECT);
        request.map(|body| Lingering { body: Some(body), waits })
    }
}

impl Body for Lingering {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        // Whoever reads it has given leave.
        self.waits = false;
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(Body::size_hint).unwrap_or_default()
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        let unread = self.body.take().filter(|body| !self.waits && !body.is_end_stream());
        if let (Some(mut body), Ok(runtime)) = (unread, Handle::try_current()) {
            runtime.spawn(async move {
                let rest = async { while body.frame().await.is_some_and(|frame| frame.is_ok()) {} };
                tokio::time::timeout(LINGER, rest).await.ok();
            });
        }
    }
}
