//! What an audit writes down of one account.

use std::collections::BTreeSet;

use lifeboat_preflight::{Glance, Listed};
use lifeboat_report::{
    Code, Facts, Gap, Light, Report, Severity,
    facts::{Administration, DeviceKeys, Restriction, Session},
};
use serde::{Deserialize, Serialize};

/// One account. It holds nothing of the moment it was looked at, so that it is the same whenever that was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Row {
    /// The user id.
    pub(crate) user: String,
    /// How the account stands.
    pub(crate) light: Light,
    /// What was seen to be weak or broken.
    pub(crate) codes: Vec<Code>,
    /// What administrators have done to it.
    pub(crate) restrictions: Vec<Restriction>,
    /// Whether it is an administrator's own.
    pub(crate) administrator: bool,
    /// Its sessions; `null`: not asked, because none has keys.
    pub(crate) sessions: Option<usize>,
    /// Those of them that can hold keys.
    pub(crate) with_keys: Option<usize>,
    /// Those of them that have keys which the identity does not vouch for.
    pub(crate) unverified: Option<usize>,
    /// When any of them was last seen, in milliseconds since the Unix epoch.
    pub(crate) last_seen_at: Option<u64>,
    /// How many confirmed e-mail addresses can reset the password; `null`: not asked or not known.
    pub(crate) emails: Option<usize>,
    /// The identity providers that sign the person in.
    pub(crate) providers: Vec<String>,
    /// Why the light is unknown.
    pub(crate) why: Option<Why>,
}

/// Why the light of an account is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Why {
    /// This server has no such account.
    NoSuchAccount,
    /// The server did not answer the question, for this reason.
    #[serde(untagged)]
    Gap(Gap),
}

impl Row {
    /// Writes down what was seen.
    pub(super) fn of(listed: &Listed, glance: Glance) -> Self {
        let bare = |light, why| Self::bare(listed, light, why);
        match glance {
            Glance::NotThere => bare(Light::Unknown, Some(Why::NoSuchAccount)),
            Glance::NotKnown(gap) => bare(Light::Unknown, Some(Why::Gap(gap))),
            Glance::Closed => bare(Light::Grey, None),
            Glance::Keyless => Self {
                with_keys: Some(0),
                ..bare(Light::Grey, None)
            },
            Glance::Seen(facts) => Self::seen(listed, *facts),
        }
    }

    fn bare(listed: &Listed, light: Light, why: Option<Why>) -> Self {
        let Administration {
            restrictions,
            administrator,
            providers,
            acted_as_person: _,
            account_server: _,
        } = listed.administration.known().cloned().unwrap_or_default();
        Self {
            user: listed.user.to_string(),
            light,
            codes: Vec::new(),
            restrictions,
            administrator,
            sessions: None,
            with_keys: None,
            unverified: None,
            last_seen_at: None,
            emails: None,
            providers,
            why,
        }
    }

    fn seen(listed: &Listed, facts: Facts) -> Self {
        let sessions = facts.sessions.known().cloned();
        let count = |which: fn(&Session) -> bool| {
            let all = sessions.as_ref()?.iter();
            Some(all.filter(|it| which(it)).count())
        };
        let newest = sessions.iter().flatten().filter_map(|it| it.last_seen_at).max();
        let gaps = [
            facts.sessions.gap(),
            facts.identity.gap(),
            facts.storage.gap(),
            sessions.iter().flatten().find_map(|it| it.keys.gap()),
        ];
        let emails = facts.account.emails.known().map(Vec::len);
        let of_account = facts.account.administration.clone();
        // The moment decides nothing here: no message was looked at.
        let report = Report::of(listed.user.to_string(), 0, facts);
        let light = Light::of(&report);
        let why = gaps.into_iter().flatten().next().filter(|_| light == Light::Unknown);
        let bare = Self::bare(listed, light, why.map(Why::Gap));
        Self {
            codes: weaknesses(&report),
            sessions: count(|_| true),
            with_keys: count(Session::may_hold_room_keys),
            unverified: count(|it| it.may_hold_room_keys() && !it.keys.is(&DeviceKeys::Signed)),
            last_seen_at: newest,
            emails,
            // The list does not tell who signs the person in.
            providers: of_account.map(|it| it.providers).unwrap_or_default(),
            ..bare
        }
    }
}

/// Returns what was seen to be weak or broken, each once; what nobody has looked at is no weakness.
fn weaknesses(report: &Report) -> Vec<Code> {
    let seen = report.findings.iter().filter(|it| it.severity > Severity::Note);
    let seen = seen.filter(|it| it.evidence.gaps.is_empty());
    let codes: BTreeSet<Code> = seen.map(|it| it.code).collect();
    codes.into_iter().collect()
}
