//! The account data of secret storage, in one request.

use std::{collections::BTreeMap, num::NonZeroU32};

use lifeboat_report::{
    Fact, Gap,
    facts::{CheckData, DefaultKey, OffSwitch, Passphrase, Secret, SecretName, SecretStorage, StorageKey},
};
use matrix_sdk::ruma::{
    UserId,
    api::client::{
        config::get_global_account_data,
        filter::{Filter as EventFilter, FilterDefinition},
        sync::sync_events,
    },
    events::GlobalAccountDataEventType,
    presence::PresenceState,
};
use serde_json::Value;

use crate::{
    Caller, base64_text,
    gap::{gap_of, is_not_found},
    storage_key::{Derivation, Sealed},
};

const DEFAULT_KEY: &str = "m.secret_storage.default_key";
const KEY_PREFIX: &str = "m.secret_storage.key.";
/// What secret storage and the off switches consist of.
const TYPES: [&str; 5] = [
    "m.secret_storage.*",
    "m.cross_signing.*",
    "m.megolm_backup.v1",
    "m.key_backup",
    "m.org.matrix.custom.*",
];
const ALGORITHM: &str = "m.secret_storage.v1.aes-hmac-sha2";

/// Secret storage as it lies on the server: what is told of it, and what is needed to open it.
#[derive(Clone, Debug)]
pub(crate) struct StoredSecrets {
    pub(crate) facts: SecretStorage,
    pub(crate) off_switch: Option<OffSwitch>,
    pub(crate) keys: BTreeMap<String, KeyMaterial>,
    pub(crate) sealed: BTreeMap<SecretName, BTreeMap<String, Sealed>>,
}

/// What is needed to try a key.
#[derive(Clone, Debug)]
pub(crate) struct KeyMaterial {
    pub(crate) derivation: Option<Derivation>,
    pub(crate) check: Option<([u8; 16], Vec<u8>)>,
}

/// Reads all account data that secret storage consists of. Changes nothing.
///
/// `GET /_matrix/client/v3/sync` with a filter for these types and no rooms
/// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3sync)): the only request that lists
/// keys whose ids nobody knows. It has no `since`, so it takes nothing out of the session's to-device inbox. What a
/// server leaves out of it is asked for by name.
pub(crate) async fn stored_secrets(caller: &Caller, user: &UserId) -> Fact<StoredSecrets> {
    let mut content = match account_data(caller, Some(&TYPES)).await {
        Ok(content) => content,
        Err(gap) => return Fact::Unknown(gap),
    };
    if let Err(gap) = fill(caller, user, &mut content, DEFAULT_KEY).await {
        return Fact::Unknown(gap);
    }
    let described = match default_key(content.get(DEFAULT_KEY)) {
        DefaultKey::Named(id) => Some(format!("{KEY_PREFIX}{id}")),
        DefaultKey::NotSet | DefaultKey::Unreadable => None,
    };
    let secrets = SecretName::ALL.iter().map(|it| it.event_type().to_owned());
    // Without a default key there is nothing that a client would look up.
    for name in described
        .into_iter()
        .flat_map(|it| std::iter::once(it).chain(secrets.clone()))
    {
        if let Err(gap) = fill(caller, user, &mut content, &name).await {
            return Fact::Unknown(gap);
        }
    }
    Fact::Known(read(&content))
}

/// Account data by type.
pub(crate) type Content = BTreeMap<String, Value>;

/// Reads all account data of the user, whatever it is, and asks by name for the parts of secret storage that are not
/// among it. Changes nothing.
pub(crate) async fn everything(caller: &Caller, user: &UserId) -> Result<Content, Gap> {
    let mut content = account_data(caller, None).await?;
    let switches = ["m.key_backup", "m.org.matrix.custom.backup_disabled"];
    let secrets = SecretName::ALL.iter().map(|it| it.event_type());
    for kind in secrets.chain(switches).chain([DEFAULT_KEY]) {
        fill(caller, user, &mut content, kind).await?;
    }
    if let DefaultKey::Named(id) = default_key(content.get(DEFAULT_KEY)) {
        fill(caller, user, &mut content, &format!("{KEY_PREFIX}{id}")).await?;
    }
    Ok(content)
}

