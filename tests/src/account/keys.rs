//! The keys of an account: made with the SDK as other clients do, or by hand where the SDK would not.

use anyhow::{Context, Result, ensure};
use matrix_sdk::encryption::export_secrets_bundle_from_store;
use matrix_sdk::ruma::UserId;
use serde_json::{Value, json};

use super::{AccountSpec, Defect, OffSwitch, Secret, Way};
use crate::api::{Api, segment};
use crate::name;
use crate::room_key::{BACKUP_ALGORITHM, BackupKey};
use crate::session::Session;
use crate::signing;
use crate::storage_key::{StorageKey, print_recovery_key};

/// What the owner of an account wrote down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// A passphrase, and the recovery key that was shown with it.
    Passphrase {
        /// What the owner remembers.
        passphrase: String,
        /// What the owner may have printed.
        key: String,
    },
    /// A recovery key, of secret storage or of the backup.
    Key(String),
    /// Nothing.
    None,
}

/// The private keys of an account as its verified sessions hold them.
#[derive(Clone, Debug)]
pub struct Secrets {
    bundle: Value,
}

impl Recovery {
    /// What the owner types when asked.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Passphrase { passphrase, .. } => Some(passphrase),
            Self::Key(key) => Some(key),
            Self::None => None,
        }
    }

    /// The recovery key, if there is one.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Passphrase { key, .. } | Self::Key(key) => Some(key),
            Self::None => None,
        }
    }
}

impl Secrets {
    /// Reads them from the store of a session that holds a complete identity.
    pub(super) async fn of(session: &Session) -> Result<Self> {
        let (_, bundle) = export_secrets_bundle_from_store(session.store(), None)
            .await?
            .context("the session has no account")?;
        Ok(Self {
            bundle: serde_json::to_value(&bundle)?,
        })
    }

    /// A private key in base64, as it stands in secret storage.
    pub fn get(&self, secret: Secret) -> Option<&str> {
        let part = &self.bundle["cross_signing"];
        match secret {
            Secret::Master => part["master_key"].as_str(),
            Secret::SelfSigning => part["self_signing_key"].as_str(),
            Secret::UserSigning => part["user_signing_key"].as_str(),
            Secret::BackupKey => self.bundle["backup"]["key"].as_str(),
        }
    }

    /// The key of the backup that the sessions write to.
    pub fn backup_key(&self) -> Result<BackupKey> {
        BackupKey::from_base64(self.get(Secret::BackupKey).context("the sessions hold no backup key")?)
    }

    /// The same with another backup key.
    pub(crate) fn with_backup_key(&self, key: &BackupKey, version: &str) -> Self {
        let mut bundle = self.bundle.clone();
        bundle["backup"] = json!({"algorithm": BACKUP_ALGORITHM, "key": key.to_base64(), "backup_version": version});
        Self { bundle }
    }

    /// The form in which the SDK takes them.
    pub(crate) fn bundle(&self) -> &Value {
        &self.bundle
    }
}

