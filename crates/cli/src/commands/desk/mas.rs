//! The Matrix Authentication Service, where that keeps the accounts: found by what answers, never by a name.

use lifeboat_preflight::{MasApi, MasError, MasPlace, NoMas, oauth_server};
use lifeboat_report::Fact;
use secrecy::SecretString;

use super::chair::{Chair, stopped};
use crate::{
    admin_token,
    failure::Failure,
    resolve::{AdminToken, MasAccess},
    signals::{Stopped, Stops},
    ui::{clean::clean, console::Console},
};

/// Who keeps the accounts of a server.
pub(super) enum Keeper {
    /// The homeserver does.
    Homeserver,
    /// A Matrix Authentication Service, which takes the token.
    Service(MasApi),
    /// A Matrix Authentication Service that wants another token than the homeserver's.
    WantsToken(MasPlace),
    /// An OAuth server, at this address, whose Admin API is not there for this reason.
    Silent(String, NoMas),
}

/// Finds out who keeps the accounts. Whatever was given for the service has to fit. Changes nothing.
///
/// Without a token for it, the administrator's own is tried: such a service has issued it, and may have given it both
/// scopes.
pub(super) async fn find(
    chair: &Chair,
    access: &MasAccess,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<Keeper, Failure> {
    let asking = oauth_server(chair.session.caller());
    let oauth = match stops.unless_stopped(asking).await.map_err(|Stopped| stopped())? {
        Fact::Known(oauth) => oauth,
        Fact::Unknown(gap) => {
            return Err(Failure::failed(
                format!(
                    "The server did not tell who keeps its accounts: {}. Nothing was changed.",
                    gap.words()
                ),
                "Try again in a while.",
            ));
        }
    };
    let Some(oauth) = oauth else {
        if access.is_given() {
            return Err(Failure::usage(
                "This server keeps its accounts itself: there is no Matrix Authentication Service to ask.",
                "Leave out --mas-token-file, --mas-token-fd and --mas-url.",
            ));
        }
        return Ok(Keeper::Homeserver);
    };
    let url = access.url.as_deref().unwrap_or(&oauth.issuer);
    let finding = MasPlace::find(&chair.homeserver, url);
    let place = match stops.unless_stopped(finding).await.map_err(|Stopped| stopped())? {
        Ok(place) => place,
        Err(why) if access.is_given() => return Err(silent(url, why)),
        Err(why) => return Ok(Keeper::Silent(url.to_owned(), why)),
    };
    let token = match &access.token {
        Some(token) => admin_token::read_for_mas(token, place.url(), stops, console).await?,
        None => chair.token.clone(),
    };
    match admitted(place, token, stops).await? {
        Ok(api) => Ok(Keeper::Service(api)),
        Err((place, MasError::NotAdmin { .. })) if access.token.is_none() => Ok(Keeper::WantsToken(place)),
        Err((place, error)) => Err(not_admitted(&place, &error)),
    }
}

/// Asks the administrator for the token that the service wants.
pub(super) async fn ask(place: MasPlace, stops: &mut Stops, console: &mut Console) -> Result<MasApi, Failure> {
    let token = admin_token::read_for_mas(&AdminToken::Prompt, place.url(), stops, console).await?;
    admitted(place, token, stops)
        .await?
        .map_err(|(place, error)| not_admitted(&place, &error))
}

/// Tries a token.
async fn admitted(
    place: MasPlace,
    token: SecretString,
    stops: &mut Stops,
) -> Result<Result<MasApi, (MasPlace, MasError)>, Failure> {
    let api = place.with_token(token);
    let asked = stops.unless_stopped(api.admits()).await.map_err(|Stopped| stopped())?;
    Ok(match asked {
        // Older versions have no such request, and say so only to administrators.
        Ok(()) | Err(MasError::NoApi) => Ok(api),
        Err(error) => Err((api.place().clone(), error)),
    })
}

/// Says that the service wants a token of its own.
pub(super) fn wants_token(place: &MasPlace) -> Failure {
    let words = "it is not one with the scope urn:mas:admin".to_owned();
    not_admitted(place, &MasError::NotAdmin { words })
}

/// Says why the service does not take a token.
pub(super) fn not_admitted(place: &MasPlace, error: &MasError) -> Failure {
    match error {
        MasError::NotAdmin { words } => Failure::failed(
            format!(
                "The Matrix Authentication Service at {} does not take this access token for its Admin API: {}. Nothing \
                 was changed.",
                clean(place.url(), 200),
                clean(words, 200)
            ),
            "Give one with the scope urn:mas:admin, with --mas-token-file or --mas-token-fd.",
        ),
        other => not_told(place, other),
    }
}

/// Says why the service did not tell or do something before anything was changed.
pub(super) fn not_told(place: &MasPlace, error: &MasError) -> Failure {
    let url = clean(place.url(), 200);
    Failure::failed(
        format!(
            "The Matrix Authentication Service at {url} could not be asked: {}. Nothing was changed.",
            clean(&error.to_string(), 300)
        ),
        "Try again in a while.",
    )
}

/// Says why there is no Admin API.
pub(super) fn silent(url: &str, why: NoMas) -> Failure {
    Failure::failed(
        format!(
            "Accounts are kept by {}, and the Admin API of a Matrix Authentication Service is not there: {why}. Nothing \
             was changed.",
            clean(url, 200)
        ),
        "Have the resource adminapi added to one of its listeners, and give its address with --mas-url; or use mas-cli \
         manage set-password on the server.",
    )
}
