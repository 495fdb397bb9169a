//! Left in the middle, taken up again, stopped by Ctrl-C and Escape: nothing is half done, and nothing secret is kept.

use std::{os::unix::fs::PermissionsExt as _, sync::Arc};

use lifeboat_tests::{proxy::Fault, wait::until};
use matrix_sdk::reqwest::Method;
use tokio::sync::Notify;

use super::{healthy::walk, *};

#[tokio::test]
async fn left_in_the_middle_and_taken_up_again() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .history(SHORT)
        .with(Defect::RoomNotBackedUp)
        .build()
        .await?;
    let before = devices(&account).await?;
    let terminal = TerminalSpec::new("").start()?;
    arrive(&terminal, &account, &account.homeserver.base_url).await?;
    enter(&terminal, &account).await?;
    terminal.answers("What now?", ENTER).await?;
    terminal.sees("4 of 6 · Mending: lacking room keys").await?;
    terminal.answers("What now?", &typed("skip")).await?;
    // Escape asks; the answer may be no.
    terminal.asked("What shall become of your sessions?").await?;
    terminal.types(ESCAPE)?;
    terminal.answers("Stop?", &typed("go on")).await?;
    terminal
        .answers("What shall become of your sessions?", &typed("leave"))
        .await?;
    terminal.sees("Nothing was changed in your account").await?;
    terminal.answers("Stop?", &typed("yes")).await?;
    terminal.sees("Run `lifeboat` to go on from here").await?;
    let outcome = terminal.ends(130, &[&account.password, key_of(&account)?]).await?;
    ensure!(devices(&account).await? == before, "a session was left behind");

    let bookmark = walk(&outcome.home().join("state"), "guide.json").context("no bookmark")?;
    let kept = std::fs::read_to_string(&bookmark)?;
    ensure!(
        kept.contains("rescue") && kept.contains(account.user_id.as_str()),
        "{kept}"
    );
    for secret in [&account.password, key_of(&account)?] {
        ensure!(!kept.contains(secret), "a secret was written down: {kept}");
    }
    let mode = bookmark.metadata()?.permissions().mode() & 0o777;
    ensure!(mode == 0o600, "{mode:o}");

    let terminal = TerminalSpec::new("").after(outcome).start()?;
    terminal.sees("Welcome back").await?;
    terminal.answers("What now?", ENTER).await?;
    enter(&terminal, &account).await?;
    // What was skipped is not offered again by itself.
    terminal.answers("What now?", &typed("go on to the reset")).await?;
    terminal
        .answers("What shall become of your sessions?", &typed("no reset"))
        .await?;
    terminal.sees("Your password is the same as before").await?;
    terminal.sees("Left as it was: one thing that can be mended").await?;
    terminal.ends(10, &[&account.password]).await?;
    ensure!(devices(&account).await? == before, "a session was left behind");
    Ok(())
}

#[tokio::test]
async fn ctrl_c_says_what_it_means_and_leaves_nothing_behind() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).history(SHORT).build().await?;
    let before = devices(&account).await?;
    let terminal = TerminalSpec::new("").start()?;
    arrive(&terminal, &account, &account.homeserver.base_url).await?;
    terminal.answers("How do you sign in?", &typed("1")).await?;
    terminal.asked("Password of").await?;
    terminal.types(CTRL_C)?;
    terminal.answers("Stop?", &typed("no")).await?;
    enter(&terminal, &account).await?;
    terminal.asked("What now?").await?;
    terminal.types(CTRL_C)?;
    terminal.sees("Lifeboat signs itself out").await?;
    terminal.asked("Stop?").await?;
    terminal.types(CTRL_C)?;
    terminal.ends(130, &[&account.password]).await?;
    ensure!(devices(&account).await? == before, "a session was left behind");
    Ok(())
}

/// Ctrl-C while the server is asked: the work ends, the question before it is asked again, and everything can go on.
#[tokio::test]
async fn ctrl_c_at_work_leads_back_to_the_question_before() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).history(SHORT).build().await?;
    let before = devices(&account).await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let never = Arc::new(Notify::new());
    proxy.intercept(move |it| it.is(&Method::GET, "/devices").then(|| Fault::Held(Arc::clone(&never))));
    let terminal = TerminalSpec::new("").start()?;
    arrive(&terminal, &account, &proxy.base_url()).await?;
    enter(&terminal, &account).await?;
    terminal.sees("asking the server").await?;
    terminal.types(CTRL_C)?;
    terminal.sees("Nothing was changed in your account").await?;
    proxy.let_through();
    terminal.answers("Stop?", &typed("no")).await?;
    terminal.answers("Recovery key", ENTER).await?;
    terminal.answers("What now?", &typed("leave")).await?;
    terminal.answers("Stop?", &typed("yes")).await?;
    terminal.ends(130, &[&account.password, key_of(&account)?]).await?;
    ensure!(devices(&account).await? == before, "a session was left behind");
    Ok(())
}

/// The window is closed at a question: the session is signed out all the same.
#[tokio::test]
async fn a_terminal_that_goes_away_leaves_no_session() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).history(SHORT).build().await?;
    let before = devices(&account).await?;
    let terminal = TerminalSpec::new("").start()?;
    arrive(&terminal, &account, &account.homeserver.base_url).await?;
    enter(&terminal, &account).await?;
    terminal.asked("What now?").await?;
    ensure!(devices(&account).await? != before, "it is not signed in");
    terminal.goes_away()?;
    until("the session to be signed out", async || {
        Ok((devices(&account).await? == before).then_some(()))
    })
    .await
}

/// At the first question there is nothing to lose, so nothing is asked.
#[tokio::test]
async fn the_first_question_lets_go_at_once() -> Result<()> {
    let terminal = TerminalSpec::new("").start()?;
    terminal.asked("Your user id").await?;
    terminal.types(CTRL_C)?;
    terminal.ends(130, &[]).await?;
    Ok(())
}

/// What the configuration says of an account is not asked.
#[tokio::test]
async fn the_configuration_knows_the_server() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).history(SHORT).build().await?;
    let at_home = lifeboat_tests::lifeboat::Lifeboat::new(["--version"])?.run().await?;
    let folder = at_home.home().join("config/lifeboat");
    std::fs::create_dir_all(&folder)?;
    let (user, server) = (&account.user_id, &account.homeserver.base_url);
    let config = format!("[accounts.\"{user}\"]\nhomeserver = \"{server}\"\n");
    std::fs::write(folder.join("config.toml"), config)?;
    let terminal = TerminalSpec::new("").after(at_home).start()?;
    terminal.answers("Your user id", &typed(user.as_str())).await?;
    enter(&terminal, &account).await?;
    terminal.answers("What now?", &typed("leave")).await?;
    terminal.answers("Stop?", &typed("yes")).await?;
    let outcome = terminal.ends(130, &[&account.password]).await?;
    ensure!(!outcome.stderr.contains("The server’s address"), "{outcome}");
    Ok(())
}

/// Without a terminal nobody can be asked: the short help, at once.
#[tokio::test]
async fn without_a_terminal_there_is_the_short_help() -> Result<()> {
    let nobody: [&str; 0] = [];
    let outcome = lifeboat_tests::lifeboat::Lifeboat::new(nobody)?.run().await?;
    ensure!(outcome.code()? == 2, "{outcome}");
    ensure!(
        outcome.stderr.contains("Usage: lifeboat") && outcome.stdout.is_empty(),
        "{outcome}"
    );
    Ok(())
}
