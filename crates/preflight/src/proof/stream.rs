//! The body of a large answer, piece by piece: `GET /_matrix/client/v3/room_keys/keys` above all.

use std::time::Duration;

use lifeboat_report::Gap;
use matrix_sdk::reqwest::{self, Response, StatusCode};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{
    Caller, Homeserver,
    caller::{End, MORE_TOKENS},
    mortal,
    network::retry_after,
    unhurried,
};

/// A server collects a whole backup before it sends the first byte.
const PATIENCE: Duration = Duration::from_secs(600);
/// No listing takes as long; what counts is that pieces keep coming.
const NO_LIMIT: Duration = Duration::from_secs(24 * 3600);
/// How often a server may ask to come back later.
const TRIES: u32 = 5;
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
    let mut renewed = 0;
    for _ in 0..TRIES {
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
        if let Some(wait) = wait_asked_for(&answer).filter(|wait| *wait <= LONGEST_WAIT) {
            tokio::time::sleep(wait).await;
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
    Err(Gap::RateLimited.into())
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
    use super::*;

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
