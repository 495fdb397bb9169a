//! An administrator's session as the proof.

use anyhow::{Context, Result, ensure};
use lifeboat_preflight::{Credentials, Keeping, OwnSession, ruma::UserId};
use lifeboat_report::Fate;
use lifeboat_reset::{
    Answer, Refusal,
    route::synapse_admin::{exists, reset},
};
use lifeboat_tests::{
    account::TestAccount,
    api::{Api, segment},
    server::Profile,
};
use serde_json::json;

use super::{NEW, ensure_changed, ensure_unchanged, find, simple};

/// The session of an administrator whose token was lent.
async fn lent(account: &TestAccount, api: &Api) -> Result<OwnSession> {
    let who = api.get("/_matrix/client/v3/account/whoami").await?;
    let user = UserId::parse(who["user_id"].as_str().context("nobody")?)?;
    let homeserver = find(&user, &account.homeserver.base_url).await?;
    let token = Credentials::AccessToken(api.token().context("no token")?.into());
    Ok(OwnSession::sign_in(&homeserver, &user, token, Keeping::RemoveAtEnd).await?)
}

#[tokio::test]
async fn it_resets_somebody_with_both_fates() -> Result<()> {
    for fate in Fate::BOTH {
        let account = simple(Profile::Default).await?;
        let admin = lent(&account, &account.homeserver.admin().await?).await?;
        let client = admin.caller().client();
        exists(client, &account.user_id).await?;
        let answer = reset(client, &account.user_id, &NEW.into(), fate).await;
        ensure!(answer == Answer::Changed, "{answer:?}");
        ensure_changed(&account, fate).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_mistyped_name_creates_nothing() -> Result<()> {
    let account = simple(Profile::Default).await?;
    let api = account.homeserver.admin().await?;
    let admin = lent(&account, &api).await?;
    let client = admin.caller().client();
    let mistyped = UserId::parse(account.homeserver.user_id(&format!("{}x", account.localpart())))?;
    ensure!(exists(client, &mistyped).await == Err(Refusal::NoSuchUser));
    let answer = reset(client, &mistyped, &NEW.into(), Fate::SessionsKept).await;
    ensure!(answer == Answer::Refused(Refusal::NoSuchUser), "{answer:?}");
    let path = format!("/_synapse/admin/v2/users/{}", segment(mistyped.as_str()));
    ensure!(api.try_get(&path).await?.status == 404, "an account was created");
    Ok(())
}

#[tokio::test]
async fn somebody_who_is_no_administrator_is_told_so() -> Result<()> {
    let (account, other) = (simple(Profile::Default).await?, simple(Profile::Default).await?);
    let session = lent(&account, account.api()?).await?;
    let client = session.caller().client();
    ensure!(exists(client, &other.user_id).await == Err(Refusal::NotAdmin));
    let answer = reset(client, &other.user_id, &NEW.into(), Fate::SessionsEnded).await;
    ensure!(answer == Answer::Refused(Refusal::NotAdmin), "{answer:?}");
    ensure_unchanged(&other).await
}

#[tokio::test]
async fn a_closed_account_is_not_reset() -> Result<()> {
    let account = simple(Profile::Default).await?;
    let api = account.homeserver.admin().await?;
    let path = format!("/_synapse/admin/v1/deactivate/{}", segment(account.user_id.as_str()));
    api.post(&path, &json!({"erase": false})).await?;
    let admin = lent(&account, &api).await?;
    let found = exists(admin.caller().client(), &account.user_id).await;
    ensure!(found == Err(Refusal::Deactivated), "{found:?}");
    Ok(())
}
