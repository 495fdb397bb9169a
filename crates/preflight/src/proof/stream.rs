//! The body of a large answer, piece by piece: `GET /_matrix/client/v3/room_keys/keys` above all.

use std::time::Duration;

use lifeboat_report::Gap;
use matrix_sdk::reqwest::{self, Response, StatusCode};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{
    Caller, Homeserver,
    caller::{End, MORE_TOKENS},
    limit::Waits,
    mortal,
    network::retry_after,
    unhurried,
};

/// A server collects a whole backup before it sends the first byte.
const PATIENCE: Duration = Duration::from_secs(600);
/// No listing takes as long; what counts is that pieces keep coming.
const NO_LIMIT: Duration = Duration::from_secs(24 * 3600);
/// How often a server that wants to be left alone is waited for.
const WAITS: u32 = 4;
/// How long a server is left alone that does not say for how long.
const UNASKED_WAIT: Duration = Duration::from_secs(5);
/// A server that wants to be left alone for longer is left alone for good.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// A body that arrives in pieces.
pub(crate) struct Body {
    answer: Response,
    /// How long the next piece may take.
    patience: Duration,
}

/// What came next.
pub(crate) enum Next {
    Piece(Vec<u8>),
    End,
    Gap(Gap),
}

/// Why there is no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) gap: Gap,
    /// The server says that what was asked for does not exist (404 `M_NOT_FOUND`).
    pub(crate) not_found: bool,
}

impl From<Gap> for Refusal {
    fn from(gap: Gap) -> Self {
        Self { gap, not_found: false }
    }
}

/// Asks for all entries of `version`; waits when the server asks for it.
pub(crate) async fn open(caller: &Caller, homeserver: &Homeserver, version: &str) -> Result<Body, Gap> {
    let asked = get(caller, homeserver, &["room_keys", "keys"], &[("version", version)]).await;
    asked.map_err(|refusal| refusal.gap)
}

/// Asks for whatever is at `path` below `/_matrix/client/v3`; waits when the server asks for it.
pub(crate) async fn get(
    caller: &Caller,
    homeserver: &Homeserver,
    path: &[&str],
    query: &[(&str, &str)],
) -> Result<Body, Refusal> {
    let mut url = homeserver.base_url().clone();
    url.path_segments_mut()
        .map_err(|()| Gap::Unreadable)?
        .pop_if_empty()
        .extend(["_matrix", "client", "v3"].iter().chain(path));
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    // A token runs out whether or not the server wanted to be left alone before: the two are counted apart.
    let (mut waits, mut renewed) = (Waits::up_to(WAITS, LONGEST_WAIT), 0);
    loop {
        let token = Zeroizing::new(caller.client().access_token().unwrap_or_default());
        mortal::request();
        let asked = homeserver
            .http
            .get(url.clone())
            .bearer_auth(token.as_str())
            .timeout(NO_LIMIT)
            .send();
        let answer = tokio::time::timeout(unhurried(PATIENCE), asked).await;
        let answer = answer.map_err(|_| Gap::Offline)?.map_err(|_| Gap::Offline)?;
        if answer.status().is_success() {
            return Ok(Body {
                answer,
                patience: homeserver.timeout,
            });
        }
        if let Some(wait) = waits.take(wait_asked_for(&answer)) {
            caller.waiting().out(wait).await;
            continue;
        }
        let (refusal, token_unknown) = refusal(answer).await;
        if !token_unknown {
            return Err(refusal);
        }
        if renewed > MORE_TOKENS {
            // Not even a new token is known.
            caller.note_end(End::SignedOut);
            return Err(refusal);
        }
        if !caller.renew(&token).await {
            return Err(refusal);
        }
        renewed += 1;
    }
}

impl Body {
    /// Waits for the next piece.
    pub(crate) async fn next(&mut self) -> Next {
        match tokio::time::timeout(self.patience, self.answer.chunk()).await {
            Ok(Ok(Some(piece))) => Next::Piece(piece.to_vec()),
            Ok(Ok(None)) => Next::End,
            Ok(Err(_)) | Err(_) => Next::Gap(Gap::Offline),
        }
    }
}

fn wait_asked_for(answer: &Response) -> Option<Duration> {
    (answer.status() == StatusCode::TOO_MANY_REQUESTS).then(|| retry_after(answer).unwrap_or(unhurried(UNASKED_WAIT)))
}

