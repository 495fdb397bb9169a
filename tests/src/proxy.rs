//! A proxy between a client and the homeserver: writes down every request, and answers in the server's place.

mod answer;
mod serve;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use matrix_sdk::reqwest::{self, Method};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

pub use self::answer::{Fault, Reply};
use crate::oauth;

/// Listens on a loopback port for as long as it lives.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// One request as it went through.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Its method.
    pub method: Method,
    /// Its path, without the query, as it was sent.
    pub path: String,
    /// Its query, or the empty string.
    pub query: String,
    /// What the client calls itself.
    pub user_agent: String,
    /// The access token it came with.
    pub token: Option<String>,
    /// Its body.
    pub request_body: Vec<u8>,
    /// The status of the answer; `None` when it got none, or none yet.
    pub status: Option<u16>,
    /// When it came, since the proxy was started.
    pub at: Duration,
}

/// Decides over a request: `None` lets it through.
type Hook = Box<dyn FnMut(&Exchange) -> Option<Fault> + Send>;

#[derive(Default)]
struct Log {
    exchanges: Vec<Exchange>,
    /// How many were forgotten: answers name their request by its number since the start.
    forgotten: usize,
}

struct Shared {
    upstream: String,
    /// What every path begins with, and what the server does not know of.
    prefix: String,
    http: reqwest::Client,
    started: Instant,
    log: Mutex<Log>,
    hook: Mutex<Option<Hook>>,
    /// Told when nobody is to listen any more.
    gone: Notify,
}

impl Proxy {
    /// Starts a proxy in front of the server at `base_url`, on a port of its own.
    pub async fn start(base_url: &str) -> Result<Self> {
        Self::start_below(IpAddr::V4(Ipv4Addr::LOCALHOST), "", base_url).await
    }

    /// Starts one at this address of the machine, that knows paths below `prefix` alone.
    pub async fn start_below(address: IpAddr, prefix: &str, base_url: &str) -> Result<Self> {
        let listener = TcpListener::bind((address, 0)).await?;
        let address = listener.local_addr()?;
        let http = oauth::builder()?.no_gzip().build()?;
        let shared = Arc::new(Shared {
            upstream: base_url.trim_end_matches('/').to_owned(),
            prefix: prefix.to_owned(),
            http,
            started: Instant::now(),
            log: Mutex::default(),
            hook: Mutex::default(),
            gone: Notify::new(),
        });
        let task = tokio::spawn(serve::accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, task })
    }

    /// Where clients reach it, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}{}", self.address, self.shared.prefix)
    }

    /// All requests so far, in the order in which they came.
    pub fn log(&self) -> Vec<Exchange> {
        lock(&self.shared.log).exchanges.clone()
    }

    /// Forgets the requests so far.
    pub fn clear(&self) {
        let mut log = lock(&self.shared.log);
        log.forgotten += log.exchanges.len();
        log.exchanges.clear();
    }

    /// Puts a hook in the way of every request from now on, in place of the one before.
    pub fn intercept(&self, hook: impl FnMut(&Exchange) -> Option<Fault> + Send + 'static) {
        *lock(&self.shared.hook) = Some(Box::new(hook));
    }

    /// Lets everything through again.
    pub fn let_through(&self) {
        *lock(&self.shared.hook) = None;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Exchange {
    /// Whether this is a request to a path that ends so.
    pub fn is(&self, method: &Method, path_end: &str) -> bool {
        self.method == *method && self.path.ends_with(path_end)
    }
}

impl Shared {
    /// Writes the request down and asks the hook what to do with it.
    fn receive(&self, exchange: Exchange) -> (usize, Option<Fault>) {
        let fault = lock(&self.hook).as_mut().and_then(|hook| hook(&exchange));
        let mut log = lock(&self.log);
        log.exchanges.push(exchange);
        (log.forgotten + log.exchanges.len() - 1, fault)
    }

    fn answered(&self, number: usize, status: u16) {
        let mut log = lock(&self.log);
        let place = number.checked_sub(log.forgotten);
        if let Some(exchange) = place.and_then(|place| log.exchanges.get_mut(place)) {
            exchange.status = Some(status);
        }
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("upstream", &self.upstream)
            .finish_non_exhaustive()
    }
}

/// A hook that panicked has failed its test already; the proxy goes on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
