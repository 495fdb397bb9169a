//! What the service refuses, as its documentation says it: two sentences each, and nothing half done without a word.

use std::{
    fs,
    sync::atomic::{AtomicUsize, Ordering},
};

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    name,
    proxy::{Fault, Proxy, Reply},
    server::{Homeserver, Profile},
};
use matrix_sdk::reqwest::Method;
use serde_json::json;

use super::{MAS, SYNAPSE, desk, with_token, written};
use crate::desk::refused::ensure_refused;

/// Errors as `docs/topics/admin-api.md` of element-hq/matrix-authentication-service shapes them.
fn errors(status: u16, title: &str) -> Reply {
    Reply::json(status, &json!({"errors": [{"title": title}]}))
}

#[tokio::test]
async fn each_refusal_has_its_words_and_changes_nothing() -> Result<()> {
    const OLD: &str = "Old-Password-1";
    let homeserver = Homeserver::find(Profile::OAuth)?;
    let (oauth, localpart) = (homeserver.oauth()?, name::fresh("refused")?);
    oauth.create(&localpart, OLD).await?;
    let (user, base_url) = (homeserver.user_id(&localpart), homeserver.base_url.as_str());
    let proxy = Proxy::start(oauth.base_url()).await?;
    let mas = proxy.base_url();
    let reset = async |scopes: &[&str]| -> Result<_> {
        let command = desk("reset", &user, base_url, &oauth, scopes).await?;
        Ok(command.args(["--yes", "--accept-cautions"]))
    };
    let through = async || -> Result<_> { Ok(reset(&[SYNAPSE, MAS]).await?.args(["--mas-url", &mas])) };

    // Titles as in docs/api/spec.json: setUserPassword, getUserByUsername.
    for (method, path, answer, words) in [
        (
            Method::POST,
            "/set-password",
            errors(403, "Password auth is disabled"),
            "it is switched off there",
        ),
        (
            Method::POST,
            "/set-password",
            errors(400, "Password is too weak"),
            "does not take the temporary password: Password is too weak",
        ),
        (
            Method::POST,
            "/set-password",
            errors(404, "User ID 00000000000000000000000000 not found"),
            "does not know this account any more",
        ),
        (
            Method::POST,
            "/set-password",
            errors(401, "Access token expired"),
            "does not take this access token for its Admin API: Access token expired",
        ),
        (
            Method::GET,
            "/site-config",
            Reply::json(200, &json!({"password_login_enabled": false})),
            "it is switched off there",
        ),
        (
            Method::GET,
            "/by-username/",
            errors(404, "User with username \"alice\" not found"),
            "has no such account",
        ),
        (
            Method::GET,
            "/by-username/",
            errors(500, "Database is away"),
            "the service failed (status 500)",
        ),
    ] {
        proxy.intercept(move |it| {
            // Whether there is such an API is asked without a token.
            let asked = it.token.is_some() && it.method == method && it.path.contains(path);
            asked.then(|| Fault::Answer(answer.clone()))
        });
        let outcome = through().await?.run().await?;
        ensure_refused(&outcome, 1, words)?;
        ensure!(outcome.says("Nothing was changed"), "{outcome}");
        for ending in ["password", "letter", "html"] {
            ensure!(written(outcome.home(), ending).is_err(), "{words}: .{ending} is left");
        }
    }
    proxy.let_through();

    // Tokens and addresses that will not do.
    let outcome = reset(&[SYNAPSE]).await?.run().await?;
    ensure_refused(&outcome, 1, "with the scope urn:mas:admin")?;
    let other = oauth.administrator(&[SYNAPSE]).await?.access_token;
    let outcome = reset(&[SYNAPSE])
        .await?
        .secret("--mas-token-file", &other)?
        .run()
        .await?;
    ensure_refused(&outcome, 1, "Missing urn:mas:admin scope")?;
    for (url, words) in [
        (
            format!("{}/nothing/", oauth.base_url()),
            "what answers there has no such API",
        ),
        ("http://127.0.0.1:9/".to_owned(), "nothing answers there"),
        ("http://mas.example.org/".to_owned(), "it is not encrypted"),
        ("nonsense".to_owned(), "it is not the address of a server"),
    ] {
        let outcome = reset(&[SYNAPSE, MAS]).await?.args(["--mas-url", &url]).run().await?;
        ensure_refused(&outcome, 1, words)?;
    }
    let nobody = homeserver.user_id("nobody-at-all");
    let command = desk("reset", &nobody, base_url, &oauth, &[SYNAPSE, MAS]).await?;
    ensure_refused(&command.arg("--yes").run().await?, 1, "no such account")?;
    ensure!(oauth.takes(&localpart, OLD).await?, "the password was changed");
    Ok(())
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_and_otherwise_said() -> Result<()> {
    let homeserver = Homeserver::find(Profile::OAuth)?;
    let (oauth, localpart) = (homeserver.oauth()?, name::fresh("dark")?);
    oauth.create(&localpart, "Old-Password-1").await?;
    let (user, base_url) = (homeserver.user_id(&localpart), homeserver.base_url.as_str());
    let proxy = Proxy::start(oauth.base_url()).await?;
    let mas = proxy.base_url();
    let reset = async || -> Result<_> {
        let command = desk("reset", &user, base_url, &oauth, &[SYNAPSE]).await?;
        let command = with_token(command, &oauth).await?;
        Ok(command.args(["--mas-url", &mas, "--yes", "--accept-cautions"]))
    };
    // Once: the request is sent again, which is the same as once.
    let seen = AtomicUsize::new(0);
    proxy.intercept(move |it| {
        let first = it.path.ends_with("/set-password") && seen.fetch_add(1, Ordering::SeqCst) == 0;
        first.then_some(Fault::CutAfter)
    });
    let outcome = reset().await?.run().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    let password = fs::read_to_string(written(outcome.home(), "password")?)?;
    ensure!(oauth.takes(&localpart, password.trim()).await?, "{outcome}");
    // Always: nobody knows, and the password that may be the true one is kept.
    proxy.intercept(|it| it.path.ends_with("/set-password").then_some(Fault::CutAfter));
    let outcome = reset().await?.run().await?;
    ensure_refused(&outcome, 20, "Whether the password changed is not known")?;
    let password = fs::read_to_string(written(outcome.home(), "password")?)?;
    ensure!(oauth.takes(&localpart, password.trim()).await?, "{outcome}");
    ensure!(written(outcome.home(), "letter").is_err(), "{outcome}");
    Ok(())
}

#[tokio::test]
async fn a_homeserver_that_keeps_its_accounts_has_no_use_for_it() -> Result<()> {
    let homeserver = Homeserver::find(Profile::Default)?;
    let admin = homeserver.admin().await?;
    let user = admin.get("/_matrix/client/v3/account/whoami").await?;
    let user = user["user_id"].as_str().context("a user")?;
    for (command, rest) in [("check", &[][..]), ("reset", &["--yes"][..])] {
        let command = crate::desk::desk(command, user, &homeserver.base_url, &admin)?;
        let outcome = command.args(rest).secret("--mas-token-file", "a token")?.run().await?;
        ensure_refused(&outcome, 2, "This server keeps its accounts itself")?;
    }
    Ok(())
}
