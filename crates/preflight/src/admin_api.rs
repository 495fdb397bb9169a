//! The requests that only an administrator's session may make, and those beside them that are paced alike.

mod pace;

use std::time::Duration;

use lifeboat_report::Gap;
use matrix_sdk::reqwest::{Method, RequestBuilder, Response, Url, header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::{Homeserver, OwnSession, network::retry_after};
pub use pace::Pace;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longest answer that is read: account data of one user, or the keys of a page of users.
const LIMIT: usize = 16 << 20;
/// How often a request is repeated that came too early.
const TRIES: u32 = 5;
/// How long a server is left alone that does not say for how long.
const UNASKED_WAIT: Duration = Duration::from_secs(1);
/// Longest wait that is waited for without a word.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Synapse's Admin API ([documentation](https://element-hq.github.io/synapse/latest/usage/administration/admin_api/)),
/// through a session that was lent.
#[derive(Clone, Debug)]
pub struct AdminApi {
    homeserver: Homeserver,
    token: SecretString,
    pace: Pace,
}

/// Why a request taught nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The server says that what was asked for does not exist (404 `M_NOT_FOUND`).
    NotThere,
    /// The server has ended the session that asks.
    SessionEnded,
    /// Anything else.
    Gap(Gap),
}

impl Missing {
    /// Returns the gap that it leaves.
    pub fn gap(self) -> Gap {
        match self {
            Self::NotThere => Gap::Unsupported,
            Self::SessionEnded => Gap::Refused,
            Self::Gap(gap) => gap,
        }
    }
}

impl AdminApi {
    /// Makes requests with the access token of `session`, as often as `pace` says.
    pub fn of(session: &OwnSession, homeserver: &Homeserver, pace: Pace) -> Self {
        Self {
            homeserver: homeserver.clone(),
            token: session.caller().client().access_token().unwrap_or_default().into(),
            pace,
        }
    }

    /// Sends a `GET` to the path that these segments make, with these values in its query. Changes nothing.
    pub(crate) async fn get(&self, segments: &[&str], query: &[(&str, &str)]) -> Result<Value, Missing> {
        let mut url = self.url(segments)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.send(|http| http.request(Method::GET, url.clone())).await
    }

    /// Sends a `POST` with a JSON body.
    pub(crate) async fn post(&self, segments: &[&str], body: &Value) -> Result<Value, Missing> {
        let url = self.url(segments)?;
        let body = serde_json::to_vec(body).map_err(|_| Missing::Gap(Gap::Unreadable))?;
        self.send(|http| {
            http.request(Method::POST, url.clone())
                .header(header::CONTENT_TYPE, "application/json")
                .body(body.clone())
        })
        .await
    }

    fn url(&self, segments: &[&str]) -> Result<Url, Missing> {
        let mut url = self.homeserver.base_url().clone();
        url.path_segments_mut()
            .map_err(|()| Missing::Gap(Gap::Unreadable))?
            .pop_if_empty()
            .extend(segments);
        Ok(url)
    }

    async fn send(&self, request: impl Fn(&matrix_sdk::reqwest::Client) -> RequestBuilder) -> Result<Value, Missing> {
        let mut tries = 1;
        loop {
            self.pace.turn().await;
            let request = request(self.homeserver.http());
            let asked = request.bearer_auth(self.token.expose_secret()).timeout(PATIENCE).send();
            let answer = asked.await.map_err(|_| Missing::Gap(Gap::Offline))?;
            if answer.status().as_u16() != 429 || tries == TRIES {
                return read(answer).await;
            }
            tries += 1;
            tokio::time::sleep(wait(&answer)).await;
        }
    }
}

/// Returns how long the server wants to be left alone; a second where it does not say it.
fn wait(answer: &Response) -> Duration {
    retry_after(answer).unwrap_or(UNASKED_WAIT).min(LONGEST_WAIT)
}

async fn read(mut answer: Response) -> Result<Value, Missing> {
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|_| Missing::Gap(Gap::Offline))? {
        if body.len() + piece.len() > LIMIT {
            return Err(Missing::Gap(Gap::Unreadable));
        }
        body.extend_from_slice(&piece);
    }
    let content: Option<Value> = serde_json::from_slice(&body).ok();
    let errcode = content
        .as_ref()
        .and_then(|it| it.get("errcode"))
        .and_then(Value::as_str);
    match (status, errcode) {
        (200, _) => content.ok_or(Missing::Gap(Gap::Unreadable)),
        (404, Some("M_NOT_FOUND")) => Err(Missing::NotThere),
        (401, Some("M_UNKNOWN_TOKEN" | "M_MISSING_TOKEN")) => Err(Missing::SessionEnded),
        (404 | 405, _) => Err(Missing::Gap(Gap::Unsupported)),
        (429, _) => Err(Missing::Gap(Gap::RateLimited)),
        (500.., _) => Err(Missing::Gap(Gap::Failed)),
        _ => Err(Missing::Gap(Gap::Refused)),
    }
}
