//! Every gap in the facts, by name.

use serde::{Deserialize, Serialize};

use crate::{Fact, Facts, Gap};

/// The name of a fact: its path in the status file below `facts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum FactName {
    /// Name and version of the server.
    #[serde(rename = "server.software")]
    Software,
    /// Whether Synapse's Admin API answers.
    #[serde(rename = "server.admin_api")]
    AdminApi,
    /// The server's versions of the specification.
    #[serde(rename = "server.spec_versions")]
    SpecVersions,
    /// The types of sign-in.
    #[serde(rename = "server.login_flows")]
    LoginFlows,
    /// Whether accounts are delegated to an OAuth server.
    #[serde(rename = "server.oauth")]
    OAuth,
    /// Whether the password may be changed over the API.
    #[serde(rename = "server.password_change")]
    PasswordChange,
    /// Whom to ask for help.
    #[serde(rename = "server.support")]
    Support,
    /// The confirmed e-mail addresses.
    #[serde(rename = "account.emails")]
    Emails,
    /// The list of sessions.
    #[serde(rename = "sessions")]
    Sessions,
    /// The keys of one session or more.
    #[serde(rename = "sessions.keys")]
    SessionKeys,
    /// The cross-signing identity.
    #[serde(rename = "identity")]
    Identity,
    /// Secret storage.
    #[serde(rename = "storage")]
    Storage,
    /// The newest version of the key backup.
    #[serde(rename = "backup.active")]
    ActiveBackup,
    /// Whether the key backup was switched off.
    #[serde(rename = "backup.switched_off")]
    OffSwitch,
    /// What the recovery key or passphrase opens.
    #[serde(rename = "key_trial")]
    KeyTrial,
    /// The decrypt test of every entry.
    #[serde(rename = "proof")]
    Proof,
    /// Which messages the backup covers.
    #[serde(rename = "coverage")]
    Coverage,
}

/// One fact that is not known, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FactGap {
    /// Which fact.
    pub fact: FactName,
    /// Why it is not known.
    pub gap: Gap,
}

impl FactName {
    /// Names the fact in plain words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Software => "the server's name and version",
            Self::AdminApi => "whether Synapse's Admin API answers",
            Self::SpecVersions => "the versions of the specification",
            Self::LoginFlows => "the types of sign-in",
            Self::OAuth => "who keeps the accounts",
            Self::PasswordChange => "whether the password can be changed",
            Self::Support => "whom to ask for help",
            Self::Emails => "the e-mail addresses",
            Self::Sessions => "the sessions",
            Self::SessionKeys => "the keys of some sessions",
            Self::Identity => "the identity",
            Self::Storage => "secret storage",
            Self::ActiveBackup => "the key backup",
            Self::OffSwitch => "whether the key backup was switched off",
            Self::KeyTrial => "what the recovery key opens",
            Self::Proof => "whether every backed-up key opens",
            Self::Coverage => "which messages the key backup covers",
        }
    }
}

impl Facts {
    /// Returns every gap, in the order of the fields; the sessions' keys once for each reason.
    pub fn gaps(&self) -> Vec<FactGap> {
        let mut session_keys: Vec<Gap> = self
            .sessions
            .known()
            .map(|sessions| sessions.iter().filter_map(|it| it.keys.gap()).collect())
            .unwrap_or_default();
        session_keys.sort_unstable();
        session_keys.dedup();
        let server = &self.server;
        let mut gaps = Vec::new();
        let mut note = |fact, gap: Option<Gap>| gaps.extend(gap.map(|gap| FactGap { fact, gap }));
        note(FactName::Software, server.software.gap());
        note(FactName::AdminApi, server.admin_api.gap());
        note(FactName::SpecVersions, server.spec_versions.gap());
        note(FactName::LoginFlows, server.login_flows.gap());
        note(FactName::OAuth, server.oauth.gap());
        note(FactName::PasswordChange, server.password_change.gap());
        note(FactName::Support, server.support.gap());
        note(FactName::Emails, self.account.emails.gap());
        note(FactName::Sessions, self.sessions.gap());
        for gap in session_keys {
            note(FactName::SessionKeys, Some(gap));
        }
        note(FactName::Identity, self.identity.gap());
        note(FactName::Storage, self.storage.gap());
        note(FactName::ActiveBackup, self.backup.active.gap());
        note(FactName::OffSwitch, self.backup.switched_off.gap());
        note(FactName::KeyTrial, self.key_trial.gap());
        note(FactName::Proof, self.proof.gap());
        note(FactName::Coverage, self.coverage.gap());
        gaps
    }

    /// Returns the gaps that are there because the server asked to come back later. The Admin API is left out: a limit
    /// for those who administer the server says nothing of what a person may ask, and no verdict depends on it.
    pub(crate) fn rate_limits(&self) -> Vec<FactGap> {
        let mut gaps = self.gaps();
        gaps.retain(|it| it.gap == Gap::RateLimited && it.fact != FactName::AdminApi);
        gaps
    }
}

impl<T> Fact<T> {
    /// Tells whether this gap, if it is one, is for any reason other than that the server lacks the feature.
    pub(crate) fn is_open_question(&self) -> bool {
        self.gap().is_some_and(|gap| gap != Gap::Unsupported)
    }
}
