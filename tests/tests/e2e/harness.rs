//! The harness itself: accounts really are what their specs say, seen through plain requests.

mod backup;
mod healthy;
mod identity;
mod mail;
mod program;
mod proxy;
mod schema;
mod storage;
mod truth;

use anyhow::{Context, Result};
use lifeboat_tests::account::{AccountSpec, Defect, ServerBackup, TestAccount, Way};
use lifeboat_tests::api::{Answer, segment};
use serde_json::{Value, json};

/// An account with one defect, otherwise healthy; few rounds, because nobody guesses a test's passphrase.
async fn spoiled(defect: Defect) -> Result<TestAccount> {
    AccountSpec::healthy(Way::Key).with(defect).build().await
}

/// The active backup, which must be there.
async fn backup_of(account: &TestAccount) -> Result<ServerBackup> {
    ServerBackup::active(account.api()?).await?.context("no backup")
}

/// Account data of one type, or the refusal.
async fn account_data(account: &TestAccount, event_type: &str) -> Result<Answer> {
    let user_id = segment(account.user_id.as_str());
    account
        .api()?
        .try_get(&format!("/_matrix/client/v3/user/{user_id}/account_data/{event_type}"))
        .await
}

/// The id of the default storage key.
async fn default_key_id(account: &TestAccount) -> Result<String> {
    let content = account_data(account, "m.secret_storage.default_key")
        .await?
        .ok("the default key")?;
    content["key"].as_str().map(str::to_owned).context("no default key")
}

/// What the account sees of its own public keys.
async fn own_keys(account: &TestAccount) -> Result<Value> {
    let request = json!({"device_keys": {account.user_id.as_str(): []}});
    account.api()?.post("/_matrix/client/v3/keys/query", &request).await
}

/// How many signatures by identity keys each session carries, in the order of the account's sessions.
async fn identity_signatures(account: &TestAccount) -> Result<Vec<usize>> {
    let (keys, user_id) = (own_keys(account).await?, account.user_id.as_str());
    let count = |device_id: &str| {
        let own = format!("ed25519:{device_id}");
        let signatures = keys["device_keys"][user_id][device_id]["signatures"][user_id].as_object();
        signatures
            .into_iter()
            .flatten()
            .filter(|(key_id, _)| **key_id != own)
            .count()
    };
    Ok(account
        .sessions
        .iter()
        .map(|session| count(session.device_id().as_str()))
        .collect())
}
