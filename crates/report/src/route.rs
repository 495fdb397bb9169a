//! The routes: how a password can be changed, and which of them this server and this person have.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Fact, FactGap, FactName, Facts, Gap,
    facts::{OAuth, PasswordChange},
};

/// How a password is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Route {
    /// By somebody who knows the old one and is signed in.
    OldPassword,
    /// By a link that the server sends to a confirmed e-mail address.
    Email,
    /// By an administrator of a Synapse server, for somebody else.
    SynapseAdmin,
    /// On the page of the OAuth server that holds the accounts.
    AccountPage,
}

impl Route {
    /// Every route, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::OldPassword, Self::Email, Self::SynapseAdmin, Self::AccountPage];

    /// Returns the kebab-case name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OldPassword => "old-password",
            Self::Email => "email",
            Self::SynapseAdmin => "synapse-admin",
            Self::AccountPage => "account-page",
        }
    }

    /// Says what the route does to the sessions.
    pub fn to_sessions(self) -> &'static str {
        match self {
            Self::OldPassword => "keeps every session, unless you choose to end them; the session that asks stays",
            Self::Email | Self::SynapseAdmin => "keeps every session, unless you choose to end them",
            Self::AccountPage => "keeps every session: such servers end none when the password changes",
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Whether a route can be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It can, as far as can be seen.
    Open,
    /// It may: this, which would show it, is not known.
    Unsure(FactGap),
    /// It can by an administrator of the server alone.
    ByAdministrator,
    /// It cannot.
    Closed(Closed),
}

/// Why a route cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The server does not let its users change their password over the client-server API.
    PasswordChangeDisabled,
    /// Nobody signs in with a password here.
    NoPasswordSignIn,
    /// The account has no confirmed e-mail address.
    NoEmail,
    /// The server does not know Synapse's Admin API.
    NoAdminApi,
    /// The accounts are kept by an OAuth server.
    Delegated,
    /// The accounts are not kept by an OAuth server.
    NotDelegated,
}

impl Closed {
    /// Says why in one clause.
    pub fn words(self) -> &'static str {
        match self {
            Self::PasswordChangeDisabled => "the server does not let people change their password this way",
            Self::NoPasswordSignIn => "nobody signs in with a password on this server",
            Self::NoEmail => "the account has no confirmed e-mail address",
            Self::NoAdminApi => "the server does not know Synapse's Admin API at this address",
            Self::Delegated => "an OAuth server keeps the accounts",
            Self::NotDelegated => "the server keeps its accounts itself",
        }
    }
}

/// One route with its standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The route.
    pub route: Route,
    /// Whether it can be taken.
    pub standing: Standing,
}

impl Facts {
    /// Says of every route whether it can be taken, in the order of [`Route::ALL`].
    ///
    /// Decided by what each endpoint and capability says, never by the kind of server nor by what it calls itself: some
    /// serve OAuth and change passwords themselves. For [`Route::SynapseAdmin`] the Admin API has to answer, an
    /// administrator or anybody, and no OAuth server may keep the accounts. Where something else answers in place of
    /// the Admin API the route is unsure: administrators may reach it at another address.
    pub fn routes(&self) -> [Offer; 4] {
        Route::ALL.map(|route| Offer {
            route,
            standing: match route {
                Route::OldPassword => self.by_api().unwrap_or(Standing::Open),
                Route::Email => self.by_api().unwrap_or_else(|| self.by_email()),
                Route::SynapseAdmin => self.by_administrator(),
                Route::AccountPage => self.by_page(),
            },
        })
    }

    /// Returns what speaks against changing a password over the client-server API.
    fn by_api(&self) -> Option<Standing> {
        let flows = self.server.login_flows.known();
        if flows.is_some_and(|it| !it.iter().any(|flow| flow == "m.login.password")) {
            return Some(Standing::Closed(Closed::NoPasswordSignIn));
        }
        match &self.server.password_change {
            Fact::Known(PasswordChange::Allowed) => None,
            Fact::Known(PasswordChange::Disabled) => Some(Standing::Closed(Closed::PasswordChangeDisabled)),
            Fact::Unknown(gap) => Some(unsure(FactName::PasswordChange, *gap)),
        }
    }

    fn by_email(&self) -> Standing {
        match &self.account.emails {
            Fact::Known(emails) if emails.is_empty() => Standing::Closed(Closed::NoEmail),
            Fact::Known(_) => Standing::Open,
            Fact::Unknown(gap) => unsure(FactName::Emails, *gap),
        }
    }

    fn by_administrator(&self) -> Standing {
        let answers = match &self.server.admin_api {
            // Whatever it says to anybody, it has answered an administrator.
            _ if self.account.administration.is_some() => Ok(()),
            Fact::Known(true) => Ok(()),
            Fact::Known(false) => Err(Standing::Closed(Closed::NoAdminApi)),
            Fact::Unknown(gap) => Err(unsure(FactName::AdminApi, *gap)),
        };
        match (answers, &self.server.oauth) {
            (Err(standing @ Standing::Closed(_)), _) => standing,
            (_, Fact::Known(Some(_))) => Standing::Closed(Closed::Delegated),
            (_, Fact::Unknown(gap)) => unsure(FactName::OAuth, *gap),
            (Err(standing), Fact::Known(None)) => standing,
            (Ok(()), Fact::Known(None)) => Standing::ByAdministrator,
        }
    }

    fn by_page(&self) -> Standing {
        match &self.server.oauth {
            Fact::Known(Some(OAuth { .. })) => Standing::Open,
            Fact::Known(None) => Standing::Closed(Closed::NotDelegated),
            Fact::Unknown(gap) => unsure(FactName::OAuth, *gap),
        }
    }
}

fn unsure(fact: FactName, gap: Gap) -> Standing {
    Standing::Unsure(FactGap { fact, gap })
}
