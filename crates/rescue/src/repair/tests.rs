//! The table of repairs: a healthy account with one thing spoiled, and exactly what is planned for it.

use std::collections::BTreeMap;

use lifeboat_report::{
    Fact, Facts, Gap,
    facts::{
        BackupAlgorithm, BackupOpening, BackupVersion, Candidate, CandidateForm, DefaultKey, DeviceKeys, KeyTrial,
        OffSwitch, OlderBackup, SecretName, SecretTrial, Signature,
    },
    testing::healthy_facts,
};

mod identity;
mod sessions;

use super::{Plan, Repair, Trust, Under, Wishes, plan};

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
    repairs(&facts)
}

/// What is planned when nothing is asked for by name.
fn repairs(facts: &Facts) -> Vec<Repair> {
    plan(facts, &Wishes::default()).repairs
}

fn existing(id: &str) -> Under {
    Under::Existing(id.to_owned())
}

/// Gives every other session such keys.
fn set_others(keys: DeviceKeys, facts: &mut Facts) {
    if let Fact::Known(sessions) = &mut facts.sessions {
        let others = sessions.iter_mut().filter(|it| !it.this);
        others.for_each(|it| it.keys = Fact::Known(keys));
    }
}

/// Takes every other session away.
fn alone(facts: &mut Facts) {
    if let Fact::Known(sessions) = &mut facts.sessions {
        sessions.retain(|it| it.this);
    }
}

fn codes(repairs: &[Repair]) -> Vec<&'static str> {
    repairs.iter().map(Repair::code).collect()
}

#[test]
fn a_healthy_account_needs_no_repair() {
    assert_eq!(plan(&healthy_facts(), &Wishes::default()), Plan::default());
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
    // A living session may hand over the key that signs; only then the backup can be signed.
    assert_eq!(codes(&no_identity), ["fetch-secrets"]);
}

#[test]
fn the_storage_key_that_opens_everything_becomes_the_default() {
    let other = |facts: &mut Facts| {
        let it = candidate(facts);
        it.opens_default = false;
        it.storage_keys = vec!["other".to_owned()];
    };
    let from = Some(default_key(&healthy_facts()));
    let to = existing("other");
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
    alone(&mut facts);
    assert_eq!(repairs(&facts), [], "nobody has the key");
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
    let names = vec![SecretName::BackupKey];
    let under = default_key(&facts);
    assert_eq!(repairs(&facts), [Repair::StoreSecrets { names, under }]);
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
    let under = existing(&default_key(&healthy_facts()));
    assert_eq!(spoiled(none), [Repair::CreateBackup { under, beside: None }]);
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
    assert_eq!(codes(&unable), ["fetch-secrets"]);
}

#[test]
fn what_is_unknown_is_not_mended() {
    assert_eq!(spoiled(|facts| facts.key_trial = Fact::Unknown(Gap::NotAsked)), []);
    let no_version = spoiled(|facts| facts.backup.active = Fact::Unknown(Gap::Offline));
    assert_eq!(no_version, []);
    let elsewhere = spoiled(|facts| {
        active(facts).algorithm = BackupAlgorithm::Unknown("x".to_owned());
        let it = candidate(facts);
        it.opens_default = false;
        it.storage_keys = vec!["other".to_owned()];
    });
    assert_eq!(elsewhere, [], "whether the key of that backup fits is not known");
    let strange = spoiled(|facts| {
        active(facts).signatures.clear();
        active(facts).algorithm = BackupAlgorithm::Unknown("x".to_owned());
    });
    assert_eq!(strange, []);
}

#[test]
fn what_a_living_session_holds_is_stored_again() {
    let under = default_key(&healthy_facts());
    for name in SecretName::ALL {
        let spoil = |facts: &mut Facts| {
            candidate(facts).secrets.remove(&name);
            if name == SecretName::BackupKey {
                candidate(facts).opens_active_backup = false;
                candidate(facts).backup.clear();
            }
        };
        // Without the key that signs sessions the asking one is trusted by a person alone.
        let trust = match name {
            SecretName::SelfSigning => Trust::Person,
            _ => Trust::RecoveryKey,
        };
        let expected = Repair::FetchSecrets {
            names: vec![name],
            under: under.clone(),
            trust,
        };
        assert_eq!(spoiled(spoil), [expected], "{name:?}");
        let nobody = spoiled(|facts| {
            spoil(facts);
            alone(facts);
        });
        assert_eq!(nobody, [], "{name:?}");
    }
    let stale = spoiled(|facts| {
        let it = candidate(facts);
        it.secrets.insert(SecretName::BackupKey, SecretTrial::DoesNotFit);
        it.opens_active_backup = false;
        it.backup.clear();
    });
    assert_eq!(codes(&stale), ["fetch-secrets"], "a key of another version is replaced");
}

#[test]
fn what_only_sessions_hold_fills_the_backup() {
    let risky = |facts: &mut Facts| {
        if let Fact::Known(coverage) = &mut facts.coverage {
            coverage.at_risk = 5;
        }
    };
    assert_eq!(codes(&spoiled(risky)), ["fill-backup"]);
    let nobody = spoiled(|facts| {
        risky(facts);
        alone(facts);
    });
    assert_eq!(nobody, []);
    let made = spoiled(|facts| {
        risky(facts);
        facts.backup.active = Fact::Known(None);
        candidate(facts).opens_active_backup = false;
        candidate(facts).backup.clear();
        candidate(facts).secrets.remove(&SecretName::BackupKey);
    });
    assert_eq!(codes(&made), ["create-backup", "fill-backup"]);
    let closed = spoiled(|facts| {
        risky(facts);
        candidate(facts).opens_default = false;
        candidate(facts).secrets.clear();
    });
    assert_eq!(closed, [], "the asking session would not be trusted");
    for name in [SecretName::SelfSigning, SecretName::BackupKey] {
        let lacking = spoiled(|facts| {
            risky(facts);
            let it = candidate(facts);
            it.secrets.remove(&name);
            it.opens_active_backup = name != SecretName::BackupKey;
        });
        assert_eq!(codes(&lacking), ["fetch-secrets"], "{name:?} first");
    }
    let unsigned = spoiled(|facts| {
        risky(facts);
        set_others(DeviceKeys::Unsigned, facts);
    });
    assert_eq!(unsigned, [], "a session that is not signed is not asked");
}
