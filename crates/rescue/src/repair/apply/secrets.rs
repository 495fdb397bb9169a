//! Secret storage: its keys, and what lies under them.

use lifeboat_preflight::{BackupAccess, FreshKey, OwnSession, SecretsAccess};
use lifeboat_report::facts::SecretName;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{
    Bench, RepairError,
    account_data::{read, write},
};

/// Stores the description of the fresh key. Nothing uses it yet.
pub(super) async fn describe(session: &OwnSession, fresh: &FreshKey) -> Result<(), RepairError> {
    let description = fresh.description().ok_or(RepairError::Cipher)?;
    write(session, &format!("m.secret_storage.key.{}", fresh.id()), &description).await
}

/// Stores what the typed keys lead to.
pub(super) async fn store_typed(
    session: &OwnSession,
    bench: &Bench<'_>,
    names: &[SecretName],
    under: &str,
) -> Result<(), RepairError> {
    let secrets = SecretsAccess::open(session, bench.typed).await?;
    for name in names {
        if let Some(secret) = secrets.fitting(*name) {
            store(session, &secrets, under, *name, secret).await?;
        } else if *name == SecretName::BackupKey {
            let backup = BackupAccess::open(session, bench.homeserver, bench.typed).await?;
            store(session, &secrets, under, *name, backup.private_key()).await?;
        } else {
            return Err(RepairError::Changed);
        }
    }
    Ok(())
}

/// Makes one storage key the default, if the typed keys open it.
pub(super) async fn set_default(session: &OwnSession, typed: &[SecretString], to: &str) -> Result<(), RepairError> {
    if !SecretsAccess::open(session, typed).await?.opens(to) {
        return Err(RepairError::Changed);
    }
    write(session, "m.secret_storage.default_key", &json!({"key": to})).await
}

/// Adds a secret under one storage key; what is stored under others stays.
pub(super) async fn store(
    session: &OwnSession,
    secrets: &SecretsAccess,
    under: &str,
    name: SecretName,
    secret: &[u8; 32],
) -> Result<(), RepairError> {
    if !secrets.opens(under) {
        return Err(RepairError::Changed);
    }
    let sealed = secrets.seal(under, name, secret).ok_or(RepairError::Cipher)?;
    let mut content = read(session, name.event_type()).await?.unwrap_or_else(|| json!({}));
    if !content.get("encrypted").is_some_and(Value::is_object) {
        content = json!({"encrypted": {}});
    }
    content["encrypted"][under] = sealed;
    write(session, name.event_type(), &content).await
}
