//! The chain agrees with the verdicts, in every situation.

use super::every;
use crate::situation::{BackupOpened, Coverage, Situation, StorageOpened, Trial};
use crate::testing::healthy_facts;
use crate::{Chain, Fact, Fate, Gap, Link, Verdict, judge};

fn ended(situation: &Situation) -> Verdict {
    let judged = judge(situation, Fate::SessionsEnded);
    Verdict::worst_of(judged.iter().map(|it| it.severity))
}

/// Nothing can be lost where there is no history: then a broken link threatens nobody. What opens the key backup
/// through secret storage opens a storage key, whatever the walk through the space says.
fn with_history() -> impl Iterator<Item = Situation> {
    let contradictory = |it: &Situation| {
        matches!(
            it.trial,
            Trial::Known {
                storage: StorageOpened::Nothing,
                backup: BackupOpened::ThroughStorage,
                ..
            }
        )
    };
    every::situations().filter(move |it| it.coverage != Coverage::NoHistory && !contradictory(it))
}

#[test]
fn clear_means_that_every_link_holds() {
    for it in with_history().filter(|it| ended(it) == Verdict::Clear) {
        let chain = Chain::in_situation(&it);
        assert_eq!(chain.links(), [Link::Holds; 4], "{it:?}");
    }
}

#[test]
fn four_links_that_hold_are_never_blocked() {
    let mut whole = 0;
    for it in every::situations().filter(|it| Chain::in_situation(it).links() == [Link::Holds; 4]) {
        whole += 1;
        assert_ne!(ended(&it), Verdict::Blocked, "{it:?}");
    }
    assert!(whole > 100, "only {whole} chains are whole");
}

#[test]
fn a_gap_is_no_link_that_holds() {
    let links = |spoil: fn(&mut crate::Facts)| {
        let mut facts = healthy_facts();
        spoil(&mut facts);
        Chain::of(&facts).links()
    };
    use Link::{Broken, Holds, Unknown};
    assert_eq!(links(|_| ()), [Holds; 4]);
    assert_eq!(
        links(|it| it.key_trial = Fact::Unknown(Gap::NotAsked)),
        [Unknown, Unknown, Unknown, Holds]
    );
    assert_eq!(
        links(|it| it.storage = Fact::Unknown(Gap::Offline)),
        [Unknown, Unknown, Holds, Holds]
    );
    assert_eq!(
        links(|it| it.coverage = Fact::Unknown(Gap::Offline)),
        [Holds, Holds, Holds, Unknown]
    );
    assert_eq!(
        links(|it| it.proof = Fact::Unknown(Gap::Offline)),
        [Holds, Holds, Holds, Unknown]
    );
    assert_eq!(
        links(|it| it.backup.active = Fact::Known(None)),
        [Holds, Holds, Broken, Broken]
    );
    assert_eq!(
        links(|it| it.backup.active = Fact::Unknown(Gap::Failed)),
        [Holds, Holds, Unknown, Unknown]
    );
}
