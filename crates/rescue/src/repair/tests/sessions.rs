//! Sessions: only those that were named, and never one that may hold keys at risk; and the words of every repair.

use lifeboat_report::testing::session;

use super::*;
use crate::{Offer, Refusal, Switch};

const TAKEN_AT: u64 = lifeboat_report::testing::TAKEN_AT;
const DAY: u64 = 86_400_000;

fn with(id: &str, keys: DeviceKeys, days: u64, facts: &mut Facts) {
    if let Fact::Known(sessions) = &mut facts.sessions {
        sessions.push(session(id, Some("A name"), TAKEN_AT - days * DAY, keys));
    }
}

fn signing(id: &str) -> Wishes {
    Wishes {
        sign: BTreeMap::from([(id.to_owned(), "FINGERPRINT".to_owned())]),
        ..Wishes::default()
    }
}

fn signing_out(ids: &[&str]) -> Wishes {
    Wishes {
        sign_out: ids.iter().map(|it| (*it).to_owned()).collect(),
        ..Wishes::default()
    }
}

fn facts_with(keys: DeviceKeys) -> Facts {
    let mut facts = healthy_facts();
    with("NEW", keys, 1, &mut facts);
    facts
}

#[test]
fn sessions_are_offered_and_touched_by_name_alone() {
    let facts = facts_with(DeviceKeys::Unsigned);
    let plan_now = plan(&facts, &Wishes::default());
    assert_eq!(plan_now.repairs, []);
    assert!(matches!(&plan_now.offers[..], [Offer::SignSession(it)] if it.device_id == "NEW"));
    assert_eq!(codes(&plan(&facts, &signing("NEW")).repairs), ["sign-session"]);

    let ghost = plan(&facts_with(DeviceKeys::None), &Wishes::default());
    assert!(matches!(&ghost.offers[..], [Offer::TidySession(_)]), "{ghost:?}");
    let mut facts = healthy_facts();
    with("OLD", DeviceKeys::Signed, 200, &mut facts);
    let stale = plan(&facts, &Wishes::default());
    assert!(matches!(&stale.offers[..], [Offer::TidySession(_)]), "{stale:?}");

    for (days, offers) in [(90, 0), (91, 1)] {
        let mut facts = healthy_facts();
        with("OLD", DeviceKeys::Signed, days, &mut facts);
        assert_eq!(plan(&facts, &Wishes::default()).offers.len(), offers, "{days} days");
    }

    let rename = Wishes {
        rename: BTreeMap::from([("OLD".to_owned(), "Attic".to_owned())]),
        ..Wishes::default()
    };
    assert_eq!(codes(&plan(&facts, &rename).repairs), ["rename-session"]);
    let same = Wishes {
        rename: BTreeMap::from([("OLD".to_owned(), "A name".to_owned())]),
        ..Wishes::default()
    };
    assert_eq!(plan(&facts, &same).repairs, []);
}

#[test]
fn what_cannot_be_signed_is_refused() {
    let refused = |facts: &Facts, id: &str| plan(facts, &signing(id)).refused;
    for keys in [DeviceKeys::None, DeviceKeys::Invalid] {
        assert_eq!(
            refused(&facts_with(keys), "NEW"),
            [Refusal::NothingToSign("NEW".to_owned())]
        );
    }
    let facts = healthy_facts();
    assert_eq!(refused(&facts, "NOBODY"), [Refusal::NoSuchSession("NOBODY".to_owned())]);
    let this = facts.sessions.known().unwrap().iter().find(|it| it.this).unwrap();
    assert_eq!(
        refused(&facts, &this.device_id),
        [Refusal::ThisSession(this.device_id.clone())]
    );
    let mut closed = facts_with(DeviceKeys::Unsigned);
    candidate(&mut closed).secrets.remove(&SecretName::SelfSigning);
    assert_eq!(refused(&closed, "NEW"), [Refusal::NeedsRecoveryKey]);
    let signed = plan(&facts_with(DeviceKeys::Signed), &signing("NEW"));
    assert_eq!((signed.repairs, signed.refused), (vec![], vec![]), "it is done already");
}

#[test]
fn no_session_that_may_hold_keys_at_risk_is_signed_out() {
    let wishes = signing_out(&["NEW"]);
    for keys in [DeviceKeys::Signed, DeviceKeys::Unsigned, DeviceKeys::Invalid] {
        let mut facts = facts_with(keys);
        assert_eq!(codes(&plan(&facts, &wishes).repairs), ["sign-out-session"], "{keys:?}");
        if let Fact::Known(coverage) = &mut facts.coverage {
            coverage.at_risk = 1;
        }
        let risky = plan(&facts, &wishes);
        assert!(!codes(&risky.repairs).contains(&"sign-out-session"));
        assert_eq!(risky.refused, [Refusal::HoldsKeysAtRisk("NEW".to_owned())]);
        if let Fact::Known(coverage) = &mut facts.coverage {
            coverage.at_risk = 0;
            coverage.complete = false;
        }
        let unread = Refusal::CoverageUnknown("NEW".to_owned());
        assert_eq!(plan(&facts, &wishes).refused, std::slice::from_ref(&unread));
        facts.coverage = Fact::Unknown(Gap::NotAsked);
        assert_eq!(plan(&facts, &wishes).refused, [unread]);
    }
    let mut ghost = facts_with(DeviceKeys::None);
    ghost.coverage = Fact::Unknown(Gap::NotAsked);
    assert_eq!(codes(&plan(&ghost, &wishes).repairs), ["sign-out-session"]);
}

