//! Sentences about what the recovery key or passphrase opens.

use super::phrase::{backup, default_id, other_versions, secrets, typed, why};
use crate::facts::SecretTrial;
use crate::words::{list, plain};
use crate::{Evidence, Gap};

pub(super) fn not_tested(evidence: &Evidence) -> String {
    let keys = match evidence.storage_keys.len() {
        0 | 1 => "storage key".to_owned(),
        several => format!("{several} storage keys"),
    };
    // That nobody asked is what the sentence says already.
    let gaps: Vec<_> = evidence
        .gaps
        .iter()
        .copied()
        .filter(|it| it.gap != Gap::NotAsked)
        .collect();
    format!(
        "No recovery key or passphrase was tested on the account's {keys}{}.",
        why(&gaps)
    )
}

pub(super) fn opens_nothing(evidence: &Evidence) -> String {
    let typed = typed(&evidence.candidates);
    let keys = match evidence.storage_keys.len() {
        0 => None,
        1 => Some("the account's storage key".to_owned()),
        several => Some(format!("any of the account's {several} storage keys")),
    };
    let closed = match (keys, &evidence.backup) {
        (Some(keys), Some(_)) => format!("opens neither {keys} nor {}", backup(evidence)),
        (Some(keys), None) => format!("does not open {keys}"),
        (None, Some(_)) => format!("does not open {}", backup(evidence)),
        (None, None) => "opens nothing that is in use".into(),
    };
    let others = match other_versions(evidence).as_slice() {
        [] => String::new(),
        [one] => format!("; it opens key backup version {one}, which was replaced"),
        several => format!("; it opens key backup versions {}, which were replaced", list(several)),
    };
    format!("{typed} {closed}{others}.")
}

pub(super) fn opens_other_key(evidence: &Evidence) -> String {
    let mut opened: Vec<String> = evidence
        .candidates
        .iter()
        .flat_map(|it| &it.storage_keys)
        .map(|it| plain(it))
        .collect();
    opened.sort_unstable();
    opened.dedup();
    let default = match default_id(evidence) {
        none if none.is_empty() => "and there is no default one".into(),
        id => format!("but not the default one{id}"),
    };
    format!(
        "{} opens storage key {}, {default}.",
        typed(&evidence.candidates),
        list(opened)
    )
}

pub(super) fn is_backup_key(evidence: &Evidence) -> String {
    let typed = typed(&evidence.candidates);
    format!("{typed} opens {} directly, but not secret storage.", backup(evidence))
}

pub(super) fn of_other_version(evidence: &Evidence) -> String {
    let others = match other_versions(evidence).as_slice() {
        [] => String::new(),
        [one] => format!("; it opens version {one}"),
        several => format!("; it opens versions {}", list(several)),
    };
    format!(
        "The backup key in secret storage does not open {}{others}.",
        backup(evidence)
    )
}

pub(super) fn secrets_do_not_fit(evidence: &Evidence) -> String {
    let groups = [
        (
            SecretTrial::DoesNotFit,
            "does not fit the published identity",
            "do not fit the published identity",
        ),
        (SecretTrial::NotAKey, "is not a key", "are not keys"),
        (SecretTrial::DoesNotOpen, "cannot be decrypted", "cannot be decrypted"),
    ];
    let said = groups.into_iter().filter_map(|(trial, one, many)| {
        let bad = evidence.candidates.iter().flat_map(|it| it.bad_identity_secrets());
        let names: Vec<_> = bad.filter(|(_, it)| *it == trial).map(|(name, _)| name).collect();
        match names.as_slice() {
            [] => None,
            [_] => Some(format!("{} {one}", secrets(&names))),
            _ => Some(format!("{} {many}", secrets(&names))),
        }
    });
    format!("What secret storage holds is not the whole identity: {}.", list(said))
}
