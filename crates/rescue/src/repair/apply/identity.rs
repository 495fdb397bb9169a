//! A new identity: its private keys are stored before its public ones are published, so that a stop in between loses
//! nothing.

use lifeboat_preflight::{FreshKey, IdentityKeys, OwnSession, SecretsAccess, SecretsAccessError, published_identity};
use lifeboat_report::{Fact, facts::Identity};
use matrix_sdk::ruma::{api::client::keys::upload_signing_keys, serde::Raw};
use secrecy::SecretString;
use serde_json::Value;

use super::{Bench, RepairError, secrets::store, uia};

/// What identity the account has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing<'a> {
    /// None.
    None,
    /// This one, by its master key, which is to be replaced.
    Replaced(Option<&'a str>),
}

/// Stores new private keys under a storage key that is open, then publishes their public halves.
///
/// `POST /_matrix/client/v3/keys/device_signing/upload`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3keysdevice_signingupload)): the server
/// asks for the password where an identity is replaced, and replaces it only once it has taken that.
pub(super) async fn publish(
    session: &OwnSession,
    bench: &Bench<'_>,
    under: &str,
    standing: Standing<'_>,
) -> Result<(), RepairError> {
    let present = match published_identity(session.caller(), session.user_id()).await {
        Fact::Known(identity) => identity,
        Fact::Unknown(gap) => return Err(SecretsAccessError::Unknown(gap).into()),
    };
    let as_planned = match standing {
        Standing::None => present == Identity::default(),
        Standing::Replaced(master) => present.master.as_deref() == master,
    };
    if !as_planned {
        return Err(RepairError::Changed);
    }
    let secrets = opened(session, bench, under).await?;
    let keys = IdentityKeys::complete(|name| secrets.under(under, name)).ok_or(RepairError::Cipher)?;
    for (name, key) in keys.iter() {
        if secrets.under(under, name).is_none() {
            store(session, &secrets, under, name, key).await?;
        }
    }
    let public = keys.publish(session.user_id().as_str()).ok_or(RepairError::Cipher)?;
    let raw = |object: &Value| {
        Raw::new(object)
            .map(Raw::cast_unchecked)
            .map_err(|_| RepairError::Cipher)
    };
    let mut request = upload_signing_keys::v3::Request::new();
    request.master_key = Some(raw(&public.master)?);
    request.self_signing_key = Some(raw(&public.self_signing)?);
    request.user_signing_key = Some(raw(&public.user_signing)?);
    let (caller, client) = (session.caller(), session.caller().client());
    let send = async |auth| {
        let mut request = request.clone();
        request.auth = auth;
        caller.ask(|| client.send(request.clone())).await.map(drop)
    };
    uia::converse(session, bench.password, send).await
}

/// The fresh key opens what was stored under it alone, so that nothing of an identity that is replaced is taken.
async fn opened(session: &OwnSession, bench: &Bench<'_>, under: &str) -> Result<SecretsAccess, RepairError> {
    let fresh: Option<SecretString> = bench.fresh.filter(|it| it.id() == under).map(FreshKey::recovery_key);
    let secrets = match fresh {
        Some(key) => SecretsAccess::open(session, &[key]).await?,
        None => SecretsAccess::open(session, bench.typed).await?,
    };
    match secrets.opens(under) {
        true => Ok(secrets),
        false => Err(RepairError::Changed),
    }
}
