//! What the facts are reduced to.

use super::spoiled::{cases, secret_storage};
use crate::facts::{DefaultKey, Passphrase, SecretName, SecretTrial};
use crate::testing::{candidate, healthy_facts};
use crate::{Fact, Situation};

#[test]
fn the_order_of_candidates_does_not_matter() {
    for case in cases() {
        let mut facts = case.facts.clone();
        if let Fact::Known(trial) = &mut facts.key_trial {
            trial.candidates.reverse();
        }
        assert_eq!(Situation::of(&facts), Situation::of(&case.facts), "{}", case.name);
    }
}

#[test]
fn the_best_candidate_is_the_one_with_most_fitting_secrets_then_the_first() {
    let facts = healthy_facts();
    let with = |trials: &[SecretTrial]| {
        let mut candidate = candidate();
        candidate.secrets = SecretName::ALL.into_iter().zip(trials.iter().copied()).collect();
        candidate
    };
    let (fits, other) = (SecretTrial::Fits, SecretTrial::NothingToCompare);
    let trial = crate::facts::KeyTrial {
        candidates: vec![
            with(&[fits, other, other, other]),
            with(&[fits, other, other, fits]),
            with(&[other, fits, fits, other]),
        ],
    };
    assert_eq!(trial.best(&facts), Some(&trial.candidates[1]));
}

#[test]
fn a_default_key_that_nobody_describes_is_none() {
    let mut facts = healthy_facts();
    let storage = secret_storage(&mut facts);
    assert!(storage.usable_default().is_some());
    storage.default_key = DefaultKey::Named("nobody's".into());
    assert_eq!(storage.usable_default(), None);
}

#[test]
fn passphrase_parameters_are_sane_within_their_limits() {
    let sane = Passphrase {
        algorithm: "m.pbkdf2".into(),
        iterations: 1,
        bits: 128,
        salt_length: 1,
    };
    assert!(sane.is_sane());
    assert!(
        Passphrase {
            iterations: 10_000_000,
            bits: 512,
            ..sane.clone()
        }
        .is_sane()
    );
    let insane = [
        Passphrase {
            algorithm: "m.scrypt".into(),
            ..sane.clone()
        },
        Passphrase {
            iterations: 0,
            ..sane.clone()
        },
        Passphrase {
            iterations: 10_000_001,
            ..sane.clone()
        },
        Passphrase {
            bits: 120,
            ..sane.clone()
        },
        Passphrase {
            bits: 520,
            ..sane.clone()
        },
        Passphrase {
            bits: 129,
            ..sane.clone()
        },
        Passphrase {
            salt_length: 0,
            ..sane.clone()
        },
    ];
    for it in insane {
        assert!(!it.is_sane(), "{it:?}");
    }
}

#[test]
fn passphrases_of_many_keys_have_a_limit_together() {
    let mut facts = healthy_facts();
    let storage = secret_storage(&mut facts);
    let key = storage.keys.values().next().unwrap().clone();
    let with = |iterations| {
        let mut key = key.clone();
        key.passphrase.as_mut().unwrap().iterations = iterations;
        key
    };
    storage.keys = (0..10).map(|it| (format!("key {it}"), with(10_000_000))).collect();
    storage.default_key = DefaultKey::NotSet;
    assert_eq!(storage.derivable().len(), 10, "just the limit");
    storage.keys.insert("honest".into(), with(500_000));
    assert_eq!(
        storage.derivable().len(),
        10,
        "the honest one instead of one of the others"
    );
    assert!(storage.derivable().contains("honest"));
    assert_eq!(storage.absurd_passphrases().count(), 1);
    storage.default_key = DefaultKey::Named("key 9".into());
    assert!(
        storage.derivable().contains("key 9"),
        "the default key before all others"
    );
    assert!(!storage.derivable().contains("key 8"));
}
