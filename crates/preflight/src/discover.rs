//! Finds the homeserver of a user.

use std::time::Duration;

use matrix_sdk::{
    reqwest::{self, Url},
    ruma::UserId,
};
use serde_json::Value;

use crate::network::{
    self, CertificateProblem, Failure, InsecureHttp, Kind, NetworkOptions, ProxyProblem, api_client, fetch_json,
    is_protected, well_known_client,
};

/// A homeserver that answered.
#[derive(Clone, Debug)]
pub struct Homeserver {
    pub(crate) base_url: Url,
    pub(crate) http: reqwest::Client,
    pub(crate) well_known: reqwest::Client,
    pub(crate) spec_versions: Vec<String>,
    pub(crate) timeout: Duration,
}

impl Homeserver {
    /// Returns the base URL of its client-server API.
    pub fn base_url(&self) -> &Url {
        &self.base_url
    }

    /// Returns the versions of the specification that it says it speaks.
    pub fn spec_versions(&self) -> &[String] {
        &self.spec_versions
    }

    /// Returns the line on which requests outside the client-server API may go to addresses that this server named:
    /// it has the same time limits, follows no redirect and carries no token.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }
}

/// Why no homeserver was found. Nothing was changed anywhere.
#[derive(Debug, thiserror::Error)]
pub enum DiscoverError {
    /// The name does not resolve.
    #[error("{host} does not exist.")]
    NoSuchServer {
        /// The name.
        host: String,
    },
    /// Nothing answers there.
    #[error("{url} cannot be reached: {reason}.")]
    Unreachable {
        /// What was asked.
        url: String,
        /// The network's words.
        reason: String,
    },
    /// It did not answer in time.
    #[error("{url} did not answer in time.")]
    TimedOut {
        /// What was asked.
        url: String,
    },
    /// Its certificate does not hold.
    #[error("The certificate of {host} {problem}.")]
    Certificate {
        /// The name.
        host: String,
        /// What is wrong with it.
        problem: CertificateProblem,
    },
    /// Something answers, but it is no Matrix homeserver.
    #[error("{url} is not a Matrix homeserver: it answered with {got}.")]
    NotMatrix {
        /// What was asked.
        url: String,
        /// What came instead.
        got: String,
    },
    /// The server's `.well-known` file cannot be used.
    #[error("{url} does not say where the homeserver is: {reason}.")]
    BadWellKnown {
        /// The file.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The given address is not one.
    #[error("“{given}” is not the address of a server.")]
    BadUrl {
        /// What was given.
        given: String,
    },
    /// The address would send the password unencrypted.
    #[error("{url} is not encrypted: anybody on the way could read your password.")]
    InsecureHttp {
        /// The address.
        url: String,
    },
    /// The address of the proxy cannot be used.
    #[error("{problem}.")]
    BadProxy {
        /// What is wrong with it.
        problem: ProxyProblem,
    },
    /// The file with further authorities cannot be used.
    #[error("“{file}” cannot be used to check certificates: {reason}.")]
    BadAuthorities {
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// This machine cannot make encrypted connections at all.
    #[error("this machine cannot make encrypted connections: {reason}.")]
    NoTls {
        /// The library's words.
        reason: String,
    },
}

/// Finds the homeserver of `user`: at `given` if there is one, else by `/.well-known/matrix/client` of the user's
/// server name, else at the server name itself; and asks it for its versions.
///
/// [Server discovery](https://spec.matrix.org/latest/client-server-api/#server-discovery),
/// `GET /_matrix/client/versions`. Sends no secret.
pub async fn discover(
    user: &UserId,
    given: Option<&str>,
    network: NetworkOptions,
) -> Result<Homeserver, DiscoverError> {
    let bad_authorities = |reason: String| DiscoverError::BadAuthorities {
        file: network.ca_file.iter().map(|it| it.display().to_string()).collect(),
        reason,
    };
    let authorities = network::authorities(&network).map_err(bad_authorities)?;
    let no_tls = |error: reqwest::Error| match &network.ca_file {
        // The certificates in it are looked at only here.
        Some(_) => bad_authorities(error.to_string()),
        None => DiscoverError::NoTls {
            reason: error.to_string(),
        },
    };
    let proxy = network::proxy(&network).map_err(|problem| DiscoverError::BadProxy { problem })?;
    let http = api_client(&network, &authorities, proxy.as_ref()).map_err(no_tls)?;
    let well_known = well_known_client(&network, &authorities, proxy.as_ref()).map_err(no_tls)?;
    let (base_url, fallback) = match given {
        Some(given) => (parse_given(given)?, None),
        None => locate(user, &well_known).await?,
    };
    if network.insecure_http == InsecureHttp::Refuse && !is_protected(&base_url) {
        return Err(DiscoverError::InsecureHttp {
            url: base_url.to_string(),
        });
    }
    match versions(&http, &base_url).await {
        Ok(spec_versions) => Ok(Homeserver {
            base_url,
            http,
            well_known,
            spec_versions,
            timeout: network.timeout,
        }),
        Err(error) => Err(fallback.unwrap_or(error)),
    }
}

fn parse_given(given: &str) -> Result<Url, DiscoverError> {
    let bad = || DiscoverError::BadUrl {
        given: given.to_owned(),
    };
    let text = if given.contains("://") {
        given.to_owned()
    } else {
        format!("https://{given}")
    };
    let url = Url::parse(&text).map_err(|_| bad())?;
    if is_address(&url) { Ok(url) } else { Err(bad()) }
}

/// Tells whether `url` can be a server's address. One with a name or a password in it looks like another server's.
pub(crate) fn is_address(url: &Url) -> bool {
    let anonymous = url.username().is_empty() && url.password().is_none();
    matches!(url.scheme(), "http" | "https") && url.has_host() && anonymous
}

/// Returns where to look and, if that guess fails, the better-fitting error about the `.well-known` file.
async fn locate(user: &UserId, client: &reqwest::Client) -> Result<(Url, Option<DiscoverError>), DiscoverError> {
    let name = user.server_name().as_str();
    let bad = || DiscoverError::BadUrl { given: name.to_owned() };
    let itself = Url::parse(&format!("https://{name}")).map_err(|_| bad())?;
    let file = itself.join("/.well-known/matrix/client").map_err(|_| bad())?;
    let broken = |reason: &str| DiscoverError::BadWellKnown {
        url: file.to_string(),
        reason: reason.to_owned(),
    };
    match fetch_json(client, file.clone()).await {
        Ok(content) => read_well_known(&content).map(|url| (url, None)).map_err(broken),
        // No file: the server name is the address.
        Err(Failure::Status(_)) => Ok((itself, None)),
        // Web sites that answer every path with a page are common: try the name itself before complaining.
        Err(Failure::NotJson(_)) => Ok((itself, Some(broken("it is not JSON")))),
        Err(Failure::TooLong) => Err(broken("it is longer than 1 MiB")),
        Err(other) => Err(network_error(other, &file)),
    }
}

/// Returns the address in a `.well-known` file, or what is wrong with the file.
pub(crate) fn read_well_known(content: &Value) -> Result<Url, &'static str> {
    let base = content.pointer("/m.homeserver/base_url").and_then(Value::as_str);
    let url = Url::parse(base.ok_or("it has no m.homeserver.base_url")?);
    url.ok().filter(is_address).ok_or("its base_url is not an address")
}

async fn versions(http: &reqwest::Client, base_url: &Url) -> Result<Vec<String>, DiscoverError> {
    let mut url = base_url.clone();
    let path = format!("{}/_matrix/client/versions", url.path().trim_end_matches('/'));
    url.set_path(&path);
    let not_matrix = |got: String| DiscoverError::NotMatrix {
        url: base_url.to_string(),
        got,
    };
    let answer = fetch_json(http, url.clone()).await.map_err(|failure| match failure {
        Failure::Status(status) => not_matrix(format!("status {status}")),
        Failure::NotJson(Kind::Html) => not_matrix("a web page".to_owned()),
        Failure::NotJson(Kind::Empty) => not_matrix("nothing".to_owned()),
        Failure::NotJson(Kind::Other) => not_matrix("something that is not JSON".to_owned()),
        Failure::TooLong => not_matrix("more than 1 MiB".to_owned()),
        other => network_error(other, base_url),
    })?;
    let versions = answer.get("versions").and_then(Value::as_array);
    let versions = versions.ok_or_else(|| not_matrix("JSON without versions".to_owned()))?;
    Ok(versions
        .iter()
        .filter_map(|it| it.as_str().map(str::to_owned))
        .collect())
}

fn network_error(failure: Failure, url: &Url) -> DiscoverError {
    let host = url.host_str().unwrap_or_default().to_owned();
    let url = url.origin().ascii_serialization();
    match failure {
        Failure::NoSuchName => DiscoverError::NoSuchServer { host },
        Failure::TimedOut => DiscoverError::TimedOut { url },
        Failure::Certificate(problem) => DiscoverError::Certificate { host, problem },
        Failure::Unreachable(reason) => DiscoverError::Unreachable { url, reason },
        Failure::Status(status) => DiscoverError::NotMatrix {
            url,
            got: format!("status {status}"),
        },
        Failure::TooLong => DiscoverError::NotMatrix {
            url,
            got: "more than 1 MiB".to_owned(),
        },
        Failure::NotJson(_) => DiscoverError::NotMatrix {
            url,
            got: "something that is not JSON".to_owned(),
        },
    }
}

/// Fetches a JSON file from the server name of `user`, for facts that do not matter to the verdict.
pub(crate) async fn fetch_from_server_name(
    homeserver: &Homeserver,
    user: &UserId,
    path: &str,
) -> Result<Value, network::Failure> {
    let url = Url::parse(&format!("https://{}{path}", user.server_name()))
        .map_err(|error| Failure::Unreachable(error.to_string()))?;
    fetch_json(&homeserver.well_known, url).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_understood() {
        for (given, url) in [
            ("example.org", "https://example.org/"),
            ("https://example.org/matrix", "https://example.org/matrix"),
            ("http://localhost:8008", "http://localhost:8008/"),
        ] {
            assert_eq!(parse_given(given).unwrap().as_str(), url);
        }
        for given in [
            "",
            "ftp://example.org",
            "https://",
            "https://me:secret@example.org",
            "a b",
        ] {
            assert!(
                matches!(parse_given(given), Err(DiscoverError::BadUrl { .. })),
                "{given}"
            );
        }
    }
}
