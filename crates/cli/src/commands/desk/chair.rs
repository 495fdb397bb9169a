//! Sitting down in the administrator's chair: the token is looked at before anything else.

use lifeboat_preflight::{AdminApi, Homeserver, Missing, OwnSession, Pace};
use lifeboat_report::{Gap, facts::Administration};
use secrecy::SecretString;

use crate::{
    admin_token,
    failure::Failure,
    resolve::{AdminToken, Afterwards, Entry},
    session::{NOTHING_CHANGED, Way},
    signals::{Stopped, Stops},
    ui::{clean::clean_id, console::Console},
};

/// What an administrator works with.
pub(super) struct Chair {
    pub(super) homeserver: Homeserver,
    pub(super) session: OwnSession,
    pub(super) api: AdminApi,
    pub(super) token: SecretString,
}

impl Chair {
    /// Reads the token, finds the server, and sees whose token it is. Changes nothing.
    pub(super) async fn sit_down(
        entry: &Entry,
        token: &AdminToken,
        pace: Pace,
        stops: &mut Stops,
        console: &mut Console,
    ) -> Result<Self, Failure> {
        let token = admin_token::read(token, stops, console).await?;
        let way = Way::prepare(entry.clone(), Afterwards::Remove, console)?;
        let homeserver = way.discover(stops).await?;
        let borrowing = OwnSession::borrow_from_anybody(&homeserver, &token);
        let session = stops.unless_stopped(borrowing).await.map_err(|Stopped| stopped())??;
        let (there, here) = (entry.user.server_name(), session.user_id().server_name());
        if there != here {
            return Err(Failure::failed(
                format!(
                    "This access token belongs to {}, and not to {}. Nothing was changed.",
                    clean_id(session.user_id().as_str()),
                    clean_id(there.as_str())
                ),
                format!(
                    "Administrators see and reset the accounts of their own server alone: those that end with :{}.",
                    clean_id(here.as_str())
                ),
            ));
        }
        let api = AdminApi::of(&session, &homeserver, pace);
        Ok(Self {
            homeserver,
            session,
            api,
            token,
        })
    }

    /// Asks for the account, which must be there. Changes nothing.
    pub(super) async fn account(&self, entry: &Entry, stops: &mut Stops) -> Result<Administration, Failure> {
        let asked = stops.unless_stopped(self.api.administration(&entry.user)).await;
        asked.map_err(|Stopped| stopped())?.map_err(not_told)
    }
}

/// Says why the server tells nothing of an account.
pub(super) fn not_told(missing: Missing) -> Failure {
    match missing {
        Missing::NotThere => Failure::failed(
            "This server has no such account. Nothing was changed.",
            "Check the spelling of the user id. Lifeboat creates no accounts.",
        ),
        Missing::SessionEnded => Failure::failed(
            "The server does not know this access token any more. Nothing was changed.",
            "Take a fresh access token of an administrator.",
        ),
        Missing::Gap(gap) => refused(gap),
    }
}

/// Says why the Admin API does not answer.
pub(super) fn refused(gap: Gap) -> Failure {
    match gap {
        Gap::Refused => Failure::failed(
            "The account of this access token is no administrator of the server. Nothing was changed.",
            "Give the access token of a server administrator.",
        ),
        Gap::Unsupported => Failure::failed(
            "This server does not have Synapse’s Admin API, or does not show it here. Nothing was changed.",
            "The desk works with Synapse. Where the server hides the Admin API from the internet, run Lifeboat beside it \
             and give its address with --homeserver.",
        ),
        other => Failure::failed(
            format!(
                "The server did not tell what it was asked: {}. Nothing was changed.",
                other.words()
            ),
            "Try again in a while.",
        ),
    }
}

pub(super) fn stopped() -> Failure {
    Failure::interrupted(NOTHING_CHANGED, "Run the same command to begin again.")
}
