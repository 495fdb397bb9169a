//! A kept session whose store is damaged: it is said what to do, and a reset that kept it comes to its end without it.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    lifeboat::Lifeboat,
    proxy::{Fault, Proxy},
};
use matrix_sdk::reqwest::Method;

use crate::{
    live::devices,
    reset::{healthy, is_change, with_secrets, with_secrets_again},
    secrets::search::files_below,
};

/// Overwrites every database below `home`, and returns the folder of the one session that is kept there.
fn damage(home: &Path) -> Result<String> {
    let databases = files_below(&home.join("data/lifeboat"))?;
    let mut folder = None;
    for file in databases {
        let store = file.parent().context("no folder")?;
        if !store.ends_with("store") {
            continue;
        }
        folder = store.parent().map(|it| it.display().to_string());
        fs::write(&file, "nothing of a database".repeat(1000))?;
    }
    folder.context("no session is kept")
}

#[tokio::test]
async fn it_is_said_what_to_do() -> Result<()> {
    let account = healthy().await?;
    let (user, url) = (account.user_id.as_str(), account.homeserver.base_url.as_str());
    let check = ["check", user, "--homeserver", url, "--quick", "--keep-session"];
    let check = Lifeboat::new(check)?.secret("--password-file", &account.password)?;
    let mut earlier = check.run().await?;
    ensure!([10, 11].contains(&earlier.code()?), "{earlier}");
    let folder = damage(earlier.home())?;
    for words in [
        &["check", user, "--homeserver", url, "--quick"][..],
        &["leave", user, "--homeserver", url, "--force"],
    ] {
        let told = earlier.then(words)?.run().await?;
        ensure!(told.code()? == 1, "{told}");
        told.ensure_two_sentences()?;
        ensure!(told.says("cannot be opened: it is damaged"), "{told}");
        // A path without a space may be broken at its hyphens.
        let without_spaces = |it: &str| it.split_whitespace().collect::<String>();
        let words = without_spaces(&told.words());
        ensure!(
            words.contains(&without_spaces(&folder)),
            "{folder} is not named\n{told}"
        );
        ensure!(!told.says("--keep-session"), "{told}");
        earlier = told;
    }
    Ok(())
}

#[tokio::test]
async fn a_reset_signs_in_anew_and_leaves_none() -> Result<()> {
    let account = healthy().await?;
    let before = devices(&account).await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let (user, url) = (account.user_id.as_str(), proxy.base_url());
    let (mut changed, new) = (false, "New-Password-2");
    proxy.intercept(move |it| {
        let cut = changed && !it.is(&Method::POST, "/login");
        changed |= is_change(it);
        cut.then_some(Fault::CutBefore)
    });
    let reset = Lifeboat::new(["reset", user, "--homeserver", &url, "--yes"])?;
    let incomplete = with_secrets(reset, &account, &account.password, new)?.run().await?;
    ensure!(incomplete.code()? == 21, "{incomplete}");
    proxy.let_through();
    damage(incomplete.home())?;
    let resume = incomplete.then(["resume", user, "--homeserver", &url])?;
    let resume = with_secrets_again(resume, &account, &account.password, new)?;
    let resumed = resume.run().await?;
    ensure!(resumed.code()? == 0, "{resumed}");
    let after = devices(&account).await?;
    ensure!(after == before, "{after:?} are left\n{resumed}");
    Ok(())
}
