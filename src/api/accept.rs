//! Connections: accepted in one place, served by one worker each, so that an answer never crosses a thread.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

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

/// One thread with its own runtime, its own connections to clients and to providers.
pub struct Worker {
    connections: mpsc::Sender<TcpStream>,
    open: Arc<AtomicUsize>,
    thread: JoinHandle<()>,
}

impl Worker {
    /// Starts a worker. `router` is called on its thread, inside its runtime. `grace` is how long open requests may
    /// last once the sender of `end` is gone.
    ///
    /// # Errors
    /// Where the thread or its runtime cannot be had.
    pub fn start<R>(name: String, end: watch::Receiver<()>, grace: Duration, router: R) -> io::Result<Worker>
    where
        R: FnOnce() -> Router + Send + 'static,
    {
        let (connections, queue) = mpsc::channel(WAITING);
        let open = Arc::new(AtomicUsize::new(0));
        let counter = open.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let work = move || runtime.block_on(async move { serve(queue, router(), counter, end, grace).await });
        let thread = std::thread::Builder::new().name(name).spawn(work)?;
        Ok(Worker { connections, open, thread })
    }

    /// Waits until the worker's last connection is closed.
    pub fn join(self) {
        drop(self.connections);
        self.thread.join().ok();
    }
}

/// Accepts until `end`'s sender is gone, and hands each connection to the worker with the fewest.
pub async fn accept(listener: TcpListener, workers: &[Worker], mut end: watch::Receiver<()>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = end.changed() => return,
        };
        let stream = match accepted.and_then(|(stream, _)| prepare(stream)) {
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

/// A worker's life: connections until the end, then a while for what is under way.
async fn serve(
    mut queue: mpsc::Receiver<TcpStream>,
    router: Router,
    open: Arc<AtomicUsize>,
    mut end: watch::Receiver<()>,
    grace: Duration,
) {
    let graceful = GracefulShutdown::new();
    loop {
        let stream = tokio::select! {
            stream = queue.recv() => stream,
            _ = end.changed() => break,
        };
        let Some(stream) = stream else { break };
        let Ok(stream) = tokio::net::TcpStream::from_std(stream) else {
            open.fetch_sub(1, Ordering::Relaxed);
            continue;
        };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(LONGEST_HEAD.max(8192 * 8))
            .max_headers(MOST_HEADERS)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router.clone()));
        let connection = graceful.watch(connection);
        let open = open.clone();
        tokio::spawn(async move {
            // What breaks a connection is the client's affair; the request it broke off is logged as such.
            connection.await.ok();
            open.fetch_sub(1, Ordering::Relaxed);
        });
    }
    tokio::time::timeout(grace, graceful.shutdown()).await.ok();
}
