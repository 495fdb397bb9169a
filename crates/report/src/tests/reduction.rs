//! What the facts are reduced to.

use super::spoiled::cases;
use crate::facts::{Passphrase, SecretName, SecretTrial};
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
            with(&[fits, other]),
            with(&[fits, other, other, fits]),
            with(&[other, fits, fits]),
        ],
    };
    assert_eq!(trial.best(&facts), Some(&trial.candidates[1]));
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
