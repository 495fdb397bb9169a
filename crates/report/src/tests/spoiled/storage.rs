//! Spoiled secret storage and recovery keys.

use std::collections::BTreeMap;

use super::{
    Case, OTHER_KEY, backup_key, case, known, no_storage, opens_other_key, secret_storage, typed, under_other_key,
    without_history, without_key,
};
use crate::facts::{BackupOpening, Candidate, CandidateForm, CheckData, DefaultKey};
use crate::testing::storage_key;
use crate::{Fact, Gap};

pub(super) fn cases() -> Vec<Case> {
    [existence(), default_keys()].into_iter().flatten().collect()
}

fn existence() -> Vec<Case> {
    vec![
        case("no secret storage", &["no-secret-storage C B"], |facts| {
            facts.storage = no_storage();
            without_key(facts);
        }),
        case("no secret storage, no history", &["no-secret-storage N N"], |facts| {
            without_history(facts);
            facts.storage = no_storage();
            without_key(facts);
        }),
        case(
            "legacy backup key",
            &["recovery-key-is-backup-key C C", "no-secret-storage C C"],
            |facts| {
                facts.storage = no_storage();
                typed(facts, vec![backup_key()]);
            },
        ),
        case(
            "legacy backup passphrase",
            &["recovery-key-is-backup-key C C", "no-secret-storage C C"],
            |facts| {
                facts.storage = no_storage();
                let backup = BTreeMap::from([("3".into(), BackupOpening::LegacyPassphrase)]);
                typed(
                    facts,
                    vec![Candidate {
                        form: CandidateForm::Passphrase,
                        backup,
                        ..backup_key()
                    }],
                );
            },
        ),
        case("secret storage not known", &["storage-unknown C B"], |facts| {
            facts.storage = Fact::Unknown(Gap::Offline);
            without_key(facts);
        }),
        case(
            "secret storage not known, and yet opened",
            &["storage-unknown C B"],
            |facts| {
                facts.storage = Fact::Unknown(Gap::Offline);
            },
        ),
        case(
            "secret storage not known, no history",
            &["storage-unknown C C"],
            |facts| {
                without_history(facts);
                facts.storage = Fact::Unknown(Gap::Offline);
                without_key(facts);
            },
        ),
        case(
            "brand-new",
            &[
                "no-key-backup N N",
                "no-secret-storage N N",
                "no-identity N N",
                "only-session N N",
            ],
            |facts| {
                without_history(facts);
                without_key(facts);
                facts.storage = no_storage();
                facts.backup.active = Fact::Known(None);
                facts.identity = Fact::Known(Default::default());
                known(&mut facts.sessions).drain(..2);
            },
        ),
    ]
}

fn default_keys() -> Vec<Case> {
    vec![
        case(
            "no default key",
            &["recovery-key-not-tested C B", "no-default-key C B"],
            |facts| {
                secret_storage(facts).default_key = DefaultKey::NotSet;
                without_key(facts);
            },
        ),
        case(
            "no default key, two others",
            &["recovery-key-opens-other-key C C", "no-default-key C C"],
            |facts| {
                under_other_key(facts);
                secret_storage(facts).default_key = DefaultKey::NotSet;
                typed(facts, vec![opens_other_key()]);
            },
        ),
        case(
            "no default key, no history",
            &["recovery-key-not-tested C C", "no-default-key N N"],
            |facts| {
                without_history(facts);
                secret_storage(facts).default_key = DefaultKey::NotSet;
                without_key(facts);
            },
        ),
        case(
            "default key not described",
            &["recovery-key-opens-other-key C C", "no-default-key C C"],
            |facts| secret_storage(facts).default_key = DefaultKey::Named(OTHER_KEY.into()),
        ),
        case(
            "default key unreadable",
            &["recovery-key-not-tested C B", "no-default-key C B"],
            |facts| {
                secret_storage(facts).default_key = DefaultKey::Unreadable;
                without_key(facts);
            },
        ),
        case("default key named, none described", &["no-default-key C B"], |facts| {
            secret_storage(facts).keys.clear();
            without_key(facts);
        }),
        case(
            "default key unreadable, none described",
            &["no-default-key C B"],
            |facts| {
                secret_storage(facts).default_key = DefaultKey::Unreadable;
                secret_storage(facts).keys.clear();
                without_key(facts);
            },
        ),
        case(
            "default key without check data, proven",
            &["storage-key-unchecked N N"],
            |facts| {
                secret_storage(facts)
                    .keys
                    .values_mut()
                    .for_each(|it| it.check = CheckData::Absent);
            },
        ),
        case(
            "default key with unreadable check data, not tested",
            &["recovery-key-not-tested C B", "storage-key-unchecked C C"],
            |facts| {
                secret_storage(facts)
                    .keys
                    .values_mut()
                    .for_each(|it| it.check = CheckData::Unreadable);
                without_key(facts);
            },
        ),
        case("other key without check data", &[], |facts| {
            let unchecked = crate::facts::StorageKey {
                check: CheckData::Absent,
                ..storage_key()
            };
            secret_storage(facts).keys.insert(OTHER_KEY.into(), unchecked);
        }),
        case("storage key without passphrase", &[], |facts| {
            secret_storage(facts)
                .keys
                .values_mut()
                .for_each(|it| it.passphrase = None);
        }),
        case(
            "absurd passphrase parameters",
            &["passphrase-parameters-absurd C C"],
            |facts| {
                let mut key = storage_key();
                let passphrase = key.passphrase.as_mut().unwrap();
                (passphrase.iterations, passphrase.bits, passphrase.salt_length) = (10_000_001, 256, 0);
                secret_storage(facts).keys.insert(OTHER_KEY.into(), key);
            },
        ),
    ]
}
