//! Sentences about the identity, the sessions and who keeps the account.

use super::backup::held;
use super::phrase::{sessions, unknown, why};
use crate::words::{count, list, plain};
use crate::{Evidence, FactName};

pub(super) fn incomplete(evidence: &Evidence) -> String {
    let missing = list(evidence.missing_keys.iter().map(|it| format!("the {}", it.words())));
    format!("The identity is published without {missing}.")
}

pub(super) fn badly_signed(evidence: &Evidence) -> String {
    let each = evidence.badly_signed_keys.iter();
    let each = list(each.map(|(key, it)| format!("the {} (signature {})", key.words(), held(*it))));
    format!("The master key does not vouch for {each}.")
}

pub(super) fn sessions_unknown(evidence: &Evidence) -> String {
    if evidence.gaps.iter().any(|it| it.fact == FactName::Sessions) {
        return unknown("which sessions this account has", evidence);
    }
    format!(
        "The encryption keys of {} are not known{}.",
        sessions(evidence),
        why(&evidence.gaps)
    )
}

pub(super) fn stale(evidence: &Evidence) -> String {
    let number = count(evidence.sessions.len(), "other session was", "other sessions were");
    format!(
        "{number} last active before the newest encrypted message was sent: {}.",
        sessions(evidence)
    )
}

pub(super) fn silent(evidence: &Evidence) -> String {
    let number = count(evidence.sessions.len(), "other session", "other sessions");
    format!(
        "{number} did not answer when asked for the backup key: {}.",
        sessions(evidence)
    )
}

pub(super) fn not_signed(evidence: &Evidence) -> String {
    let number = count(evidence.sessions.len(), "other session", "other sessions");
    format!("The identity does not vouch for {number}: {}.", sessions(evidence))
}

pub(super) fn keyless(evidence: &Evidence) -> String {
    let number = count(evidence.sessions.len(), "other session has", "other sessions have");
    format!("{number} no encryption keys: {}.", sessions(evidence))
}

pub(super) fn dehydrated(evidence: &Evidence) -> String {
    let number = count(
        evidence.sessions.len(),
        "dehydrated device collects",
        "dehydrated devices collect",
    );
    format!("{number} room keys for a later session: {}.", sessions(evidence))
}

pub(super) fn signs_in_elsewhere(evidence: &Evidence) -> String {
    let providers = list(evidence.providers.iter().map(|it| plain(it)));
    if providers.is_empty() {
        return "An identity provider signs the person in.".into();
    }
    format!("An identity provider signs the person in: {providers}.")
}

pub(super) fn restricted(evidence: &Evidence) -> String {
    if evidence.restrictions.is_empty() {
        return "Administrators have restricted this account.".into();
    }
    let words = list(evidence.restrictions.iter().map(|it| it.words()));
    format!("Administrators have restricted this account: it is {words}.")
}

pub(super) fn delegated(evidence: &Evidence) -> String {
    match &evidence.oauth {
        Some(oauth) => format!("The accounts of this server are kept by {}.", plain(&oauth.issuer)),
        None => "The accounts of this server are kept by another server.".into(),
    }
}
