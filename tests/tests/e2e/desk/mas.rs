//! Where a Matrix Authentication Service keeps the accounts: the stand-in in front of a real Synapse, whose Admin API is
//! made of the service's own documentation and has real sessions behind it.

mod check;
mod refused;
mod reset;

use anyhow::{Context as _, Result};
use lifeboat_tests::{
    account::{AccountSpec, TestAccount, Way},
    lifeboat::Lifeboat,
    oauth::OAuthServer,
    tls,
};

use crate::reset::SHORT;

/// Opens Synapse's Admin API.
const SYNAPSE: &str = "urn:synapse:admin:*";
/// Opens that of the Matrix Authentication Service.
const MAS: &str = "urn:mas:admin";

async fn account() -> Result<TestAccount> {
    AccountSpec::healthy(Way::Key)
        .history(SHORT)
        .on(lifeboat_tests::server::Profile::OAuth)
        .build()
        .await
}

/// A command about somebody, with an administrator's token that has these scopes.
async fn desk(command: &str, user: &str, base_url: &str, oauth: &OAuthServer, scopes: &[&str]) -> Result<Lifeboat> {
    let admin = oauth.administrator(scopes).await?;
    Lifeboat::new(["desk", command, user, "--homeserver", base_url])?
        .arg("--ca-file")
        .arg(tls::authority())
        .secret("--admin-token-file", &admin.access_token)
}

/// Gives the service a token of its own.
async fn with_token(command: Lifeboat, oauth: &OAuthServer) -> Result<Lifeboat> {
    let token = oauth.administrator(&[MAS]).await?.access_token;
    command.secret("--mas-token-file", &token)
}

/// The one file in the home whose name ends so.
fn written(home: &std::path::Path, ending: &str) -> Result<std::path::PathBuf> {
    let entries = std::fs::read_dir(home)?.filter_map(Result::ok).map(|it| it.path());
    let mut found = entries.filter(|it| it.extension().is_some_and(|it| it == ending));
    found.next().with_context(|| format!("no file .{ending}"))
}
