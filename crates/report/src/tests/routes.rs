//! Tests of the route finder: a healthy account, one fact changed at a time.

use crate::{
    Closed, Fact, FactGap, FactName, Facts, Gap, Route, Standing,
    facts::{Administration, OAuth, PasswordChange, Software},
    testing::healthy_facts,
};

const NO_ADMIN_API: Standing = Standing::Closed(Closed::NoAdminApi);
const DELEGATED: Standing = Standing::Closed(Closed::Delegated);
const NOT_DELEGATED: Standing = Standing::Closed(Closed::NotDelegated);
const DISABLED: Standing = Standing::Closed(Closed::PasswordChangeDisabled);

fn oauth() -> Fact<Option<OAuth>> {
    Fact::Known(Some(OAuth {
        issuer: "https://account.example.org/".into(),
        account_management_uri: None,
        account_management_actions: Vec::new(),
    }))
}

fn called(name: &str) -> Fact<Software> {
    Fact::Known(Software {
        name: name.into(),
        version: "1.9".into(),
    })
}

fn unsure(fact: FactName, gap: Gap) -> Standing {
    Standing::Unsure(FactGap { fact, gap })
}

#[test]
fn each_fact_opens_and_closes_its_routes() {
    use Standing::{ByAdministrator, Open};
    type Case = (&'static str, fn(&mut Facts), [Standing; 4]);
    let cases: [Case; 18] = [
        ("healthy", |_| (), [Open, Open, ByAdministrator, NOT_DELEGATED]),
        (
            "no address",
            |it| it.account.emails = Fact::Known(Vec::new()),
            [Open, Standing::Closed(Closed::NoEmail), ByAdministrator, NOT_DELEGATED],
        ),
        (
            "addresses not known",
            |it| it.account.emails = Fact::Unknown(Gap::Refused),
            [
                Open,
                unsure(FactName::Emails, Gap::Refused),
                ByAdministrator,
                NOT_DELEGATED,
            ],
        ),
        (
            "password change disabled",
            |it| it.server.password_change = Fact::Known(PasswordChange::Disabled),
            [DISABLED, DISABLED, ByAdministrator, NOT_DELEGATED],
        ),
        (
            "capability not known",
            |it| it.server.password_change = Fact::Unknown(Gap::NotAsked),
            [
                unsure(FactName::PasswordChange, Gap::NotAsked),
                unsure(FactName::PasswordChange, Gap::NotAsked),
                ByAdministrator,
                NOT_DELEGATED,
            ],
        ),
        (
            "single sign-on only",
            |it| it.server.login_flows = Fact::Known(vec!["m.login.sso".into()]),
            [
                Standing::Closed(Closed::NoPasswordSignIn),
                Standing::Closed(Closed::NoPasswordSignIn),
                ByAdministrator,
                NOT_DELEGATED,
            ],
        ),
        (
            "delegated, with the capability off",
            |it| {
                it.server.oauth = oauth();
                it.server.password_change = Fact::Known(PasswordChange::Disabled);
            },
            [DISABLED, DISABLED, DELEGATED, Open],
        ),
        (
            "OAuth beside passwords that can be changed",
            |it| {
                it.server.oauth = oauth();
                it.server.software = called("tuwunel");
                it.server.admin_api = Fact::Known(false);
            },
            [Open, Open, NO_ADMIN_API, Open],
        ),
        (
            "another server",
            |it| {
                it.server.software = called("tuwunel");
                it.server.admin_api = Fact::Known(false);
            },
            [Open, Open, NO_ADMIN_API, NOT_DELEGATED],
        ),
        (
            "called Synapse, without the Admin API",
            |it| it.server.admin_api = Fact::Known(false),
            [Open, Open, NO_ADMIN_API, NOT_DELEGATED],
        ),
        (
            "another name, with the Admin API",
            |it| it.server.software = called("Fork"),
            [Open, Open, ByAdministrator, NOT_DELEGATED],
        ),
        (
            "no name, with the Admin API",
            |it| it.server.software = Fact::Unknown(Gap::Unsupported),
            [Open, Open, ByAdministrator, NOT_DELEGATED],
        ),
        (
            "an administrator was answered, and nobody else is",
            |it| {
                it.account.administration = Some(Administration::default());
                it.server.admin_api = Fact::Known(false);
            },
            [Open, Open, ByAdministrator, NOT_DELEGATED],
        ),
        (
            "the Admin API behind a reverse proxy",
            |it| it.server.admin_api = Fact::Unknown(Gap::Refused),
            [Open, Open, unsure(FactName::AdminApi, Gap::Refused), NOT_DELEGATED],
        ),
        (
            "the same, and an administrator was answered",
            |it| {
                it.account.administration = Some(Administration::default());
                it.server.admin_api = Fact::Unknown(Gap::Refused);
            },
            [Open, Open, ByAdministrator, NOT_DELEGATED],
        ),
        (
            "the same, delegated",
            |it| {
                it.server.oauth = oauth();
                it.server.admin_api = Fact::Unknown(Gap::Refused);
            },
            [Open, Open, DELEGATED, Open],
        ),
        (
            "metadata not known",
            |it| it.server.oauth = Fact::Unknown(Gap::Failed),
            [
                Open,
                Open,
                unsure(FactName::OAuth, Gap::Failed),
                unsure(FactName::OAuth, Gap::Failed),
            ],
        ),
        (
            "metadata not known, without the Admin API",
            |it| {
                it.server.oauth = Fact::Unknown(Gap::Failed);
                it.server.admin_api = Fact::Known(false);
            },
            [Open, Open, NO_ADMIN_API, unsure(FactName::OAuth, Gap::Failed)],
        ),
    ];
    for (name, change, wanted) in cases {
        let mut facts = healthy_facts();
        change(&mut facts);
        let offers = facts.routes();
        assert_eq!(offers.map(|it| it.route), Route::ALL, "{name}");
        assert_eq!(offers.map(|it| it.standing), wanted, "{name}");
    }
}
