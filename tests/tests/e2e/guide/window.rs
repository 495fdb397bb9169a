//! In tmux and screen, as over ssh: a small window, another kind of terminal, and a shell that has to be as it was.

use lifeboat_tests::lifeboat::window::{Keeper, Window};

use super::*;

#[tokio::test]
async fn it_leads_through_a_small_window_and_leaves_the_shell_in_order() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).history(SHORT).build().await?;
    let before = devices(&account).await?;
    let (all_letters, ascii) = ("3 of 6 · What Lifeboat found", "3 of 6 - What Lifeboat found");
    for (keeper, language, title) in [
        (Keeper::Tmux, "C.UTF-8", all_letters),
        // Who was told of no language shows nothing but ASCII.
        (Keeper::Tmux, "C", ascii),
        (Keeper::Screen, "C", ascii),
    ] {
        let screen = look_and_leave(&account, keeper, language, title);
        let screen = screen.await.with_context(|| format!("{keeper:?}, {language}"))?;
        ensure!(language != "C" || screen.is_ascii(), "{screen}");
        for secret in [&account.password, key_of(&account)?] {
            ensure!(!screen.contains(secret), "a secret was on the screen\n{screen}");
        }
        ensure!(devices(&account).await? == before, "a session was left behind");
    }
    Ok(())
}

/// Goes as far as `title` and what is below it; returns all that was in the window.
async fn look_and_leave(account: &TestAccount, keeper: Keeper, language: &str, title: &str) -> Result<String> {
    let window = Window::open(keeper, language).await?;
    window.types(r#""$LIFEBOAT_BIN"; echo "ended with $?""#)?;
    window.enter()?;
    window.answers("Your user id", account.user_id.as_str()).await?;
    // Its apostrophe is another one in ASCII.
    window.answers("The server", &account.homeserver.base_url).await?;
    window.answers("How do you sign in?", "1").await?;
    window.answers("Password of", &account.password).await?;
    window.answers("Recovery key", key_of(account)?).await?;
    window.sees(title).await?;
    window
        .sees("you would lose nothing: your recovery key brings all")
        .await?;
    window.answers("What now?", "leave").await?;
    window.answers("Stop?", "yes").await?;
    window.sees("Run `lifeboat` to go on from here").await?;
    window.sees("ended with 130").await?;

    // What is typed is seen, Enter ends a line, and there is a cursor.
    window.types("echo $((6 * 7)) is right")?;
    window.sees("echo $((6 * 7)) is right").await?;
    window.enter()?;
    window.sees("42 is right").await?;
    ensure!(window.shows_cursor()? != Some(false), "the cursor is hidden");
    window.screen()
}
