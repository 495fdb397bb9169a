//! A reset whose answer is lost: the guide says so, can be left, and finishes it the next time.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use lifeboat_tests::proxy::Fault;
use matrix_sdk::reqwest::Method;

use super::*;

#[tokio::test]
async fn it_comes_before_everything_and_is_finished() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).history(SHORT).build().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let gone = Arc::new(AtomicBool::new(false));
    let since = Arc::clone(&gone);
    proxy.intercept(move |it| {
        if since.load(Ordering::SeqCst) {
            return Some(Fault::CutBefore);
        }
        it.is(&Method::POST, "/account/password").then(|| {
            since.store(true, Ordering::SeqCst);
            Fault::CutAfter
        })
    });
    let terminal = TerminalSpec::new("").env("TERM", "tmux-256color").start()?;
    arrive(&terminal, &account, &proxy.base_url()).await?;
    enter(&terminal, &account).await?;
    terminal.answers("What now?", ENTER).await?;
    terminal.answers("What shall become of your sessions?", ENTER).await?;
    terminal.answers("Which way?", &typed("old password")).await?;
    agree(&terminal).await?;
    terminal.sees("A reset that is not finished").await?;
    terminal
        .sees("Lifeboat finds out whether the server took it, and does the rest")
        .await?;
    terminal.answers("What now?", &typed("leave")).await?;
    terminal
        .sees("the password may be changed already, and nobody is signed in with the new one")
        .await?;
    terminal.answers("Stop?", &typed("yes")).await?;
    let secrets = [account.password.as_str(), NEW, key_of(&account)?];
    let outcome = terminal.ends(20, &secrets).await?;

    proxy.let_through();
    let terminal = TerminalSpec::new("").after(outcome).start()?;
    terminal.answers("What now?", ENTER).await?;
    terminal.sees("A reset that is not finished").await?;
    terminal.answers("What now?", &typed("finish")).await?;
    terminal.answers("The new password that you chose", &typed(NEW)).await?;
    terminal.answers("The new password once more", &typed(NEW)).await?;
    terminal.answers("Your old password", ENTER).await?;
    terminal.answers("Recovery key", &typed(key_of(&account)?)).await?;
    terminal
        .sees("messages that were readable before are readable now")
        .await?;
    terminal.sees("6 of 6 · In your apps now").await?;
    terminal.ends(0, &secrets).await?;
    ensure!(account.sessions.iter().all(Session::runs), "a session was signed out");
    new_password_counts(&account).await
}
