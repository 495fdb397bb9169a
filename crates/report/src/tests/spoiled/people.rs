//! Spoiled identities, sessions, servers and addresses.

use super::{Case, case, known, published, session, without_history};
use crate::facts::{
    Administration, BackupKeyAnswer, DeviceKeys, Identity, OAuth, PasswordChange, Restriction, Signature,
};
use crate::testing::TAKEN_AT;
use crate::{Fact, Gap};

/// Ten minutes before the healthy account's newest message.
const BEFORE_NEWEST: u64 = TAKEN_AT - 10 * 86_400_000 - 600_000;

pub(super) fn cases() -> Vec<Case> {
    [identities(), sessions(), servers()].into_iter().flatten().collect()
}

fn identities() -> Vec<Case> {
    vec![
        case("no identity", &["no-identity C C"], |facts| {
            facts.identity = Fact::Known(Identity::default());
            session(facts, 0).keys = Fact::Known(DeviceKeys::Unsigned);
        }),
        case("no identity, no history", &["no-identity N N"], |facts| {
            without_history(facts);
            facts.identity = Fact::Known(Identity::default());
        }),
        case("identity without master key", &["identity-incomplete C C"], |facts| {
            published(facts).master = None
        }),
        case(
            "identity without the keys below",
            &["identity-incomplete C C"],
            |facts| {
                (published(facts).self_signing, published(facts).user_signing) = (None, None);
            },
        ),
        case("identity as others see it", &[], |facts| {
            published(facts).user_signing = None;
            published(facts).from_outside = true;
        }),
        case("less than others see", &["identity-incomplete C C"], |facts| {
            published(facts).user_signing = None;
            published(facts).self_signing = None;
            published(facts).from_outside = true;
        }),
        case("self-signing key not signed", &["identity-badly-signed C C"], |facts| {
            published(facts).self_signing.as_mut().unwrap().by_master = Signature::Missing;
        }),
        case("keys below badly signed", &["identity-badly-signed C C"], |facts| {
            published(facts).self_signing.as_mut().unwrap().by_master = Signature::UnknownKey;
            published(facts).user_signing.as_mut().unwrap().by_master = Signature::Invalid;
        }),
        case(
            "identity incomplete and badly signed",
            &["identity-incomplete C C", "identity-badly-signed C C"],
            |facts| {
                published(facts).user_signing.as_mut().unwrap().by_master = Signature::Invalid;
                published(facts).self_signing = None;
            },
        ),
        case("identity not known", &["identity-unknown C C"], |facts| {
            facts.identity = Fact::Unknown(Gap::Unreadable);
            session(facts, 0).keys = Fact::Known(DeviceKeys::Unsigned);
        }),
    ]
}

