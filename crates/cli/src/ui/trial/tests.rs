//! Tests of this module: every answer as it is shown or refused.

use std::collections::BTreeMap;

use lifeboat_preflight::{OtherThing, Typo, Understanding};
use lifeboat_report::{
    Fact, Facts, Gap,
    facts::{BackupOpening, Candidate, CandidateForm, SecretName, SecretTrial},
    testing::{candidate, healthy_facts, storage_key},
};

use super::{Answer, render};
use crate::candidates::Origin;

fn tried(opened: Candidate) -> Answer {
    Answer {
        origin: Origin::Prompt,
        understanding: Understanding::RecoveryKey,
        opened: Some(opened),
    }
}

fn nothing() -> Candidate {
    Candidate {
        form: CandidateForm::RecoveryKey,
        storage_keys: Vec::new(),
        opens_default: false,
        secrets: BTreeMap::new(),
        backup: BTreeMap::new(),
        opens_active_backup: false,
    }
}

fn shown(answers: &[Answer], facts: Option<&Facts>) -> String {
    anstream::adapter::strip_str(&render(answers, facts, 80)).to_string()
}

fn two_keys() -> Facts {
    let mut facts = healthy_facts();
    if let Fact::Known(storage) = &mut facts.storage {
        storage.keys.insert("OLDKEY".to_owned(), storage_key());
    }
    facts
}

#[test]
fn each_candidate_gets_its_answer() {
    let facts = two_keys();
    let backup_only = BTreeMap::from([("3".to_owned(), BackupOpening::IsTheBackupKey)]);
    let replaced = BTreeMap::from([("1".to_owned(), BackupOpening::LegacyPassphrase)]);
    let wrong_backup_key = BTreeMap::from([
        (SecretName::Master, SecretTrial::Fits),
        (SecretName::SelfSigning, SecretTrial::NothingToCompare),
        (SecretName::UserSigning, SecretTrial::NotAKey),
        (SecretName::BackupKey, SecretTrial::DoesNotFit),
    ]);
    let without_backup_key = BTreeMap::from([(SecretName::Master, SecretTrial::DoesNotOpen)]);
    let default_only = Candidate {
        opens_active_backup: false,
        backup: BTreeMap::new(),
        ..candidate()
    };
    let told: Vec<String> = [
        candidate(),
        nothing(),
        Candidate {
            form: CandidateForm::Passphrase,
            ..nothing()
        },
        Candidate {
            storage_keys: vec!["OLDKEY".to_owned()],
            ..nothing()
        },
        Candidate {
            backup: backup_only,
            opens_active_backup: true,
            ..nothing()
        },
        Candidate {
            backup: replaced,
            ..nothing()
        },
        Candidate {
            secrets: wrong_backup_key,
            ..default_only.clone()
        },
        Candidate {
            secrets: without_backup_key,
            ..default_only
        },
    ]
    .into_iter()
    .map(|it| shown(&[tried(it)], Some(&facts)))
    .collect();
    insta::assert_snapshot!(told.join("\n---\n"));
}

#[test]
fn what_was_not_there_to_be_opened_is_said() {
    let mut none = healthy_facts();
    if let Fact::Known(storage) = &mut none.storage {
        storage.keys.clear();
    }
    none.backup.active = Fact::Known(None);
    let mut unknown = healthy_facts();
    unknown.storage = Fact::Unknown(Gap::Refused);
    unknown.backup.active = Fact::Unknown(Gap::Refused);
    let told = [none, unknown].map(|facts| shown(&[tried(nothing())], Some(&facts)));
    insta::assert_snapshot!(told.join("\n---\n"));
}

#[test]
fn several_files_are_told_apart() {
    let from = |name: &str, understanding, opened| Answer {
        origin: Origin::File(name.into()),
        understanding,
        opened,
    };
    let typo = Understanding::MistypedRecoveryKey(Typo::WrongParity);
    let answers = [
        from("old.txt", typo, None),
        from("token.txt", Understanding::LooksLike(OtherThing::AccessToken), None),
        from("new.txt", Understanding::Passphrase, Some(candidate())),
    ];
    insta::assert_snapshot!(shown(&answers, Some(&healthy_facts())));
}
