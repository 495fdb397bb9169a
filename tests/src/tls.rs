//! Web servers with certificates, good and bad, that answer what a test wants.

use std::{convert::Infallible, net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::{Context as _, Result};
use http_body_util::Full;
use hyper::{Request, Response, StatusCode, body::Bytes, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_rustls::TlsAcceptor;

/// Which certificate a server shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// For `localhost`, by the test authority.
    Good,
    /// By the test authority, and long over.
    Expired,
    /// By itself.
    SelfSigned,
    /// By the test authority, for another name.
    OtherName,
    /// By an authority of its own, for the name in the user ids of the test homeservers.
    Homeserver,
}

/// Listens on a loopback port, with TLS, for as long as it lives.
#[derive(Debug)]
pub struct TlsServer {
    address: SocketAddr,
    task: JoinHandle<()>,
}

/// What a path is answered with: status, content type and body; where the status is a redirect's, the body is its target.
pub type Page = (u16, &'static str, String);

impl TlsServer {
    /// Starts a server that answers each path as `answer` says.
    pub async fn start(
        certificate: Certificate,
        answer: impl Fn(&str) -> Page + Send + Sync + 'static,
    ) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let acceptor = TlsAcceptor::from(Arc::new(config(certificate)?));
        let answer = Arc::new(answer);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, answer) = (acceptor.clone(), Arc::clone(&answer));
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    let service = service_fn(move |request: Request<_>| {
                        let page = answer(request.uri().path());
                        async move { Ok::<_, Infallible>(response(page)) }
                    });
                    // A client that goes away in the middle is the client's business.
                    let _ = http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Ok(Self { address, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its name and port, as the server part of a user id.
    pub fn server_name(&self) -> String {
        format!("localhost:{}", self.address.port())
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The file of the test authority's certificate, for `SSL_CERT_FILE`.
pub fn authority() -> PathBuf {
    fixture("ca.pem")
}

/// The same of the authority that vouches for [`Certificate::Homeserver`] alone.
pub fn authority_of_homeserver() -> PathBuf {
    fixture("homeserver-ca.pem")
}

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/tls")
        .join(name)
}

fn config(certificate: Certificate) -> Result<ServerConfig> {
    let name = match certificate {
        Certificate::Good => "good",
        Certificate::Expired => "expired",
        Certificate::SelfSigned => "self-signed",
        Certificate::OtherName => "other-name",
        Certificate::Homeserver => "homeserver",
    };
    let chain = CertificateDer::pem_file_iter(fixture(&format!("{name}.pem")))?.collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_file(fixture(&format!("{name}.key")))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("the certificate of the test server cannot be used")
}

fn response((status, kind, body): Page) -> Response<Full<Bytes>> {
    let target = (300..400).contains(&status).then(|| body.clone());
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(target) = target.and_then(|it| it.parse().ok()) {
        response.headers_mut().insert(hyper::header::LOCATION, target);
    }
    if let Ok(kind) = kind.parse() {
        response.headers_mut().insert(hyper::header::CONTENT_TYPE, kind);
    }
    response
}