fn sessions() -> Vec<Case> {
    vec![
        case("session never verified", &["session-not-signed C C"], |facts| {
            session(facts, 1).keys = Fact::Known(DeviceKeys::Unsigned);
        }),
        case(
            "sessions with keys that cannot be theirs",
            &["session-not-signed C C"],
            |facts| {
                for number in 0..2 {
                    session(facts, number).keys = Fact::Known(DeviceKeys::Invalid);
                    session(facts, number).name = None;
                }
            },
        ),
        case(
            "session not seen since the newest message",
            &["session-stale N N"],
            |facts| {
                session(facts, 1).last_seen_at = Some(BEFORE_NEWEST - 1);
            },
        ),
        case("session seen just before the newest message", &[], |facts| {
            session(facts, 1).last_seen_at = Some(BEFORE_NEWEST);
        }),
        case(
            "sessions not seen since the newest message, messages at risk",
            &["coverage-at-risk C B", "session-stale C C"],
            |facts| {
                known(&mut facts.coverage).at_risk = 7;
                for number in 0..3 {
                    session(facts, number).last_seen_at = Some(0);
                }
            },
        ),
        case("session did not answer", &["session-silent N N"], |facts| {
            session(facts, 1).backup_key = BackupKeyAnswer::NoAnswer;
        }),
        case("sessions answered", &[], |facts| {
            session(facts, 0).backup_key = BackupKeyAnswer::Answered;
            session(facts, 1).backup_key = BackupKeyAnswer::Answered;
        }),
        case(
            "sessions did not answer, messages at risk",
            &["coverage-at-risk C B", "session-silent C C"],
            |facts| {
                known(&mut facts.coverage).at_risk = 7;
                for number in 0..3 {
                    session(facts, number).backup_key = BackupKeyAnswer::NoAnswer;
                }
            },
        ),
        case("keyless session did not answer", &["session-keyless N N"], |facts| {
            session(facts, 1).backup_key = BackupKeyAnswer::NoAnswer;
            session(facts, 1).keys = Fact::Known(DeviceKeys::None);
        }),
        case(
            "keyless session not seen since the newest message",
            &["session-keyless N N"],
            |facts| {
                session(facts, 1).last_seen_at = Some(0);
                session(facts, 1).keys = Fact::Known(DeviceKeys::None);
            },
        ),
        case("this session never verified", &[], |facts| {
            session(facts, 2).keys = Fact::Known(DeviceKeys::Unsigned)
        }),
        case("keyless session", &["session-keyless N N"], |facts| {
            session(facts, 1).keys = Fact::Known(DeviceKeys::None);
        }),
        case(
            "two keyless sessions",
            &["only-session N N", "session-keyless N N"],
            |facts| {
                session(facts, 0).keys = Fact::Known(DeviceKeys::None);
                session(facts, 1).keys = Fact::Known(DeviceKeys::None);
            },
        ),
        case("dehydrated device, not signed", &["dehydrated-session N N"], |facts| {
            session(facts, 1).keys = Fact::Known(DeviceKeys::Unsigned);
            session(facts, 1).dehydrated = true;
        }),
        case("only session", &["only-session N N"], |facts| {
            known(&mut facts.sessions).drain(..2);
        }),
        case("only session, no history", &["only-session N N"], |facts| {
            without_history(facts);
            known(&mut facts.sessions).drain(..2);
        }),
        case(
            "only session beside a dehydrated device and a keyless one",
            &["only-session N N", "session-keyless N N", "dehydrated-session N N"],
            |facts| {
                session(facts, 0).dehydrated = true;
                session(facts, 1).keys = Fact::Known(DeviceKeys::None);
            },
        ),
        case(
            "only session, messages at risk",
            &["coverage-at-risk C B", "only-session C N"],
            |facts| {
                known(&mut facts.sessions).drain(..2);
                known(&mut facts.coverage).at_risk = 7;
            },
        ),
        case(
            "only session, coverage not known",
            &["coverage-unknown C B", "only-session C N"],
            |facts| {
                known(&mut facts.sessions).drain(..2);
                facts.coverage = Fact::Unknown(Gap::Offline);
            },
        ),
        case(
            "only session, key not tested",
            &["recovery-key-not-tested C B", "only-session C N"],
            |facts| {
                known(&mut facts.sessions).drain(..2);
                super::without_key(facts);
            },
        ),
        case("sessions not known", &["sessions-unknown C C"], |facts| {
            facts.sessions = Fact::Unknown(Gap::Offline)
        }),
        case("keys of a session not known", &["sessions-unknown C C"], |facts| {
            session(facts, 0).keys = Fact::Unknown(Gap::Unreadable);
        }),
        case(
            "keys of no session known",
            &["sessions-unknown C C", "rate-limited C C"],
            |facts| {
                session(facts, 0).keys = Fact::Unknown(Gap::Unreadable);
                session(facts, 1).keys = Fact::Unknown(Gap::RateLimited);
                session(facts, 2).keys = Fact::Unknown(Gap::RateLimited);
            },
        ),
    ]
}

