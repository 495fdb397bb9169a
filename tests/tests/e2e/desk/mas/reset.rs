//! Resetting for somebody, with both fates.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    account::TestAccount,
    browser::Browser,
    lifeboat::terminal::{ENTER, TerminalSpec},
    name,
    proxy::{Fault, Proxy, Reply},
    server::{Homeserver, Profile},
    session::Session,
    tls, wait,
};
use matrix_sdk::reqwest::Method;
use serde_json::json;

use super::{MAS, SYNAPSE, account, desk, with_token, written};
use crate::{desk::handed_over, oauth::device_ids, reset::waivers};

#[tokio::test]
async fn the_password_is_set_and_everything_stays_signed_in() -> Result<()> {
    let account = account().await?;
    let oauth = account.homeserver.oauth()?;
    let before = device_ids(&account).await?;
    let (user, base_url) = (account.user_id.as_str(), account.homeserver.base_url.as_str());
    let command = desk("reset", user, base_url, &oauth, &[SYNAPSE]).await?;
    let outcome = with_token(command, &oauth)
        .await?
        .args(["--temporary-password-file", "mira.txt", "--letter", "letter.txt"])
        .args(["--yes", "--accept-cautions"])
        .run()
        .await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    let said = outcome.words();
    let all = account.sessions.len();
    for words in [
        format!("Sessions that stay signed in: {all}. Of these, {all} can hold keys"),
        format!("{all} in all: apps {all}"),
        "Whoever is signed in stays signed in.".to_owned(),
        format!("Looked again: everything is still signed in, {all} of {all}."),
    ] {
        ensure!(said.contains(&words), "{words}: {outcome}");
    }
    // Where the service keeps the password, it is changed on the account page.
    let stay = format!("Your {all} sessions stay signed in");
    let password = handed_over(&outcome, &[&stay, "Settings → Account → Manage account"])?;
    let localpart = account.localpart();
    ensure!(!oauth.takes(localpart, &account.password).await?, "the old one lets in");
    ensure!(device_ids(&account).await? == before, "{outcome}");
    ensure!(account.sessions.iter().all(Session::runs), "a session was signed out");
    ensure!(oauth.takes(localpart, &password).await?, "the new one does not");
    Ok(())
}

/// Signs in as an app of today does, and keeps the session; the browser stays signed in on the account page, too.
async fn sign_in_by_oauth(account: &TestAccount) -> Result<()> {
    let base_url = &account.homeserver.base_url;
    let running = crate::oauth::command("check", account, base_url)?
        .args(["--auth", "oauth", "--quick", "--keep-session", "--json"])
        .start()?;
    let mut browser = Browser::new([
        ("username", account.localpart()),
        ("password", &account.password),
        ("answer", "allow"),
    ])?;
    browser.open(&crate::oauth::address(&running, 0).await?).await?;
    running.outcome().await?;
    Ok(())
}

