//! Lies that begin in the middle: between the check and the change, and among what other sessions send.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use lifeboat_preflight::Keeping;
use lifeboat_report::facts::SecretName;
use lifeboat_tests::account::{AccountSpec, Defect, Secret, ServerBackup, Way};
use lifeboat_tests::forger::Forger;
use lifeboat_tests::lifeboat::Lifeboat;
use lifeboat_tests::proxy::{Exchange, Fault, Proxy};
use lifeboat_tests::room_key::BackupKey;
use matrix_sdk::reqwest::Method;
use serde_json::json;

use super::account::Server;
use crate::live::{enter_keeping, typed};
use crate::reset::healthy;

#[tokio::test]
async fn an_identity_that_is_replaced_after_the_check_is_noticed() -> Result<()> {
    let account = healthy().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let server = Server::of(&account)?;
    let changed = AtomicBool::new(false);
    proxy.intercept(move |it: &Exchange| {
        if it.is(&Method::POST, "/account/password") {
            changed.store(true, Ordering::SeqCst);
        }
        let server = server.clone();
        (changed.load(Ordering::SeqCst) && it.is(&Method::POST, "/keys/query")).then(|| {
            Fault::rewrite(move |mut answer| {
                let _ = server.replace_identity(&mut answer);
                answer
            })
        })
    });
    let key = account.recovery.text().context("no recovery key")?;
    let url = proxy.base_url();
    let reset = Lifeboat::new([
        "reset",
        account.user_id.as_str(),
        "--homeserver",
        &url,
        "--yes",
        "--json",
    ])?;
    let reset = reset
        .secret("--password-file", &account.password)?
        .secret("--new-password-file", "New-Password-2")?;
    let outcome = reset.secret("--recovery-key-file", key)?.run().await?;
    ensure!(outcome.code()? == 21, "{outcome}");
    let wrong = outcome.json()?["error"].as_str().unwrap_or_default().to_owned();
    ensure!(
        wrong.contains("does not belong to this account's identity"),
        "{outcome}"
    );
    Ok(())
}

/// A version that the server slips in between the check and the upload gets no room key.
#[tokio::test]
async fn no_room_key_goes_to_a_backup_whose_key_the_server_has() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::RoomNotBackedUp)
        .build()
        .await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let slipped = BackupKey::random()?.public();
    let mut asked = 0;
    let after = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&after);
    proxy.intercept(move |it: &Exchange| {
        let version = it.is(&Method::GET, "/room_keys/version");
        asked += u32::from(version);
        let lies = version && asked > 1;
        if it.is(&Method::PUT, "/room_keys/keys") {
            seen.store(true, Ordering::SeqCst);
        }
        let slipped = slipped.clone();
        lies.then(|| {
            Fault::rewrite(move |mut answer| {
                answer["auth_data"]["public_key"] = json!(slipped);
                answer
            })
        })
    });
    let key = account.recovery.text().context("no recovery key")?;
    let url = proxy.base_url();
    let rescue = Lifeboat::new(["rescue", account.user_id.as_str(), "--homeserver", &url, "--json"])?;
    let rescue = rescue
        .secret("--password-file", &account.password)?
        .secret("--recovery-key-file", key)?;
    let outcome = rescue.args(["--wait", "20"]).run().await?;
    let wrong = outcome.json()?["error"].as_str().unwrap_or_default().to_owned();
    ensure!(
        outcome.code()? == 1 && wrong.contains("does not lead to the key of the key backup"),
        "{outcome}"
    );
    // What was uploaded, if anything, is sealed for the account's own key alone.
    let backup = ServerBackup::active(account.api()?).await?.context("no backup")?;
    let own = account.secrets.as_ref().context("no secrets")?.backup_key()?;
    for entry in backup.entries().await?.values().flat_map(|it| it.values()) {
        own.open(&entry["session_data"])?;
    }
    Ok(())
}

/// Secrets are taken from sessions that the identity vouches for, and only while they are asked for.
#[tokio::test]
async fn secrets_of_strangers_and_unverified_sessions_are_not_taken() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).with(Defect::OneSession).build().await?;
    account.first()?.stop();
    let (unverified, stranger) = (
        Forger::within(&account, None).await?,
        Forger::stranger(&account.homeserver).await?,
    );
    let (_, live) = enter_keeping(&account, Keeping::RemoveAtEndSealed).await?;
    live.open(&typed(&account)?).await?;
    let device = live.own().device_id().context("no device")?.to_owned();
    let forged = BackupKey::random()?.to_base64();
    let before = live.secrets().await?;
    let held = |it: &lifeboat_preflight::HeldSecrets| it.get(SecretName::BackupKey).copied();
    ensure!(held(&before).is_some(), "the backup key is not held");
    let nobody = BTreeSet::new();
    let asking = lifeboat_rescue::backup_key_holders(&live, &nobody, Duration::from_secs(3));
    let answering = async {
        // Whoever hears the question may pass its id on.
        let question = unverified.wait_to_be_asked_for(Secret::BackupKey).await?;
        for forger in [&unverified, &stranger] {
            forger
                .hand_over(account.user_id.as_str(), &device, &question, &forged)
                .await?;
        }
        anyhow::Ok(())
    };
    let (holders, sent) = tokio::join!(asking, answering);
    sent?;
    ensure!(holders?.answered.is_empty(), "a forger counts as a holder");
    let after = live.secrets().await?;
    ensure!(held(&after) == held(&before), "the forged key was taken");
    live.end().await.leave().await?;
    Ok(())
}
