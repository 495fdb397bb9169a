//! Sentences about the key backup and what it covers.

use super::phrase::{backup, why};
use crate::Evidence;
use crate::facts::{BackupAlgorithm, Signature, Signer};
use crate::words::{count, grouped, list, plain};

pub(super) fn at_risk(evidence: &Evidence) -> String {
    let Some(coverage) = &evidence.coverage else {
        return "Some encrypted messages are not covered by the key backup.".into();
    };
    format!(
        "{} of {} are not covered by the key backup.",
        grouped(coverage.lost()),
        count(
            coverage.total.max(coverage.lost()),
            "encrypted message",
            "encrypted messages"
        ),
    )
}

pub(super) fn partial(evidence: &Evidence) -> String {
    let total = evidence.coverage.as_ref().map_or(0, |it| it.total);
    format!(
        "Not every encrypted room was read to its start; {} looked at.",
        count(total, "encrypted message was", "encrypted messages were"),
    )
}

pub(super) fn unknown_algorithm(evidence: &Evidence) -> String {
    let algorithm = match evidence.backup.as_ref().map(|it| &it.algorithm) {
        Some(BackupAlgorithm::Unknown(name)) => format!(": {}", plain(name)),
        _ => String::new(),
    };
    format!(
        "The algorithm of {} is not one that Lifeboat can open{algorithm}.",
        backup(evidence)
    )
}

pub(super) fn key_not_in_storage(evidence: &Evidence) -> String {
    format!("The backup key ({}) is not in secret storage.", backup(evidence))
}

pub(super) fn unsigned(evidence: &Evidence) -> String {
    format!("Nobody has signed {}.", backup(evidence))
}

pub(super) fn not_trusted(evidence: &Evidence) -> String {
    let signatures = evidence.backup.iter().flat_map(|it| &it.signatures);
    let each = list(signatures.map(|it| format!("{} (signature {})", signer(&it.signer), held(it.signature))));
    format!(
        "Nobody whom the identity vouches for has validly signed {}; signed by: {each}.",
        backup(evidence)
    )
}

fn signer(signer: &Signer) -> String {
    match signer {
        Signer::Master => "the master key".into(),
        Signer::SignedSession(id) => format!("the verified session {}", plain(id)),
        Signer::UnsignedSession(id) => format!("the unverified session {}", plain(id)),
        Signer::Stranger(id) => format!("the unknown key {}", plain(id)),
    }
}

/// Says what a check of a signature gave.
pub(super) fn held(signature: Signature) -> &'static str {
    match signature {
        Signature::Valid => "valid",
        Signature::Missing => "missing",
        Signature::Invalid => "does not hold",
        Signature::UnknownKey => "cannot be checked",
    }
}

pub(super) fn damaged(evidence: &Evidence) -> String {
    let Some(proof) = &evidence.proof else {
        return format!("Some entries of {} do not open.", backup(evidence));
    };
    let by_reason = proof.damaged.iter().filter(|(_, number)| **number > 0);
    let reasons = list(by_reason.map(|(why, number)| format!("{} {}", grouped(*number), plain(why))));
    let reasons = if reasons.is_empty() {
        reasons
    } else {
        format!(": {reasons}")
    };
    format!(
        "{} of {} of {} do not open{reasons}.",
        grouped(proof.damaged_entries()),
        count(proof.entries, "entry", "entries"),
        backup(evidence),
    )
}

pub(super) fn not_proven(evidence: &Evidence) -> String {
    let entries = evidence.backup.as_ref().map_or(0, |it| it.count);
    let tested = match (&evidence.proof, &evidence.backup) {
        (Some(proof), Some(active)) if proof.version == active.version => {
            format!("; {} tested", count(proof.entries, "was", "were"))
        }
        (Some(proof), _) => format!("; version {} was tested", plain(&proof.version)),
        (None, _) => why(&evidence.gaps),
    };
    format!(
        "It is not proven that the {} of {} can be opened{tested}.",
        count(entries, "entry", "entries"),
        backup(evidence),
    )
}
