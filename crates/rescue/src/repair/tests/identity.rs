//! Accounts without an identity, without secret storage, and with one that nothing reaches.

use lifeboat_report::facts::{Identity, SecretStorage};

use super::*;
use crate::{IdentityWish, KeyWish, Offer, Refusal, SwitchWish};

fn bare(facts: &mut Facts) {
    facts.identity = Fact::Known(Identity::default());
    facts.storage = Fact::Known(SecretStorage {
        default_key: DefaultKey::NotSet,
        keys: BTreeMap::new(),
        secrets: BTreeMap::new(),
    });
    facts.key_trial = Fact::Unknown(Gap::NotAsked);
    facts.backup.active = Fact::Known(None);
}

fn without_storage(facts: &mut Facts) {
    bare(facts);
    facts.identity = healthy_facts().identity;
}

fn lost() -> Wishes {
    Wishes {
        recovery_key: KeyWish::Lost,
        ..Wishes::default()
    }
}

fn reset() -> Wishes {
    Wishes {
        identity: IdentityWish::Reset,
        ..lost()
    }
}

fn spoiled_for(wishes: &Wishes, spoil: impl FnOnce(&mut Facts)) -> crate::Plan {
    let mut facts = healthy_facts();
    spoil(&mut facts);
    plan(&facts, wishes)
}

#[test]
fn a_bare_account_gets_everything_in_order() {
    let all = ["new-storage-key", "set-up-identity", "set-default-key", "create-backup"];
    assert_eq!(codes(&spoiled(bare)), all);
    let off = spoiled(|facts| {
        bare(facts);
        facts.backup.switched_off = Fact::Known(Some(OffSwitch::KeyBackup));
    });
    assert_eq!(codes(&off), all[..3], "somebody does not want a backup");
    for gap in [Fact::Unknown(Gap::Offline), Fact::Unknown(Gap::Failed)] {
        let unknown = spoiled(|facts| {
            bare(facts);
            facts.identity = gap;
        });
        assert_eq!(unknown, [], "unknown is not absent");
    }
}

#[test]
fn what_was_begun_goes_on_with_the_key_that_was_made() {
    let begun = spoiled(|facts| {
        facts.identity = Fact::Known(Identity::default());
        facts.backup.active = Fact::Known(None);
        if let Fact::Known(storage) = &mut facts.storage {
            storage.default_key = DefaultKey::NotSet;
        }
        let it = candidate(facts);
        it.opens_default = false;
        it.secrets.clear();
        it.backup.clear();
    });
    assert_eq!(codes(&begun), ["set-up-identity", "set-default-key", "create-backup"]);
}

#[test]
fn an_identity_is_made_under_the_storage_key_that_is_open() {
    let none = |facts: &mut Facts| {
        facts.identity = Fact::Known(Identity::default());
        for it in &mut active(facts).signatures {
            it.signature = Signature::UnknownKey;
        }
        let it = candidate(facts);
        SecretName::IDENTITY.iter().for_each(|name| {
            it.secrets.remove(name);
        });
    };
    let under = existing(&default_key(&healthy_facts()));
    let planned = spoiled(none);
    assert_eq!(codes(&planned), ["set-up-identity", "sign-backup"]);
    assert_eq!(planned[0], Repair::SetUpIdentity { under });
    let closed = spoiled(|facts| {
        none(facts);
        facts.key_trial = Fact::Unknown(Gap::NotAsked);
    });
    assert_eq!(closed, [], "the recovery key has to be given, or said to be lost");
    let lost = spoiled_for(&lost(), |facts| {
        none(facts);
        facts.key_trial = Fact::Unknown(Gap::NotAsked);
    });
    assert_eq!(
        codes(&lost.repairs),
        ["new-storage-key", "set-up-identity", "set-default-key"]
    );
}