async fn account_data(caller: &Caller, types: Option<&[&str]>) -> Result<Content, Gap> {
    let mut account_data = EventFilter::default();
    account_data.types = types.map(|it| it.iter().map(|it| (*it).to_owned()).collect());
    account_data.not_types = vec![unheard_of()?];
    let mut filter = FilterDefinition::ignore_all();
    filter.account_data = account_data;
    let mut request = sync_events::v3::Request::new();
    request.filter = Some(sync_events::v3::Filter::FilterDefinition(filter));
    request.set_presence = PresenceState::Offline;
    let answer = caller
        .ask(|| caller.client().send(request.clone()))
        .await
        .map_err(|error| gap_of(&error))?;
    let events = answer.account_data.events.iter();
    Ok(events
        .filter_map(|it| {
            let mut event: Value = serde_json::from_str(it.json().get()).ok()?;
            let kind = event.get("type")?.as_str()?.to_owned();
            Some((kind, event.get_mut("content")?.take()))
        })
        .collect())
}

/// A type that nobody has, another one each time. Synapse answers the same first sync of one session from memory for two
/// minutes (`sync_response_cache_duration`): a second look would see the account as it was at the first.
fn unheard_of() -> Result<String, Gap> {
    let mut bytes = [0; 8];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Gap::Failed)?;
    Ok(format!("org.lifeboat.{:016x}", u64::from_be_bytes(bytes)))
}

/// Fetches one type unless it is there already.
///
/// `GET /_matrix/client/v3/user/{userId}/account_data/{type}`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3useruseridaccount_datatype)).
async fn fill(caller: &Caller, user: &UserId, content: &mut Content, kind: &str) -> Result<(), Gap> {
    if content.contains_key(kind) {
        return Ok(());
    }
    let request = get_global_account_data::v3::Request::new(user.to_owned(), GlobalAccountDataEventType::from(kind));
    match caller.ask(|| caller.client().send(request.clone())).await {
        Ok(answer) => {
            let value = serde_json::from_str(answer.account_data.json().get()).map_err(|_| Gap::Unreadable)?;
            content.insert(kind.to_owned(), value);
            Ok(())
        }
        Err(error) if is_not_found(&error) => Ok(()),
        Err(error) => Err(gap_of(&error)),
    }
}

/// Reads what account data says of secret storage.
pub(crate) fn read(content: &Content) -> StoredSecrets {
    let descriptions = content
        .iter()
        .filter_map(|(kind, value)| Some((kind.strip_prefix(KEY_PREFIX)?, value)));
    // `{}` is how account data is deleted.
    let descriptions = descriptions.filter(|(_, value)| !is_blank(value));
    let (mut facts, mut keys) = (BTreeMap::new(), BTreeMap::new());
    for (id, value) in descriptions {
        let (key, material) = read_key(value);
        facts.insert(id.to_owned(), key);
        keys.extend(material.map(|it| (id.to_owned(), it)));
    }
    let mut secrets = BTreeMap::new();
    let mut sealed = BTreeMap::new();
    for name in SecretName::ALL {
        let (secret, ciphers) = read_secret(content.get(name.event_type()));
        secrets.insert(name, secret);
        sealed.insert(name, ciphers);
    }
    let facts = SecretStorage {
        default_key: default_key(content.get(DEFAULT_KEY)),
        keys: facts,
        secrets,
    };
    // Sanity is judged there, too.
    let derivable = facts.derivable();
    for (_, key) in keys.iter_mut().filter(|(id, _)| !derivable.contains(id.as_str())) {
        key.derivation = None;
    }
    StoredSecrets {
        facts,
        off_switch: off_switch(content),
        keys,
        sealed,
    }
}

/// Tells whether account data was deleted, as far as it can be.
pub(crate) fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty)
}

fn default_key(content: Option<&Value>) -> DefaultKey {
    match content {
        None => DefaultKey::NotSet,
        Some(value) if is_blank(value) => DefaultKey::NotSet,
        Some(value) => match value.get("key").and_then(Value::as_str) {
            Some(id) => DefaultKey::Named(id.to_owned()),
            None => DefaultKey::Unreadable,
        },
    }
}