/// Longest error that is read.
const LIMIT: usize = 64 * 1024;

/// Says what an error answer means, and whether it says that the access token is not known (any more).
async fn refusal(mut answer: Response) -> (Refusal, bool) {
    let status = answer.status();
    let mut body = Vec::new();
    while let Ok(Some(piece)) = answer.chunk().await {
        if body.len() + piece.len() > LIMIT {
            break;
        }
        body.extend_from_slice(&piece);
    }
    let error: Value = serde_json::from_slice(&body).unwrap_or_default();
    let code = error.get("errcode").and_then(Value::as_str);
    let refusal = Refusal {
        gap: gap_of(status, code),
        not_found: status == StatusCode::NOT_FOUND && code == Some("M_NOT_FOUND"),
    };
    (refusal, matches!(code, Some("M_UNKNOWN_TOKEN" | "M_MISSING_TOKEN")))
}

fn gap_of(status: reqwest::StatusCode, code: Option<&str>) -> Gap {
    match (status.as_u16(), code) {
        (429, _) | (_, Some("M_LIMIT_EXCEEDED")) => Gap::RateLimited,
        (_, Some("M_UNRECOGNIZED")) | (405 | 501, _) => Gap::Unsupported,
        // The version was there a moment ago: somebody has replaced or deleted it meanwhile.
        (404, Some("M_NOT_FOUND")) => Gap::Unreadable,
        (404, _) => Gap::Unsupported,
        (500.., _) => Gap::Failed,
        // A redirect is not followed: the token stays with this server.
        (300..400, _) => Gap::Unreadable,
        _ => Gap::Refused,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::json;

    use super::*;
    use crate::testing::{Answer, CannedServer};

    /// What a server answers to one request after another; the last stays.
    async fn asked(statuses: Vec<u16>, wait: u32) -> (Result<(), Gap>, Option<End>, usize) {
        let number = AtomicUsize::new(0);
        let server = CannedServer::start(move |request| match request.path.as_str() {
            "/_matrix/client/v3/refresh" => Some(json!({"access_token": "new", "refresh_token": "next"}).into()),
            "/_matrix/client/v3/room_keys/keys" => {
                let place = number.fetch_add(1, Ordering::SeqCst).min(statuses.len() - 1);
                Some(match statuses[place] {
                    429 => Answer {
                        retry_after: Some(wait),
                        ..Answer::error(429, "M_LIMIT_EXCEEDED")
                    },
                    401 => Answer::error(401, "M_UNKNOWN_TOKEN"),
                    _ => json!({"rooms": {}}).into(),
                })
            }
            _ => None,
        })
        .await;
        let (homeserver, caller) = server.enter_with_new_tokens().await;
        let body = open(&caller, &homeserver, "1").await;
        (body.map(drop), caller.end(), server.asked("/room_keys/keys").len())
    }

    #[tokio::test]
    async fn waits_and_new_tokens_are_counted_apart() {
        let (limited, refused, ended) = (Err(Gap::RateLimited), Err(Gap::Refused), Some(End::SignedOut));
        for (statuses, wait, expected) in [
            (vec![200], 0, (Ok(()), None, 1)),
            (vec![429, 429, 429, 429, 401, 200], 0, (Ok(()), None, 6)),
            (vec![429, 429, 401, 429, 401, 429, 200], 0, (Ok(()), None, 7)),
            (vec![401, 401, 401, 200], 0, (Ok(()), None, 4)),
            (vec![401], 0, (refused, ended, 4)),
            (vec![429], 0, (limited, None, 5)),
            (vec![429], 301, (limited, None, 1)),
        ] {
            assert_eq!(asked(statuses.clone(), wait).await, expected, "{statuses:?}, {wait} s");
        }
    }

    #[test]
    fn refusals_are_told_apart() {
        for (status, code, gap) in [
            (429, None, Gap::RateLimited),
            (404, Some("M_UNRECOGNIZED"), Gap::Unsupported),
            (404, Some("M_NOT_FOUND"), Gap::Unreadable),
            (404, None, Gap::Unsupported),
            (302, None, Gap::Unreadable),
            (401, Some("M_UNKNOWN_TOKEN"), Gap::Refused),
            (502, None, Gap::Failed),
        ] {
            assert_eq!(
                gap_of(StatusCode::from_u16(status).unwrap(), code),
                gap,
                "{status} {code:?}"
            );
        }
    }
}
