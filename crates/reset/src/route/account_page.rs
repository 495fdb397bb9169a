//! The change on the account page of an OAuth server, by the person alone.

use lifeboat_report::facts;

/// The page where a person manages the account, and what to look for there.
///
/// No action of the page for the password exists in the specification
/// ([spec](https://spec.matrix.org/latest/client-server-api/#account-management-url-discovery), MSC4191), so the way
/// is told in words. A change there never ends a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountPage {
    /// Where it is; `http:` or `https:`.
    pub url: String,
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
        when_known: WHEN_KNOWN,
        when_forgotten: WHEN_FORGOTTEN,
    })
}

#[cfg(test)]
mod tests {
    use lifeboat_report::{Fact, Gap, facts::OAuth};

    use super::*;

    fn server(oauth: Fact<Option<OAuth>>) -> facts::Server {
        facts::Server {
            base_url: "https://example.org".to_owned(),
            software: Fact::Unknown(Gap::NotAsked),
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
        }))
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
