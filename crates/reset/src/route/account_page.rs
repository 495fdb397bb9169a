//! The change on the account page of an OAuth server, by the person alone.

use lifeboat_report::facts;
use matrix_sdk::reqwest::Url;

/// The page where a person manages the account, and what to look for there.
///
/// No action of the page for the password exists in the specification
/// ([spec](https://spec.matrix.org/latest/client-server-api/#account-management-url-discovery), MSC4191), so the way
/// is told in words. A change there never ends a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountPage {
    /// Where it is; `http:` or `https:`.
    pub url: String,
    /// What the page can be led to at once, by the names of the specification.
    pub actions: Vec<String>,
    /// What to do there when the old password is known, step by step.
    pub when_known: &'static [&'static str],
    /// What to do there when the old password is forgotten, step by step.
    pub when_forgotten: &'static [&'static str],
}

const WHEN_KNOWN: &[&str] = &[
    "Sign in with your user name and your old password.",
    "Look for “Account password” or “Security”, and there for “Change password”.",
    "Set the new password there. Your sessions stay signed in.",
];

const WHEN_FORGOTTEN: &[&str] = &[
    "Sign out on that page if you are signed in there, or open it in a private window.",
    "On its sign-in form look for “Forgot password?”. Without it, only the server's administrators can help.",
    "Open the link from the mail soon, in the same window: on many servers it is good for ten minutes.",
    "Set the new password there. Your sessions stay signed in.",
];

/// Finds the account page in what is known about the server.
pub fn find(server: &facts::Server) -> Option<AccountPage> {
    let oauth = server.oauth.known()?.as_ref()?;
    let url = oauth.account_management_uri.as_ref().unwrap_or(&oauth.issuer);
    let speaks_http = url.starts_with("https://") || url.starts_with("http://");
    speaks_http.then(|| AccountPage {
        url: url.clone(),
        actions: oauth.account_management_actions.clone(),
        when_known: WHEN_KNOWN,
        when_forgotten: WHEN_FORGOTTEN,
    })
}

/// The names of the action that signs a session out, the specification's first.
const DELETE: [&str; 2] = ["org.matrix.device_delete", "org.matrix.session_end"];

impl AccountPage {
    /// Returns the address where one session is signed out: with the action where the page has it, else the page itself.
    pub fn to_end(&self, device: &str) -> String {
        let action = DELETE.iter().find(|name| self.actions.iter().any(|it| it == *name));
        let (Some(action), Ok(mut url)) = (action, Url::parse(&self.url)) else {
            return self.url.clone();
        };
        url.query_pairs_mut()
            .append_pair("action", action)
            .append_pair("device_id", device);
        url.into()
    }
}

#[cfg(test)]
mod tests {
    use lifeboat_report::{Fact, Gap, facts::OAuth};

    use super::*;

    fn server(oauth: Fact<Option<OAuth>>) -> facts::Server {
        facts::Server {
            base_url: "https://example.org".to_owned(),
            software: Fact::Unknown(Gap::NotAsked),
            admin_api: Fact::Unknown(Gap::NotAsked),
            spec_versions: Fact::Unknown(Gap::NotAsked),
            login_flows: Fact::Unknown(Gap::NotAsked),
            oauth,
            password_change: Fact::Unknown(Gap::NotAsked),
            support: Fact::Unknown(Gap::NotAsked),
        }
    }

    fn oauth(issuer: &str, page: Option<&str>) -> Fact<Option<OAuth>> {
        Fact::Known(Some(OAuth {
            issuer: issuer.to_owned(),
            account_management_uri: page.map(str::to_owned),
            account_management_actions: vec!["org.matrix.device_delete".to_owned()],
        }))
    }

    #[test]
    fn a_session_is_signed_out_where_the_page_says() {
        let page = find(&server(oauth("https://a", Some("https://a/account?x=1")))).unwrap();
        let url = "https://a/account?x=1&action=org.matrix.device_delete&device_id=A%2BB";
        assert_eq!(page.to_end("A+B"), url);
        let plain = AccountPage {
            actions: vec!["org.matrix.profile".to_owned()],
            ..page
        };
        assert_eq!(plain.to_end("A+B"), "https://a/account?x=1");
    }

    #[test]
    fn the_page_is_the_one_that_the_server_names() {
        let url = |oauth| find(&server(oauth)).map(|it| it.url);
        assert_eq!(
            url(oauth("https://a", Some("https://a/account"))).as_deref(),
            Some("https://a/account")
        );
        assert_eq!(url(oauth("https://a", None)).as_deref(), Some("https://a"));
        assert_eq!(url(oauth("https://a", Some("javascript:alert(1)"))), None);
        assert_eq!(url(Fact::Known(None)), None);
        assert_eq!(url(Fact::Unknown(Gap::Offline)), None);
    }
}
