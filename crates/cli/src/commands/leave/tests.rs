//! Snapshots of what a person reads after `lifeboat leave`, and when it leaves.

use lifeboat_preflight::ruma::user_id;
use lifeboat_report::{
    Fact, Gap,
    facts::DeviceKeys,
    testing::{ACCOUNT, TAKEN_AT, healthy_facts, session},
};

use super::*;
use crate::ui::page::Page;

fn sessions_with(keys: DeviceKeys) -> Facts {
    let mut facts = healthy_facts();
    if let Fact::Known(sessions) = &mut facts.sessions {
        sessions.retain(|it| it.this);
        sessions.push(session("PIXEL8PHON", Some("Pixel 8"), TAKEN_AT, keys));
    }
    facts
}

#[test]
fn it_leaves_where_another_session_is_verified() {
    assert!(another_is_ready(&healthy_facts()));
    assert!(another_is_ready(&sessions_with(DeviceKeys::Signed)));
    for keys in [DeviceKeys::None, DeviceKeys::Unsigned, DeviceKeys::Invalid] {
        assert!(!another_is_ready(&sessions_with(keys)), "{keys:?}");
    }
    let mut alone = healthy_facts();
    if let Fact::Known(sessions) = &mut alone.sessions {
        sessions.retain(|it| it.this);
    }
    assert!(!another_is_ready(&alone), "its own session does not count");
    alone.sessions = Fact::Unknown(Gap::Offline);
    assert!(!another_is_ready(&alone), "what is not known is no ground");
}

#[test]
fn every_end_has_its_words() {
    let left = signed_out(ACCOUNT);
    for width in [60, 100] {
        let mut page = Page::new(width);
        for note in [FORGOTTEN, HAD_ENDED, left.as_str()] {
            page.paragraph("", note);
            page.gap();
        }
        for failure in [nothing_to_leave(), stays()] {
            page.paragraph("error: ", &failure.wrong);
            page.paragraph("hint:  ", &failure.hint);
            page.gap();
        }
        insta::assert_snapshot!(format!("ends-{width}"), page.finish());
    }
    assert_eq!(nothing_to_leave().exit, Exit::Usage);
    assert_eq!(
        stays().exit,
        Exit::Blocked,
        "nothing was changed, and a person has to act"
    );
}

/// Whatever else is kept of the account stays: a reset may have to be finished.
fn names_the_folder_alone(hint: &str, kept: &Kept) {
    let folder = kept.folder().display();
    assert!(hint.ends_with(&format!("and remove {folder}.")), "{hint}");
    assert!(!hint.contains("util forget"), "{hint}");
}

#[test]
fn what_removes_a_session_that_cannot_be_opened_is_said() {
    let kept = Kept::of(user_id!("@mira:example.org")).unwrap();
    names_the_folder_alone(&closed(&kept).hint, &kept);
}

#[test]
fn a_session_that_may_be_there_is_named_with_both_ways_out() {
    let kept = Kept::of(user_id!("@mira:example.org")).unwrap();
    let Failure { wrong, hint, exit } = may_be_there("ABCDEFGHIJ", &kept, &CommandLine::account([ACCOUNT]));
    assert!(wrong.contains("“Lifeboat” (ABCDEFGHIJ)"), "{wrong}");
    assert!(
        hint.contains(&format!("lifeboat check {ACCOUNT} --quick --keep-session first")),
        "{hint}"
    );
    names_the_folder_alone(&hint, &kept);
    assert_eq!(exit, Exit::Usage);
}
