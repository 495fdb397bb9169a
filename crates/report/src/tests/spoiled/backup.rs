//! Spoiled backups and coverage.

use std::collections::BTreeMap;

use super::{
    Case, active, backup_key, case, known, secret_storage, spoil, typed, without_backup, without_history, without_key,
};
use crate::facts::{
    BackupAlgorithm, BackupOpening, BackupSignature, Candidate, OffSwitch, Secret, SecretName, SecretTrial, Signature,
    Signer,
};
use crate::testing::candidate;
use crate::{Fact, Gap};

pub(super) fn cases() -> Vec<Case> {
    [coverage(), existence(), keys(), proofs(), signatures()]
        .into_iter()
        .flatten()
        .collect()
}

fn coverage() -> Vec<Case> {
    vec![
        case("messages at risk", &["coverage-at-risk C B"], |facts| {
            let coverage = known(&mut facts.coverage);
            (coverage.covered, coverage.at_risk) = (53_221, 1_204);
        }),
        case(
            "messages at risk that are not said to be",
            &["coverage-at-risk C B"],
            |facts| {
                known(&mut facts.coverage).covered = 54_424;
            },
        ),
        case("no message, and yet some at risk", &["coverage-at-risk C B"], |facts| {
            without_history(facts);
            known(&mut facts.coverage).at_risk = 1;
        }),
        case("history read in part", &["coverage-partial C B"], |facts| {
            known(&mut facts.coverage).complete = false;
        }),
        case(
            "history read in part, without a message",
            &["coverage-partial C B"],
            |facts| {
                without_history(facts);
                known(&mut facts.coverage).complete = false;
            },
        ),
        case(
            "history read in part, messages at risk",
            &["coverage-at-risk C B", "coverage-partial C B"],
            |facts| {
                let coverage = known(&mut facts.coverage);
                (coverage.covered, coverage.at_risk, coverage.complete) = (54_424, 1, false);
            },
        ),
        case("coverage not asked for", &["coverage-unknown C B"], |facts| {
            facts.coverage = Fact::Unknown(Gap::NotAsked);
        }),
        case("rate limit", &["coverage-unknown C B", "rate-limited C C"], |facts| {
            facts.coverage = Fact::Unknown(Gap::RateLimited);
        }),
        case(
            "rate limit where it threatens nothing",
            &["rate-limited C C"],
            |facts| {
                facts.server.support = Fact::Unknown(Gap::RateLimited);
            },
        ),
        case("rate limit of what only administrators ask", &[], |facts| {
            facts.server.admin_api = Fact::Unknown(Gap::RateLimited);
        }),
        case("no history", &[], without_history),
    ]
}

fn existence() -> Vec<Case> {
    vec![
        case("no backup", &["no-key-backup C B"], |facts| {
            facts.backup.active = Fact::Known(None);
            typed(facts, vec![without_backup(Some(SecretTrial::NothingToCompare))]);
            facts.proof = Fact::Unknown(Gap::NotAsked);
        }),
        case("no backup, no history", &["no-key-backup N N"], |facts| {
            without_history(facts);
            facts.backup.active = Fact::Known(None);
            typed(facts, vec![without_backup(Some(SecretTrial::NothingToCompare))]);
            facts.proof = Fact::Unknown(Gap::NotAsked);
        }),
        case("backup not known", &["backup-unknown C B"], |facts| {
            facts.backup.active = Fact::Unknown(Gap::Refused);
        }),
        case("backup not known, no history", &["backup-unknown C C"], |facts| {
            without_history(facts);
            facts.backup.active = Fact::Unknown(Gap::Refused);
        }),
        case(
            "backup of unknown algorithm",
            &["backup-algorithm-unknown C B"],
            |facts| {
                active(facts).algorithm = BackupAlgorithm::Unknown("org.example.backup".into());
            },
        ),
        case(
            "backup of unknown algorithm, no history",
            &["backup-algorithm-unknown N N"],
            |facts| {
                without_history(facts);
                active(facts).algorithm = BackupAlgorithm::Unknown("org.example.backup".into());
            },
        ),
        case("backup switched off", &["backup-switched-off C C"], |facts| {
            facts.backup.switched_off = Fact::Known(Some(OffSwitch::KeyBackup));
        }),
        case("off switch not known", &["off-switch-unknown C C"], |facts| {
            facts.backup.switched_off = Fact::Unknown(Gap::Unreadable);
        }),
    ]
}

