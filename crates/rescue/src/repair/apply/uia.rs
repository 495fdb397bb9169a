//! Requests for which a server may want the account's password.

use lifeboat_preflight::{LiveError, OwnSession};
use matrix_sdk::{
    HttpError,
    ruma::api::{
        client::uiaa::{AuthData, MatrixUserIdentifier, Password, UiaaInfo, UserIdentifier},
        error::ErrorKind,
    },
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::RepairError;

/// Sends a request, and once more with the password when the server wants that.
///
/// [User-interactive authentication](https://spec.matrix.org/latest/client-server-api/#user-interactive-authentication-api).
pub(super) async fn converse(
    session: &OwnSession,
    password: Option<&SecretString>,
    send: impl AsyncFn(Option<AuthData>) -> Result<(), HttpError>,
) -> Result<(), RepairError> {
    let Err(error) = send(None).await else {
        return Ok(());
    };
    let Some(info) = error.as_uiaa_response() else {
        return Err(refusal(error));
    };
    if !offers(info, "m.login.password") {
        return Err(page(info).map_or(RepairError::NotOffered, RepairError::NeedsApproval));
    }
    let password = password.ok_or(RepairError::NeedsPassword)?;
    let user = UserIdentifier::Matrix(MatrixUserIdentifier::new(session.user_id().to_string()));
    let mut proof = Password::new(user, password.expose_secret().to_owned());
    proof.session = info.session.clone();
    match send(Some(AuthData::Password(proof))).await {
        Ok(()) => Ok(()),
        Err(error) if error.as_uiaa_response().is_some() => Err(RepairError::PasswordRefused),
        Err(error) => Err(refusal(error)),
    }
}

fn refusal(error: HttpError) -> RepairError {
    match error.client_api_error_kind() {
        Some(ErrorKind::Unrecognized) => RepairError::NotOffered,
        _ => LiveError::from(error).into(),
    }
}

/// Tells whether `stage` alone would do.
fn offers(info: &UiaaInfo, stage: &str) -> bool {
    let mut flows = info.flows.iter();
    flows.any(|flow| matches!(flow.stages.as_slice(), [one] if one.as_str() == stage))
}

/// Returns the page on which a server that delegates its accounts has this approved (MSC4312).
fn page(info: &UiaaInfo) -> Option<String> {
    let params: Value = serde_json::from_str(info.params.as_ref()?.get()).ok()?;
    let of = |stage: &str| Some(params.get(stage)?.get("url")?.as_str()?.to_owned());
    of("m.oauth").or_else(|| of("org.matrix.cross_signing_reset"))
}
