//! How Lifeboat speaks HTTP: time limits, redirects, and what a failed connection means.

use std::{error::Error, io, path::PathBuf, time::Duration};

use matrix_sdk::reqwest::{
    self, Certificate, ClientBuilder, NoProxy, Proxy, RequestBuilder, Response, StatusCode, Url, header::RETRY_AFTER,
    redirect::Policy,
};
use serde_json::Value;

use crate::{Waiting, limit::Waits, mortal};

/// Returns how long a server wants to be left alone, as it says in seconds (`Retry-After`).
pub(crate) fn retry_after(answer: &Response) -> Option<Duration> {
    let stated = answer.headers().get(RETRY_AFTER)?.to_str().ok()?;
    stated.trim().parse().ok().map(Duration::from_secs)
}

/// How long an answer to an administrator may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a server that wants to be asked later is waited for.
const WAITS: u32 = 4;
/// How long a server is left alone that does not say for how long.
const UNASKED_WAIT: Duration = Duration::from_secs(1);
/// Longest wait that is waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Sends what `request` makes, and makes it anew as often as the server wants to be asked later (429), of which `waiting`
/// tells. Every other answer is the last one.
pub(crate) async fn until_answered<F>(waiting: &Waiting, request: impl Fn() -> F) -> reqwest::Result<Response>
where
    F: Future<Output = RequestBuilder>,
{
    let mut waits = Waits::up_to(WAITS, LONGEST_WAIT);
    loop {
        mortal::request();
        let answer = request().await.timeout(PATIENCE).send().await?;
        let asked_for = || retry_after(&answer).unwrap_or(UNASKED_WAIT).min(LONGEST_WAIT);
        let wait = (answer.status() == StatusCode::TOO_MANY_REQUESTS).then(asked_for);
        match waits.take(wait) {
            Some(wait) => waiting.out(wait).await,
            None => return Ok(answer),
        }
    }
}

/// Reads what an answer holds; `None` when it is longer than `limit` bytes.
pub(crate) async fn body(mut answer: Response, limit: usize) -> reqwest::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await? {
        if body.len() + piece.len() > limit {
            return Ok(None);
        }
        body.extend_from_slice(&piece);
    }
    Ok(Some(body))
}

/// How to reach servers.
#[derive(Clone, Debug)]
pub struct NetworkOptions {
    /// How long one request may take.
    pub timeout: Duration,
    /// Whether passwords may travel unencrypted.
    pub insecure_http: InsecureHttp,
    /// A PEM file with certificates of authorities that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// The HTTP proxy through which all but this machine is reached; otherwise the environment says (`HTTPS_PROXY`).
    pub proxy: Option<String>,
}

impl Default for NetworkOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            insecure_http: InsecureHttp::Refuse,
            ca_file: None,
            proxy: None,
        }
    }
}

/// Whether a homeserver with an `http:` address is spoken to. One on this machine always is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InsecureHttp {
    /// Only on this machine.
    Refuse,
    /// Anywhere: the person typed that they want it.
    Allow,
}

/// What is wrong with a server's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateProblem {
    /// Its time is over, or has not come.
    Expired,
    /// Nobody this machine trusts has signed it.
    NotTrusted,
    /// It belongs to another name.
    WrongName,
    /// Something else, in the TLS library's words.
    Other(String),
}

impl std::fmt::Display for CertificateProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Expired => f.write_str("has expired or is not valid yet"),
            Self::NotTrusted => f.write_str("is signed by nobody this machine trusts"),
            Self::WrongName => f.write_str("belongs to another name"),
            Self::Other(words) => write!(f, "was refused: {words}"),
        }
    }
}

/// Why a plain request got no usable answer.
#[derive(Debug)]
pub(crate) enum Failure {
    NoSuchName,
    TimedOut,
    Certificate(CertificateProblem),
    Unreachable(String),
    Status(u16),
    TooLong,
    NotJson(Kind),
}

/// What a body looks like that is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Html,
    Empty,
    Other,
}

/// The user agent: servers' administrators see in their logs what asks.
pub(crate) const USER_AGENT: &str = concat!("Lifeboat/", env!("CARGO_PKG_VERSION"));

/// Reads the authorities in a PEM file; a file without any is an error too.
pub(crate) fn authorities(options: &NetworkOptions) -> Result<Vec<Certificate>, String> {
    let Some(file) = &options.ca_file else {
        return Ok(Vec::new());
    };
    let text = std::fs::read(file).map_err(|error| error.to_string())?;
    let found = Certificate::from_pem_bundle(&text).map_err(|error| error.to_string())?;
    if found.is_empty() {
        return Err("it holds no certificate in PEM form".to_owned());
    }
    Ok(found)
}

