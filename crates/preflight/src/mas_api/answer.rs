//! What the Admin API answers, and what that means.

use lifeboat_report::Gap;
use matrix_sdk::reqwest::{Error, Response};
use serde_json::Value;

use crate::network::body;

/// Longest answer that is read: a page of a hundred sessions.
const LIMIT: usize = 4 << 20;

/// Why a request of an administrator did not do what it was to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MasError {
    /// The token is not one with the scope `urn:mas:admin`, or is over (401).
    #[error("the service does not take this access token: {words}")]
    NotAdmin {
        /// The service's words, without a full stop.
        words: String,
    },
    /// The service does not know what was asked about (404, with its list of errors).
    #[error("the service does not know it")]
    NotThere,
    /// The service does not do it (any other status of 400 to 499, with its list of errors).
    #[error("the service refused: {words}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The service's words, without a full stop.
        words: String,
    },
    /// The service does not have this request.
    #[error("the service does not have this request")]
    NoApi,
    /// The service wants to be asked later (429), and went on to.
    #[error("the service takes no more requests from here for now")]
    RateLimited,
    /// No connection came about, so nothing was sent.
    #[error("the service could not be reached")]
    Unreachable,
    /// The request was or may have been sent, and no whole answer came.
    #[error("the connection was cut before the answer came")]
    Lost,
    /// The service failed while it worked.
    #[error("the service failed (status {status})")]
    Failed {
        /// The HTTP status, 500 or more.
        status: u16,
    },
    /// Something answered, but not as this service does.
    #[error("the answer could not be understood")]
    Unreadable,
}

impl MasError {
    /// Says what did not come about on the way.
    pub(super) fn of_network(error: &Error) -> Self {
        if error.is_connect() || error.is_builder() {
            Self::Unreachable
        } else {
            Self::Lost
        }
    }

    /// Tells whether nobody knows if the service did what it was asked to do.
    pub fn is_dark(&self) -> bool {
        matches!(self, Self::Lost | Self::Failed { .. } | Self::Unreadable)
    }

    /// Returns the gap that it leaves.
    pub fn gap(&self) -> Gap {
        match self {
            Self::NotAdmin { .. } | Self::Refused { .. } => Gap::Refused,
            Self::NotThere | Self::NoApi => Gap::Unsupported,
            Self::RateLimited => Gap::RateLimited,
            Self::Unreachable | Self::Lost => Gap::Offline,
            Self::Failed { .. } => Gap::Failed,
            Self::Unreadable => Gap::Unreadable,
        }
    }
}

/// Reads an answer. Errors have the shape `{"errors": [{"title": …}]}`
/// ([documentation](https://element-hq.github.io/matrix-authentication-service/topics/admin-api.html#error-responses)).
pub(super) async fn read(answer: Response) -> Result<Value, MasError> {
    let status = answer.status().as_u16();
    let body = body(answer, LIMIT).await.map_err(|_| MasError::Lost)?;
    let body = body.ok_or(MasError::Unreadable)?;
    let content: Option<Value> = serde_json::from_slice(&body).ok();
    let words = content.as_ref().and_then(words_of);
    match (status, words) {
        // Nothing to be said: the password was set.
        (204, _) => Ok(Value::Null),
        (200..300, _) => content.filter(Value::is_object).ok_or(MasError::Unreadable),
        (401, Some(words)) => Err(MasError::NotAdmin { words }),
        (404, Some(_)) => Err(MasError::NotThere),
        (404 | 405, None) => Err(MasError::NoApi),
        (429, _) => Err(MasError::RateLimited),
        (400..500, Some(words)) => Err(MasError::Refused { status, words }),
        (500.., _) => Err(MasError::Failed { status }),
        _ => Err(MasError::Unreadable),
    }
}

/// Longest words of a server that are passed on.
const LONGEST: usize = 200;

fn words_of(content: &Value) -> Option<String> {
    let title = content.get("errors")?.as_array()?.first()?.get("title")?.as_str()?;
    let words: String = title.chars().take(LONGEST).collect();
    Some(words.trim().trim_end_matches('.').to_owned())
}
