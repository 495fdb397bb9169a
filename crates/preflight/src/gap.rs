//! Turns a failed request into a gap.

use lifeboat_report::Gap;
use matrix_sdk::{
    HttpError,
    ruma::api::error::{ErrorKind, FromHttpResponseError},
};

use crate::session::{Refresh, refresh_failure};

/// Says why a request taught nothing.
pub fn gap_of(error: &HttpError) -> Gap {
    if let Some(kind) = error.client_api_error_kind() {
        match kind {
            ErrorKind::LimitExceeded { .. } => return Gap::RateLimited,
            ErrorKind::Unrecognized => return Gap::Unsupported,
            _ => {}
        }
    }
    match status_of(error) {
        Some(429) => Gap::RateLimited,
        Some(404 | 405 | 501) => Gap::Unsupported,
        Some(500..) => Gap::Failed,
        Some(_) => Gap::Refused,
        None => match error {
            HttpError::Reqwest(_) => Gap::Offline,
            HttpError::RefreshToken(error) => match refresh_failure(error) {
                Refresh::Unreachable => Gap::Offline,
                Refresh::Ended | Refresh::Refused => Gap::Refused,
            },
            _ => Gap::Unreadable,
        },
    }
}

/// Returns the HTTP status of an answer that was an error.
pub(crate) fn status_of(error: &HttpError) -> Option<u16> {
    if let Some(answer) = error.as_client_api_error() {
        return Some(answer.status_code.as_u16());
    }
    match error {
        // The one error answer that is no plain Matrix error asks for user-interactive authentication: a 401.
        HttpError::Api(inner) => match inner.as_ref() {
            FromHttpResponseError::Server(_) => Some(401),
            _ => None,
        },
        _ => None,
    }
}

/// Tells whether the server said that the asked-for thing does not exist (404 `M_NOT_FOUND`).
pub(crate) fn is_not_found(error: &HttpError) -> bool {
    matches!(error.client_api_error_kind(), Some(ErrorKind::NotFound))
}
