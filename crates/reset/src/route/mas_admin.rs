//! The change by an administrator of a Matrix Authentication Service, and the end of what is signed in there.
//!
//! A change there ends nothing. So what is to end is ended one by one, after the change, and only what was shown before.

use std::time::Duration;

use lifeboat_preflight::{MasApi, MasError, mas_segment_of};
use lifeboat_report::{
    Clearance,
    facts::{SignedIn, SignedInKind},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio::time::sleep;

/// How often a request is sent whose answer was lost.
const TRIES: u32 = 3;
/// Before it is sent again.
const PAUSE: Duration = Duration::from_secs(1);

/// Sets the password of the account that `clearance` is about, whose id at the service is `id`, to `new`.
///
/// `POST /api/admin/v1/users/<id>/set-password`, `setUserPassword`: 204; 400 when the service finds the password too
/// weak, 403 when nobody signs in with a password there, 404 for an unknown id. The same request twice is the same as
/// once, so one whose answer was lost is sent again; an error that [is dark](MasError::is_dark) leaves open what became
/// of it. Ends no session.
pub async fn set_password(api: &MasApi, clearance: &Clearance, id: &str, new: &SecretString) -> Result<(), MasError> {
    tracing::debug!(account = clearance.account(), "setting the password");
    let body = json!({ "password": new.expose_secret() });
    until_answered(async || api.post(&["users", id, "set-password"], Some(&body)).await).await
}

/// Ends one thing that is signed in. One that is over already is no error.
///
/// `POST /api/admin/v1/compat-sessions/<id>/finish` and its siblings for `oauth2-sessions` and `user-sessions`: 200; 400
/// when it is over, 404 when it is gone. `…/personal-sessions/<id>/revoke`: the same, but 409 when it is over. The
/// homeserver forgets its device a moment later.
pub async fn finish(api: &MasApi, signed_in: &SignedIn) -> Result<(), MasError> {
    let end = match signed_in.kind {
        SignedInKind::Compat | SignedInKind::Oauth2 | SignedInKind::Browser => "finish",
        SignedInKind::Personal => "revoke",
    };
    let segments = [mas_segment_of(signed_in.kind), &signed_in.id, end];
    match until_answered(async || api.post(&segments, None).await).await {
        Err(MasError::NotThere | MasError::Refused { status: 400 | 409, .. }) => Ok(()),
        ended => ended,
    }
}

async fn until_answered(request: impl AsyncFn() -> Result<(), MasError>) -> Result<(), MasError> {
    let mut tries = 1;
    loop {
        match request().await {
            Err(error) if error.is_dark() && tries < TRIES => {
                tries += 1;
                sleep(PAUSE).await;
            }
            answered => return answered,
        }
    }
}