fn servers() -> Vec<Case> {
    let oauth = || {
        Some(OAuth {
            issuer: "https://account.example.org/".into(),
            account_management_uri: Some("https://account.example.org/account/".into()),
            account_management_actions: Vec::new(),
        })
    };
    vec![
        case("password change disabled", &["password-change-disabled C C"], |facts| {
            facts.server.password_change = Fact::Known(PasswordChange::Disabled);
        }),
        case("accounts delegated", &["accounts-delegated N N"], |facts| {
            facts.server.oauth = Fact::Known(oauth())
        }),
        case(
            "accounts delegated, password change disabled",
            &["accounts-delegated N N"],
            |facts| {
                facts.server.oauth = Fact::Known(oauth());
                facts.server.password_change = Fact::Known(PasswordChange::Disabled);
            },
        ),
        case("delegation not known", &["server-unknown C C"], |facts| {
            facts.server.oauth = Fact::Unknown(Gap::Offline)
        }),
        case(
            "delegation not known, password change disabled",
            &["password-change-disabled C C", "server-unknown C C"],
            |facts| {
                facts.server.oauth = Fact::Unknown(Gap::Offline);
                facts.server.password_change = Fact::Known(PasswordChange::Disabled);
            },
        ),
        case(
            "capabilities not known, no delegation offered",
            &["server-unknown C C"],
            |facts| {
                facts.server.oauth = Fact::Unknown(Gap::Unsupported);
                facts.server.password_change = Fact::Unknown(Gap::Refused);
            },
        ),
        case("neither delegation nor capabilities offered", &[], |facts| {
            facts.server.oauth = Fact::Unknown(Gap::Unsupported);
            facts.server.password_change = Fact::Unknown(Gap::Unsupported);
        }),
        case(
            "delegation and capabilities not known",
            &["server-unknown C C"],
            |facts| {
                facts.server.oauth = Fact::Unknown(Gap::Refused);
                facts.server.password_change = Fact::Unknown(Gap::Offline);
            },
        ),
        case("single sign-on alone", &["no-password-sign-in N N"], |facts| {
            facts.server.login_flows = Fact::Known(vec!["m.login.sso".into()]);
        }),
        case(
            "accounts delegated, no password",
            &["accounts-delegated N N"],
            |facts| {
                facts.server.login_flows = Fact::Known(vec!["m.login.sso".into()]);
                facts.server.oauth = Fact::Known(oauth());
            },
        ),
        case("an administrator has looked and sees nothing", &[], |facts| {
            facts.account.administration = Some(Administration::default());
        }),
        case("signed in by two providers", &["signs-in-elsewhere N N"], |facts| {
            facts.account.administration = Some(Administration {
                providers: vec!["oidc-work".into(), "saml\u{1b}[2J".into()],
                ..Administration::default()
            });
        }),
        case("locked and suspended", &["account-restricted C C"], |facts| {
            facts.account.administration = Some(Administration {
                restrictions: vec![Restriction::Locked, Restriction::Suspended],
                ..Administration::default()
            });
        }),
        case("deactivated and shadow-banned", &["account-restricted C C"], |facts| {
            facts.account.administration = Some(Administration {
                restrictions: vec![Restriction::Deactivated, Restriction::ShadowBanned],
                administrator: true,
                ..Administration::default()
            });
        }),
        case("no e-mail address", &["no-email N N"], |facts| {
            facts.account.emails = Fact::Known(vec![])
        }),
        case("e-mail addresses not known", &["email-unknown N N"], |facts| {
            facts.account.emails = Fact::Unknown(Gap::Refused);
        }),
        case("software, versions, sign-in and support not known", &[], |facts| {
            facts.server.software = Fact::Unknown(Gap::Refused);
            facts.server.admin_api = Fact::Unknown(Gap::Refused);
            facts.server.spec_versions = Fact::Unknown(Gap::Unreadable);
            facts.server.login_flows = Fact::Unknown(Gap::Unsupported);
            facts.server.support = Fact::Unknown(Gap::Offline);
        }),
    ]
}