fn keys() -> Vec<Case> {
    vec![
        case(
            "backup key of an older version",
            &["backup-key-of-other-version C B"],
            |facts| {
                let older = BTreeMap::from([("2".into(), BackupOpening::ThroughStorage)]);
                typed(
                    facts,
                    vec![Candidate {
                        backup: older,
                        ..without_backup(Some(SecretTrial::DoesNotFit))
                    }],
                );
            },
        ),
        case(
            "backup key of an older version, no history",
            &["backup-key-of-other-version N N"],
            |facts| {
                without_history(facts);
                typed(facts, vec![without_backup(Some(SecretTrial::DoesNotFit))]);
            },
        ),
        case(
            "backup key that is no key",
            &["backup-key-of-other-version C B"],
            |facts| {
                typed(facts, vec![without_backup(Some(SecretTrial::NotAKey))]);
            },
        ),
        case(
            "backup key that was not tried",
            &["backup-key-of-other-version C B"],
            |facts| {
                typed(facts, vec![without_backup(None)]);
            },
        ),
        case(
            "backup key that fits and opens nothing",
            &["backup-key-of-other-version C B"],
            |facts| {
                typed(facts, vec![without_backup(Some(SecretTrial::Fits))]);
            },
        ),
        case(
            "opens the active version by its summary only",
            &["backup-key-of-other-version C B"],
            |facts| {
                typed(
                    facts,
                    vec![Candidate {
                        opens_active_backup: true,
                        ..without_backup(Some(SecretTrial::Fits))
                    }],
                );
            },
        ),
        case(
            "opens the active version by its details only",
            &["backup-key-of-other-version C B"],
            |facts| {
                typed(
                    facts,
                    vec![Candidate {
                        opens_active_backup: false,
                        ..candidate()
                    }],
                );
            },
        ),
        case(
            "backup key of an older version, and the right one typed",
            &[],
            |facts| {
                typed(facts, vec![without_backup(Some(SecretTrial::DoesNotFit)), backup_key()]);
            },
        ),
        case(
            "backup key not in storage",
            &["backup-key-not-in-storage C B"],
            |facts| {
                spoil(facts, SecretName::BackupKey, Secret::Missing);
            },
        ),
        case(
            "backup key not in storage, no history",
            &["backup-key-not-in-storage N N"],
            |facts| {
                without_history(facts);
                spoil(facts, SecretName::BackupKey, Secret::Missing);
            },
        ),
        case(
            "backup key not in storage, but typed",
            &["backup-key-not-in-storage C C"],
            |facts| {
                secret_storage(facts).secrets.remove(&SecretName::BackupKey);
                typed(facts, vec![without_backup(None), backup_key()]);
            },
        ),
        case(
            "backup key not in storage, no backup",
            &["no-key-backup C B"],
            |facts| {
                spoil(facts, SecretName::BackupKey, Secret::Missing);
                facts.backup.active = Fact::Known(None);
            },
        ),
        case(
            "backup key not in storage, backup of unknown algorithm",
            &["backup-algorithm-unknown C B"],
            |facts| {
                spoil(facts, SecretName::BackupKey, Secret::Missing);
                active(facts).algorithm = BackupAlgorithm::Unknown("org.example.backup".into());
            },
        ),
    ]
}

fn proofs() -> Vec<Case> {
    vec![
        case("damaged entries", &["backup-damaged N C"], |facts| {
            let proof = known(&mut facts.proof);
            proof.open = 8_400;
            proof.damaged = BTreeMap::from([("mac-wrong".into(), 10), ("not-base64".into(), 2), ("unused".into(), 0)]);
        }),
        case("one damaged entry, no history", &["backup-damaged N N"], |facts| {
            without_history(facts);
            known(&mut facts.proof).damaged.insert("mac-wrong".into(), 1);
        }),
        case(
            "entries that do not open for no reason",
            &["backup-damaged N C"],
            |facts| {
                known(&mut facts.proof).open = 8_411;
            },
        ),
        case("not proven", &["backup-not-proven N C"], |facts| {
            facts.proof = Fact::Unknown(Gap::NotAsked)
        }),
        case("proven in part", &["backup-not-proven N C"], |facts| {
            let proof = known(&mut facts.proof);
            (proof.entries, proof.open, proof.complete) = (1, 1, false);
        }),
        case(
            "proven in part, damaged",
            &["backup-damaged N C", "backup-not-proven N C"],
            |facts| {
                let proof = known(&mut facts.proof);
                (proof.open, proof.complete) = (8_000, false);
            },
        ),
        case(
            "proven, but fewer entries than there are",
            &["backup-not-proven N C"],
            |facts| {
                let proof = known(&mut facts.proof);
                (proof.entries, proof.open) = (8_411, 8_411);
            },
        ),
        case("another version proven", &["backup-not-proven N C"], |facts| {
            let proof = known(&mut facts.proof);
            (proof.version, proof.open) = ("2".into(), 0);
        }),
        case("empty backup, nothing to prove", &[], |facts| {
            active(facts).count = 0;
            facts.proof = Fact::Unknown(Gap::NotAsked);
        }),
        case("one entry, not proven", &["backup-not-proven N C"], |facts| {
            active(facts).count = 1;
            facts.proof = Fact::Unknown(Gap::Offline);
        }),
    ]
}

fn signatures() -> Vec<Case> {
    let signed = |signer, signature| vec![BackupSignature { signer, signature }];
    vec![
        case("backup signed by nobody", &["backup-unsigned N N"], |facts| {
            active(facts).signatures.clear()
        }),
        case(
            "backup signed by nobody, key not tested",
            &["recovery-key-not-tested C B", "backup-unsigned C C"],
            |facts| {
                active(facts).signatures.clear();
                without_key(facts);
            },
        ),
        case("backup signed by strangers", &["backup-not-trusted C C"], |facts| {
            active(facts).signatures = [
                signed(Signer::UnsignedSession("OLDLAPTOP1".into()), Signature::Valid),
                signed(Signer::Stranger("ed25519:GONEDEVICE".into()), Signature::UnknownKey),
            ]
            .concat();
        }),
        case("backup badly signed", &["backup-not-trusted C C"], |facts| {
            active(facts).signatures = [
                signed(Signer::Master, Signature::Invalid),
                signed(Signer::SignedSession("PIXEL8PHON".into()), Signature::Missing),
            ]
            .concat();
        }),
        case("backup signed by a verified session", &[], move |facts| {
            active(facts).signatures = signed(Signer::SignedSession("PIXEL8PHON".into()), Signature::Valid);
        }),
    ]
}
