//! An account in trouble, to the end: what can be mended is mended, and nothing is lost when every session is signed out.

use super::*;

/// On a narrow terminal and without colour.
#[tokio::test]
async fn everything_is_mended_then_every_session_is_signed_out() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .history(SHORT)
        .with(Defect::BackupUnsigned)
        .with(Defect::RoomNotBackedUp)
        .build()
        .await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let terminal = TerminalSpec::new("")
        .columns(60.try_into()?)
        .env("NO_COLOR", "1")
        .start()?;
    arrive(&terminal, &account, &proxy.base_url()).await?;
    enter(&terminal, &account).await?;
    terminal.sees("would become unreadable for good").await?;
    terminal.answers("What now?", ENTER).await?;

    terminal.sees("4 of 6 · Mending: a copy first").await?;
    terminal.answers("What now?", ENTER).await?;
    terminal.sees("✓ The ark is").await?;
    terminal.sees("Signs the key backup").await?;
    terminal.answers("What now?", &typed("yes")).await?;
    terminal.sees("✓ That helped").await?;
    terminal.sees("4 of 6 · Mending: lacking room keys").await?;
    terminal.answers("What now?", &typed("1")).await?;
    terminal
        .sees("room keys arrived, and are in the key backup now")
        .await?;

    sign_all_out(&terminal).await?;
    terminal.sees("sign Lifeboat out:").await?;
    let broken = terminal.broken_lines();
    // Command lines and paths are copied, so they stay whole; dots are typed; what is done is padded to the screen's width.
    let whole = |it: &&String| ["lifeboat ", "http", "/"].iter().any(|word| it.contains(word));
    let allowed = |it: &&String| whole(it) || it.ends_with(['•', ' ']);
    let too_wide: Vec<_> = broken.iter().filter(|it| !allowed(it)).collect();
    ensure!(too_wide.is_empty(), "too wide for 60 columns: {too_wide:#?}");
    let colours = colours(&terminal.raw());
    ensure!(colours.is_empty(), "{colours:?}");
    terminal.ends(0, &[&account.password, NEW, key_of(&account)?]).await?;
    ensure!(sign_ins(&proxy) == 2, "{} sign-ins", sign_ins(&proxy));
    for session in &account.sessions {
        lifeboat_tests::wait::until("the session to end", async || Ok((!session.runs()).then_some(()))).await?;
    }
    new_password_counts(&account).await
}
