//! Snapshots of what a person reads while a reset runs.

use lifeboat_preflight::OAuthWay;
use lifeboat_report::{Fact, facts::OAuth, testing::healthy_facts};
use lifeboat_reset::route::account_page::find;

use super::*;

/// Every step that there is.
fn steps() -> Vec<Step> {
    vec![
        Step::LookAgain,
        Step::SaveArk,
        Step::AskForMail,
        Step::ChangePassword,
        Step::AwaitAccountPage,
        Step::SignIn,
        Step::Restore,
        Step::ProveHistory,
        Step::EndSession("PIXEL8PHON".to_owned()),
        Step::EndOthers,
        Step::TidyUp,
        Step::Leave,
    ]
}

fn page() -> AccountPage {
    let mut server = healthy_facts().server;
    server.oauth = Fact::Known(Some(OAuth {
        issuer: "https://account.example.org/".to_owned(),
        account_management_uri: Some("https://account.example.org/account/".to_owned()),
        account_management_actions: Vec::new(),
    }));
    find(&server).unwrap()
}

fn told(lines: &[String], width: usize) -> String {
    lines.iter().map(|it| wrapped(it, width)).collect()
}

#[test]
fn the_way_over_the_account_page() {
    let mut lines = vec![CHANGE_ON_PAGE.to_owned()];
    lines.extend(on_page(&page(), ComeBack::Password));
    for width in [60, 100] {
        insta::assert_snapshot!(format!("account-page-{width}"), told(&lines, width));
    }
}

#[test]
fn whoever_signs_in_by_browser_may_set_any_password() {
    let lines = on_page(&page(), ComeBack::Browser(OAuthWay::Browser));
    assert!(!lines.iter().any(|it| it.contains("Set exactly")), "{lines:?}");
}

#[test]
fn a_session_ends_in_one_of_three_ways() {
    let device = "PIXEL8PHON\u{1b}[2J";
    let mut lines = vec![end_on_page(device)];
    let ways = [EndedBy::Lifeboat, EndedBy::AccountPage, EndedBy::Itself];
    lines.extend(ways.map(|by| format!(" ✓ {}", ended(device, by))));
    for width in [60, 100] {
        insta::assert_snapshot!(format!("session-ended-{width}"), told(&lines, width));
    }
}

#[test]
fn every_step_has_its_words_before_and_after() {
    let words = |step: &Step| format!(" {}\n ✓ {}\n", doing(step), done(step));
    insta::assert_snapshot!(steps().iter().map(words).collect::<String>());
}

#[test]
fn the_wait_for_the_link_counts_down() {
    let seconds = Duration::from_secs;
    assert_eq!(
        waiting(seconds(3_541), seconds(30)),
        "waiting, 60 minutes left (another mail in 30 s)"
    );
    assert_eq!(
        waiting(seconds(60), Duration::from_millis(200)),
        "waiting, 1 minutes left (another mail in 1 s)"
    );
    assert_eq!(
        waiting(seconds(0), seconds(0)),
        "waiting, 0 minutes left (r: another mail)"
    );
}
