//! A second check, and one that is stopped.

use std::{os::unix::fs::PermissionsExt as _, time::Duration};

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, TestAccount, Way},
    lifeboat::Lifeboat,
    proxy::{Exchange, Fault, Proxy},
    wait,
};
use matrix_sdk::reqwest::Method;
use rustix::process::Signal;

use super::{compare, truth_after_the_end};

fn check_at(account: &TestAccount, base_url: &str) -> Result<Lifeboat> {
    let arguments = ["check", account.user_id.as_str(), "--homeserver", base_url, "--json"];
    let text = account.recovery.text().context("the account has no recovery key")?;
    Lifeboat::new(arguments)?
        .secret("--password-file", &account.password)?
        .secret("--recovery-key-file", text)
}

fn histories(proxy: &Proxy) -> Vec<Exchange> {
    let log = proxy.log().into_iter();
    log.filter(|it| it.is(&Method::GET, "/messages")).collect()
}

#[tokio::test]
async fn a_second_check_asks_for_new_messages_alone_and_says_the_same_as_a_first_one() -> Result<()> {
    let mut account = AccountSpec::healthy(Way::Key).build().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let state = tempfile::tempdir()?;
    let check = || Ok::<_, anyhow::Error>(check_at(&account, &proxy.base_url())?.env("XDG_STATE_HOME", state.path()));
    let first = check()?.run().await?;
    ensure!(first.json()?["forecast"]["events"]["total"] == 16, "{first}");
    ensure!(
        histories(&proxy).iter().all(|it| it.query.contains("dir=b")),
        "{:#?}",
        histories(&proxy)
    );
    let file = state
        .path()
        .join("lifeboat")
        .join(account.user_id.as_str().replace(':', "%3A"))
        .join("forecast");
    let mode = std::fs::metadata(&file)
        .with_context(|| file.display().to_string())?
        .permissions()
        .mode();
    ensure!(mode & 0o777 == 0o600, "{mode:o}");

    let room = account.rooms.first().context("rooms")?;
    account.first()?.send(&room.room_id, "later").await?;
    account.first()?.upload_room_keys().await?;
    proxy.clear();
    let second = check()?.run().await?;
    let asked = histories(&proxy);
    ensure!(asked.len() <= account.rooms.len() + 1, "{asked:#?}");
    ensure!(
        asked
            .iter()
            .all(|it| it.query.contains("dir=f") && it.query.contains("from=")),
        "{asked:#?}"
    );
    let proof = &second.json()?["forecast"]["event_proof"];
    ensure!(proof["decrypted"] == 17 && proof["complete"] == true, "{proof:#}");

    proxy.clear();
    let anew = check()?.arg("--no-cache").run().await?;
    ensure!(
        histories(&proxy).iter().all(|it| it.query.contains("dir=b")),
        "{:#?}",
        histories(&proxy)
    );
    ensure!(
        anew.json()?["forecast"] == second.json()?["forecast"],
        "{anew}\n{second}"
    );
    let leave = || {
        Ok::<_, anyhow::Error>(Lifeboat::new(["leave", account.user_id.as_str()])?.env("XDG_STATE_HOME", state.path()))
    };
    let left = leave()?.run().await?;
    ensure!(left.code()? == 0 && !file.exists(), "{left}");
    ensure!(leave()?.run().await?.code()? == 2, "there is nothing left to remove");
    let truth = truth_after_the_end(&mut account).await?;
    compare(&second, &truth)?;
    Ok(())
}

#[tokio::test]
async fn ctrl_c_ends_the_reading_and_what_was_read_is_judged() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let slow = account
        .rooms
        .first()
        .context("rooms")?
        .room_id
        .as_str()
        .trim_start_matches('!')
        .to_owned();
    // As it stands in a path: the colon is encoded by some.
    let slow = slow.split(':').next().unwrap_or_default().to_owned();
    let hangs = move |it: &Exchange| it.is(&Method::GET, "/messages") && it.path.contains(&slow);
    let hook = hangs.clone();
    proxy.intercept(move |it| hook(it).then_some(Fault::Late(Duration::from_secs(60))));
    let running = check_at(&account, &proxy.base_url())?.start()?;
    let asks = async || Ok(proxy.log().iter().any(&hangs).then_some(()));
    wait::until("the check reads the room", asks).await?;
    running.signal(Signal::INT)?;
    let outcome = running.outcome().await?;
    let document = outcome.json()?;
    let scope = &document["forecast"]["scope"];
    ensure!(
        scope["stopped"] == true && document["forecast"]["complete"] == false,
        "{document:#}"
    );
    ensure!(outcome.code()? == 10, "{outcome}");
    ensure!(document["forecast"]["event_proof"]["failed"] == 0, "{document:#}");
    ensure!(
        proxy.log().iter().any(|it| it.is(&Method::POST, "/logout")),
        "no sign-out"
    );
    Ok(())
}
