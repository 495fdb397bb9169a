//! The requests that only an administrator's session may make, and those beside them that are paced alike.

mod pace;
mod server_clock;

use lifeboat_report::Gap;
use matrix_sdk::reqwest::{Method, RequestBuilder, Response, Url, header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use self::server_clock::ServerClock;
use crate::{
    Homeserver, OwnSession, Waiting,
    network::{body, until_answered},
};
pub use pace::Pace;

/// Longest answer that is read: account data of one user, or the keys of a page of users.
const LIMIT: usize = 16 << 20;

/// Synapse's Admin API ([documentation](https://element-hq.github.io/synapse/latest/usage/administration/admin_api/)),
/// through a session that was lent.
#[derive(Clone, Debug)]
pub struct AdminApi {
    homeserver: Homeserver,
    token: SecretString,
    pace: Pace,
    waiting: Waiting,
    clock: ServerClock,
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
            waiting: Waiting::default(),
            clock: ServerClock::default(),
        }
    }

    /// Returns the present moment by the server's clock, in milliseconds since the Unix epoch: what it is told to end at a
    /// moment ends by that clock, however wrong this machine's is. Before its first answer, it is this machine's.
    pub fn now(&self) -> u64 {
        self.clock.now()
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
        let in_turn = || async {
            self.pace.turn().await;
            request(self.homeserver.http()).bearer_auth(self.token.expose_secret())
        };
        let answer = until_answered(&self.waiting, in_turn).await;
        let answer = answer.map_err(|_| Missing::Gap(Gap::Offline))?;
        self.clock.hear(&answer);
        read(answer).await
    }
}

async fn read(answer: Response) -> Result<Value, Missing> {
    let status = answer.status().as_u16();
    let body = body(answer, LIMIT).await.map_err(|_| Missing::Gap(Gap::Offline))?;
    let body = body.ok_or(Missing::Gap(Gap::Unreadable))?;
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
