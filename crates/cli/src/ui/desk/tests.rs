//! Snapshots of the administrator's screens.

use std::collections::BTreeMap;

use lifeboat_report::{
    Code, Fate, Gap, Light, Report,
    facts::{AccountServer, ActedAsPerson, Administration, Restriction, SignedIn, SignedInKind},
    testing::{ACCOUNT, TAKEN_AT, healthy_facts},
};

use super::{audit, light, mas_plan};
use crate::{
    commands::desk::{MasPlan, Named, Summary, Why},
    ui::html,
};

fn summary() -> Summary {
    Summary {
        server: "example.org".to_owned(),
        accounts: 10_000,
        lights: BTreeMap::from([
            (Light::Red, 1_204),
            (Light::Amber, 6_020),
            (Light::Grey, 2_770),
            (Light::Unknown, 6),
        ]),
        codes: BTreeMap::from([(Code::NoSecretStorage, 900), (Code::SessionNotSigned, 350)]),
        restricted: 12,
        first: BTreeMap::from([
            (
                Light::Red,
                vec![Named {
                    user: "@<b>mira</b>:example.org".to_owned(),
                    codes: vec![Code::NoSecretStorage, Code::SessionNotSigned],
                    restrictions: vec![Restriction::Locked],
                    why: None,
                }],
            ),
            (
                Light::Unknown,
                vec![Named {
                    user: "@ben:example.org".to_owned(),
                    codes: Vec::new(),
                    restrictions: Vec::new(),
                    why: Some(Why::NoSuchAccount),
                }],
            ),
        ]),
    }
}

#[test]
fn the_light_of_an_account() {
    let mut facts = healthy_facts();
    facts.account.administration = Some(Administration {
        acted_as_person: Some(ActedAsPerson {
            by: "@ada:example.org".to_owned(),
            consent: "by phone\u{1b}[2J, ticket 4711".to_owned(),
            until: TAKEN_AT,
        }),
        ..Administration::default()
    });
    let report = Report::of(ACCOUNT.to_owned(), TAKEN_AT, facts);
    insta::assert_snapshot!(light(&report, 80));
}

fn signed_in() -> Vec<SignedIn> {
    let one = |id: &str, kind, device_id: Option<&str>, name: Option<&str>, last_active_at| SignedIn {
        id: id.to_owned(),
        kind,
        device_id: device_id.map(str::to_owned),
        name: name.map(str::to_owned),
        last_active_at,
    };
    vec![
        one(
            "01A",
            SignedInKind::Compat,
            Some("PHONE"),
            Some("Element\u{1b}[2J Android"),
            Some(TAKEN_AT),
        ),
        one("01B", SignedInKind::Oauth2, Some("LAPTOP"), None, None),
        one("01C", SignedInKind::Browser, None, Some("Mozilla/5.0"), Some(TAKEN_AT)),
        one("01D", SignedInKind::Personal, None, Some("Archive"), None),
    ]
}

#[test]
fn what_is_signed_in_elsewhere_is_listed() {
    let mut facts = healthy_facts();
    facts.account.administration = Some(Administration {
        account_server: Some(AccountServer {
            url: "https://account.example.org/".to_owned(),
            passwords: Some(true),
            recovery: Some(false),
            signed_in: signed_in(),
        }),
        ..Administration::default()
    });
    let report = Report::of(ACCOUNT.to_owned(), TAKEN_AT, facts);
    insta::assert_snapshot!(light(&report, 80));
}

#[test]
fn the_plan_says_what_is_ended_and_what_is_not() {
    let plan = |fate, signed_in| MasPlan {
        account: ACCOUNT.to_owned(),
        url: "https://account.example.org/".to_owned(),
        id: "01040G2081040G2081040G2081".to_owned(),
        fate,
        signed_in,
    };
    let shown = [
        mas_plan(&plan(Fate::SessionsKept, signed_in()), 80),
        mas_plan(&plan(Fate::SessionsEnded, signed_in()), 80),
        mas_plan(&plan(Fate::SessionsEnded, Vec::new()), 80),
    ];
    insta::assert_snapshot!(shown.join("--------\n"));
}

#[test]
fn an_audit_in_numbers() {
    insta::assert_snapshot!(audit(&summary(), 80));
}

#[test]
fn the_page_of_an_audit_escapes_what_it_names() {
    let page = html::audit(&summary());
    assert!(page.contains("@&lt;b&gt;mira") && !page.contains("<b>"), "{page}");
    assert!(page.contains("no-secret-storage, session-not-signed, locked"), "{page}");
    assert!(
        page.contains("And 5 more") && page.contains("no such account"),
        "{page}"
    );
    assert!(
        page.contains("1\u{a0}204") && page.contains("no-secret-storage"),
        "{page}"
    );
}

/// The page without its style sheet, an element on each line.
fn body(page: &str) -> String {
    page.split_once("<body>").unwrap().1.replace("><", ">\n<")
}

#[test]
fn the_page_of_an_audit() {
    let named = |user: &str, why| Named {
        user: user.to_owned(),
        codes: Vec::new(),
        restrictions: Vec::new(),
        why,
    };
    let mut summary = summary();
    summary
        .first
        .insert(Light::Amber, vec![named("@ada:example.org", None)]);
    if let Some(unknown) = summary.first.get_mut(&Light::Unknown) {
        unknown.push(named("@cleo:example.org", Some(Why::Gap(Gap::RateLimited))));
    }
    insta::assert_snapshot!(body(&html::audit(&summary)));
}

#[test]
fn the_page_of_an_audit_that_saw_nothing_weak() {
    let sound = Summary {
        codes: BTreeMap::new(),
        first: BTreeMap::new(),
        ..summary()
    };
    insta::assert_snapshot!(body(&html::audit(&sound)));
}
