//! Tries what a person typed on everything it could open.

use std::{collections::BTreeMap, sync::Arc};

use lifeboat_backup::BackupKey;
use lifeboat_report::facts::{BackupOpening, Candidate, CandidateForm, KeyTrial, SecretName, SecretTrial};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use vodozemac::{Curve25519PublicKey, Curve25519SecretKey, Ed25519SecretKey};
use zeroize::Zeroizing;

use crate::{
    base64_text,
    probe::{backup::RawBackup, published::PublishedKeys, storage::StoredSecrets},
    recovery_key,
    storage_key::{Derivation, StorageKey},
};

/// What a candidate opened in secret storage, with the opened secrets; still to be compared with what is published.
#[derive(Debug)]
pub(crate) struct Opened {
    form: CandidateForm,
    key: Option<StorageKey>,
    typed: SecretString,
    /// The storage keys it opens, by id.
    pub(crate) storage_keys: BTreeMap<String, StorageKey>,
    opens_default: bool,
    pub(crate) secrets: BTreeMap<SecretName, OpenedSecret>,
}

pub(crate) enum OpenedSecret {
    Key(Zeroizing<[u8; 32]>),
    NotAKey,
    DoesNotOpen,
}

impl std::fmt::Debug for OpenedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Key(_) => "Key(..)",
            Self::NotAKey => "NotAKey",
            Self::DoesNotOpen => "DoesNotOpen",
        })
    }
}

/// Tries every candidate as key and as passphrase on every storage key. Derives keys on blocking threads, all cores.
pub(crate) async fn open_storage(candidates: &[SecretString], stored: &StoredSecrets) -> Vec<Opened> {
    let derived = derive_all(candidates, stored).await;
    candidates
        .iter()
        .zip(derived)
        .map(|(typed, keys)| open_with(typed, &keys, stored))
        .collect()
}

/// For each candidate, the key that each way of derivation makes of it.
async fn derive_all(candidates: &[SecretString], stored: &StoredSecrets) -> Vec<Vec<(Derivation, StorageKey)>> {
    let ways: Vec<Derivation> = {
        let all = stored.keys.values().filter_map(|it| it.derivation.clone());
        let mut seen = Vec::new();
        all.for_each(|it| {
            if !seen.contains(&it) {
                seen.push(it)
            }
        });
        seen
    };
    let derive = |way: &Derivation, typed: &SecretString| {
        let (way, typed) = (way.clone(), typed.clone());
        tokio::task::spawn_blocking(move || {
            let key = way.derive(typed.expose_secret().trim_end_matches(['\r', '\n']));
            (way, key)
        })
    };
    // All are begun before one is waited for.
    let begun: Vec<Vec<_>> = candidates
        .iter()
        .map(|typed| {
            // A well-formed recovery key can be somebody's passphrase in theory only; people wait for every derivation.
            let ways = if recovery_key::decode(typed).is_some() {
                &[][..]
            } else {
                &ways[..]
            };
            ways.iter().map(|way| derive(way, typed)).collect()
        })
        .collect();
    let mut result = Vec::new();
    for tasks in begun {
        let mut keys = Vec::new();
        for task in tasks {
            if let Ok(pair) = task.await {
                keys.push(pair);
            }
        }
        result.push(keys);
    }
    result
}

fn open_with(typed: &SecretString, derived: &[(Derivation, StorageKey)], stored: &StoredSecrets) -> Opened {
    let key = recovery_key::decode(typed).map(StorageKey::new);
    let form = if key.is_some() {
        CandidateForm::RecoveryKey
    } else {
        CandidateForm::Passphrase
    };
    let mut opened = Opened {
        form,
        typed: typed.clone(),
        storage_keys: BTreeMap::new(),
        opens_default: false,
        secrets: BTreeMap::new(),
        key: key.clone(),
    };
    for (id, material) in &stored.keys {
        let from_passphrase = material
            .derivation
            .as_ref()
            .and_then(|way| derived.iter().find(|(it, _)| it == way))
            .map(|(_, key)| key);
        for key in key.iter().chain(from_passphrase) {
            let under_it = |name: &SecretName| stored.sealed.get(name).and_then(|it| it.get(id)).map(|it| (*name, it));
            let secrets: Vec<_> = SecretName::ALL
                .iter()
                .filter_map(under_it)
                .map(|(name, sealed)| (name, key.open(name.event_type(), sealed)))
                .collect();
            let fits = match &material.check {
                Some((iv, mac)) => key.fits(iv, mac),
                // Nothing to check against: only a secret that opens proves the key.
                None => secrets.iter().any(|(_, secret)| secret.is_some()),
            };
            if !fits {
                continue;
            }
            opened.storage_keys.insert(id.clone(), key.clone());
            for (name, secret) in secrets {
                let secret = match secret {
                    Some(text) => private_key(&text).map_or(OpenedSecret::NotAKey, OpenedSecret::Key),
                    None => OpenedSecret::DoesNotOpen,
                };
                let better = matches!(secret, OpenedSecret::Key(_)) || !opened.secrets.contains_key(&name);
                if better {
                    opened.secrets.insert(name, secret);
                }
            }
        }
    }
    opened.opens_default = stored
        .facts
        .usable_default()
        .is_some_and(|id| opened.storage_keys.contains_key(id));
    opened
}

