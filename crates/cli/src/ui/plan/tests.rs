//! Snapshots of what a person reads before a reset, and whom they are sent to where there is no way.

use lifeboat_report::{
    Aboard, ArkFirst, Choices, EarlierForecast, Fact, Fate, Gap, OneByOne, RecoveryKey, Report, Route, Waivers,
    facts::{OAuth, PasswordChange},
    testing::{ACCOUNT, TAKEN_AT, healthy_facts},
};

use super::*;

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

fn plan(cleared: Fate, route: Route, fate: Fate, one_by_one: OneByOne) -> Plan {
    let report = Report::of(ACCOUNT.to_owned(), TAKEN_AT, healthy_facts());
    let choices = Choices {
        route,
        fate,
        one_by_one,
        ark: match cleared {
            Fate::SessionsKept => ArkFirst::Skip,
            Fate::SessionsEnded => ArkFirst::Save,
        },
        recovery_key: RecoveryKey::AtHand,
        forecast: EarlierForecast::Taken,
        aboard: match fate {
            Fate::SessionsKept => Aboard::Leave,
            Fate::SessionsEnded => Aboard::Stay,
        },
    };
    Plan::of(&report.clear(cleared, &Waivers::default()).unwrap(), choices)
}

#[test]
fn plans_say_what_is_done_and_what_can_be_taken_back() {
    let none = || OneByOne::These(Vec::new());
    let (kept, ended) = (Fate::SessionsKept, Fate::SessionsEnded);
    let shown: Vec<_> = [
        plan(kept, Route::Email, kept, none()),
        plan(ended, Route::OldPassword, ended, none()),
        plan(
            ended,
            Route::OldPassword,
            kept,
            OneByOne::These(vec!["PIXEL8PHON".into()]),
        ),
        plan(ended, Route::AccountPage, ended, none()),
        plan(ended, Route::SynapseAdmin, ended, none()),
    ]
    .iter()
    .map(|it| plain(&render(it, 80)))
    .collect();
    insta::assert_snapshot!(shown.concat());
}

#[test]
fn routes_say_what_they_do_to_sessions() {
    let mut elsewhere = healthy_facts();
    elsewhere.server.password_change = Fact::Known(PasswordChange::Disabled);
    elsewhere.server.oauth = Fact::Known(Some(OAuth {
        issuer: "https://account.example.org/".into(),
        account_management_uri: None,
        account_management_actions: Vec::new(),
    }));
    let mut forgotten = healthy_facts();
    forgotten.account.emails = Fact::Unknown(Gap::NotAsked);
    forgotten.server.admin_api = Fact::Unknown(Gap::Refused);
    let shown = [healthy_facts(), elsewhere, forgotten].map(|it| plain(&routes(&it, 80)));
    insta::assert_snapshot!(shown.concat());
}

#[test]
fn whoever_has_no_route_is_sent_to_the_right_people() {
    let letter = "A letter to them is in that folder.";
    let mut facts = healthy_facts();
    let named = whom_to_ask(&facts, ACCOUNT, letter);
    facts.server.support = Fact::Known(None);
    let nobody = whom_to_ask(&facts, ACCOUNT, letter);
    insta::assert_snapshot!(format!("{named}\n\n{nobody}\n"));
}

/// Hosted servers have a panel; a server that only sounds like one has none.
#[test]
fn owners_of_hosted_servers_are_told_of_their_panel() {
    for (base_url, account, hosted) in [
        ("https://mira.ems.host/", "@mira:example.org", true),
        ("https://mira.ems.host:8448", "@mira:example.org", true),
        ("https://Mira.EMS.host/_matrix", "@mira:example.org", true),
        ("https://matrix.example.org/", "@mira:mira.ems.host", true),
        ("https://matrix.example.org/", "@mira:mira.ems.host:8448", true),
        ("https://matrix.example.org/", "@mira:example.org", false),
        ("https://mira.ems.host.example.org/", "@mira:example.org", false),
        ("https://example.org/mira.ems.host", "@mira:example.org", false),
        ("https://notems.host/", "@mira:notems.host", false),
    ] {
        let mut facts = healthy_facts();
        facts.server.base_url = base_url.to_owned();
        let told = whom_to_ask(&facts, account, "");
        assert_eq!(
            told.contains("its panel: the tab Server Admin"),
            hosted,
            "{base_url} {account}: {told}"
        );
        assert!(told.contains("no central support does"), "{told}");
    }
}
