//! In tmux, as over ssh: a small window, another kind of terminal, and a shell that has to be as it was.

use lifeboat_tests::lifeboat::tmux::Tmux;

use super::*;

#[tokio::test]
async fn it_leads_through_a_small_window_and_leaves_the_shell_in_order() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).history(SHORT).build().await?;
    let before = devices(&account).await?;
    for (language, title) in [
        ("C.UTF-8", "3 of 6 · What Lifeboat found"),
        // Who was told of no language shows nothing but ASCII.
        ("C", "3 of 6 - What Lifeboat found"),
    ] {
        let screen = look_and_leave(&account, language, title).await.context(language)?;
        ensure!(language != "C" || screen.is_ascii(), "{screen}");
        for secret in [&account.password, key_of(&account)?] {
            ensure!(!screen.contains(secret), "a secret was on the screen\n{screen}");
        }
        ensure!(devices(&account).await? == before, "a session was left behind");
    }
    Ok(())
}

/// Goes as far as `title` and what is below it; returns all that was in the window.
async fn look_and_leave(account: &TestAccount, language: &str, title: &str) -> Result<String> {
    let tmux = Tmux::open(language).await?;
    tmux.types(r#""$LIFEBOAT_BIN"; echo "ended with $?""#)?;
    tmux.presses("Enter")?;
    tmux.answers("Your user id", account.user_id.as_str()).await?;
    // Its apostrophe is another one in ASCII.
    tmux.answers("The server", &account.homeserver.base_url).await?;
    tmux.answers("How do you sign in?", "1").await?;
    tmux.answers("Password of", &account.password).await?;
    tmux.answers("Recovery key", key_of(account)?).await?;
    tmux.sees(title).await?;
    tmux.sees("you would lose nothing: your recovery key brings all")
        .await?;
    tmux.answers("What now?", "leave").await?;
    tmux.answers("Stop?", "yes").await?;
    tmux.sees("Run `lifeboat` to go on from here").await?;
    tmux.sees("ended with 130").await?;

    // What is typed is seen, Enter ends a line, and there is a cursor.
    tmux.types("echo $((6 * 7)) is right")?;
    tmux.sees("echo $((6 * 7)) is right").await?;
    tmux.presses("Enter")?;
    tmux.sees("42 is right").await?;
    ensure!(tmux.shows_cursor()?, "the cursor is hidden");
    tmux.screen()
}
