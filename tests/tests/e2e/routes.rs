//! Every way to change a password, against a real Synapse and a real mailbox.

mod admin;
mod dark;
mod email;
mod old_password;

use anyhow::{Context, Result, bail, ensure};
use lifeboat_preflight::{Credentials, Homeserver, Keeping, NetworkOptions, OwnSession, discover};
use lifeboat_report::{Fact, Fate};
use lifeboat_reset::{
    Trial,
    policy::{PasswordPolicy, policy},
    try_password,
};
use lifeboat_tests::{
    account::{AccountSpec, Defect, TestAccount, Way},
    server::{self, Profile},
    wait,
};
use matrix_sdk::ruma::UserId;

const NEW: &str = "New-Password-2";

/// An account of one session without keys: nothing here asks for more.
async fn simple(profile: Profile) -> Result<TestAccount> {
    AccountSpec::healthy(Way::Key)
        .on(profile)
        .with(Defect::BrandNew)
        .build()
        .await
}

async fn find(user: &UserId, base_url: &str) -> Result<Homeserver> {
    Ok(discover(user, Some(base_url), NetworkOptions::default()).await?)
}

async fn enter(account: &TestAccount) -> Result<(Homeserver, OwnSession)> {
    let homeserver = find(&account.user_id, &account.homeserver.base_url).await?;
    let password = Credentials::Password(account.password.as_str().into());
    let session = OwnSession::sign_in(&homeserver, &account.user_id, password, Keeping::RemoveAtEnd).await?;
    Ok((homeserver, session))
}

/// Tries a password of the account by signing in.
async fn opens(account: &TestAccount, password: &str) -> Result<bool> {
    let homeserver = find(&account.user_id, &account.homeserver.base_url).await?;
    match try_password(&homeserver, &account.user_id, &password.into(), Keeping::RemoveAtEnd).await? {
        Trial::SignedIn(session) => {
            session.leave().await?;
            Ok(true)
        }
        Trial::WrongPassword => Ok(false),
    }
}

/// Makes sure that the new password is the only one now, and that the first session met its fate.
async fn ensure_changed(account: &TestAccount, fate: Fate) -> Result<()> {
    ensure!(opens(account, NEW).await?, "the new password is not set");
    ensure!(
        !opens(account, &account.password).await?,
        "the old password still works"
    );
    let first = account.first()?;
    match fate {
        Fate::SessionsKept => {
            first.api().get("/_matrix/client/v3/account/whoami").await?;
            ensure!(first.runs(), "the session was not kept");
        }
        Fate::SessionsEnded => {
            wait::until("the session to end", async || Ok((!first.runs()).then_some(()))).await?;
        }
    }
    Ok(())
}

async fn ensure_unchanged(account: &TestAccount) -> Result<()> {
    ensure!(opens(account, &account.password).await?, "the old password is gone");
    ensure!(account.first()?.runs(), "the session was not kept");
    Ok(())
}

/// The address of the account.
fn address(account: &TestAccount) -> Result<String> {
    account.email.clone().context("no address")
}

#[tokio::test]
async fn the_policy_is_what_the_server_enforces() -> Result<()> {
    for (profile, expected) in [
        (Profile::Default, PasswordPolicy::default()),
        (
            Profile::Policy,
            PasswordPolicy {
                minimum_length: 10,
                digit: true,
                lowercase: true,
                uppercase: true,
                symbol: true,
            },
        ),
    ] {
        let server = server::Homeserver::find(profile)?;
        let nobody = UserId::parse(server.user_id("nobody"))?;
        let client = find(&nobody, &server.base_url).await?.anonymous().await?;
        match policy(&client).await {
            Fact::Known(policy) => ensure!(policy == expected, "{policy:?}"),
            Fact::Unknown(gap) => bail!("{profile:?}: {gap:?}"),
        }
    }
    Ok(())
}