#[test]
fn a_lost_key_is_replaced_while_a_session_lives() {
    assert_eq!(codes(&spoiled(without_storage)), ["renew-recovery-key"]);
    let untried = |facts: &mut Facts| facts.key_trial = Fact::Unknown(Gap::NotAsked);
    let offered = spoiled_for(&Wishes::default(), untried);
    assert_eq!((offered.repairs, offered.offers), (vec![], vec![Offer::NewRecoveryKey]));
    let wanted = spoiled_for(&lost(), untried);
    let from = Some(default_key(&healthy_facts()));
    assert_eq!(wanted.repairs, [Repair::RenewRecoveryKey { from }]);
    let incomplete = spoiled_for(&lost(), |facts| {
        candidate(facts).secrets.remove(&SecretName::Master);
    });
    assert!(
        codes(&incomplete.repairs).contains(&"renew-recovery-key"),
        "{incomplete:?}"
    );
    let nobody = spoiled_for(&lost(), |facts| {
        untried(facts);
        alone(facts);
    });
    assert_eq!(
        (nobody.repairs, nobody.refused),
        (vec![], vec![Refusal::NobodyHoldsSecrets])
    );
    let not_lost = spoiled_for(&lost(), |_| ());
    assert_eq!(
        (not_lost.repairs, not_lost.refused),
        (vec![], vec![Refusal::KeyNotLost])
    );
}

#[test]
fn a_storage_key_that_is_not_the_default_is_not_passed_over() {
    let unnamed = |facts: &mut Facts| {
        facts.key_trial = Fact::Unknown(Gap::NotAsked);
        if let Fact::Known(storage) = &mut facts.storage {
            storage.default_key = DefaultKey::NotSet;
        }
    };
    let offered = spoiled_for(&Wishes::default(), unnamed);
    assert_eq!((offered.repairs, offered.offers), (vec![], vec![Offer::NewRecoveryKey]));
    let no_identity = spoiled(|facts| {
        unnamed(facts);
        facts.identity = Fact::Known(Identity::default());
    });
    assert_eq!(no_identity, [], "perhaps somebody has its recovery key");
}

#[test]
fn nobody_is_refused_what_was_not_asked_for() {
    let alone_and_untried = spoiled_for(&Wishes::default(), |facts| {
        facts.key_trial = Fact::Unknown(Gap::NotAsked);
        alone(facts);
    });
    assert_eq!(alone_and_untried, crate::Plan::default());
}

#[test]
fn an_identity_that_is_broken_in_itself_can_only_be_reset() {
    let spoils: [fn(&mut Identity); 4] = [
        |it| it.master = None,
        |it| it.self_signing = None,
        |it| it.user_signing = None,
        |it| it.user_signing.as_mut().unwrap().by_master = Signature::Invalid,
    ];
    for (number, spoil) in spoils.into_iter().enumerate() {
        let broken = |facts: &mut Facts| {
            facts.key_trial = Fact::Unknown(Gap::NotAsked);
            if let Fact::Known(identity) = &mut facts.identity {
                spoil(identity);
            }
        };
        let offered = spoiled_for(&Wishes::default(), broken);
        assert_eq!(offered.repairs, [], "{number}");
        assert_eq!(offered.offers, [Offer::ResetIdentity], "{number}");
        let wanted = spoiled_for(&reset(), broken);
        assert!(codes(&wanted.repairs).contains(&"reset-identity"), "{number}");
    }
}

#[test]
fn half_of_an_identity_does_not_help() {
    for name in [SecretName::Master, SecretName::SelfSigning] {
        let half = |facts: &mut Facts| {
            alone(facts);
            candidate(facts).secrets = BTreeMap::from([(name, SecretTrial::Fits)]);
        };
        let offered = spoiled_for(&lost(), half);
        assert_eq!(offered.offers, [Offer::ResetIdentity], "{name:?}");
    }
}

#[test]
fn a_reset_under_a_key_that_opens_nothing_of_it_makes_a_fresh_one() {
    let tried = Wishes {
        identity: IdentityWish::Reset,
        ..Wishes::default()
    };
    let planned = spoiled_for(&tried, |facts| {
        alone(facts);
        let it = candidate(facts);
        it.opens_default = false;
        it.opens_active_backup = false;
        it.storage_keys = vec!["other".to_owned()];
        it.backup.clear();
        it.secrets.clear();
    });
    let all = ["new-storage-key", "reset-identity", "set-default-key", "create-backup"];
    assert_eq!(codes(&planned.repairs), all);
    assert_eq!(planned.refused, [], "what was typed was tried");
}

#[test]
fn the_identity_stays_while_it_is_not_known_who_is_alive() {
    let planned = spoiled_for(&reset(), |facts| {
        facts.key_trial = Fact::Unknown(Gap::NotAsked);
        facts.sessions = Fact::Unknown(Gap::Offline);
    });
    assert_eq!(planned.repairs, []);
    let why = "it is not known which sessions are alive.";
    assert!(
        planned.refused.contains(&Refusal::IdentityReachable(why)),
        "{planned:?}"
    );
}

