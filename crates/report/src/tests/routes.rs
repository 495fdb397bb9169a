//! Tests of the route finder: a healthy account, one fact changed at a time.

use crate::{
    Closed, Fact, Facts, Gap, Route, Standing,
    facts::{Administration, OAuth, PasswordChange, Software},
    testing::healthy_facts,
};

const NOT_SYNAPSE: Standing = Standing::Closed(Closed::NotSynapse);
const NOT_DELEGATED: Standing = Standing::Closed(Closed::NotDelegated);
const DISABLED: Standing = Standing::Closed(Closed::PasswordChangeDisabled);

fn oauth() -> Fact<Option<OAuth>> {
    Fact::Known(Some(OAuth {
        issuer: "https://account.example.org/".into(),
        account_management_uri: None,
        account_management_actions: Vec::new(),
    }))
}

#[test]
fn each_fact_opens_and_closes_its_routes() {
    use Standing::{ByAdministrator, Open, Unsure};
    type Case = (&'static str, fn(&mut Facts), [Standing; 4]);
    let cases: [Case; 12] = [
        ("healthy", |_| (), [Open, Open, ByAdministrator, NOT_DELEGATED]),
        (
            "no address",
            |it| it.account.emails = Fact::Known(Vec::new()),
            [Open, Standing::Closed(Closed::NoEmail), ByAdministrator, NOT_DELEGATED],
        ),
        (
            "addresses not known",
            |it| it.account.emails = Fact::Unknown(Gap::Refused),
            [Open, Unsure(Gap::Refused), ByAdministrator, NOT_DELEGATED],
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
                Unsure(Gap::NotAsked),
                Unsure(Gap::NotAsked),
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
            [DISABLED, DISABLED, NOT_SYNAPSE, Open],
        ),
        (
            "OAuth beside passwords that can be changed",
            |it| {
                it.server.oauth = oauth();
                it.server.software = Fact::Known(Software {
                    name: "tuwunel".into(),
                    version: "1.9".into(),
                });
            },
            [Open, Open, NOT_SYNAPSE, Open],
        ),
        (
            "another server",
            |it| {
                it.server.software = Fact::Known(Software {
                    name: "tuwunel".into(),
                    version: "1.9".into(),
                });
            },
            [Open, Open, NOT_SYNAPSE, NOT_DELEGATED],
        ),
        (
            "another name, but the Admin API answered",
            |it| {
                it.account.administration = Some(Administration::default());
                it.server.software = Fact::Known(Software {
                    name: "Fork".into(),
                    version: "1".into(),
                });
            },
            [Open, Open, ByAdministrator, NOT_DELEGATED],
        ),
        (
            "metadata not known",
            |it| it.server.oauth = Fact::Unknown(Gap::Failed),
            [Open, Open, Unsure(Gap::Failed), Unsure(Gap::Failed)],
        ),
        (
            "software not known",
            |it| it.server.software = Fact::Unknown(Gap::Unsupported),
            [Open, Open, Unsure(Gap::Unsupported), NOT_DELEGATED],
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
