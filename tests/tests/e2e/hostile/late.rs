//! Lies that begin in the middle: between the check and the change, and among what other sessions send.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use lifeboat_preflight::Keeping;
use lifeboat_report::Lapse;
use lifeboat_report::facts::SecretName;
use lifeboat_tests::account::{AccountSpec, Defect, Secret, ServerBackup, TestAccount, Way};
use lifeboat_tests::forger::Forger;
use lifeboat_tests::lifeboat::Lifeboat;
use lifeboat_tests::proxy::{Exchange, Fault, Proxy};
use lifeboat_tests::room_key::BackupKey;
use matrix_sdk::reqwest::Method;
use serde_json::json;

use super::account::Server;
use crate::live::{enter_keeping, typed};
use crate::reset::{healthy, is_change, who_at, with_secrets};

/// Puts the server's identity in the place of the account's in every answer that is asked for from a moment on.
fn replaces_identity(
    account: &TestAccount,
    mut from: impl FnMut(&Exchange) -> bool + Send + 'static,
) -> Result<impl FnMut(&Exchange) -> Option<Fault> + Send + 'static> {
    let server = Server::of(account)?;
    Ok(move |it: &Exchange| {
        let lies = from(it) && it.is(&Method::POST, "/keys/query");
        let server = server.clone();
        lies.then(|| {
            Fault::rewrite(move |mut answer| {
                let _ = server.replace_identity(&mut answer);
                answer
            })
        })
    })
}

/// Runs a reset at the proxy, and returns why it stopped with this status.
async fn stopped(account: &TestAccount, proxy: &Proxy, status: i32) -> Result<String> {
    let url = proxy.base_url();
    let reset = Lifeboat::new(who_at("reset", account, &url))?.arg("--yes");
    let reset = with_secrets(reset, account, &account.password, "New-Password-2")?;
    let outcome = reset.run().await?;
    ensure!(outcome.code()? == status, "{outcome}");
    let document = outcome.json()?;
    Ok(document["error"].as_str().context("no error")?.to_owned())
}

fn ensure_nothing_was_signed(log: &[Exchange]) -> Result<()> {
    let signs = |it: &&Exchange| {
        it.is(&Method::POST, "/keys/signatures/upload") || it.is(&Method::POST, "/keys/device_signing/upload")
    };
    let signed: Vec<_> = log.iter().filter(signs).collect();
    ensure!(signed.is_empty(), "{signed:?}");
    Ok(())
}

/// The look before the change sees it: the clearance lapses, and the password is not changed.
#[tokio::test]
async fn an_identity_that_is_replaced_between_the_check_and_the_change_stops_the_reset() -> Result<()> {
    let account = healthy().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let mut asked = 0;
    proxy.intercept(replaces_identity(&account, move |it| {
        asked += u32::from(it.is(&Method::POST, "/keys/query"));
        asked > 1
    })?);
    let wrong = stopped(&account, &proxy, 1).await?;
    let lapsed = Lapse::IdentityReplaced.words();
    ensure!(
        wrong.to_lowercase().contains(lapsed) && wrong.contains("The password is unchanged."),
        "{wrong}"
    );
    let log = proxy.log();
    ensure!(!log.iter().any(is_change), "the change was sent");
    ensure_nothing_was_signed(&log)
}

/// The session that comes back takes nothing from an identity that the recovery key does not belong to.
#[tokio::test]
async fn an_identity_that_is_replaced_with_the_change_is_noticed() -> Result<()> {
    let account = healthy().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let mut changed = false;
    proxy.intercept(replaces_identity(&account, move |it| {
        changed |= is_change(it);
        changed
    })?);
    let wrong = stopped(&account, &proxy, 21).await?;
    ensure!(wrong.contains("does not belong to this account's identity"), "{wrong}");
    let log = proxy.log();
    ensure_nothing_was_signed(&log)?;
    let change = log.iter().position(is_change).context("the change was not sent")?;
    let imports = |it: &&Exchange| it.method == Method::GET && it.path.contains("/room_keys/keys");
    let imported: Vec<_> = log.iter().skip(change).filter(imports).collect();
    ensure!(imported.is_empty(), "{imported:?}");
    // The check before it did ask for them.
    ensure!(
        log.iter().take(change).any(|it| imports(&it)),
        "no room key was ever asked for"
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
    proxy.intercept(move |it: &Exchange| {
        let version = it.is(&Method::GET, "/room_keys/version");
        asked += u32::from(version);
        let lies = version && asked > 1;
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
    let uploads = |it: &&Exchange| it.method == Method::PUT && it.path.contains("/room_keys/keys");
    let log = proxy.log();
    let uploaded: Vec<_> = log.iter().filter(uploads).collect();
    ensure!(uploaded.is_empty(), "{uploaded:?}");
    // What other sessions uploaded meanwhile is sealed for the account's own key alone.
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
