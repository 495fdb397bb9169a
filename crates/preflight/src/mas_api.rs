//! The Admin API of the Matrix Authentication Service, for an administrator's token with the scope `urn:mas:admin`.

mod answer;
#[cfg(test)]
mod tests;
mod told;

use lifeboat_report::facts::{Account, AccountServer, SignedIn, SignedInKind};
use matrix_sdk::reqwest::{Client, Method, RequestBuilder, Url, header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use self::answer::read;
pub use self::{answer::MasError, told::MasAccount};
use crate::{
    Homeserver, Waiting,
    network::{is_protected, until_answered},
};

/// Where the Admin API of a Matrix Authentication Service is.
#[derive(Clone, Debug)]
pub struct MasPlace {
    http: Client,
    base_url: Url,
    waiting: Waiting,
}

/// The Admin API with a token
/// ([documentation](https://element-hq.github.io/matrix-authentication-service/topics/admin-api.html),
/// [endpoints](https://element-hq.github.io/matrix-authentication-service/api/index.html)).
#[derive(Clone, Debug)]
pub struct MasApi {
    place: MasPlace,
    token: SecretString,
}

/// Why there is no Admin API at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoMas {
    /// The address is none of a server.
    #[error("it is not the address of a server")]
    BadUrl,
    /// A token would be readable on the way.
    #[error("it is not encrypted, and anybody on the way could read the token")]
    NotProtected,
    /// Nothing answers.
    #[error("nothing answers there")]
    Offline,
    /// Something answers that has no such API.
    #[error("what answers there has no such API")]
    NotThere,
}

impl MasPlace {
    /// Looks for the API at `url`: the issuer that the homeserver names, or where an administrator says it is. Sends no
    /// token, and changes nothing.
    ///
    /// `GET /api/admin/v1/site-config`: without a token the service answers 400 with its list of errors, and whatever
    /// else lives at that address does not.
    pub async fn find(homeserver: &Homeserver, url: &str) -> Result<Self, NoMas> {
        let base_url = Url::parse(url).map_err(|_| NoMas::BadUrl)?;
        if base_url.cannot_be_a_base() || !base_url.has_host() {
            return Err(NoMas::BadUrl);
        }
        if !is_protected(&base_url) {
            return Err(NoMas::NotProtected);
        }
        let place = Self {
            http: homeserver.http().clone(),
            base_url,
            waiting: Waiting::default(),
        };
        match place.send(Method::GET, &["site-config"], &[], |it| it).await {
            Err(MasError::NotAdmin { .. } | MasError::Refused { .. }) => Ok(place),
            Err(MasError::Unreachable | MasError::Lost) => Err(NoMas::Offline),
            Err(_) | Ok(_) => Err(NoMas::NotThere),
        }
    }

    /// Returns the address.
    pub fn url(&self) -> &str {
        self.base_url.as_str()
    }

    /// Returns what tells whether its requests wait because the service asked for it.
    pub fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    /// Makes requests with `token`.
    pub fn with_token(self, token: SecretString) -> MasApi {
        MasApi { place: self, token }
    }

    fn at(&self, segments: &[&str]) -> Result<Url, MasError> {
        let mut url = self.base_url.clone();
        url.set_query(None);
        url.set_fragment(None);
        url.path_segments_mut()
            .map_err(|()| MasError::Unreadable)?
            .pop_if_empty()
            .extend(["api", "admin", "v1"])
            .extend(segments);
        Ok(url)
    }

    /// Sends a request as often as the service wants it to be sent later. Every other answer is the last one.
    async fn send(
        &self,
        method: Method,
        segments: &[&str],
        query: &[(&str, &str)],
        with: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Value, MasError> {
        let mut url = self.at(segments)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = || async { with(self.http.request(method.clone(), url.clone())) };
        let answer = until_answered(&self.waiting, request).await;
        read(answer.map_err(|error| MasError::of_network(&error))?).await
    }
}

impl MasApi {
    /// Returns where it is.
    pub fn place(&self) -> &MasPlace {
        &self.place
    }

    /// Asks whether the token is an administrator's, and what the service says of itself. Changes nothing.
    ///
    /// `GET /api/admin/v1/site-config`, `siteConfig`; older versions do not have it, which is known only after the token
    /// was looked at.
    pub async fn admits(&self) -> Result<(), MasError> {
        self.get(&["site-config"], &[]).await.map(|_| ())
    }

    /// Asks for an account by the part of its user id before the colon, and for everything that is signed in to it.
    /// Changes nothing.
    ///
    /// `GET /api/admin/v1/users/by-username/<name>`, `getUserByUsername`; then `listUserEmails`,
    /// `listUpstreamOAuthLinks`, `listCompatSessions`, `listOAuth2Sessions`, `listUserSessions` and
    /// `listPersonalSessions` of that user.
    pub async fn account(&self, localpart: &str) -> Result<MasAccount, MasError> {
        told::account(self, localpart).await
    }

    /// Asks what is signed in to an account and not over. Changes nothing.
    ///
    /// `GET /api/admin/v1/compat-sessions`, `…/oauth2-sessions` and `…/user-sessions` with `filter[user]`, and
    /// `…/personal-sessions` with `filter[actor_user]`, each with `filter[status]=active`, page after page. A version
    /// that has no personal sessions has none to tell of.
    pub async fn signed_in(&self, id: &str) -> Result<Vec<SignedIn>, MasError> {
        told::signed_in(self, id).await
    }

    /// Sends a `POST`. What it changes is its sender's business.
    pub async fn post(&self, segments: &[&str], body: Option<&Value>) -> Result<(), MasError> {
        let body = body
            .map(serde_json::to_vec)
            .transpose()
            .map_err(|_| MasError::Unreadable)?;
        let with = |request: RequestBuilder| {
            let request = request.bearer_auth(self.token.expose_secret());
            match &body {
                Some(body) => request
                    .header(header::CONTENT_TYPE, "application/json")
                    .body(body.clone()),
                None => request,
            }
        };
        self.place.send(Method::POST, segments, &[], with).await.map(|_| ())
    }

    async fn get(&self, segments: &[&str], query: &[(&str, &str)]) -> Result<Value, MasError> {
        let with = |request: RequestBuilder| request.bearer_auth(self.token.expose_secret());
        self.place.send(Method::GET, segments, query, with).await
    }
}

/// Returns what the paths of the API call the sessions of this kind.
pub fn segment_of(kind: SignedInKind) -> &'static str {
    match kind {
        SignedInKind::Compat => "compat-sessions",
        SignedInKind::Oauth2 => "oauth2-sessions",
        SignedInKind::Browser => "user-sessions",
        SignedInKind::Personal => "personal-sessions",
    }
}

impl MasAccount {
    /// Adds what the service told to what the homeserver did: addresses are the service's to know, restrictions are
    /// both's.
    pub fn add_to(&self, account: &mut Account, place: &MasPlace) {
        account.emails = self.emails.clone();
        let told = account.administration.get_or_insert_default();
        told.restrictions.extend(&self.restrictions);
        told.restrictions.sort_unstable();
        told.restrictions.dedup();
        told.administrator |= self.administrator;
        told.providers.extend(self.providers.iter().cloned());
        told.providers.sort_unstable();
        told.providers.dedup();
        told.account_server = Some(self.account_server(place));
    }

    /// Puts what the service told together for the facts.
    pub fn account_server(&self, place: &MasPlace) -> AccountServer {
        AccountServer {
            url: place.url().to_owned(),
            passwords: self.passwords,
            recovery: self.recovery,
            signed_in: self.signed_in.clone(),
        }
    }
}
