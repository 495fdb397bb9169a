//! The recovery key is lost, and one session lives: the guide makes a new one with its help, and everything comes back.

use super::*;
use crate::verify::{Other, answer};

#[tokio::test]
async fn a_new_one_is_made_and_opens_everything() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).history(SHORT).build().await?;
    let _shown = answer(account.first()?, Other::Agrees);
    let device = account.first()?.device_id();
    let terminal = TerminalSpec::new("").env("TERM", "screen-256color").start()?;
    arrive(&terminal, &account, &account.homeserver.base_url).await?;
    terminal.answers("How do you sign in?", &typed("1")).await?;
    terminal.answers("Password of", &typed(&account.password)).await?;
    terminal.answers("Recovery key", ENTER).await?;
    terminal.answers("What now?", ENTER).await?;
    terminal.sees("4 of 6 · Mending: the recovery key").await?;
    terminal.answers("What now?", &typed("without one")).await?;
    terminal.sees("4 of 6 · Mending: a copy first").await?;
    terminal.answers("What now?", &typed("1")).await?;
    terminal.sees("4 of 6 · Mending: a new recovery key").await?;
    // Enter alone would keep the old one.
    terminal.answers("What now?", &typed("make a new")).await?;
    terminal.sees("Your new recovery key is in").await?;
    terminal.asked("Its number").await?;
    let screen = terminal.screen();
    let line = screen.lines().find(|it| it.contains(device.as_str()));
    let number = line.and_then(|it| it.split_whitespace().next()).context("no number")?;
    terminal.answers("Its number", &typed(number)).await?;
    terminal
        .answers("Does the other session show the same seven emoji", &typed("yes"))
        .await?;
    terminal.sees("✓ That helped").await?;
    terminal.sees("Sign all of them out (nothing is lost)").await?;

    sign_all_out(&terminal).await?;
    let file = std::fs::read_dir(terminal.home())?
        .flatten()
        .map(|it| it.path())
        .find(|it| it.to_string_lossy().contains("lifeboat-recovery-key"));
    let key = std::fs::read_to_string(file.context("no file with the new key")?)?;
    terminal.ends(0, &[&account.password, NEW, key.trim()]).await?;
    new_password_counts(&account).await
}
