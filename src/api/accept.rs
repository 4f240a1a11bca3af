//! Connections: accepted in one place, served by one worker each, so that an answer never crosses a thread.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::TcpStream;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Request};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioTimer;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tower::ServiceExt;

use super::Load;
use super::linger::Lingering;
use super::patient::Patient;
use crate::clock::Clock;

/// A client that has not sent a request's head within this is let go; so is an idle connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// The longest head of a request, in bytes.
const LONGEST_HEAD: usize = 64 << 10;
/// The most headers of a request.
const MOST_HEADERS: usize = 128;
/// Connections that may wait for a worker.
const WAITING: usize = 1024;
/// The pause after an accept that failed for want of file descriptors.
const BREATH: Duration = Duration::from_millis(50);

/// How long a connection that has never sent a whole request may hold up the end.
const SILENT: Duration = Duration::from_millis(500);

/// One thread with its own runtime, its own connections to clients and to providers.
pub struct Worker {
    connections: mpsc::Sender<TcpStream>,
    open: Arc<AtomicUsize>,
    thread: JoinHandle<()>,
}

/// When the process ends, once that is known: connections are closed as they fall idle, and all that is left then.
pub type End = watch::Receiver<Option<Instant>>;

impl Worker {
    /// Starts a worker. `router` is called on its thread, inside its runtime.
    ///
    /// # Errors
    /// Where the thread or its runtime cannot be had.
    pub fn start<R>(name: String, load: Arc<Load>, end: End, clock: Clock, router: R) -> io::Result<Worker>
    where
        R: FnOnce() -> Router + Send + 'static,
    {
        let (connections, queue) = mpsc::channel(WAITING);
        let open = Arc::new(AtomicUsize::new(0));
        let counter = open.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let work = move || {
            runtime.block_on(async move {
                let guests = Guests { router: router(), load, open: counter, graceful: GracefulShutdown::new(), clock };
                guests.serve(queue, end).await;
            });
        };
        let thread = std::thread::Builder::new().name(name).spawn(work)?;
        Ok(Worker { connections, open, thread })
    }

    /// Waits until the worker's last connection is closed.
    pub fn join(self) {
        drop(self.connections);
        self.thread.join().ok();
    }
}

/// Accepts for as long as it is polled, and hands each connection to the worker with the fewest.
pub async fn accept(listener: TcpListener, workers: &[Worker]) {
    loop {
        let stream = match listener.accept().await.and_then(|(stream, _)| prepare(stream)) {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        let Some(worker) = workers.iter().min_by_key(|worker| worker.open.load(Ordering::Relaxed)) else { return };
        worker.open.fetch_add(1, Ordering::Relaxed);
        // A worker that is behind by a thousand connections takes no more; the client sees a closed connection.
        if worker.connections.try_send(stream).is_err() {
            worker.open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

fn prepare(stream: tokio::net::TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    stream.into_std()
}

/// The connections of one worker.
struct Guests {
    router: Router,
    load: Arc<Load>,
    open: Arc<AtomicUsize>,
    graceful: GracefulShutdown,
    clock: Clock,
}

impl Guests {
    /// A worker's life: connections until the end, then a while for what is under way.
    async fn serve(self, mut queue: mpsc::Receiver<TcpStream>, mut end: End) {
        loop {
            tokio::select! {
                stream = queue.recv() => match stream {
                    Some(stream) => self.welcome(stream, &end),
                    None => break,
                },
                _ = end.changed() => break,
            }
        }
        // Those that were accepted before the end are served like all others.
        queue.close();
        while let Some(stream) = queue.recv().await {
            self.welcome(stream, &end);
        }
        let mut closing = pin!(self.graceful.shutdown());
        loop {
            let until = end.borrow_and_update().unwrap_or_else(Instant::now);
            tokio::select! {
                () = &mut closing => return,
                () = tokio::time::sleep_until(until) => return,
                // A second signal has brought the end forward.
                Ok(()) = end.changed() => {}
            }
        }
    }

    /// Serves one connection, beside the others.
    fn welcome(&self, stream: TcpStream, end: &End) {
        let open = Open(self.open.clone());
        let Ok(stream) = tokio::net::TcpStream::from_std(stream) else { return };
        let asked = Arc::new(AtomicBool::new(false));
        let service = Polite { router: self.router.clone(), load: self.load.clone(), asked: asked.clone() };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(LONGEST_HEAD)
            .max_headers(MOST_HEADERS)
            .serve_connection(Patient::new(stream, self.clock.clone()), service);
        let connection = self.graceful.watch(connection);
        let silent = silent(end.clone(), asked);
        tokio::spawn(async move {
            let _open = open;
            tokio::select! {
                biased;
                // What breaks a connection is the client's affair; the request it broke off is logged as such.
                _ = connection => {}
                () = silent => {}
            }
        });
    }
}

/// A connection that is counted while it is open.
struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The end has come, and the client of this connection has never asked for anything.
async fn silent(mut end: End, asked: Arc<AtomicBool>) {
    if end.wait_for(Option::is_some).await.is_ok() {
        tokio::time::sleep(SILENT).await;
        if !asked.load(Ordering::Relaxed) {
            return;
        }
    }
    std::future::pending().await
}

/// The router of one connection, which says that it is about to close the connection.
struct Polite {
    router: Router,
    load: Arc<Load>,
    asked: Arc<AtomicBool>,
}

impl hyper::service::Service<Request<Incoming>> for Polite {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.asked.store(true, Ordering::Relaxed);
        let answering = self.router.clone().oneshot(Lingering::wrap(request).map(Body::new));
        let load = self.load.clone();
        Box::pin(async move {
            let mut response = answering.await?;
            if load.is_draining() {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(response)
        })
    }
}
