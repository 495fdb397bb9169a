//! Phrases that several sentences share.

use crate::facts::{Candidate, CandidateForm, DefaultKey, SecretName, Session};
use crate::words::{list, plain};
use crate::{Evidence, FactGap};

/// "It is not known …: the reason."
pub(super) fn unknown(what: &str, evidence: &Evidence) -> String {
    format!("It is not known {what}{}.", why(&evidence.gaps))
}

/// The reasons for the gaps after a colon, each once; nothing when there is none.
pub(super) fn why(gaps: &[FactGap]) -> String {
    let mut reasons: Vec<&str> = gaps.iter().map(|it| it.gap.words()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    if reasons.is_empty() {
        String::new()
    } else {
        format!(": {}", list(reasons))
    }
}

/// "“Pixel 8” (ABCDE) and FGHIJ"
pub(super) fn sessions(evidence: &Evidence) -> String {
    list(evidence.sessions.iter().map(session))
}

/// "“Pixel 8” (ABCDE)", or the device id alone.
fn session(session: &Session) -> String {
    let id = plain(&session.device_id);
    match session.name.as_deref().map(str::trim) {
        Some(name) if !name.is_empty() => format!("“{}” ({id})", plain(name)),
        _ => id,
    }
}

/// "key backup version 3"
pub(super) fn backup(evidence: &Evidence) -> String {
    match &evidence.backup {
        Some(backup) => format!("key backup version {}", plain(&backup.version)),
        None => "the key backup".into(),
    }
}

/// The default key's id after a space; nothing when there is none.
pub(super) fn default_id(evidence: &Evidence) -> String {
    match &evidence.default_key {
        Some(DefaultKey::Named(id)) => format!(" {}", plain(id)),
        _ => String::new(),
    }
}

/// "the master key and the backup key"
pub(super) fn secrets<'a>(names: impl IntoIterator<Item = &'a SecretName>) -> String {
    list(names.into_iter().map(|it| format!("the {}", words(*it))))
}

/// A secret's everyday name.
fn words(name: SecretName) -> &'static str {
    match name {
        SecretName::Master => "private master key",
        SecretName::SelfSigning => "private self-signing key",
        SecretName::UserSigning => "private user-signing key",
        SecretName::BackupKey => "backup key",
    }
}

/// What was typed, as the beginning of a sentence about it in the singular.
pub(super) fn typed(candidates: &[Candidate]) -> String {
    match candidates {
        [
            Candidate {
                form: CandidateForm::RecoveryKey,
                ..
            },
        ] => "The recovery key".into(),
        [
            Candidate {
                form: CandidateForm::Passphrase,
                ..
            },
        ] => "The passphrase".into(),
        [] => "What was typed".into(),
        several => format!("What was typed ({} candidates)", several.len()),
    }
}

/// The backup versions that open, other than the active one.
pub(super) fn other_versions(evidence: &Evidence) -> Vec<String> {
    let active = evidence.backup.as_ref().map(|it| it.version.as_str());
    let opened = evidence.candidates.iter().flat_map(|it| it.backup.keys());
    let mut others: Vec<String> = opened
        .filter(|it| Some(it.as_str()) != active)
        .map(|it| plain(it))
        .collect();
    others.sort_unstable();
    others.dedup();
    others
}