#[tokio::test]
async fn what_is_signed_in_is_listed_and_ended_on_demand_after_the_change() -> Result<()> {
    let account = account().await?;
    sign_in_by_oauth(&account).await?;
    let oauth = account.homeserver.oauth()?;
    oauth.lend(account.localpart(), "Archive").await?;
    let proxy = Proxy::start(oauth.base_url()).await?;
    let mas = proxy.base_url();
    let (user, base_url) = (account.user_id.as_str(), account.homeserver.base_url.as_str());
    let command = async || -> Result<_> {
        let command = desk("reset", user, base_url, &oauth, &[SYNAPSE, MAS]).await?;
        Ok(command.args(["--mas-url", &mas, "--end-sessions", "--yes", "--accept-cautions"]))
    };
    let waivers = waivers(&command().await?.arg("--json").run().await?)?;
    let planned = command()
        .await?
        .args(&waivers)
        .args(["--dry-run", "--json"])
        .run()
        .await?;
    ensure!(planned.code()? == 0, "{planned}");
    let plan = planned.json()?;
    let signed_in = plan["plan"]["signed_in"].as_array().context("sessions")?;
    let kinds: Vec<_> = signed_in.iter().filter_map(|it| it["kind"].as_str()).collect();
    let mut sorted = kinds.clone();
    sorted.sort_unstable();
    ensure!(
        sorted == ["browser", "compat", "compat", "oauth2", "personal"],
        "{plan:#}"
    );
    let changes = || {
        let posts = proxy.log().into_iter().filter(|it| it.method == Method::POST);
        posts.map(|it| it.path).collect::<Vec<_>>()
    };
    ensure!(changes().is_empty(), "{:?}", changes());

    // One that cannot be ended is said, and no letter says the contrary.
    let stubborn = signed_in[0]["id"].as_str().context("an id")?.to_owned();
    let fault = format!("/{stubborn}/finish");
    proxy.intercept(move |it| {
        let answer = || Fault::Answer(Reply::json(500, &json!({"errors": [{"title": "no"}]})));
        it.path.ends_with(&fault).then(answer)
    });
    let half = command().await?.args(&waivers).run().await?;
    ensure!(half.code()? == 20, "{half}");
    ensure!(
        half.says("The password is changed, and 1 of 5 may still be signed in."),
        "{half}"
    );
    ensure!(written(half.home(), "letter").is_err(), "{half}");
    ensure!(
        oauth
            .takes(
                account.localpart(),
                fs::read_to_string(written(half.home(), "password")?)?.trim()
            )
            .await?,
        "{half}"
    );
    let order = changes();
    ensure!(order[0].ends_with("/set-password"), "{order:?}");
    let revoked = |it: &String| it.contains("/personal-sessions/") && it.ends_with("/revoke");
    ensure!(
        order[1..].iter().all(|it| it.ends_with("/finish") || revoked(it)),
        "{order:?}"
    );
    ensure!(order.iter().filter(|it| revoked(it)).count() == 1, "{order:?}");
    // The same command ends what is left: that one, and the two that the tries of passwords made.
    proxy.let_through();
    let outcome = command().await?.args(&waivers).run().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    ensure!(outcome.says("nothing of what was signed in is left"), "{outcome}");
    let letter = fs::read_to_string(written(outcome.home(), "letter")?)?;
    ensure!(letter.contains("signed out"), "{letter}");
    for session in &account.sessions {
        wait::until("the session to end", async || Ok((!session.runs()).then_some(()))).await?;
    }
    ensure!(
        oauth
            .takes(
                account.localpart(),
                fs::read_to_string(written(outcome.home(), "password")?)?.trim()
            )
            .await?,
        "{outcome}"
    );
    Ok(())
}

/// Both tokens are typed; the second question says where it goes, and comes only when the first one does not do.
#[tokio::test]
async fn tokens_are_asked_for() -> Result<()> {
    const OLD: &str = "Old-Password-1";
    let homeserver = Homeserver::find(Profile::OAuth)?;
    let (oauth, localpart) = (homeserver.oauth()?, name::fresh("typed")?);
    oauth.create(&localpart, OLD).await?;
    let admin = oauth.administrator(&[SYNAPSE]).await?.access_token;
    let mas = oauth.administrator(&[MAS]).await?.access_token;
    let line = format!(
        "desk reset {} --homeserver {} --ca-file {} --dry-run --accept-cautions",
        homeserver.user_id(&localpart),
        homeserver.base_url,
        tls::authority().display()
    );
    let terminal = TerminalSpec::new(&line).start()?;
    terminal
        .answers("Access token of an administrator", &format!("{admin}{ENTER}"))
        .await?;
    terminal
        .answers(
            "Access token for the Admin API of https://localhost",
            &format!("{mas}{ENTER}"),
        )
        .await?;
    terminal
        .sees("Sets the temporary password. This ends nothing that is signed in.")
        .await?;
    terminal.ends(0, &[&admin, &mas]).await?;
    ensure!(oauth.takes(&localpart, OLD).await?, "the password was changed");
    Ok(())
}
