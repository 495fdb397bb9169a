//! Repairs through a session that other sessions see and answer.

use std::time::Duration;

use lifeboat_preflight::{FreshKey, LiveSession, SecretsAccess, UnlockError};
use lifeboat_report::facts::SecretName;
use serde_json::json;

use super::{
    Bench, RepairError,
    account_data::{read, write},
    secrets::{describe, set_default, store},
};
use crate::{gather, repair::Trust};

/// How long sessions have to hand their secrets over.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Asks for secrets and stores those that came; what did not come is told.
pub(super) async fn fetch(
    live: &LiveSession,
    bench: &Bench<'_>,
    names: &[SecretName],
    under: &str,
    trust: Trust,
) -> Result<(), RepairError> {
    if trust == Trust::RecoveryKey {
        unblank(live, names).await?;
        unlock(live, bench).await?;
    }
    let held = live.ask_for_secrets(names, PATIENCE).await?;
    let secrets = SecretsAccess::open(live.own(), bench.typed).await?;
    let mut missing = None;
    for name in names {
        match held.get(*name) {
            Some(secret) => store(live.own(), &secrets, under, *name, secret).await?,
            None => missing = Some(*name),
        }
    }
    missing.map_or(Ok(()), |name| Err(RepairError::NotHandedOver(name)))
}

/// The SDK takes a blank secret for a damaged one and opens none of the others. A secret that is encrypted under no key
/// says the same and is understood.
async fn unblank(live: &LiveSession, names: &[SecretName]) -> Result<(), RepairError> {
    for name in names {
        let content = read(live.own(), name.event_type()).await?;
        if content.is_some_and(|it| it.get("encrypted").is_none()) {
            write(live.own(), name.event_type(), &json!({"encrypted": {}})).await?;
        }
    }
    Ok(())
}

/// Opens secret storage with the first key that does, which signs the session.
async fn unlock(live: &LiveSession, bench: &Bench<'_>) -> Result<(), RepairError> {
    let mut last = UnlockError::WrongKey;
    for key in bench.typed {
        match live.open(key).await {
            Ok(_) => return Ok(()),
            Err(error @ UnlockError::WrongKey) => last = error,
            Err(error) => return Err(error.into()),
        }
    }
    Err(last.into())
}

/// Makes `fresh` the default storage key, for a recovery key that is lost while a session lives: the identity and the
/// backup version stay the same, nothing is deleted, and the old storage key and what lies under it stay.
///
/// What `live` does not hold it asks other sessions for, as long as `patience`. Refused unless it holds everything then,
/// so that the new recovery key opens as much as the old one did. Writes `m.secret_storage.key.ID`, every secret, and
/// last `m.secret_storage.default_key` ([spec](https://spec.matrix.org/latest/client-server-api/#secrets)): stopped
/// before that, the old key is the default still. The owner of the account must have the key already.
pub async fn renew_recovery_key(live: &LiveSession, fresh: &FreshKey, patience: Duration) -> Result<(), RepairError> {
    let wanted = wanted(live).await?;
    let held = live.ask_for_secrets(&wanted, patience).await?;
    if let Some(missing) = wanted.iter().find(|it| held.get(**it).is_none()) {
        return Err(RepairError::NotHandedOver(*missing));
    }
    let key = [fresh.recovery_key()];
    describe(live.own(), fresh).await?;
    let secrets = SecretsAccess::open(live.own(), &key).await?;
    for name in wanted {
        if let Some(secret) = held.get(name) {
            store(live.own(), &secrets, fresh.id(), name, secret).await?;
        }
    }
    set_default(live.own(), &key, fresh.id()).await
}

/// The identity's keys, and the backup's where there is one.
async fn wanted(live: &LiveSession) -> Result<Vec<SecretName>, RepairError> {
    use lifeboat_preflight::BackupConnection;
    let held = live.holdings().await?;
    let mut wanted = SecretName::IDENTITY.to_vec();
    if held.backup != BackupConnection::NoBackup {
        wanted.push(SecretName::BackupKey);
    }
    Ok(wanted)
}

/// What arrives until the end is uploaded; what stays missing, a second look tells.
pub(super) async fn fill(live: &LiveSession, bench: &Bench<'_>) -> Result<(), RepairError> {
    unlock(live, bench).await?;
    gather(live, bench.at_risk.to_vec(), bench.asking).await?;
    Ok(())
}