#[test]
fn the_last_session_with_the_secrets_stays() {
    let mut facts = healthy_facts();
    facts.key_trial = Fact::Unknown(Gap::NotAsked);
    let others = facts.sessions.known().into_iter().flatten();
    let others: Vec<String> = others.filter(|it| !it.this).map(|it| it.device_id.clone()).collect();
    let one = signing_out(&[&others[0]]);
    assert_eq!(codes(&plan(&facts, &one).repairs), ["sign-out-session"]);
    let all: Vec<&str> = others.iter().map(String::as_str).collect();
    let refused = plan(&facts, &signing_out(&all));
    assert_eq!(refused.repairs, []);
    assert_eq!(refused.refused.len(), others.len());
}

#[test]
fn a_recovery_key_replaces_sessions_only_if_it_opens_everything() {
    let facts = healthy_facts();
    let others = facts.sessions.known().into_iter().flatten();
    let others: Vec<&str> = others.filter(|it| !it.this).map(|it| it.device_id.as_str()).collect();
    let all = signing_out(&others);
    assert_eq!(plan(&facts, &all).refused, []);
    let spoils: [fn(&mut Candidate); 4] = [
        |it| it.opens_default = false,
        |it| it.secrets.retain(|name, _| *name != SecretName::Master),
        |it| it.secrets.retain(|name, _| *name != SecretName::UserSigning),
        |it| it.opens_active_backup = false,
    ];
    for (number, spoil) in spoils.into_iter().enumerate() {
        let mut facts = facts.clone();
        spoil(candidate(&mut facts));
        assert_eq!(plan(&facts, &all).refused.len(), others.len(), "{number}");
    }
}

/// One repair of each kind, in the order in which they are carried out.
fn one_of_each() -> [Repair; 15] {
    let [a, b] = ["1", "2"].map(str::to_owned);
    let name = Some("Pixel 8".to_owned());
    [
        Repair::MineBackup {
            from: a.clone(),
            to: b.clone(),
            public_key: "K".to_owned(),
        },
        Repair::NewStorageKey,
        Repair::SetUpIdentity { under: Under::Fresh },
        Repair::ResetIdentity {
            under: Under::Fresh,
            replaces: None,
        },
        Repair::StoreSecrets {
            names: SecretName::ALL.to_vec(),
            under: "S".to_owned(),
        },
        Repair::SetDefaultKey {
            from: Some(a.clone()),
            to: existing("S"),
        },
        Repair::SwitchBackupOn(Switch::KeyBackup),
        Repair::CreateBackup {
            under: existing("S"),
            beside: None,
        },
        Repair::SignBackup {
            version: b,
            public_key: "K".to_owned(),
        },
        Repair::SignSession {
            device_id: "D".to_owned(),
            name: name.clone(),
            fingerprint: "ABCDEFGH".to_owned(),
        },
        Repair::RenameSession {
            device_id: "D".to_owned(),
            name: name.clone(),
            to: "Attic".to_owned(),
        },
        Repair::FetchSecrets {
            names: vec![SecretName::BackupKey, SecretName::Master],
            under: "S".to_owned(),
            trust: Trust::Person,
        },
        Repair::RenewRecoveryKey { from: Some(a) },
        Repair::FillBackup,
        Repair::SignOutSession {
            device_id: "D".to_owned(),
            name,
        },
    ]
}

#[test]
fn every_effect_is_told_before_it_happens() {
    let all = one_of_each();
    let mut sorted = all.to_vec();
    sorted.sort();
    assert_eq!(sorted, all, "in the order in which they are carried out");
    let mut told = std::collections::BTreeSet::new();
    for repair in &all {
        let effect = repair.effect();
        assert!(effect.ends_with('.') && !effect.contains("delete"), "{effect}");
        assert_eq!(repair.to_string(), effect);
        assert!(told.insert(repair.code()), "{effect}");
    }
}

#[test]
fn effects_name_what_is_touched() {
    let told = |repair: Repair, words: &str| {
        let effect = repair.effect();
        assert!(effect.contains(words), "not “{words}”: {effect}");
    };
    let [setting, resetting] = [
        Repair::SetUpIdentity { under: Under::Fresh },
        Repair::ResetIdentity {
            under: existing("S"),
            replaces: None,
        },
    ];
    told(setting, "under the new storage key, then");
    told(resetting, "under the storage key S, then");
    for (name, words) in [
        (Some("Pixel 8"), "session “Pixel 8” (D) with"),
        (None, "session D with"),
    ] {
        let signing = |fingerprint: &str| Repair::SignSession {
            device_id: "D".to_owned(),
            name: name.map(str::to_owned),
            fingerprint: fingerprint.to_owned(),
        };
        told(signing("ABCD"), words);
        told(signing("ABCD"), "Its session key is ABCD: compare");
        told(signing("ABCDEFGH"), "Its session key is ABCD EFGH: compare");
        told(signing("ABCDEFGHIJ"), "Its session key is ABCD EFGH IJ: compare");
    }
    use SecretName::{BackupKey, Master, SelfSigning, UserSigning};
    for (names, words) in [
        (&[Master][..], "Stores your master key in"),
        (&[BackupKey], "Stores the key of your key backup in"),
        (
            &[SelfSigning, UserSigning],
            "Stores the key that signs your sessions and the key that signs other people in",
        ),
        (
            &[Master, SelfSigning, BackupKey],
            "Stores your master key, the key that signs your sessions and the key of your key backup in",
        ),
        (
            &[Master, SelfSigning, UserSigning],
            "Stores the private keys of your identity in",
        ),
        (
            &SecretName::ALL,
            "Stores the private keys of your identity and the key of your key backup in",
        ),
    ] {
        let names = names.to_vec();
        let under = "S".to_owned();
        told(Repair::StoreSecrets { names, under }, words);
    }
}
