//! Sentences about secret storage and the secrets in it.

use std::collections::BTreeMap;

use super::phrase::{default_id, secrets};
use crate::Evidence;
use crate::facts::{DefaultKey, Secret, SecretName};
use crate::words::{count, list, plain};

pub(super) fn no_default_key(evidence: &Evidence) -> String {
    let described = match evidence.storage_keys.as_slice() {
        [] => "no storage key is described".into(),
        [one] => format!("the only one described is {}", plain(one)),
        several => format!("described are {}", list(several.iter().map(|it| plain(it)))),
    };
    match &evidence.default_key {
        Some(DefaultKey::Named(id)) => {
            format!("The default storage key {} is not described; {described}.", plain(id))
        }
        Some(DefaultKey::Unreadable) => {
            format!("Which storage key is the default one cannot be understood; {described}.")
        }
        Some(DefaultKey::NotSet) | None => {
            format!("Secret storage has no default key; {described}.")
        }
    }
}

pub(super) fn unchecked(evidence: &Evidence) -> String {
    format!(
        "A typed key cannot be checked against the default storage key{}.",
        default_id(evidence)
    )
}

pub(super) fn absurd_passphrase(evidence: &Evidence) -> String {
    let each = evidence.passphrases.iter().map(|(id, it)| {
        format!(
            "{} ({}, {}, {}, a salt of {})",
            plain(id),
            plain(&it.algorithm),
            count(it.iterations, "round", "rounds"),
            count(it.bits, "bit", "bits"),
            count(it.salt_length, "byte", "bytes"),
        )
    });
    format!("No key is derived from a passphrase for storage key {}.", list(each))
}

pub(super) fn missing(evidence: &Evidence) -> String {
    format!("Secret storage lacks {}.", secrets(evidence.secrets.keys()))
}

pub(super) fn blanked(evidence: &Evidence) -> String {
    format!(
        "Secret storage has only a blank in the place of {}.",
        secrets(evidence.secrets.keys())
    )
}

pub(super) fn unreadable(evidence: &Evidence) -> String {
    let secrets = secrets(evidence.secrets.keys());
    format!("Secret storage has something that cannot be understood in the place of {secrets}.")
}

pub(super) fn under_other_key(evidence: &Evidence) -> String {
    let mut by_keys: BTreeMap<String, Vec<&SecretName>> = BTreeMap::new();
    for (name, secret) in &evidence.secrets {
        let under = match secret {
            Secret::StoredUnder(keys) if !keys.is_empty() => list(keys.iter().map(|it| plain(it))),
            _ => "no key".into(),
        };
        by_keys.entry(under).or_default().push(name);
    }
    let each = by_keys
        .into_iter()
        .map(|(under, names)| format!("{} under {under}", secrets(names)));
    format!(
        "Not stored under the default storage key{}: {}.",
        default_id(evidence),
        list(each)
    )
}