fn off_switch(content: &Content) -> Option<OffSwitch> {
    let flag = |kind: &str, name: &str| content.get(kind).and_then(|it| it.get(name)).and_then(Value::as_bool);
    if flag("m.key_backup", "enabled") == Some(false) {
        Some(OffSwitch::KeyBackup)
    } else if flag("m.org.matrix.custom.backup_disabled", "disabled") == Some(true) {
        Some(OffSwitch::BackupDisabled)
    } else {
        None
    }
}

/// Reads a description; with an algorithm that nobody knows there is nothing to try a key with, whatever a secret says.
fn read_key(value: &Value) -> (StorageKey, Option<KeyMaterial>) {
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let passphrase = value.get("passphrase").filter(|it| !it.is_null());
    let (passphrase, derivation) = passphrase.map(read_passphrase).unzip();
    let check = match (text("iv"), text("mac")) {
        (Some(iv), Some(mac)) => {
            let iv = base64_text::decode(iv).and_then(|it| it.try_into().ok());
            let mac = base64_text::decode(mac).filter(|it| it.len() == 32);
            iv.zip(mac).ok_or(CheckData::Unreadable)
        }
        (None, None) if value.get("iv").is_none() && value.get("mac").is_none() => Err(CheckData::Absent),
        _ => Err(CheckData::Unreadable),
    };
    let algorithm = text("algorithm").unwrap_or_default().to_owned();
    let usable = algorithm == ALGORITHM;
    let key = StorageKey {
        algorithm,
        passphrase,
        check: check.as_ref().map_or_else(|problem| *problem, |_| CheckData::Present),
    };
    let material = KeyMaterial {
        derivation: derivation.flatten(),
        check: check.ok(),
    };
    (key, usable.then_some(material))
}

fn read_passphrase(value: &Value) -> (Passphrase, Option<Derivation>) {
    let number = |name: &str| value.get(name).and_then(Value::as_u64);
    let salt = value.get("salt").and_then(Value::as_str).unwrap_or_default();
    let passphrase = Passphrase {
        algorithm: value
            .get("algorithm")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        iterations: number("iterations").unwrap_or_default(),
        bits: value.get("bits").map_or(Some(256), Value::as_u64).unwrap_or_default(),
        salt_length: salt.len() as u64,
    };
    let iterations = u32::try_from(passphrase.iterations).ok().and_then(NonZeroU32::new);
    let derivation = iterations.map(|iterations| Derivation {
        salt: salt.as_bytes().to_vec(),
        iterations,
        bits: passphrase.bits,
    });
    (passphrase, derivation)
}

fn read_secret(content: Option<&Value>) -> (Secret, BTreeMap<String, Sealed>) {
    let Some(content) = content else {
        return (Secret::Missing, BTreeMap::new());
    };
    if is_blank(content) {
        return (Secret::Blanked, BTreeMap::new());
    }
    let Some(encrypted) = content.get("encrypted").and_then(Value::as_object) else {
        return (Secret::Unreadable, BTreeMap::new());
    };
    let sealed: BTreeMap<String, Sealed> = encrypted
        .iter()
        .filter_map(|(id, value)| Some((id.clone(), read_sealed(value)?)))
        .collect();
    let secret = match (encrypted.is_empty(), sealed.is_empty()) {
        (true, _) => Secret::Blanked,
        (false, true) => Secret::Unreadable,
        (false, false) => Secret::StoredUnder(sealed.keys().cloned().collect()),
    };
    (secret, sealed)
}

