//! Snapshots of what a person reads before and after a repair.

use lifeboat_report::{
    Fact, Facts, Gap,
    facts::{DefaultKey, DeviceKeys, Identity, OffSwitch, SecretStorage},
    testing::{ACCOUNT, TAKEN_AT, healthy_facts, session},
};
use lifeboat_rescue::{IdentityWish, KeyWish, Wishes, plan};

use super::*;

const WIDTH: usize = 100;
const DAY: u64 = 86_400_000;

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

fn bare() -> Facts {
    let mut facts = healthy_facts();
    facts.identity = Fact::Known(Identity::default());
    facts.storage = Fact::Known(SecretStorage {
        default_key: DefaultKey::NotSet,
        keys: Default::default(),
        secrets: Default::default(),
    });
    facts.key_trial = Fact::Unknown(Gap::NotAsked);
    facts.backup.active = Fact::Known(None);
    facts
}

fn stranded() -> Facts {
    let mut facts = healthy_facts();
    facts.key_trial = Fact::Unknown(Gap::NotAsked);
    if let Fact::Known(sessions) = &mut facts.sessions {
        sessions.retain(|it| it.this);
        sessions.push(session(
            "OLDPHONE",
            Some("Old phone"),
            TAKEN_AT - DAY,
            DeviceKeys::Unsigned,
        ));
    }
    facts
}

fn wishes(identity: IdentityWish) -> Wishes {
    Wishes {
        recovery_key: KeyWish::Lost,
        identity,
        ..Wishes::default()
    }
}

#[test]
fn a_bare_account_reads_what_it_will_get() {
    let facts = bare();
    let plan = plan(&facts, &Wishes::default());
    insta::assert_snapshot!(plain(&round(&plan, &facts, WIDTH)));
}

#[test]
fn a_new_identity_says_what_it_costs() {
    let facts = stranded();
    let plan = plan(&facts, &wishes(IdentityWish::Reset));
    insta::assert_snapshot!(plain(&round(&plan, &facts, WIDTH)));
}

#[test]
fn a_recovery_key_that_does_not_fit_is_no_success() {
    let mut facts = healthy_facts();
    let mut mended = Mended::default();
    mended.end(plan(&facts, &Wishes::default()), &facts);
    assert!(mended.is_complete());
    if let Fact::Known(trial) = &mut facts.key_trial {
        trial.candidates.iter_mut().for_each(|it| {
            it.opens_default = false;
        });
    }
    mended.end(plan(&facts, &Wishes::default()), &facts);
    assert!(!mended.is_complete());
    assert!(
        outcome(&facts, &Wishes::default(), &[], None).contains("does not open the storage key"),
        "it is not said"
    );
}

fn outcome(facts: &Facts, wishes: &Wishes, done: &[Repair], key: Option<NewKey>) -> String {
    let mut mended = Mended {
        done: done.to_vec(),
        new_recovery_key: key,
        ..Mended::default()
    };
    mended.planned(done);
    mended.end(plan(facts, wishes), facts);
    mended.now = TAKEN_AT;
    plain(&mended.outcome(&CommandLine::account([ACCOUNT]), WIDTH))
}

#[test]
fn the_end_says_what_is_left_what_was_refused_and_what_else_there_is() {
    let mut off = healthy_facts();
    off.backup.switched_off = Fact::Known(Some(OffSwitch::KeyBackup));
    if let Fact::Known(sessions) = &mut off.sessions {
        sessions.push(session(
            "GHOST",
            Some("\u{1b}[2JGhost"),
            TAKEN_AT - 200 * DAY,
            DeviceKeys::None,
        ));
    }
    let signed_out = Wishes {
        sign_out: ["PIXEL8PHON", "NOBODY"].map(str::to_owned).into(),
        ..Wishes::default()
    };
    let mut risky = healthy_facts();
    if let Fact::Known(coverage) = &mut risky.coverage {
        coverage.at_risk = 7;
    }
    let file = || Some(NewKey::File("new-key.txt".into()));
    let told = [
        outcome(&healthy_facts(), &Wishes::default(), &[], None),
        outcome(&off, &Wishes::default(), &[], None),
        outcome(&stranded(), &wishes(IdentityWish::Keep), &[], None),
        outcome(&healthy_facts(), &Wishes::default(), &[Repair::NewStorageKey], file()),
        outcome(&bare(), &Wishes::default(), &[Repair::NewStorageKey], file()),
        outcome(&risky, &signed_out, &[Repair::FillBackup], None),
    ];
    insta::assert_snapshot!(told.join("\n----\n\n"));
}

#[test]
fn programs_read_the_same() {
    let facts = stranded();
    let mut mended = Mended::default();
    mended.planned(&[Repair::NewStorageKey]);
    mended.end(plan(&facts, &wishes(IdentityWish::Keep)), &facts);
    let document = mended.document();
    assert_eq!(document["plan"][0]["code"], "new-storage-key");
    let offers: Vec<_> = document["offers"].as_array().into_iter().flatten().collect();
    assert!(offers.iter().any(|it| it["code"] == "reset-identity"));
    assert!(offers.iter().any(|it| it["session"] == "OLDPHONE"));
    assert!(!mended.is_complete(), "a wish was refused");
}

#[test]
fn a_failure_tells_what_was_done_and_which_key_to_give() {
    let mended = Mended {
        done: vec![Repair::NewStorageKey],
        new_recovery_key: Some(NewKey::File("new-key.txt".into())),
        ..Mended::default()
    };
    let failure = mended.told(Failure::failed("It broke.", "Run it again."));
    assert_eq!(failure.wrong, "It broke. Done before that: new-storage-key.");
    assert!(failure.hint.ends_with("--recovery-key-file new-key.txt"));
    assert_eq!(failure.exit, Exit::Blocked, "something was changed");
    let failure = Mended::default().told(Failure::failed("It broke.", "Run it again."));
    assert_eq!(failure.exit, Exit::Failed);
}
