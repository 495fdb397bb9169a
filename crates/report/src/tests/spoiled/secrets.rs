//! Spoiled secrets.

use super::{
    Case, OTHER_KEY, active, backup_key, case, opens_other_key, secret_storage, spoil, typed, under_other_key,
    without_backup, without_history, without_key,
};
use crate::Fact;
use crate::facts::{Candidate, DefaultKey, Secret, SecretName, SecretTrial};
use crate::testing::storage_key;

pub(super) fn cases() -> Vec<Case> {
    of_identity().into_iter().chain(of_backup()).collect()
}

fn of_identity() -> Vec<Case> {
    let other = || Secret::StoredUnder(vec![OTHER_KEY.into()]);
    vec![
        case("identity secret missing", &["secret-missing C C"], |facts| {
            spoil(facts, SecretName::SelfSigning, Secret::Missing);
        }),
        case("identity secrets nobody looked for", &["secret-missing C C"], |facts| {
            secret_storage(facts)
                .secrets
                .retain(|name, _| *name == SecretName::BackupKey);
        }),
        case("identity secret blanked", &["secret-blanked C C"], |facts| {
            spoil(facts, SecretName::Master, Secret::Blanked);
        }),
        case("identity secret unreadable", &["secret-unreadable C C"], |facts| {
            spoil(facts, SecretName::UserSigning, Secret::Unreadable);
        }),
        case(
            "identity secret under another key",
            &["secret-under-other-key C C"],
            |facts| {
                secret_storage(facts).keys.insert(OTHER_KEY.into(), storage_key());
                spoil(facts, SecretName::Master, other());
            },
        ),
        case("identity secret under both keys", &[], |facts| {
            secret_storage(facts).keys.insert(OTHER_KEY.into(), storage_key());
            let both = Secret::StoredUnder(vec!["KEY1default".into(), OTHER_KEY.into()]);
            secret_storage(facts).secrets.insert(SecretName::Master, both);
        }),
        case(
            "identity secret under no key",
            &["secret-under-other-key C C"],
            |facts| {
                spoil(facts, SecretName::Master, Secret::StoredUnder(vec![]));
            },
        ),
        case("every secret blanked", &["secret-blanked C B"], |facts| {
            for name in SecretName::ALL {
                spoil(facts, name, Secret::Blanked);
            }
        }),
        case(
            "secrets under the old key",
            &["recovery-key-opens-other-key C C", "secret-under-other-key C C"],
            |facts| {
                under_other_key(facts);
                typed(facts, vec![opens_other_key()]);
            },
        ),
        case(
            "secrets blanked without storage",
            &["no-secret-storage C B", "secret-blanked C B"],
            |facts| {
                for name in SecretName::ALL {
                    spoil(facts, name, Secret::Blanked);
                }
                secret_storage(facts).keys.clear();
                secret_storage(facts).default_key = DefaultKey::NotSet;
                without_key(facts);
            },
        ),
    ]
}

fn of_backup() -> Vec<Case> {
    let other = || Secret::StoredUnder(vec![OTHER_KEY.into()]);
    vec![
        case("backup key blanked", &["secret-blanked C B"], |facts| {
            spoil(facts, SecretName::BackupKey, Secret::Blanked);
        }),
        case("backup key blanked, no history", &["secret-blanked N N"], |facts| {
            without_history(facts);
            spoil(facts, SecretName::BackupKey, Secret::Blanked);
        }),
        case(
            "backup and identity keys blanked, no history",
            &["secret-blanked C C"],
            |facts| {
                without_history(facts);
                spoil(facts, SecretName::BackupKey, Secret::Blanked);
                spoil(facts, SecretName::Master, Secret::Blanked);
            },
        ),
        case("backup key blanked, but typed", &["secret-blanked C C"], |facts| {
            spoil(facts, SecretName::BackupKey, Secret::Blanked);
            typed(facts, vec![without_backup(None), backup_key()]);
            facts.proof = crate::testing::healthy_facts().proof;
        }),
        case(
            "backup key blanked, no backup",
            &["no-key-backup C B", "secret-blanked C C"],
            |facts| {
                spoil(facts, SecretName::BackupKey, Secret::Blanked);
                facts.backup.active = Fact::Known(None);
            },
        ),
        case(
            "backup key blanked, no backup, no history",
            &["no-key-backup N N", "secret-blanked N N"],
            |facts| {
                without_history(facts);
                spoil(facts, SecretName::BackupKey, Secret::Blanked);
                facts.backup.active = Fact::Known(None);
            },
        ),
        case(
            "backup key blanked, backup of unknown algorithm",
            &["backup-algorithm-unknown C B", "secret-blanked C B"],
            |facts| {
                spoil(facts, SecretName::BackupKey, Secret::Blanked);
                active(facts).algorithm = crate::facts::BackupAlgorithm::Unknown("org.example.backup".into());
            },
        ),
        case("backup key unreadable", &["secret-unreadable C B"], |facts| {
            spoil(facts, SecretName::BackupKey, Secret::Unreadable);
        }),
        case(
            "backup key under another key",
            &["secret-under-other-key C B"],
            |facts| {
                secret_storage(facts).keys.insert(OTHER_KEY.into(), storage_key());
                spoil(facts, SecretName::BackupKey, other());
            },
        ),
        case(
            "every secret under another key",
            &["recovery-key-not-tested C B", "secret-under-other-key C B"],
            |facts| {
                under_other_key(facts);
                without_key(facts);
            },
        ),
        case(
            "backup key under another key, which is opened and holds an old one",
            &[
                "backup-key-of-other-version C B",
                "recovery-key-opens-other-key C B",
                "secret-under-other-key C B",
            ],
            |facts| {
                under_other_key(facts);
                let old = without_backup(Some(SecretTrial::DoesNotFit));
                typed(
                    facts,
                    vec![Candidate {
                        storage_keys: vec![OTHER_KEY.into()],
                        opens_default: false,
                        ..old
                    }],
                );
            },
        ),
    ]
}