fn read_sealed(value: &Value) -> Option<Sealed> {
    let bytes = |name: &str| value.get(name).and_then(Value::as_str).and_then(base64_text::decode);
    Some(Sealed {
        iv: bytes("iv")?.try_into().ok()?,
        ciphertext: bytes("ciphertext")?,
        mac: bytes("mac")?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(content: Value) -> StoredSecrets {
        read(&serde_json::from_value(content).unwrap())
    }

    #[test]
    fn nothing_at_all_is_no_secret_storage() {
        let stored = of(json!({}));
        assert_eq!(stored.facts.default_key, DefaultKey::NotSet);
        assert!(stored.facts.keys.is_empty());
        assert_eq!(stored.facts.secret(SecretName::Master), &Secret::Missing);
    }

    #[test]
    fn blanked_parts_count_as_gone() {
        let stored = of(json!({
            DEFAULT_KEY: {}, "m.secret_storage.key.old": {}, "m.cross_signing.master": {},
            "m.megolm_backup.v1": {"encrypted": {}},
        }));
        assert_eq!(stored.facts.default_key, DefaultKey::NotSet);
        assert!(stored.facts.keys.is_empty());
        assert_eq!(stored.facts.secret(SecretName::Master), &Secret::Blanked);
        assert_eq!(stored.facts.secret(SecretName::BackupKey), &Secret::Blanked);
    }

    #[test]
    fn what_cannot_be_understood_is_said() {
        let stored = of(json!({
            DEFAULT_KEY: {"key": 7},
            "m.secret_storage.key.a": {"algorithm": ALGORITHM, "iv": "AA", "mac": "AA"},
            "m.cross_signing.master": {"encrypted": {"a": {"iv": 3}}},
            "m.cross_signing.self_signing": "text",
        }));
        assert_eq!(stored.facts.default_key, DefaultKey::Unreadable);
        assert_eq!(stored.facts.keys["a"].check, CheckData::Unreadable);
        assert_eq!(stored.facts.secret(SecretName::Master), &Secret::Unreadable);
        assert_eq!(stored.facts.secret(SecretName::SelfSigning), &Secret::Unreadable);
    }

    #[test]
    fn absurd_derivations_are_described_and_never_run() {
        for (passphrase, sane) in [
            (
                json!({"algorithm": "m.pbkdf2", "salt": "s", "iterations": 500_000}),
                true,
            ),
            (
                json!({"algorithm": "m.pbkdf2", "salt": "s", "iterations": 10_000_001}),
                false,
            ),
            (
                json!({"algorithm": "m.pbkdf2", "salt": "s", "iterations": 2_147_483_648_u64}),
                false,
            ),
            (json!({"algorithm": "m.pbkdf2", "salt": "s", "iterations": 0}), false),
            (json!({"algorithm": "m.pbkdf2", "salt": "", "iterations": 1}), false),
            (
                json!({"algorithm": "m.pbkdf2", "salt": "s", "iterations": 1, "bits": 100_000}),
                false,
            ),
            (
                json!({"algorithm": "m.pbkdf2", "salt": "s", "iterations": 1, "bits": 130}),
                false,
            ),
            (json!({"algorithm": "m.scrypt", "salt": "s", "iterations": 1}), false),
        ] {
            let stored = of(json!({"m.secret_storage.key.a": {"algorithm": ALGORITHM, "passphrase": passphrase}}));
            assert_eq!(stored.keys["a"].derivation.is_some(), sane, "{passphrase}");
            assert_eq!(
                stored.facts.keys["a"].passphrase.as_ref().unwrap().is_sane(),
                sane,
                "{passphrase}"
            );
        }
    }

    #[test]
    fn many_derivations_have_a_limit_together() {
        let passphrase = json!({"algorithm": "m.pbkdf2", "salt": "s", "iterations": 10_000_000});
        let keys = (0..100).map(|it| {
            let description = json!({"algorithm": ALGORITHM, "passphrase": passphrase});
            (format!("m.secret_storage.key.{it}"), description)
        });
        let stored = of(Value::Object(keys.collect()));
        let derived = stored.keys.values().filter(|it| it.derivation.is_some());
        assert_eq!((derived.count(), stored.keys.len()), (10, 100));
    }

    #[test]
    fn either_off_switch_is_seen_and_an_on_switch_is_none() {
        assert_eq!(
            of(json!({"m.key_backup": {"enabled": false}})).off_switch,
            Some(OffSwitch::KeyBackup)
        );
        let older = json!({"m.org.matrix.custom.backup_disabled": {"disabled": true}});
        assert_eq!(of(older).off_switch, Some(OffSwitch::BackupDisabled));
        assert_eq!(of(json!({"m.key_backup": {"enabled": true}})).off_switch, None);
    }
}