/// Reads a secret's text: unpadded base64 of 32 bytes.
pub(crate) fn private_key(text: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let bytes = Zeroizing::new(base64_text::decode(std::str::from_utf8(text).ok()?)?);
    let mut key = Zeroizing::new([0; 32]);
    (bytes.len() == 32).then(|| key.copy_from_slice(&bytes))?;
    Some(key)
}

impl Opened {
    /// Tells whether the backup key from secret storage, or the typed key itself, is the private half of `public_key`.
    fn backup_opening(&self, backup: &RawBackup) -> Option<BackupOpening> {
        self.backup_key(backup).map(|(opening, _)| opening)
    }

    /// Returns the private half of a version's key, and how it was found.
    fn backup_key(&self, backup: &RawBackup) -> Option<(BackupOpening, &[u8; 32])> {
        let public_key = backup.public_key()?.trim_end_matches('=');
        if let Some(OpenedSecret::Key(key)) = self.secrets.get(&SecretName::BackupKey)
            && curve25519_public(key) == public_key
        {
            return Some((BackupOpening::ThroughStorage, key));
        }
        let itself = self.key.as_ref().and_then(|it| <&[u8; 32]>::try_from(it.bytes()).ok());
        let itself = itself.filter(|key| curve25519_public(key) == public_key);
        itself.map(|key| (BackupOpening::IsTheBackupKey, key))
    }

    /// Tells whether this candidate could yet open an older backup version: it holds a key that fits nothing newer.
    fn holds_a_backup_key(&self) -> bool {
        self.key.is_some() || matches!(self.secrets.get(&SecretName::BackupKey), Some(OpenedSecret::Key(_)))
    }
}

/// Returns the key that opens a backup version, if some candidate leads to it.
pub(crate) async fn backup_key(opened: &[Opened], backup: &RawBackup) -> Option<Arc<BackupKey>> {
    let bytes = backup_key_bytes(opened, backup).await?;
    BackupKey::from_bytes(&bytes).ok().map(Arc::new)
}

/// Returns the same key as its 32 private bytes.
pub(crate) async fn backup_key_bytes(opened: &[Opened], backup: &RawBackup) -> Option<Zeroizing<[u8; 32]>> {
    if let Some((_, key)) = opened.iter().find_map(|it| it.backup_key(backup)) {
        return Some(Zeroizing::new(*key));
    }
    for it in opened.iter().filter(|it| it.form == CandidateForm::Passphrase) {
        if let Some(key) = legacy_key(&it.typed, backup).await {
            return Some(key);
        }
    }
    None
}

/// Tells whether older backup versions are worth asking for: some candidate holds a key, and none opens the newest.
pub(crate) fn wants_older_versions(opened: &[Opened], newest: Option<&RawBackup>) -> bool {
    let opens = |it: &Opened| newest.is_some_and(|backup| it.backup_opening(backup).is_some());
    !opened.iter().any(opens) && opened.iter().any(Opened::holds_a_backup_key)
}