/// Makes secret storage and key backup as the spec asks. The session holds the identity already.
pub(super) async fn make(spec: &AccountSpec, session: &Session) -> Result<Recovery> {
    let encryption = session.client().encryption();
    if spec.has(Defect::BrandNew) {
        return Ok(Recovery::None);
    }
    if spec.has(Defect::LegacyPassphrase) {
        return make_backup_from_passphrase(session).await;
    }
    if spec.has(Defect::NoSecretStorage) || spec.has(Defect::LegacyBackupKey) {
        if !spec.has(Defect::NoKeyBackup) {
            encryption.backups().create().await?;
        }
        return Ok(match spec.has(Defect::LegacyBackupKey) {
            true => Recovery::Key(print_recovery_key(Secrets::of(session).await?.backup_key()?.private())),
            false => Recovery::None,
        });
    }
    let late_backup = spec.has(Defect::BackupKeyNotStored);
    let early_backup = !late_backup && !spec.has(Defect::NoKeyBackup);
    // The SDK's own way announces the backup in account data too, which older clients did not.
    let own_way = early_backup && !spec.has(Defect::BackupSwitchedOff(OffSwitch::Unstable));
    if early_backup && (!own_way || matches!(spec.way, Way::PassphraseOfRounds(_))) {
        encryption.backups().create().await?;
    }
    let passphrase = name::fresh("a passphrase, quite long")?;
    let recovery = match (spec.way, own_way) {
        (Way::PassphraseOfRounds(rounds), _) => {
            let key = StorageKey::from_passphrase(&passphrase, rounds)?;
            describe(session, &key).await?;
            store_all(session, &key).await?;
            Recovery::Passphrase {
                passphrase,
                key: key.recovery_key(),
            }
        }
        (Way::Passphrase, true) => {
            let key = encryption.recovery().enable().with_passphrase(&passphrase).await?;
            Recovery::Passphrase { passphrase, key }
        }
        (Way::Passphrase, false) => {
            let store = encryption
                .secret_storage()
                .create_secret_store()
                .with_passphrase(&passphrase)
                .await?;
            Recovery::Passphrase {
                passphrase,
                key: store.secret_storage_key(),
            }
        }
        (Way::Key, true) => Recovery::Key(encryption.recovery().enable().await?),
        (Way::Key, false) => Recovery::Key(
            encryption
                .secret_storage()
                .create_secret_store()
                .await?
                .secret_storage_key(),
        ),
    };
    if late_backup {
        encryption.backups().create().await?;
    }
    Ok(recovery)
}

/// Writes a storage key's description and makes it the default.
pub(super) async fn describe(session: &Session, key: &StorageKey) -> Result<()> {
    let event_type = format!("m.secret_storage.key.{}", key.id());
    set_account_data(session.api(), session.user_id(), &event_type, &key.description()?).await?;
    let default = json!({"key": key.id()});
    set_account_data(
        session.api(),
        session.user_id(),
        "m.secret_storage.default_key",
        &default,
    )
    .await
}

/// Encrypts all secrets of a session to a storage key, and to this one alone.
async fn store_all(session: &Session, key: &StorageKey) -> Result<()> {
    let secrets = Secrets::of(session).await?;
    for secret in Secret::ALL {
        let Some(text) = secrets.get(secret) else { continue };
        let encrypted = key.encrypt(secret.event_type(), text.as_bytes())?;
        let content = json!({"encrypted": {key.id(): encrypted}});
        set_account_data(session.api(), session.user_id(), secret.event_type(), &content).await?;
    }
    Ok(())
}

/// Makes a backup as clients did before secret storage: its key comes from a passphrase.
async fn make_backup_from_passphrase(session: &Session) -> Result<Recovery> {
    const ROUNDS: u32 = 500_000;
    let passphrase = name::fresh("a passphrase of old")?;
    let derived = StorageKey::from_passphrase(&passphrase, ROUNDS)?;
    let key = BackupKey::from_bytes(derived.bytes());
    let user_id = session.user_id();
    let secrets = Secrets::of(session).await?;
    let mut auth_data = json!({
        "public_key": key.public(), "private_key_salt": derived.salt().context("no salt")?,
        "private_key_iterations": ROUNDS,
    });
    let master = secrets.get(Secret::Master).context("no identity")?;
    signing::sign(&mut auth_data, user_id.as_str(), master)?;
    let request = json!({"algorithm": BACKUP_ALGORITHM, "auth_data": auth_data});
    let answer = session
        .api()
        .post("/_matrix/client/v3/room_keys/version", &request)
        .await?;
    let version = answer["version"].as_str().context("no version")?;
    session.take_secrets(&secrets.with_backup_key(&key, version)).await?;
    ensure!(
        session.client().encryption().backups().are_enabled().await,
        "the session does not use the backup"
    );
    Ok(Recovery::Passphrase {
        passphrase,
        key: print_recovery_key(key.private()),
    })
}

/// Writes account data.
pub(crate) async fn set_account_data(api: &Api, user_id: &UserId, event_type: &str, content: &Value) -> Result<()> {
    api.put(&account_data_path(user_id, event_type), content).await?;
    Ok(())
}

/// Where account data of one type is read and written.
pub(crate) fn account_data_path(user_id: &UserId, event_type: &str) -> String {
    format!(
        "/_matrix/client/v3/user/{}/account_data/{}",
        segment(user_id.as_str()),
        segment(event_type)
    )
}
