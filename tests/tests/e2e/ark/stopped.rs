//! A save that is stopped or killed leaves no ark, and one that is there is not overwritten.

use std::time::Duration;

use anyhow::{Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, TestAccount, Way},
    lifeboat::Running,
    proxy::{Fault, Proxy},
    wait,
};
use rustix::process::Signal;

use super::{left_in, save, save_at, verify};

/// Starts a save whose entries come slowly, and waits until some have come.
async fn in_the_middle(account: &TestAccount, proxy: &Proxy) -> Result<Running> {
    proxy.intercept(|it| {
        let slow = Fault::Trickle(Duration::from_millis(5));
        it.path.ends_with("/room_keys/keys").then_some(slow)
    });
    let running = save_at(account, &proxy.base_url())?.start()?;
    let asks = async || {
        let asked = proxy.log().iter().any(|it| it.path.ends_with("/room_keys/keys"));
        Ok(asked.then_some(()))
    };
    wait::until("the save asks for entries", asks).await?;
    Ok(running)
}

#[tokio::test]
async fn stopped_it_leaves_nothing() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    for signal in [Signal::INT, Signal::TERM] {
        let proxy = Proxy::start(&account.homeserver.base_url).await?;
        let running = in_the_middle(&account, &proxy).await?;
        running.signal(signal)?;
        let outcome = running.outcome().await?;
        ensure!(outcome.code()? == 130, "{signal:?}: {outcome}");
        ensure!(
            left_in(outcome.home())?.is_empty(),
            "{signal:?}: {:?}",
            left_in(outcome.home())?
        );
        ensure!(
            proxy.log().iter().any(|it| it.path.ends_with("/logout")),
            "{signal:?}: no sign-out"
        );
    }
    Ok(())
}

#[tokio::test]
async fn killed_it_leaves_no_file_that_verifies() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let running = in_the_middle(&account, &proxy).await?;
    running.signal(Signal::KILL)?;
    let outcome = running.outcome().await?;
    ensure!(outcome.status.code().is_none(), "{outcome}");
    let left = left_in(outcome.home())?;
    ensure!(left.iter().all(|it| it.ends_with(".unfinished")), "{left:?}");
    for name in left {
        let verdict = verify(&outcome.home().join(&name), &[]).await?;
        ensure!(verdict.code()? == 1, "{name}: {verdict}");
    }
    Ok(())
}

#[tokio::test]
async fn a_file_that_exists_is_not_overwritten() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let lifeboat = save(&account)?;
    let file = lifeboat.home().join("an.ark");
    std::fs::write(&file, "precious")?;
    let outcome = lifeboat.run().await?;
    ensure!(outcome.code()? == 2, "{outcome}");
    ensure!(std::fs::read_to_string(outcome.home().join("an.ark"))? == "precious");
    Ok(())
}
