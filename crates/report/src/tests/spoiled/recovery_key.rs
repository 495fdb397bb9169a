//! Recovery keys that open something else, or nothing.

use std::collections::BTreeMap;

use super::{
    Case, OTHER_KEY, backup_key, case, no_storage, opens_other_key, secret_storage, typed, useless, without_history,
    without_key,
};
use crate::Fact;
use crate::facts::{BackupOpening, Candidate, CandidateForm, SecretName, SecretTrial};
use crate::testing::{candidate, storage_key};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("key not tested", &["recovery-key-not-tested C B"], without_key),
        case(
            "key not tested, no history",
            &["recovery-key-not-tested C C"],
            |facts| {
                without_history(facts);
                without_key(facts);
            },
        ),
        case("no candidate", &["recovery-key-opens-nothing C B"], |facts| {
            typed(facts, vec![])
        }),
        case("key opens nothing", &["recovery-key-opens-nothing C B"], |facts| {
            typed(facts, vec![useless()])
        }),
        case(
            "key opens nothing, no history",
            &["recovery-key-opens-nothing N N"],
            |facts| {
                without_history(facts);
                typed(facts, vec![useless()]);
            },
        ),
        case(
            "keys open nothing of several",
            &["recovery-key-opens-nothing C B"],
            |facts| {
                secret_storage(facts).keys.insert(OTHER_KEY.into(), storage_key());
                typed(
                    facts,
                    vec![
                        useless(),
                        Candidate {
                            form: CandidateForm::Passphrase,
                            ..useless()
                        },
                    ],
                );
            },
        ),
        case(
            "key opens an old version only",
            &["recovery-key-opens-nothing C B"],
            |facts| {
                let backup = BTreeMap::from([("2".into(), BackupOpening::IsTheBackupKey)]);
                typed(facts, vec![Candidate { backup, ..useless() }]);
            },
        ),
        case(
            "key opens old versions only, no storage, no backup",
            &[
                "no-key-backup C B",
                "recovery-key-opens-nothing C B",
                "no-secret-storage C B",
            ],
            |facts| {
                facts.storage = no_storage();
                facts.backup.active = Fact::Known(None);
                let backup = ["1", "2"]
                    .map(|it| (it.to_owned(), BackupOpening::IsTheBackupKey))
                    .into();
                typed(facts, vec![Candidate { backup, ..useless() }]);
            },
        ),
        case(
            "key opens another storage key",
            &["recovery-key-opens-other-key C B"],
            |facts| {
                secret_storage(facts).keys.insert(OTHER_KEY.into(), storage_key());
                let secrets = BTreeMap::new();
                typed(
                    facts,
                    vec![Candidate {
                        secrets,
                        storage_keys: vec![OTHER_KEY.into()],
                        ..useless()
                    }],
                );
            },
        ),
        case(
            "key opens another storage key, no history",
            &["recovery-key-opens-other-key N N"],
            |facts| {
                without_history(facts);
                secret_storage(facts).keys.insert(OTHER_KEY.into(), storage_key());
                typed(
                    facts,
                    vec![Candidate {
                        storage_keys: vec![OTHER_KEY.into()],
                        ..useless()
                    }],
                );
            },
        ),
        case(
            "key opens the default key by its summary only",
            &["recovery-key-opens-other-key C C"],
            |facts| {
                secret_storage(facts).keys.insert(OTHER_KEY.into(), storage_key());
                typed(
                    facts,
                    vec![Candidate {
                        opens_default: true,
                        ..opens_other_key()
                    }],
                );
            },
        ),
        case(
            "key opens the default key by its details only",
            &["recovery-key-opens-other-key C C"],
            |facts| {
                typed(
                    facts,
                    vec![Candidate {
                        opens_default: false,
                        ..candidate()
                    }],
                );
            },
        ),
        case("the right key among wrong ones", &[], |facts| {
            typed(facts, vec![useless(), candidate(), useless()])
        }),
        case(
            "backup key itself, beside secret storage",
            &["recovery-key-is-backup-key C C"],
            |facts| {
                typed(facts, vec![backup_key()]);
            },
        ),
        case(
            "backup key itself, and another storage key",
            &["recovery-key-opens-other-key C C", "recovery-key-is-backup-key C C"],
            |facts| {
                secret_storage(facts).keys.insert(OTHER_KEY.into(), storage_key());
                let other = Candidate {
                    storage_keys: vec![OTHER_KEY.into()],
                    ..useless()
                };
                typed(facts, vec![other, backup_key()]);
            },
        ),
        case("secrets of another identity", &["secrets-do-not-fit C C"], |facts| {
            let mut candidate = candidate();
            candidate.secrets.insert(SecretName::Master, SecretTrial::DoesNotFit);
            candidate.secrets.insert(SecretName::SelfSigning, SecretTrial::NotAKey);
            candidate
                .secrets
                .insert(SecretName::UserSigning, SecretTrial::DoesNotOpen);
            typed(facts, vec![candidate]);
        }),
        case("secrets that do not open", &["secrets-do-not-fit C C"], |facts| {
            let mut candidate = candidate();
            candidate
                .secrets
                .values_mut()
                .for_each(|it| *it = SecretTrial::DoesNotOpen);
            candidate.secrets.insert(SecretName::BackupKey, SecretTrial::Fits);
            typed(facts, vec![candidate]);
        }),
        case(
            "no storage key opens, and there is no backup",
            &["no-key-backup C B", "recovery-key-opens-nothing C B"],
            |facts| {
                facts.backup.active = Fact::Known(None);
                typed(facts, vec![useless()]);
            },
        ),
        case(
            "nothing opens, and there is no storage",
            &["recovery-key-opens-nothing C B", "no-secret-storage C B"],
            |facts| {
                facts.storage = no_storage();
                typed(facts, vec![useless()]);
            },
        ),
        case("secrets of another identity under another key", &[], |facts| {
            let mut other = Candidate {
                storage_keys: vec![OTHER_KEY.into()],
                ..useless()
            };
            other.secrets.insert(SecretName::Master, SecretTrial::DoesNotFit);
            secret_storage(facts).keys.insert(OTHER_KEY.into(), storage_key());
            typed(facts, vec![other, candidate()]);
        }),
        case("secrets and nothing to compare them with", &[], |facts| {
            let mut candidate = candidate();
            candidate
                .secrets
                .insert(SecretName::Master, SecretTrial::NothingToCompare);
            typed(facts, vec![candidate]);
        }),
    ]
}
