//! A healthy account, to the end: every wrong answer is answered in words and asked again.

use super::*;

#[tokio::test]
async fn the_whole_conversation_with_sessions_kept() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).history(SHORT).build().await?;
    let before = devices(&account).await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let terminal = TerminalSpec::new("").start()?;

    terminal.answers("Your user id", &typed("mira@example.org")).await?;
    terminal.sees("is an e-mail address, not a user id").await?;
    arrive(&terminal, &account, &proxy.base_url()).await?;

    terminal.answers("How do you sign in?", &typed("password")).await?;
    terminal.answers("Password of", &typed("not my password")).await?;
    terminal.sees("!").await?;
    // The arrow keys work as well: down to the browser and up again.
    terminal
        .answers("How do you sign in?", &format!("{DOWN}\u{1b}[A{ENTER}"))
        .await?;
    terminal.answers("Password of", &typed(&account.password)).await?;

    terminal.answers("Recovery key", &typed(OTHER_KEY)).await?;
    terminal.answers("What now?", &typed("another recovery key")).await?;
    // As it is pasted from a mail: quotes, spaces, a line break in the middle.
    let key = key_of(&account)?;
    let (first, rest) = key.split_at(key.len() / 2);
    terminal.asked("Recovery key").await?;
    terminal.types(&format!("“{first}{ENTER}"))?;
    terminal.sees("of the 48 characters of a recovery key").await?;
    terminal.answers("The rest", &typed(&format!("  {rest}”"))).await?;
    terminal
        .sees("you would lose nothing: your recovery key brings all")
        .await?;
    terminal.sees("nothing changes for your messages").await?;
    terminal.answers("What now?", &typed("everything")).await?;
    terminal.sees("If every session is signed out CLEAR").await?;
    terminal.answers("What now?", ENTER).await?;

    terminal.answers("What shall become of your sessions?", ENTER).await?;
    terminal.answers("Which way?", &typed("old password")).await?;
    terminal.answers("Shall Lifeboat do this?", &typed("yes")).await?;
    terminal.answers("The new password", &typed(NEW)).await?;
    terminal.answers("The new password once more", &typed("a slip")).await?;
    terminal.sees("The two are not the same").await?;
    terminal.answers("The new password", &typed(NEW)).await?;
    terminal.answers("The new password once more", &typed(NEW)).await?;
    terminal
        .sees("messages that were readable before are readable now. Your identity is unchanged.")
        .await?;
    terminal.sees("6 of 6 · In your apps now").await?;
    terminal
        .sees("Your sessions are still signed in: in your apps there is nothing to do")
        .await?;

    let home = terminal.home().to_owned();
    let outcome = terminal
        .ends(0, &[&account.password, NEW, key, "not my password"])
        .await?;
    ensure!(
        walk(&home.join("state"), "guide.json").is_none(),
        "a bookmark is left behind"
    );
    ensure!(
        sign_ins(&proxy) == 3,
        "{} sign-ins: a wrong one, one before, one after",
        sign_ins(&proxy)
    );
    ensure!(devices(&account).await? == before, "a session was left behind");
    ensure!(account.sessions.iter().all(Session::runs), "a session was signed out");
    new_password_counts(&account).await?;
    drop(outcome);
    Ok(())
}

/// The password is forgotten: what can be seen from outside is little, and the mail leads the way.
#[tokio::test]
async fn a_forgotten_password_is_reset_by_mail() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).history(SHORT).build().await?;
    let address = account.email.as_deref().context("an address")?;
    let terminal = TerminalSpec::new("").start()?;
    arrive(&terminal, &account, &account.homeserver.base_url).await?;
    terminal.answers("How do you sign in?", &typed("do not know")).await?;
    terminal.sees("little can be seen from outside").await?;
    terminal.answers("What now?", ENTER).await?;
    terminal
        .answers("What shall become of your sessions?", &typed("keep"))
        .await?;
    terminal.answers("Do you accept this?", &typed("accept it")).await?;
    terminal
        .answers("The e-mail address of your account", &typed(address))
        .await?;
    agree(&terminal).await?;
    confirm(&account.homeserver.mailbox(), address, 1).await?;
    terminal.sees("6 of 6 · In your apps now").await?;
    terminal.ends(0, &[NEW]).await?;
    ensure!(account.sessions.iter().all(Session::runs), "a session was signed out");
    new_password_counts(&account).await
}

/// Finds a file by its name.
pub(super) fn walk(folder: &std::path::Path, name: &str) -> Option<std::path::PathBuf> {
    for entry in std::fs::read_dir(folder).ok()?.flatten() {
        let path = entry.path();
        if path.file_name().is_some_and(|it| it == name) {
            return Some(path);
        }
        if let Some(found) = path.is_dir().then(|| walk(&path, name)).flatten() {
            return Some(found);
        }
    }
    None
}
