//! The ways in that a server offers.

use futures_util::join;
use matrix_sdk::ruma::api::client::{
    discovery::get_authorization_server_metadata::v1::AuthorizationServerMetadata,
    session::get_login_types::{self, v3::LoginType},
};

use super::{SignInError, oauth, sign_in::client};
use crate::{Homeserver, bounded::bounded};

/// A way to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// OAuth 2.0 in a browser on this machine.
    OAuth,
    /// OAuth 2.0 in a browser anywhere, by a short code.
    DeviceCode,
    /// The account's password.
    Password,
    /// Single sign-on in a browser on this machine.
    Sso,
}

/// Whether a browser on this machine can be expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrowserHere {
    /// It can.
    Likely,
    /// It cannot: the machine has no screen, or the person sits at another one.
    Unlikely,
}

/// What a server says of its ways in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Methods {
    /// All of them, the best one first where a browser is likely.
    pub offered: Vec<Method>,
    /// Whom people can sign in with, where single sign-on has several.
    pub providers: Vec<Provider>,
    /// The authorization server, where there is one.
    pub issuer: Option<String>,
}

/// Somebody who vouches for people at single sign-on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// The server's id of it.
    pub id: String,
    /// Its name, as people see it. The server's words.
    pub name: String,
}

impl Methods {
    /// Asks the server.
    ///
    /// `GET /_matrix/client/v1/auth_metadata`
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv1auth_metadata)) and
    /// `GET /_matrix/client/v3/login`
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3login)). Either may be missing: each
    /// is taken at its word. Changes nothing.
    ///
    /// `GET /_matrix/client/v3/capabilities`
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3capabilities)) is left out: it is told
    /// to nobody who is not signed in, and says nothing of how to. The check asks for it, since it tells whether the
    /// password can be changed.
    ///
    /// # Errors
    ///
    /// When neither was answered.
    pub async fn of(homeserver: &Homeserver) -> Result<Self, SignInError> {
        let client = client(homeserver).await?;
        let (metadata, login) = join!(
            oauth::metadata(&client),
            bounded(client.send(get_login_types::v3::Request::new()))
        );
        let flows = match (&metadata, login) {
            (_, Ok(login)) => login.flows,
            (Ok(_), Err(_)) => Vec::new(),
            (Err(error), Err(_)) => return Err(error.again()),
        };
        Ok(Self::read(metadata.ok().as_ref(), &flows))
    }

    fn read(metadata: Option<&AuthorizationServerMetadata>, flows: &[LoginType]) -> Self {
        let mut offered = Vec::new();
        if let Some(metadata) = metadata {
            offered.push(Method::OAuth);
            if metadata.device_authorization_endpoint.is_some() {
                offered.push(Method::DeviceCode);
            }
        }
        let types = |wanted: &str| flows.iter().any(|it| it.login_type() == wanted);
        if types("m.login.password") {
            offered.push(Method::Password);
        }
        if types("m.login.sso") {
            offered.push(Method::Sso);
        }
        let providers = flows.iter().filter_map(|it| match it {
            LoginType::Sso(sso) => Some(&sso.identity_providers),
            _ => None,
        });
        let provider = |it: &get_login_types::v3::IdentityProvider| Provider {
            id: it.id.clone(),
            name: it.name.clone(),
        };
        Self {
            offered,
            providers: providers.flatten().map(provider).collect(),
            issuer: metadata.map(|it| it.issuer.to_string()),
        }
    }

    /// Tells whether the server offers this way.
    pub fn offer(&self, method: Method) -> bool {
        self.offered.contains(&method)
    }

    /// Returns the best way: what the server offers first and this machine can do.
    pub fn best(&self, browser: BrowserHere) -> Option<Method> {
        let here = |it: &&Method| browser == BrowserHere::Likely || !matches!(it, Method::OAuth | Method::Sso);
        self.offered.iter().find(here).or(self.offered.first()).copied()
    }

    /// Finds the provider with this name or id.
    pub fn provider(&self, wanted: &str) -> Result<&Provider, SignInError> {
        let same = |it: &&Provider| it.id == wanted || it.name.to_lowercase() == wanted.to_lowercase();
        self.providers
            .iter()
            .find(same)
            .ok_or_else(|| SignInError::NoSuchProvider {
                wanted: wanted.to_owned(),
                offered: self.providers.iter().map(|it| it.name.clone()).collect(),
            })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn methods(metadata: Option<Value>, flows: Value) -> Methods {
        let metadata = metadata.map(|it| serde_json::from_value(it).unwrap());
        let flows: Vec<LoginType> = serde_json::from_value(flows).unwrap();
        Methods::read(metadata.as_ref(), &flows)
    }

    fn metadata(device_codes: bool) -> Value {
        let mut metadata = json!({
            "issuer": "https://a/", "authorization_endpoint": "https://a/authorize", "token_endpoint": "https://a/token",
            "revocation_endpoint": "https://a/revoke", "registration_endpoint": "https://a/register",
            "response_types_supported": ["code"], "response_modes_supported": ["query", "fragment"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "code_challenge_methods_supported": ["S256"],
        });
        if device_codes {
            metadata["device_authorization_endpoint"] = json!("https://a/device");
        }
        metadata
    }

    #[test]
    fn the_best_way_is_what_the_server_and_the_machine_can_do() {
        use BrowserHere::{Likely, Unlikely};
        let password = json!([{"type": "m.login.password"}]);
        let both = json!([{"type": "m.login.sso"}, {"type": "m.login.token"}, {"type": "m.login.password"}]);
        for (metadata, flows, here, elsewhere) in [
            (None, &password, Some(Method::Password), Some(Method::Password)),
            (None, &both, Some(Method::Password), Some(Method::Password)),
            (
                None,
                &json!([{"type": "m.login.sso"}]),
                Some(Method::Sso),
                Some(Method::Sso),
            ),
            (
                Some(metadata(true)),
                &json!([]),
                Some(Method::OAuth),
                Some(Method::DeviceCode),
            ),
            (
                Some(metadata(false)),
                &json!([]),
                Some(Method::OAuth),
                Some(Method::OAuth),
            ),
            (
                Some(metadata(false)),
                &password,
                Some(Method::OAuth),
                Some(Method::Password),
            ),
            (None, &json!([{"type": "m.login.application_service"}]), None, None),
        ] {
            let methods = methods(metadata, flows.clone());
            assert_eq!(
                (methods.best(Likely), methods.best(Unlikely)),
                (here, elsewhere),
                "{methods:?}"
            );
        }
    }

    #[test]
    fn providers_are_found_by_name_or_id() {
        let flows = json!([{"type": "m.login.sso", "identity_providers": [
            {"id": "oidc-1", "name": "Example Works"}, {"id": "saml", "name": "University"},
        ]}]);
        let methods = methods(None, flows);
        assert_eq!(methods.provider("example works").unwrap().id, "oidc-1");
        assert_eq!(methods.provider("saml").unwrap().name, "University");
        match methods.provider("GitHub") {
            Err(SignInError::NoSuchProvider { offered, .. }) => assert_eq!(offered, ["Example Works", "University"]),
            other => panic!("{other:?}"),
        }
    }
}
