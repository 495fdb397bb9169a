//! The lights of accounts that are seen from outside: one thing spoiled, exactly this light.

use super::spoiled::cases;
use crate::facts::{Administration, DefaultKey, DeviceKeys, Identity, Restriction, Secret, SecretName};
use crate::testing::{ACCOUNT, TAKEN_AT, healthy_facts};
use crate::{Code, Fact, Facts, Fate, Gap, Light, Report, Verdict};

/// The healthy account as an administrator sees it.
fn outside() -> Facts {
    let mut facts = healthy_facts();
    facts.account.administration = Some(Administration::default());
    facts.backup.active = Fact::Unknown(Gap::NotAsked);
    facts.key_trial = Fact::Unknown(Gap::NotAsked);
    facts.proof = Fact::Unknown(Gap::NotAsked);
    facts.coverage = Fact::Unknown(Gap::NotAsked);
    if let Fact::Known(identity) = &mut facts.identity {
        (identity.user_signing, identity.from_outside) = (None, true);
    }
    if let Fact::Known(sessions) = &mut facts.sessions {
        sessions.retain(|it| !it.this);
    }
    facts
}

fn report(facts: Facts) -> Report {
    Report::of(ACCOUNT.into(), TAKEN_AT, facts)
}

fn keys_of_all(facts: &mut Facts, keys: Fact<DeviceKeys>) {
    if let Fact::Known(sessions) = &mut facts.sessions {
        sessions.iter_mut().for_each(|it| it.keys = keys.clone());
    }
}

fn store(facts: &mut Facts, name: SecretName, secret: Secret) {
    if let Fact::Known(storage) = &mut facts.storage {
        storage.secrets.insert(name, secret);
    }
}

fn default_key(facts: &mut Facts, key: DefaultKey) {
    if let Fact::Known(storage) = &mut facts.storage {
        storage.default_key = key;
    }
}

#[test]
fn one_thing_spoiled_gives_this_light() {
    type Case = (&'static str, fn(&mut Facts), Light, &'static [Code]);
    let cases: [Case; 16] = [
        ("all that can be seen", |_| (), Light::Amber, &[]),
        (
            "no secret storage",
            |it| {
                default_key(it, DefaultKey::NotSet);
                if let Fact::Known(storage) = &mut it.storage {
                    storage.keys.clear();
                }
            },
            Light::Red,
            &[Code::NoSecretStorage],
        ),
        (
            "no default key",
            |it| default_key(it, DefaultKey::NotSet),
            Light::Red,
            &[Code::NoDefaultKey],
        ),
        (
            "backup key never stored",
            |it| store(it, SecretName::BackupKey, Secret::Missing),
            Light::Red,
            &[Code::BackupKeyNotInStorage],
        ),
        (
            "secret of the identity under another key",
            |it| store(it, SecretName::Master, Secret::StoredUnder(vec!["OTHER".into()])),
            Light::Amber,
            &[],
        ),
        (
            "secret of the identity never stored",
            |it| store(it, SecretName::Master, Secret::Missing),
            Light::Amber,
            &[],
        ),
        (
            "sessions never verified",
            |it| keys_of_all(it, Fact::Known(DeviceKeys::Unsigned)),
            Light::Red,
            &[Code::SessionNotSigned],
        ),
        (
            "no identity",
            |it| {
                it.identity = Fact::Known(Identity::default());
                keys_of_all(it, Fact::Known(DeviceKeys::Unsigned));
            },
            Light::Amber,
            &[],
        ),
        (
            "sessions without keys",
            |it| keys_of_all(it, Fact::Known(DeviceKeys::None)),
            Light::Grey,
            &[],
        ),
        ("no session", |it| it.sessions = Fact::Known(vec![]), Light::Grey, &[]),
        (
            "keys of sessions not known",
            |it| keys_of_all(it, Fact::Unknown(Gap::Failed)),
            Light::Unknown,
            &[],
        ),
        (
            "sessions not known",
            |it| it.sessions = Fact::Unknown(Gap::RateLimited),
            Light::Unknown,
            &[],
        ),
        (
            "secret storage not known",
            |it| it.storage = Fact::Unknown(Gap::Failed),
            Light::Unknown,
            &[],
        ),
        (
            "identity not known",
            |it| it.identity = Fact::Unknown(Gap::Failed),
            Light::Unknown,
            &[],
        ),
        (
            "locked",
            |it| it.account.administration.as_mut().unwrap().restrictions = vec![Restriction::Locked],
            Light::Amber,
            &[],
        ),
        (
            "deactivated",
            |it| it.account.administration.as_mut().unwrap().restrictions = vec![Restriction::Deactivated],
            Light::Grey,
            &[],
        ),
    ];
    for (name, spoil, light, seen) in cases {
        let mut facts = outside();
        spoil(&mut facts);
        let report = report(facts);
        assert_eq!(Light::of(&report), light, "{name}");
        assert_eq!(Light::seen(&report).collect::<Vec<_>>(), seen, "{name}");
        // Where nobody has asked the person, nothing is clear under either fate.
        for fate in Fate::BOTH {
            assert_ne!(report.verdict.of(fate), Verdict::Clear, "{name}");
        }
    }
}

/// With the eyes of the person the messages are counted, and who has the recovery key is as unknown as before.
#[test]
fn what_the_person_sees_makes_no_verdict_clear_either() {
    for history in [true, false] {
        let (mut facts, healthy) = (outside(), healthy_facts());
        (facts.backup, facts.coverage) = (healthy.backup, healthy.coverage);
        if let (false, Fact::Known(coverage)) = (history, &mut facts.coverage) {
            (coverage.total, coverage.covered, coverage.readable) = (0, 0, None);
        }
        let report = report(facts);
        for fate in Fate::BOTH {
            assert_ne!(report.verdict.of(fate), Verdict::Clear, "{history}");
        }
    }
}

#[test]
fn red_is_never_without_a_finding_and_a_finding_that_was_seen_never_without_red() {
    for case in cases() {
        let report = report(case.facts);
        let seen = Light::seen(&report).count();
        match Light::of(&report) {
            Light::Red => assert!(seen > 0, "{}", case.name),
            Light::Amber => assert_eq!(seen, 0, "{}", case.name),
            Light::Grey | Light::Unknown => {}
        }
    }
}

#[test]
fn each_light_has_its_words() {
    for light in Light::ALL {
        assert_eq!(serde_json::to_value(light).unwrap(), light.word());
        assert_eq!(light.to_string(), light.word());
        assert!(light.meaning().ends_with('.'));
    }
}
