//! The table of repairs: a healthy account with one thing spoiled, and exactly what is planned for it.

use std::collections::BTreeMap;

use lifeboat_report::{
    Fact, Facts, Gap,
    facts::{
        BackupAlgorithm, BackupOpening, BackupVersion, Candidate, CandidateForm, DefaultKey, KeyTrial, OffSwitch,
        OlderBackup, SecretName, SecretTrial, Signature,
    },
    testing::healthy_facts,
};

use super::{Repair, plan};

fn active(facts: &mut Facts) -> &mut BackupVersion {
    match &mut facts.backup.active {
        Fact::Known(Some(active)) => active,
        _ => panic!("no backup"),
    }
}

fn candidate(facts: &mut Facts) -> &mut Candidate {
    match &mut facts.key_trial {
        Fact::Known(KeyTrial { candidates }) => &mut candidates[0],
        Fact::Unknown(_) => panic!("no key was tried"),
    }
}

fn default_key(facts: &Facts) -> String {
    let storage = facts.storage.known().unwrap();
    storage.usable_default().unwrap().to_owned()
}

fn spoiled(spoil: impl FnOnce(&mut Facts)) -> Vec<Repair> {
    let mut facts = healthy_facts();
    spoil(&mut facts);
    plan(&facts)
}

fn codes(repairs: &[Repair]) -> Vec<&'static str> {
    repairs.iter().map(Repair::code).collect()
}

#[test]
fn a_healthy_account_needs_no_repair() {
    assert_eq!(spoiled(|_| ()), []);
}

#[test]
fn an_unsigned_backup_is_signed_when_its_key_and_the_identity_are_at_hand() {
    let unsign = |facts: &mut Facts| active(facts).signatures.clear();
    let facts = healthy_facts();
    let backup = facts.backup.active.known().unwrap().as_ref().unwrap();
    assert_eq!(
        spoiled(unsign),
        [Repair::SignBackup {
            version: backup.version.clone(),
            public_key: backup.public_key.clone().unwrap(),
        }]
    );
    let broken = spoiled(|facts| {
        for it in &mut active(facts).signatures {
            it.signature = Signature::Invalid;
        }
    });
    assert_eq!(codes(&broken), ["sign-backup"]);
    let unproven = spoiled(|facts| {
        unsign(facts);
        candidate(facts).opens_active_backup = false;
    });
    assert_eq!(unproven, []);
    let no_identity = spoiled(|facts| {
        unsign(facts);
        candidate(facts)
            .secrets
            .insert(SecretName::Master, SecretTrial::DoesNotFit);
    });
    assert_eq!(no_identity, []);
}

#[test]
fn the_storage_key_that_opens_everything_becomes_the_default() {
    let other = |facts: &mut Facts| {
        let it = candidate(facts);
        it.opens_default = false;
        it.storage_keys = vec!["other".to_owned()];
    };
    let from = Some(default_key(&healthy_facts()));
    let to = "other".to_owned();
    assert_eq!(spoiled(other), [Repair::SetDefaultKey { from, to: to.clone() }]);
    let unnamed = spoiled(|facts| {
        other(facts);
        if let Fact::Known(storage) = &mut facts.storage {
            storage.default_key = DefaultKey::NotSet;
        }
    });
    assert_eq!(unnamed, [Repair::SetDefaultKey { from: None, to }]);
    for name in SecretName::ALL {
        let incomplete = spoiled(|facts| {
            other(facts);
            candidate(facts).secrets.remove(&name);
        });
        assert_eq!(incomplete, [], "{name:?}");
    }
}

#[test]
fn the_backup_key_is_stored_where_apps_look_for_it() {
    let mut facts = healthy_facts();
    let version = active(&mut facts).version.clone();
    candidate(&mut facts).secrets.remove(&SecretName::BackupKey);
    candidate(&mut facts).opens_active_backup = false;
    candidate(&mut facts).backup.clear();
    assert_eq!(plan(&facts), [], "the key is not at hand");
    let itself = Candidate {
        form: CandidateForm::RecoveryKey,
        storage_keys: Vec::new(),
        opens_default: false,
        secrets: BTreeMap::new(),
        backup: BTreeMap::from([(version.clone(), BackupOpening::IsTheBackupKey)]),
        opens_active_backup: true,
    };
    if let Fact::Known(trial) = &mut facts.key_trial {
        trial.candidates.push(itself);
    }
    let under = default_key(&facts);
    assert_eq!(plan(&facts), [Repair::StoreBackupKey { version, under }]);
}