/// Compares what was opened with what is published and says what each candidate opens.
///
/// `backups` are the known versions, the newest first.
pub(crate) async fn judge(
    opened: Vec<Opened>,
    published: Option<&PublishedKeys>,
    backups: &[RawBackup],
    active: Option<&RawBackup>,
) -> KeyTrial {
    let mut candidates = Vec::new();
    for it in opened {
        let mut backup: BTreeMap<String, BackupOpening> = backups
            .iter()
            .filter_map(|version| Some((version.version.clone(), it.backup_opening(version)?)))
            .collect();
        if let Some(active) = active
            && it.form == CandidateForm::Passphrase
            && !backup.contains_key(&active.version)
            && legacy_key(&it.typed, active).await.is_some()
        {
            backup.insert(active.version.clone(), BackupOpening::LegacyPassphrase);
        }
        let secrets = it
            .secrets
            .iter()
            .map(|(name, secret)| (*name, compare(*name, secret, published, active)));
        candidates.push(Candidate {
            form: it.form,
            secrets: secrets.collect(),
            opens_active_backup: active.is_some_and(|it| backup.contains_key(&it.version)),
            backup,
            opens_default: it.opens_default,
            storage_keys: it.storage_keys.into_keys().collect(),
        });
    }
    KeyTrial { candidates }
}

pub(crate) fn compare(
    name: SecretName,
    secret: &OpenedSecret,
    published: Option<&PublishedKeys>,
    active: Option<&RawBackup>,
) -> SecretTrial {
    let key = match secret {
        OpenedSecret::Key(key) => key,
        OpenedSecret::NotAKey => return SecretTrial::NotAKey,
        OpenedSecret::DoesNotOpen => return SecretTrial::DoesNotOpen,
    };
    let identity = published.map(|it| &it.identity);
    let expected = match name {
        SecretName::Master => identity.and_then(|it| it.master.as_deref()),
        SecretName::SelfSigning => identity
            .and_then(|it| it.self_signing.as_ref())
            .map(|it| it.public_key.as_str()),
        SecretName::UserSigning => identity
            .and_then(|it| it.user_signing.as_ref())
            .map(|it| it.public_key.as_str()),
        SecretName::BackupKey => active.and_then(RawBackup::public_key),
    };
    let public = match name {
        SecretName::BackupKey => curve25519_public(key),
        _ => Ed25519SecretKey::from_slice(key).public_key().to_base64(),
    };
    match expected {
        None => SecretTrial::NothingToCompare,
        Some(expected) if expected.trim_end_matches('=') == public => SecretTrial::Fits,
        Some(_) => SecretTrial::DoesNotFit,
    }
}

fn curve25519_public(key: &[u8; 32]) -> String {
    Curve25519PublicKey::from(&Curve25519SecretKey::from_slice(key)).to_base64()
}

/// Backups of 2019 and before could derive their key from a passphrase with parameters in `auth_data`
/// (`private_key_salt`, `private_key_iterations`), without secret storage.
async fn legacy_key(typed: &SecretString, backup: &RawBackup) -> Option<Zeroizing<[u8; 32]>> {
    let salt = backup
        .auth_data
        .get("private_key_salt")
        .and_then(Value::as_str)
        .filter(|it| !it.is_empty());
    let rounds = backup.auth_data.get("private_key_iterations").and_then(Value::as_u64);
    let rounds = rounds.filter(|it| *it <= lifeboat_report::facts::Passphrase::MAX_ITERATIONS);
    let rounds = rounds
        .and_then(|it| u32::try_from(it).ok())
        .and_then(std::num::NonZeroU32::new);
    let public_key = backup.public_key()?;
    let way = Derivation {
        salt: salt?.as_bytes().to_vec(),
        iterations: rounds?,
        bits: 256,
    };
    let typed = typed.clone();
    let derived = tokio::task::spawn_blocking(move || way.derive(typed.expose_secret())).await;
    derived
        .ok()
        .and_then(|it| <[u8; 32]>::try_from(it.bytes()).ok())
        .map(Zeroizing::new)
        .filter(|key| curve25519_public(key) == public_key.trim_end_matches('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_key() {
        let key = Zeroizing::new([7; 32]);
        let opened = Opened {
            form: CandidateForm::Passphrase,
            key: Some(StorageKey::new(Zeroizing::new(vec![7; 32]))),
            typed: SecretString::from("hunter2"),
            storage_keys: [("ID".to_owned(), StorageKey::new(Zeroizing::new(vec![7; 32])))].into(),
            opens_default: true,
            secrets: [(SecretName::BackupKey, OpenedSecret::Key(key))].into(),
        };
        assert_eq!(
            format!("{opened:?}"),
            "Opened { form: Passphrase, key: Some(StorageKey { .. }), typed: SecretBox<str>([REDACTED]), storage_keys: \
             {\"ID\": StorageKey { .. }}, opens_default: true, secrets: {BackupKey: Key(..)} }"
        );
    }
}
