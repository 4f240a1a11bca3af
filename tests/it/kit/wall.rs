//! A wall between the gateway and a server: what passes can be cut, frozen, and let through again.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What becomes of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Passage {
    /// Everything passes.
    Open,
    /// Connections are closed, those under way and new ones.
    Cut,
    /// Connections stay open, and nothing passes: a server that was stopped.
    Frozen,
}

/// A wall before a server.
pub struct Wall {
    address: SocketAddr,
    passage: watch::Sender<Passage>,
}

/// A wall before the server at `target`, open.
pub async fn wall(target: &str) -> Wall {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (passage, watched) = watch::channel(Passage::Open);
    let target = target.to_owned();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (target, watched) = (target.clone(), watched.clone());
            tokio::spawn(async move { pass(client, &target, watched).await.ok() });
        }
    });
    Wall { address, passage }
}

impl Wall {
    /// Where the wall listens: host and port.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Closes every connection, and each new one.
    pub fn cut(&self) {
        self.passage.send_replace(Passage::Cut);
    }

    /// Lets nothing pass any more, and closes nothing.
    pub fn freeze(&self) {
        self.passage.send_replace(Passage::Frozen);
    }

    /// Lets everything pass again.
    pub fn open(&self) {
        self.passage.send_replace(Passage::Open);
    }
}

async fn pass(client: TcpStream, target: &str, mut watched: watch::Receiver<Passage>) -> io::Result<()> {
    // A frozen server's kernel still takes connections.
    let first = *watched.wait_for(|passage| *passage != Passage::Frozen).await.map_err(io::Error::other)?;
    if first == Passage::Cut {
        return Ok(());
    }
    let server = TcpStream::connect(target).await?;
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    let cut = async {
        watched.clone().wait_for(|passage| *passage == Passage::Cut).await.ok();
    };
    tokio::select! {
        _ = copy(from_client, to_server, watched.clone()) => {}
        _ = copy(from_server, to_client, watched.clone()) => {}
        () = cut => {}
    }
    Ok(())
}

async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut watched: watch::Receiver<Passage>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let length = from.read(&mut buffer).await?;
        watched.wait_for(|passage| *passage != Passage::Frozen).await.map_err(io::Error::other)?;
        if length == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..length]).await?;
    }
}
