//! HTTP proxies that only pass bytes on, as for encrypted connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Listens on a loopback port for as long as it lives.
#[derive(Debug)]
pub struct Tunnel {
    address: SocketAddr,
    opened: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Tunnel {
    /// Starts one that leads where it is asked to.
    pub async fn start() -> Result<Self> {
        Self::begin(None).await
    }

    /// Starts one that leads to this address, whatever it is asked for: names lead there that no network knows.
    pub async fn to(server: SocketAddr) -> Result<Self> {
        Self::begin(Some(server)).await
    }

    async fn begin(server: Option<SocketAddr>) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let opened = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&opened);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(pass_on(stream, server));
            }
        });
        Ok(Self { address, opened, task })
    }

    /// Where clients reach it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many connections came.
    pub fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass_on(mut client: TcpStream, server: Option<SocketAddr>) -> Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8(head)?;
    let asked = head.strip_prefix("CONNECT ").and_then(|it| it.split(' ').next());
    let asked = asked.context("no CONNECT")?;
    let mut server = match server {
        Some(address) => TcpStream::connect(address).await?,
        None => TcpStream::connect(asked).await?,
    };
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}