/// Checks the address of the proxy. One with a name and a password is refused: neither belongs into a command line.
pub(crate) fn proxy(options: &NetworkOptions) -> Result<Option<Url>, ProxyProblem> {
    let Some(given) = &options.proxy else { return Ok(None) };
    let url = Url::parse(given).map_err(|_| ProxyProblem::NoAddress)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(ProxyProblem::HoldsSecret);
    }
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(ProxyProblem::NoAddress);
    }
    Ok(Some(url))
}

/// What is wrong with the address of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyProblem {
    /// It is not the address of an HTTP proxy.
    NoAddress,
    /// It holds a name or a password.
    HoldsSecret,
}

impl std::fmt::Display for ProxyProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NoAddress => "The address of the proxy is not one of an HTTP proxy",
            Self::HoldsSecret => "The address of the proxy holds a name or a password",
        })
    }
}

/// Sends everything through the proxy but what goes to this machine: unencrypted there, it would be readable on the way.
fn through(builder: ClientBuilder, proxy: Option<&Url>) -> Result<ClientBuilder, reqwest::Error> {
    let Some(proxy) = proxy else { return Ok(builder) };
    let named = ["NO_PROXY", "no_proxy"]
        .into_iter()
        .find_map(|it| std::env::var(it).ok());
    let direct = format!("localhost,127.0.0.0/8,::1,{}", named.unwrap_or_default());
    Ok(builder.proxy(Proxy::all(proxy.clone())?.no_proxy(NoProxy::from_string(&direct))))
}

/// Makes the client for everything that carries an access token: it follows no redirect, so that no token can be
/// led to another host.
pub(crate) fn api_client(
    options: &NetworkOptions,
    authorities: &[Certificate],
    proxy: Option<&Url>,
) -> Result<reqwest::Client, reqwest::Error> {
    through(reqwest::Client::builder(), proxy)?
        .tls_certs_merge(authorities.iter().cloned())
        .user_agent(USER_AGENT)
        .timeout(options.timeout)
        // Shorter than the whole: a connection that never came is told from an answer that never came.
        .connect_timeout(options.timeout * 3 / 4)
        .redirect(Policy::none())
        .build()
}

/// Makes the client for `.well-known` files: no token, a few redirects, as servers delegate them that way; what was asked
/// with encryption is not answered without.
pub(crate) fn well_known_client(
    options: &NetworkOptions,
    authorities: &[Certificate],
    proxy: Option<&Url>,
) -> Result<reqwest::Client, reqwest::Error> {
    let insecure_http = options.insecure_http;
    through(reqwest::Client::builder(), proxy)?
        .tls_certs_merge(authorities.iter().cloned())
        .user_agent(USER_AGENT)
        .timeout(options.timeout)
        .connect_timeout(options.timeout)
        .redirect(Policy::custom(move |attempt| {
            if is_followed(attempt.previous(), attempt.url(), insecure_http) {
                attempt.follow()
            } else {
                attempt.stop()
            }
        }))
        .build()
}

/// Tells whether a redirect to `next` is followed by whoever asked the addresses in `previous`. From an encrypted one none
/// leads to an unencrypted one, on this machine either: whatever listens there was not named by the server.
fn is_followed(previous: &[Url], next: &Url, insecure_http: InsecureHttp) -> bool {
    let loses_encryption = next.scheme() != "https" && previous.iter().any(|it| it.scheme() == "https");
    previous.len() <= 5 && !loses_encryption && (insecure_http == InsecureHttp::Allow || is_protected(next))
}

/// Tells whether nobody between this machine and the server can read along: `https`, or a server on this machine.
pub(crate) fn is_protected(url: &Url) -> bool {
    if url.scheme() == "https" {
        return true;
    }
    match url.host_str() {
        Some("localhost" | "[::1]") => true,
        Some(host) => host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback()),
        None => false,
    }
}

/// Longest answer that is read from an address nobody vouches for.
const LIMIT: usize = 1 << 20;

/// Fetches a JSON document of at most 1 MiB with a plain `GET`.
pub(crate) async fn fetch_json(client: &reqwest::Client, url: Url) -> Result<Value, Failure> {
    mortal::request();
    let answer = client.get(url).send().await.map_err(failure_of)?;
    if !answer.status().is_success() {
        return Err(Failure::Status(answer.status().as_u16()));
    }
    let body = body(answer, LIMIT).await.map_err(failure_of)?;
    let body = body.ok_or(Failure::TooLong)?;
    serde_json::from_slice(&body).map_err(|_| Failure::NotJson(kind_of(&body)))
}

/// Sends a plain `GET` and returns the status of the answer, whatever it is, and the JSON document that came with it;
/// `None`: what came is no JSON, or longer than 1 MiB.
pub(crate) async fn fetch_answer(client: &reqwest::Client, url: Url) -> Result<(u16, Option<Value>), Failure> {
    mortal::request();
    let answer = client.get(url).send().await.map_err(failure_of)?;
    let status = answer.status().as_u16();
    let body = body(answer, LIMIT).await.map_err(failure_of)?;
    Ok((status, body.and_then(|it| serde_json::from_slice(&it).ok())))
}