#[test]
fn an_older_backup_is_mined_while_it_would_help_and_the_active_one_is_trusted() {
    let older = |would_cover| OlderBackup {
        version: "1".to_owned(),
        count: 9,
        public_key: None,
        proof: Fact::Unknown(Gap::NotAsked),
        would_cover,
    };
    let spoil = |would_cover, facts: &mut Facts| {
        facts.backup.older = vec![older(would_cover)];
        candidate(facts)
            .backup
            .insert("1".to_owned(), BackupOpening::IsTheBackupKey);
    };
    assert_eq!(codes(&spoiled(|facts| spoil(Some(3), facts))), ["mine-backup"]);
    assert_eq!(spoiled(|facts| spoil(Some(0), facts)), []);
    assert_eq!(spoiled(|facts| spoil(None, facts)), []);
    let sealed = spoiled(|facts| {
        spoil(Some(3), facts);
        candidate(facts).backup.remove("1");
    });
    assert_eq!(sealed, []);
    let untrusted = spoiled(|facts| {
        spoil(Some(3), facts);
        active(facts).signatures.clear();
    });
    assert_eq!(codes(&untrusted), ["sign-backup"], "first of all it is signed");
}

#[test]
fn a_backup_is_made_only_where_nobody_has_switched_it_off() {
    let none = |facts: &mut Facts| {
        facts.backup.active = Fact::Known(None);
        candidate(facts).opens_active_backup = false;
        candidate(facts).backup.clear();
        candidate(facts).secrets.remove(&SecretName::BackupKey);
    };
    let under = default_key(&healthy_facts());
    assert_eq!(spoiled(none), [Repair::CreateBackup { under }]);
    for switch in [
        Fact::Known(Some(OffSwitch::KeyBackup)),
        Fact::Known(Some(OffSwitch::BackupDisabled)),
        Fact::Unknown(Gap::Failed),
    ] {
        let off = spoiled(|facts| {
            none(facts);
            facts.backup.switched_off = switch;
        });
        assert_eq!(off, []);
    }
    let unable = spoiled(|facts| {
        none(facts);
        candidate(facts)
            .secrets
            .insert(SecretName::Master, SecretTrial::DoesNotFit);
    });
    assert_eq!(unable, []);
}

#[test]
fn what_is_unknown_is_not_mended() {
    assert_eq!(spoiled(|facts| facts.key_trial = Fact::Unknown(Gap::NotAsked)), []);
    let no_version = spoiled(|facts| facts.backup.active = Fact::Unknown(Gap::Offline));
    assert_eq!(no_version, []);
    let strange = spoiled(|facts| {
        active(facts).signatures.clear();
        active(facts).algorithm = BackupAlgorithm::Unknown("x".to_owned());
    });
    assert_eq!(strange, []);
}

#[test]
fn every_effect_is_told_before_it_happens() {
    let [a, b] = ["1", "2"].map(str::to_owned);
    let all = [
        Repair::MineBackup {
            from: a.clone(),
            to: b.clone(),
            public_key: "K".to_owned(),
        },
        Repair::SignBackup {
            version: b.clone(),
            public_key: "K".to_owned(),
        },
        Repair::StoreBackupKey {
            version: b.clone(),
            under: "S".to_owned(),
        },
        Repair::SetDefaultKey {
            from: Some(a.clone()),
            to: b.clone(),
        },
        Repair::SetDefaultKey { from: None, to: b },
        Repair::CreateBackup { under: "S".to_owned() },
    ];
    let mut sorted = all.to_vec();
    sorted.sort();
    for repair in &all {
        let effect = repair.effect();
        assert!(effect.ends_with('.') && !effect.contains("delete"), "{effect}");
    }
    let order = [
        "mine-backup",
        "sign-backup",
        "store-backup-key",
        "set-default-key",
        "set-default-key",
        "create-backup",
    ];
    assert_eq!(codes(&sorted), order);
}
