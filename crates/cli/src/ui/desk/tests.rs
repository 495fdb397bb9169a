//! Snapshots of the administrator's screens.

use std::collections::BTreeMap;

use lifeboat_report::{
    Code, Light, Report,
    facts::{ActedAsPerson, Administration},
    testing::{ACCOUNT, TAKEN_AT, healthy_facts},
};

use super::{audit, light};
use crate::{commands::desk::Summary, ui::html};

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
        red: vec![(
            "@<b>mira</b>:example.org".to_owned(),
            vec![Code::NoSecretStorage, Code::SessionNotSigned],
        )],
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

#[test]
fn an_audit_in_numbers() {
    insta::assert_snapshot!(audit(&summary(), 80));
}

#[test]
fn the_page_of_an_audit_escapes_what_it_names() {
    let page = html::audit(&summary());
    assert!(page.contains("@&lt;b&gt;mira") && !page.contains("<b>"), "{page}");
    assert!(
        page.contains("1\u{a0}204") && page.contains("no-secret-storage"),
        "{page}"
    );
}