fn kind_of(body: &[u8]) -> Kind {
    let start = body.trim_ascii_start();
    if start.is_empty() {
        Kind::Empty
    } else if start.starts_with(b"<") {
        Kind::Html
    } else {
        Kind::Other
    }
}

/// Says what a failed request means.
pub(crate) fn failure_of(error: reqwest::Error) -> Failure {
    if let Some(problem) = certificate_problem(&error) {
        return Failure::Certificate(problem);
    }
    if error.is_timeout() {
        return Failure::TimedOut;
    }
    // The connector's error type is private; its words are the only sign of a name that does not resolve.
    if chain(&error).any(|cause| cause.to_string().starts_with("dns error")) {
        return Failure::NoSuchName;
    }
    Failure::Unreachable(innermost(&error))
}

fn certificate_problem(error: &reqwest::Error) -> Option<CertificateProblem> {
    let tls = tls_error(error)?;
    use rustls::CertificateError as C;
    Some(match tls {
        rustls::Error::InvalidCertificate(problem) => match problem {
            C::Expired | C::ExpiredContext { .. } | C::NotValidYet | C::NotValidYetContext { .. } => {
                CertificateProblem::Expired
            }
            C::UnknownIssuer => CertificateProblem::NotTrusted,
            C::NotValidForName | C::NotValidForNameContext { .. } => CertificateProblem::WrongName,
            other => {
                let words = other.to_string();
                // A certificate that signs itself is reported by its use, not by its issuer.
                if words.contains("CaUsedAsEndEntity") {
                    CertificateProblem::NotTrusted
                } else {
                    CertificateProblem::Other(words)
                }
            }
        },
        other => CertificateProblem::Other(other.to_string()),
    })
}

/// Finds the TLS library's error among the causes.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(found) = error.downcast_ref::<rustls::Error>() {
        return Some(found);
    }
    // An `io::Error` hides what it wraps from `source`.
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    let wrapped = wrapped.and_then(|it| tls_error(it));
    wrapped.or_else(|| tls_error(error.source()?))
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let this = next?;
        next = this.source();
        Some(this)
    })
}

fn innermost(error: &reqwest::Error) -> String {
    chain(error)
        .last()
        .map_or_else(|| error.to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_may_speak_http() {
        for url in [
            "https://example.org",
            "http://localhost:8008",
            "http://127.0.0.1:1",
            "http://[::1]:2",
        ] {
            assert!(is_protected(&Url::parse(url).unwrap()), "{url}");
        }
        for url in ["http://example.org", "http://127.0.0.1.example.org", "http://10.0.0.1"] {
            assert!(!is_protected(&Url::parse(url).unwrap()), "{url}");
        }
    }

    #[test]
    fn no_redirect_takes_the_encryption_away() {
        use InsecureHttp::{Allow, Refuse};
        let url = |it: &str| Url::parse(it).unwrap();
        for (from, to, refused, allowed) in [
            ("https://example.org", "https://matrix.example.org", true, true),
            ("https://example.org", "http://example.org", false, false),
            ("https://localhost:1", "http://localhost:2", false, false),
            ("https://example.org", "http://127.0.0.1:2", false, false),
            ("http://localhost:1", "http://[::1]:2", true, true),
            ("http://localhost:1", "https://example.org", true, true),
            ("http://localhost:1", "http://example.org", false, true),
        ] {
            let followed = |insecure_http| is_followed(&[url(from)], &url(to), insecure_http);
            assert_eq!(
                (followed(Refuse), followed(Allow)),
                (refused, allowed),
                "{from} to {to}"
            );
        }
        let way = ["http://localhost:1", "https://example.org", "https://a.example.org"].map(url);
        assert!(!is_followed(&way, &url("http://localhost:1"), Allow));
        let often = vec![url("https://example.org"); 6];
        assert!(is_followed(&often[..5], &often[0], Refuse) && !is_followed(&often, &often[0], Refuse));
    }

    #[test]
    fn a_proxy_has_an_address_and_no_secret() {
        let checked = |given: &str| {
            proxy(&NetworkOptions {
                proxy: Some(given.to_owned()),
                ..NetworkOptions::default()
            })
        };
        assert!(checked("http://proxy.example.org:3128").unwrap().is_some());
        assert!(checked("https://[::1]:3128").unwrap().is_some());
        for given in ["proxy.example.org", "socks5://a:1", "http://", ""] {
            assert_eq!(checked(given), Err(ProxyProblem::NoAddress), "{given}");
        }
        assert_eq!(checked("http://me:secret@a:1"), Err(ProxyProblem::HoldsSecret));
        assert_eq!(proxy(&NetworkOptions::default()), Ok(None));
    }

    #[test]
    fn bodies_are_told_apart() {
        assert_eq!(kind_of(b"  <!doctype html>"), Kind::Html);
        assert_eq!(kind_of(b" \n"), Kind::Empty);
        assert_eq!(kind_of(b"hello"), Kind::Other);
    }
}
