//! Reads what the failure of a request means for the password.

use std::time::{Duration, SystemTime};

use lifeboat_report::plain;
use matrix_sdk::{
    HttpError,
    ruma::api::{
        client::uiaa::{UiaaInfo, UiaaResponse},
        error::{Error, ErrorBody, ErrorKind, FromHttpResponseError, RetryAfter},
    },
};

use super::offers;
use crate::{Answer, DarkCause, Refusal};

/// The stage that the old password passes.
const PASSWORD: &str = "m.login.password";

/// Says what a failed request to change the password means; `stage` is the proof that it carried.
pub(super) fn answer_of(error: &HttpError, stage: &str) -> Answer {
    if stage == PASSWORD && wants_another_proof(error) {
        return Answer::Refused(Refusal::NoPassword);
    }
    let problem = match refusal_of(error) {
        Ok(refusal) => return Answer::Refused(refusal),
        Err(problem) => problem,
    };
    match (problem, stage) {
        (Problem::Dark(cause), _) => Answer::Dark(cause),
        (Problem::Challenge(info), _) if !offers(info, stage) => Answer::Refused(Refusal::NotOffered),
        // The proof was sent, and yet all that is wanted is the proof.
        (Problem::Challenge(_), "m.login.email.identity") => Answer::NotConfirmed,
        (Problem::Challenge(_), _) => Answer::Refused(Refusal::WrongOldPassword),
        (Problem::Error(kind, words), "m.login.email.identity") => of_email(kind, words),
        (Problem::Error(kind, words), _) => of_password(kind, words),
    }
}

/// Tells whether the server would take anything but a password from this account. Synapse offers the stage to accounts
/// that have one, and says of every password that it is wrong to the others.
fn wants_another_proof(error: &HttpError) -> bool {
    error.as_uiaa_response().is_some_and(|info| {
        let mut stages = info.flows.iter().flat_map(|it| &it.stages);
        !info.flows.is_empty() && !stages.any(|it| it.as_str() == PASSWORD)
    })
}

fn of_email(kind: &ErrorKind, words: &str) -> Answer {
    match (kind, kind.errcode().as_str()) {
        // Synapse says 401 `M_UNAUTHORIZED`, tuwunel 403 `M_FORBIDDEN`.
        (ErrorKind::Unauthorized | ErrorKind::Forbidden | ErrorKind::ThreepidAuthFailed, _)
        | (_, "M_SESSION_NOT_VALIDATED") => Answer::NotConfirmed,
        (_, "M_SESSION_EXPIRED" | "M_NO_VALID_SESSION") => Answer::Refused(Refusal::ProofSpent),
        (ErrorKind::NotFound | ErrorKind::ThreepidNotFound, _) => Answer::Refused(Refusal::AddressRemoved),
        // Servers without this route want a token for every change.
        (ErrorKind::MissingToken, _) => Answer::Refused(Refusal::NotOffered),
        _ => Answer::Refused(other(words)),
    }
}

fn of_password(kind: &ErrorKind, words: &str) -> Answer {
    Answer::Refused(match kind {
        // Most servers say 401, some 403. The user is always the session's own, so it can be nothing else.
        ErrorKind::Forbidden | ErrorKind::Unauthorized => Refusal::WrongOldPassword,
        ErrorKind::MissingToken => Refusal::SessionEnded,
        _ => other(words),
    })
}

/// What is wrong where it depends on the request what that means.
#[derive(Debug)]
pub(crate) enum Problem<'a> {
    /// Nobody knows what the server did.
    Dark(DarkCause),
    /// The server wants a proof and has nothing else to say.
    Challenge(&'a UiaaInfo),
    /// The server says no, with these words.
    Error(&'a ErrorKind, &'a str),
}

/// Says why a request was refused, where that is the same for every request.
pub(crate) fn refusal_of(error: &HttpError) -> Result<Refusal, Problem<'_>> {
    match error {
        HttpError::Reqwest(error) if error.is_connect() || error.is_builder() => Ok(Refusal::Unreachable),
        HttpError::Reqwest(error) if error.is_timeout() => Err(Problem::Dark(DarkCause::TimedOut)),
        HttpError::Reqwest(_) => Err(Problem::Dark(DarkCause::CutOff)),
        HttpError::Api(error) => match error.as_ref() {
            FromHttpResponseError::Server(UiaaResponse::AuthResponse(info)) => match &info.auth_error {
                Some(body) => of_kind(&body.kind, &body.message),
                None => Err(Problem::Challenge(info)),
            },
            FromHttpResponseError::Server(UiaaResponse::MatrixError(error)) => of_error(error),
            _ => Err(Problem::Dark(DarkCause::Unreadable)),
        },
        // A new token was wanted and not given: the request itself was refused before.
        HttpError::RefreshToken(_) => Ok(Refusal::SessionEnded),
        // Nothing was sent.
        other_error => Ok(other(&other_error.to_string())),
    }
}

fn of_error(error: &Error) -> Result<Refusal, Problem<'_>> {
    match (error.status_code.as_u16(), &error.body) {
        (429, ErrorBody::Standard(body)) => Ok(Refusal::RateLimited { wait: wait(&body.kind) }),
        (429, _) => Ok(Refusal::RateLimited { wait: None }),
        (status @ 500.., _) => Err(Problem::Dark(DarkCause::ServerFailed { status })),
        (_, ErrorBody::Standard(body)) => of_kind(&body.kind, &body.message),
        (404 | 405, _) => Ok(Refusal::NotOffered),
        (status, _) => Ok(other(&format!("status {status}"))),
    }
}

fn of_kind<'a>(kind: &'a ErrorKind, words: &'a str) -> Result<Refusal, Problem<'a>> {
    let errcode = kind.errcode();
    Ok(match kind {
        ErrorKind::LimitExceeded(_) => Refusal::RateLimited { wait: wait(kind) },
        ErrorKind::UserDeactivated => Refusal::Deactivated,
        ErrorKind::UserSuspended => Refusal::Suspended,
        ErrorKind::UnknownToken(_) => Refusal::SessionEnded,
        ErrorKind::Unrecognized => Refusal::NotOffered,
        ErrorKind::ThreepidDenied => Refusal::NotOffered,
        _ if errcode.as_str() == "M_WEAK_PASSWORD" || errcode.as_str().starts_with("M_PASSWORD_") => Refusal::Policy {
            errcode: errcode.to_string(),
            words: words_of(words),
        },
        // Synapse, where an administrator has switched passwords or mail off, has no errcode of its own for that.
        _ if words.contains("Password change disabled") || words.contains("resets have been disabled") => {
            Refusal::NotOffered
        }
        _ => return Err(Problem::Error(kind, words)),
    })
}

/// Takes a server's words into a sentence of ours.
pub(crate) fn words_of(words: &str) -> String {
    plain(words.trim().trim_end_matches('.'))
}

fn other(words: &str) -> Refusal {
    Refusal::Other { words: words_of(words) }
}

/// Returns how long the server wants to be left alone.
fn wait(kind: &ErrorKind) -> Option<Duration> {
    match kind {
        ErrorKind::LimitExceeded(data) => match data.retry_after {
            Some(RetryAfter::Delay(delay)) => Some(delay),
            Some(RetryAfter::DateTime(moment)) => moment.duration_since(SystemTime::now()).ok(),
            None => None,
        },
        _ => None,
    }
}
