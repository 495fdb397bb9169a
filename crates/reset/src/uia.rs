//! `POST /_matrix/client/v3/account/password` and the conversation about who may do it.
//!
//! [User-interactive authentication](https://spec.matrix.org/latest/client-server-api/#user-interactive-authentication-api):
//! a server may want the proof in a second request, within a session that it names in its answer to the first.

mod change_password;
mod read;

use lifeboat_preflight::Caller;
use matrix_sdk::{HttpError, ruma::api::client::uiaa::UiaaInfo};

pub(crate) use self::{
    change_password::{ChangePassword, Proof, logout_devices},
    read::{Problem, refusal_of, words_of},
};
use crate::Answer;

/// Asks for the change, in one request where the server lets that pass, else in two. Both carry everything: servers
/// differ in which of them they read, and Synapse answers 500 to a last request without the new password.
pub(crate) async fn converse(caller: &Caller, request: ChangePassword) -> Answer {
    let send = async |request: ChangePassword| caller.hear(|| caller.client().send(request.clone())).await;
    let (stage, secrets) = (request.stage(), request.secrets());
    let mut outcome = send(request.clone()).await;
    if let Err(error) = &outcome
        && let Some(session) = wants_session(error, stage)
    {
        outcome = send(request.in_session(session)).await;
    }
    match outcome {
        Ok(_) => Answer::Changed,
        Err(error) => read::answer_of(&error, stage).without(&secrets),
    }
}

/// Returns the session in which the server wants the proof, if that is all it wants.
fn wants_session(error: &HttpError, stage: &str) -> Option<String> {
    let info = error.as_uiaa_response()?;
    let plain = info.auth_error.is_none() && offers(info, stage);
    info.session.clone().filter(|_| plain)
}

/// Tells whether `stage` is the only one that is left in some flow.
fn offers(info: &UiaaInfo, stage: &str) -> bool {
    info.flows.iter().any(|flow| {
        let mut left = flow.stages.iter().filter(|it| !info.completed.contains(it));
        left.next().is_some_and(|it| it.as_str() == stage) && left.next().is_none()
    })
}
