//! Sessions: signed, renamed, signed out.

use lifeboat_preflight::{OwnSession, SecretsAccess, SecretsAccessError, SessionKeys};
use lifeboat_report::Fact;
use matrix_sdk::ruma::{
    api::client::{
        device::{delete_device, update_device},
        keys::upload_signatures,
    },
    serde::Raw,
};

use super::{Bench, RepairError, heard, uia};

/// `POST /_matrix/client/v3/keys/signatures/upload`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3keyssignaturesupload)).
pub(super) async fn sign(
    session: &OwnSession,
    bench: &Bench<'_>,
    device_id: &str,
    fingerprint: &str,
) -> Result<(), RepairError> {
    let keys = match SessionKeys::of(session.caller(), session.user_id(), device_id).await {
        Fact::Known(Some(keys)) if keys.fingerprint() == fingerprint => keys,
        Fact::Known(_) => return Err(RepairError::Changed),
        Fact::Unknown(gap) => return Err(SecretsAccessError::Unknown(gap).into()),
    };
    let secrets = SecretsAccess::open(session, bench.typed).await?;
    let signed = keys.signed(&secrets).ok_or(RepairError::Changed)?;
    let signed = Raw::new(&signed).map_err(|_| RepairError::Cipher)?.cast_unchecked();
    let mut signatures = upload_signatures::v3::SignedKeys::new();
    signatures.add_device_keys(device_id.into(), signed);
    let all = [(session.user_id().to_owned(), signatures)].into();
    let request = upload_signatures::v3::Request::new(all);
    let caller = session.caller();
    let answer = heard(caller.ask(|| caller.client().send(request.clone())).await)?;
    match answer.failures.is_empty() {
        true => Ok(()),
        false => Err(RepairError::Changed),
    }
}

/// `PUT /_matrix/client/v3/devices/{deviceId}`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3devicesdeviceid)).
pub(super) async fn rename(session: &OwnSession, device_id: &str, to: &str) -> Result<(), RepairError> {
    let mut request = update_device::v3::Request::new(device_id.into());
    request.display_name = Some(to.to_owned());
    let caller = session.caller();
    heard(caller.ask(|| caller.client().send(request.clone())).await).map(drop)
}

/// `DELETE /_matrix/client/v3/devices/{deviceId}`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#delete_matrixclientv3devicesdeviceid)), with the password.
pub(super) async fn sign_out(session: &OwnSession, bench: &Bench<'_>, device_id: &str) -> Result<(), RepairError> {
    let (caller, client) = (session.caller(), session.caller().client());
    let send = async |auth| {
        let mut request = delete_device::v3::Request::new(device_id.into());
        request.auth = auth;
        caller.ask(|| client.send(request.clone())).await.map(drop)
    };
    uia::converse(session, bench.password, send).await
}
