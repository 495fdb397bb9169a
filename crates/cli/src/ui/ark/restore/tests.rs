//! Snapshots of what a person reads before and after a restore.

use std::sync::Arc;

use super::*;
use crate::ui::ark::tests::closed;

const MASTER: &str = "m.cross_signing.master";
const DEFAULT_KEY: &str = "m.secret_storage.default_key";

fn data() -> Vec<DataComparison> {
    let one = |kind: &str, state, hindrance| DataComparison {
        kind: kind.to_owned(),
        archived: json!({"encrypted": {}}),
        state,
        hindrance,
    };
    let different = || DataState::Different(json!({"key": "another"}));
    vec![
        one(MASTER, DataState::Missing, None),
        one("m.cross_signing.self_signing", DataState::Same, None),
        one(
            "m.cross_signing.user_signing",
            different(),
            Some(Hindrance::AnotherIdentity),
        ),
        one("m.megolm_backup.v1", DataState::Missing, Some(Hindrance::AnotherBackup)),
        one(DEFAULT_KEY, different(), None),
        one("m.secret_storage.key.OLDKEY", DataState::Missing, None),
    ]
}

fn possible(target: Target) -> BackupComparison {
    let mut restore = BackupRestore::sample("3", target);
    (restore.missing, restore.better, restore.already_there) = (1_200, 4, 7_208);
    BackupComparison::Possible(Arc::new(restore))
}

fn same_key() -> Target {
    Target::SameKey {
        version: "4".to_owned(),
    }
}

/// A restore of the key backup and of this account data.
fn chosen(backup: BackupComparison, kinds: &[&str]) -> Restoring {
    Restoring {
        before: ArkComparison::sample(closed(), backup, data()),
        selection: ArkSelection {
            backup: true,
            account_data: kinds.iter().map(|it| (*it).to_owned()).collect(),
        },
        done: None,
    }
}

/// A restore for which nothing was chosen, or could be.
fn nothing(backup: BackupComparison) -> Restoring {
    Restoring {
        selection: ArkSelection::default(),
        ..chosen(backup, &[])
    }
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[test]
fn a_plan_says_what_goes_back_and_what_stays() {
    let restoring = chosen(possible(same_key()), &[MASTER, DEFAULT_KEY]);
    for width in [60, 100] {
        insta::assert_snapshot!(format!("plan-{width}"), plain(&restoring.plan(width)));
    }
}

#[test]
fn a_plan_says_where_the_keys_go() {
    let other_key = Target::OtherKey {
        version: "4".to_owned(),
        public_key: "b".repeat(43),
    };
    let new_version = Target::NewVersion {
        algorithm: "m.megolm_backup.v1.curve25519-aes-sha2".to_owned(),
        auth_data: json!({}),
    };
    let told = [other_key, new_version].map(|it| plain(&chosen(possible(it), &[MASTER]).plan(100)));
    insta::assert_snapshot!(told.join("----\n"));
}

#[test]
fn a_plan_says_why_the_key_backup_stays() {
    let target_not_opened = BackupComparison::TargetNotOpened {
        version: "4".to_owned(),
    };
    let all = [
        BackupComparison::NothingArchived,
        BackupComparison::NotOpened,
        target_not_opened,
        possible(same_key()),
    ];
    let told = all.map(|it| plain(&nothing(it).plan(100)));
    insta::assert_snapshot!(told.join("----\n"));
}

#[test]
fn one_key_is_spoken_of_as_one() {
    let mut restore = BackupRestore::sample("3", same_key());
    (restore.missing, restore.better, restore.already_there) = (0, 0, 1);
    let told = plain(&nothing(BackupComparison::Possible(Arc::new(restore))).plan(100));
    assert!(told.contains("1 key of the ark is there already."), "{told}");
}

#[test]
fn the_end_says_what_is_back_and_what_is_not() {
    let done = |remaining: &[&str]| Restoring {
        done: Some((
            ArkRestored {
                new_version: Some("5".to_owned()),
                entries: 1_204,
                account_data: vec![MASTER.to_owned()],
            },
            remaining.iter().map(|it| (*it).to_owned()).collect(),
        )),
        ..chosen(possible(same_key()), &[MASTER])
    };
    let told = [
        nothing(BackupComparison::NothingArchived),
        done(&[]),
        done(&["backup", MASTER]),
    ];
    for width in [60, 100] {
        let told: Vec<_> = told.iter().map(|it| plain(&it.outcome(width))).collect();
        insta::assert_snapshot!(format!("outcome-{width}"), told.join("----\n"));
    }
}

#[test]
fn programs_read_the_same() {
    let told = chosen(possible(same_key()), &[MASTER]).document();
    assert_eq!(told["backup"]["target"], json!("same-key"));
    assert_eq!(told["account_data"][0]["selected"], json!(true));
    assert_eq!(told["account_data"][2]["hindrance"], json!("another-identity"));
    assert_eq!(told["done"], Value::Null, "nothing is done yet");
    let told = nothing(BackupComparison::NotOpened).document();
    assert_eq!(told["backup"], json!({"possible": false, "why": "not-opened"}));
}
