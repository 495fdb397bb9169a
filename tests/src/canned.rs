//! A server that answers at once, from memory.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use anyhow::Result;
use http_body_util::Full;
use hyper::{Method, Request, Response, StatusCode, body::Incoming, header, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use matrix_sdk::bytes::Bytes;
use tokio::{net::TcpListener, task::JoinHandle};

/// Listens on a loopback port for as long as it lives.
#[derive(Debug)]
pub struct Canned {
    address: SocketAddr,
    task: JoinHandle<()>,
}

/// Answers a request for a path with a query; `None`: there is nothing there.
pub type Answering = dyn Fn(&Method, &str, &str) -> Option<Bytes> + Send + Sync;

impl Canned {
    /// Starts it.
    pub async fn start(answering: Arc<Answering>) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(accept(listener, answering));
        Ok(Self { address, task })
    }

    /// Where clients reach it, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Canned {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, answering: Arc<Answering>) {
    while let Ok((stream, _)) = listener.accept().await {
        let answering = Arc::clone(&answering);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let answer = answer(&request, &*answering);
                async { Ok::<_, Infallible>(answer) }
            });
            // The client decides when a connection ends.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

fn answer(request: &Request<Incoming>, answering: &Answering) -> Response<Full<Bytes>> {
    let uri = request.uri();
    let found = answering(request.method(), uri.path(), uri.query().unwrap_or_default());
    let status = if found.is_some() {
        StatusCode::OK
    } else {
        StatusCode::NOT_FOUND
    };
    let nothing = || Bytes::from_static(br#"{"errcode":"M_NOT_FOUND","error":"nothing there"}"#);
    let mut response = Response::new(Full::new(found.unwrap_or_else(nothing)));
    *response.status_mut() = status;
    let json = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