#[test]
fn the_identity_is_reset_only_when_nothing_else_helps() {
    let nothing = |facts: &mut Facts| {
        facts.key_trial = Fact::Unknown(Gap::NotAsked);
        alone(facts);
    };
    let offered = spoiled_for(&lost(), nothing);
    assert!(offered.offers.contains(&Offer::ResetIdentity) && offered.repairs.is_empty());
    let wanted = spoiled_for(&reset(), nothing);
    assert_eq!(
        codes(&wanted.repairs),
        ["new-storage-key", "reset-identity", "set-default-key", "create-backup"]
    );
    let version = active(&mut healthy_facts()).version.clone();
    assert!(wanted.repairs.contains(&Repair::CreateBackup {
        under: Under::Fresh,
        beside: Some(version),
    }));
    let only_wished = Wishes {
        identity: IdentityWish::Reset,
        ..Wishes::default()
    };
    for (wishes, spoil) in [
        (&reset(), (|_| ()) as fn(&mut Facts)),
        (&reset(), |facts| facts.key_trial = Fact::Unknown(Gap::NotAsked)),
        (&reset(), |facts| facts.sessions = Fact::Unknown(Gap::Offline)),
        (&only_wished, |facts| {
            facts.key_trial = Fact::Unknown(Gap::NotAsked);
            alone(facts);
        }),
    ] {
        let plan = spoiled_for(wishes, spoil);
        let resets = plan.repairs.iter().any(|it| it.code() == "reset-identity");
        assert!(!resets && !plan.offers.contains(&Offer::ResetIdentity), "{plan:?}");
        let told = plan
            .refused
            .iter()
            .any(|it| matches!(it, Refusal::IdentityReachable(_)));
        assert!(told, "{plan:?}");
    }
}

#[test]
fn a_reset_that_was_begun_goes_on_with_the_key_that_was_made() {
    let begun = spoiled_for(&reset(), |facts| {
        alone(facts);
        let it = candidate(facts);
        it.opens_default = false;
        it.opens_active_backup = false;
        it.storage_keys = vec!["fresh".to_owned()];
        it.backup.clear();
        it.secrets = SecretName::IDENTITY
            .into_iter()
            .map(|name| (name, SecretTrial::DoesNotFit))
            .collect();
    });
    assert_eq!(
        codes(&begun.repairs),
        ["reset-identity", "set-default-key", "create-backup"]
    );
    assert!(matches!(&begun.repairs[0], Repair::ResetIdentity { under, .. } if *under == existing("fresh")));
}

#[test]
fn what_follows_a_reset_is_made_up_for() {
    let published = |facts: &mut Facts| {
        alone(facts);
        let it = candidate(facts);
        it.opens_active_backup = false;
        it.backup.clear();
        it.secrets.remove(&SecretName::BackupKey);
    };
    let killed = |facts: &mut Facts| {
        published(facts);
        let it = candidate(facts);
        it.opens_default = false;
        it.storage_keys = vec!["fresh".to_owned()];
    };
    let plan = spoiled_for(&reset(), killed);
    assert_eq!(codes(&plan.repairs), ["set-default-key", "create-backup"]);
    assert!(matches!(&plan.repairs[0], Repair::SetDefaultKey { to, .. } if *to == existing("fresh")));
    let no_backup = spoiled_for(&reset(), |facts| {
        killed(facts);
        facts.backup.active = Fact::Known(None);
    });
    assert_eq!(codes(&no_backup.repairs), ["set-default-key", "create-backup"]);
    // Killed a step later.
    assert_eq!(codes(&spoiled_for(&reset(), published).repairs), ["create-backup"]);
    // Whoever did not ask for a reset gets no other backup.
    assert_eq!(codes(&spoiled_for(&Wishes::default(), published).repairs), [""; 0]);
}

#[test]
fn a_backup_that_was_switched_off_is_switched_on_by_name_alone() {
    let off = |facts: &mut Facts| facts.backup.switched_off = Fact::Known(Some(OffSwitch::KeyBackup));
    let offered = spoiled_for(&Wishes::default(), off);
    assert_eq!((offered.repairs, offered.offers), (vec![], vec![Offer::SwitchBackupOn]));
    let on = Wishes {
        backup_switch: SwitchWish::On,
        ..Wishes::default()
    };
    assert_eq!(codes(&spoiled_for(&on, off).repairs), ["switch-backup-on"]);
    assert_eq!(spoiled_for(&on, |_| ()).repairs, [], "nobody has switched it off");
}
