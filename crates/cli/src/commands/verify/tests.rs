//! Snapshots of what a person reads after `lifeboat verify`. Its sentences go out unwrapped, so they have no width.

use lifeboat_preflight::{BackupConnection, OwnSignature};
use lifeboat_report::{
    facts::SecretName,
    testing::{ACCOUNT, TAKEN_AT, session},
};

use super::*;

fn everything() -> Unlocked {
    Unlocked {
        identity: SecretName::IDENTITY.into(),
        signature: OwnSignature::Signed,
        backup: BackupConnection::Connected,
    }
}

fn something() -> Unlocked {
    Unlocked {
        identity: [SecretName::SelfSigning].into(),
        backup: BackupConnection::KeyNotStored,
        ..everything()
    }
}

fn verified(by_key: bool, held: Unlocked) -> Verified {
    Verified {
        account: ACCOUNT.to_owned(),
        by_key,
        kind: SessionKind::Throwaway,
        held,
        session: None,
        file: None,
    }
}

#[test]
fn it_says_what_the_session_holds_now() {
    let told = [
        verified(true, everything()),
        verified(true, something()),
        verified(false, everything()),
        verified(false, something()),
    ];
    let told = told.map(|it| it.sentences());
    insta::assert_snapshot!(told.join("----\n"));
}

#[test]
fn another_session_and_a_new_recovery_key_are_named() {
    let told = Verified {
        session: Some("PIXEL8PHON\u{1b}[2J".to_owned()),
        file: Some("new-key.txt".into()),
        ..verified(true, everything())
    };
    insta::assert_snapshot!(told.sentences());
    let kept = Verified {
        kind: SessionKind::Kept,
        ..verified(true, everything())
    };
    assert!(!kept.sentences().contains("removed itself"), "it stays");
}

#[test]
fn programs_read_the_same() {
    let whole = verified(true, everything()).document();
    assert_eq!(
        (&whole["by"], &whole["complete"]),
        (&json!("recovery-key"), &json!(true))
    );
    let part = verified(false, something()).document();
    assert_eq!((&part["by"], &part["complete"]), (&json!("comparing"), &json!(false)));
    assert_eq!(part["secrets"], json!(["m.cross_signing.self_signing"]));
}

#[test]
fn a_session_that_cannot_be_verified_is_refused() {
    let all = [
        session("GHOST", None, TAKEN_AT, DeviceKeys::None),
        session("BROKEN", None, TAKEN_AT, DeviceKeys::Invalid),
        session("PIXEL8PHON", Some("Pixel 8"), TAKEN_AT, DeviceKeys::Unsigned),
    ];
    let other = |id: &str| Other {
        id: id.to_owned(),
        key: None,
    };
    let told = ["GHOST", "BROKEN", "NOBODY\u{1b}[2J"].map(|id| {
        let Failure { wrong, hint, .. } = known(other(id), &all).unwrap_err();
        format!("{wrong}\n  {hint}\n")
    });
    insta::assert_snapshot!(told.concat());
    assert_eq!(known(other("PIXEL8PHON"), &all).unwrap().id, "PIXEL8PHON");
}
