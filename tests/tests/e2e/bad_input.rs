//! Bad input from people, servers and the network: one sentence that says what is wrong, one that says what to do.

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, TestAccount, Way},
    lifeboat::{Lifeboat, Outcome},
    proxy::{Fault, Proxy, Reply},
    server::{Homeserver, Profile, Rank},
    tls::{Certificate, TlsServer, authority},
};
use matrix_sdk::reqwest::Method;
use serde_json::json;

/// The program fails with this status, an `error:` sentence that contains `words`, and a hint; nothing panics.
fn says(outcome: &Outcome, status: i32, words: &str) -> Result<()> {
    let text = &outcome.stderr;
    ensure!(
        outcome.code()? == status,
        "status {} instead of {status}: {text}",
        outcome.code()?
    );
    ensure!(outcome.says(words), "not “{words}”: {text}");
    outcome.ensure_two_sentences()
}

fn check(user: &str, base_url: Option<&str>) -> Result<Lifeboat> {
    let server = base_url.into_iter().flat_map(|it| ["--homeserver", it]);
    let arguments = ["check", user, "--quick"].into_iter().chain(server);
    Lifeboat::new(arguments.collect::<Vec<_>>())?.secret("--password-file", "a password that no account has")
}

async fn account() -> Result<TestAccount> {
    AccountSpec::healthy(Way::Key).build().await
}

#[tokio::test]
async fn servers_that_are_none() -> Result<()> {
    // Nobody listens there.
    let nowhere = "http://127.0.0.1:1";
    says(
        &check("@a:example.org", Some(nowhere))?.run().await?,
        1,
        "cannot be reached",
    )?;
    says(
        &check("@a:does-not-exist.invalid", None)?.run().await?,
        1,
        "does-not-exist.invalid does not exist",
    )?;
    says(
        &check("@a:example.org", Some("http://192.0.2.1"))?.run().await?,
        2,
        "is not encrypted",
    )?;
    says(
        &check("@a:example.org", Some("ftp://x"))?.run().await?,
        2,
        "is not the address of a server",
    )?;

    let proxy = Proxy::start(nowhere).await?;
    for (answer, words) in [
        (
            Reply::text(200, "text/html", "<!doctype html><title>Welcome</title>"),
            "a web page",
        ),
        (
            Reply::error(404, "M_UNRECOGNIZED", "Unrecognized request"),
            "status 404",
        ),
        (Reply::text(404, "text/html", "<h1>Not found</h1>"), "status 404"),
        (Reply::text(502, "text/html", "<h1>Bad gateway</h1>"), "status 502"),
        (Reply::text(200, "application/json", ""), "nothing"),
        (Reply::json(200, &json!({"hello": "world"})), "JSON without versions"),
    ] {
        proxy.intercept(move |_| Some(Fault::Answer(answer.clone())));
        says(
            &check("@a:example.org", Some(&proxy.base_url()))?.run().await?,
            1,
            words,
        )?;
    }
    Ok(())
}

#[tokio::test]
async fn certificates_that_do_not_hold() -> Result<()> {
    for (certificate, words) in [
        (Certificate::Expired, "has expired"),
        (Certificate::SelfSigned, "signed by nobody this machine trusts"),
        (Certificate::OtherName, "belongs to another name"),
    ] {
        let server = TlsServer::start(certificate, |_| (200, "application/json", "{}".to_owned())).await?;
        let lifeboat = check(&format!("@a:{}", server.server_name()), None)?.env("SSL_CERT_FILE", authority());
        says(&lifeboat.run().await?, 1, words)?;
    }
    Ok(())
}

#[tokio::test]
async fn well_known_files() -> Result<()> {
    let homeserver = Homeserver::find(Profile::Default)?;
    let proxy = Proxy::start(&homeserver.base_url).await?;
    let good = json!({"m.homeserver": {"base_url": proxy.base_url()}}).to_string();
    for (page, words) in [
        ((200, "application/json", good), "does not accept this password"),
        (
            (200, "application/json", "{}".to_owned()),
            "it has no m.homeserver.base_url",
        ),
        (
            (
                200,
                "application/json",
                r#"{"m.homeserver":{"base_url":"nothing"}}"#.to_owned(),
            ),
            "is not an address",
        ),
        (
            (
                200,
                "application/json",
                r#"{"m.homeserver":{"base_url":"http://192.0.2.1"}}"#.to_owned(),
            ),
            "is not encrypted",
        ),
        ((200, "text/html", "<html>".to_owned()), "it is not JSON"),
        (
            (200, "application/json", format!("[{}]", "1,".repeat(1 << 20))),
            "longer than 1 MiB",
        ),
        ((404, "text/html", String::new()), "is not a Matrix homeserver"),
    ] {
        let file = page.clone();
        let answer = move |path: &str| match path {
            "/.well-known/matrix/client" => file.clone(),
            _ => (404, "text/plain", String::new()),
        };
        let server = TlsServer::start(Certificate::Good, answer).await?;
        let lifeboat = check(&format!("@a:{}", server.server_name()), None)?.env("SSL_CERT_FILE", authority());
        let outcome = lifeboat.run().await?;
        says(&outcome, outcome.code()?, words)?;
        ensure!([1, 2].contains(&outcome.code()?), "{}", outcome.stderr);
    }
    ensure!(
        proxy.log().iter().any(|it| it.is(&Method::POST, "/login")),
        "the file was not followed"
    );
    Ok(())
}

#[tokio::test]
async fn sign_ins_that_are_refused() -> Result<()> {
    let account = account().await?;
    let url = account.homeserver.base_url.as_str();
    says(
        &check(account.user_id.as_str(), Some(url))?.run().await?,
        1,
        "does not accept this password",
    )?;

    // Another user's token, and one that nobody has.
    let other = lifeboat_tests::name::fresh("other")?;
    account
        .homeserver
        .register(&other, "a password of its own", Rank::User)
        .await?;
    let other = account.homeserver.sign_in(&other, "a password of its own").await?;
    let with_token = |token: &str| {
        Lifeboat::new(["check", account.user_id.as_str(), "--homeserver", url, "--quick"])?
            .secret("--access-token-file", token)
    };
    let token = other.token().unwrap_or_default();
    says(&with_token(token)?.run().await?, 1, "This access token belongs to")?;
    says(
        &with_token("syt_bm9ib2R5_aaaaaaaaaaaaaaaaaaaa_0aaaaa")?.run().await?,
        1,
        "does not know this access token",
    )?;
    Ok(())
}

#[tokio::test]
async fn answers_that_a_real_server_gives_rarely() -> Result<()> {
    let account = account().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let mut limited = Reply::error(429, "M_LIMIT_EXCEEDED", "Too Many Requests");
    limited.headers.push(("Retry-After".to_owned(), "333".to_owned()));
    for (answer, words) in [
        (
            Reply::error(403, "M_USER_DEACTIVATED", "This account has been deactivated"),
            "is deactivated",
        ),
        (
            Reply::error(401, "M_USER_LOCKED", "This account has been locked"),
            "is locked",
        ),
        (limited, "takes no more sign-ins"),
        (
            Reply::error(429, "M_LIMIT_EXCEEDED", "Too Many Requests"),
            "takes no more sign-ins",
        ),
        (Reply::text(502, "text/html", "<h1>Bad gateway</h1>"), "sign"),
    ] {
        proxy.intercept(move |it| it.is(&Method::POST, "/login").then(|| Fault::Answer(answer.clone())));
        says(
            &check(account.user_id.as_str(), Some(&proxy.base_url()))?.run().await?,
            1,
            words,
        )?;
    }
    Ok(())
}

#[tokio::test]
async fn the_servers_own_rate_limit_tells_how_long_to_wait() -> Result<()> {
    let homeserver = Homeserver::find(Profile::Limits)?;
    let name = lifeboat_tests::name::fresh("limited")?;
    homeserver.register(&name, "the right password", Rank::User).await?;
    let mut last = None;
    // Five sign-ins from one address are Synapse's default; others may have used some of them.
    for _ in 0..7 {
        let outcome = check(&homeserver.user_id(&name), Some(&homeserver.base_url))?
            .run()
            .await?;
        let limited = outcome.stderr.contains("takes no more sign-ins");
        last = Some(outcome);
        if limited {
            break;
        }
    }
    let last = last.ok_or_else(|| anyhow::anyhow!("nothing was tried"))?;
    says(&last, 1, "takes no more sign-ins")?;
    ensure!(
        last.stderr.contains("second") || last.stderr.contains("minute"),
        "no waiting time: {}",
        last.stderr
    );
    Ok(())
}

#[tokio::test]
async fn a_deactivated_and_a_locked_account() -> Result<()> {
    let homeserver = Homeserver::find(Profile::Default)?;
    let admin = homeserver.admin().await?;
    for (change, words) in [
        (json!({"deactivated": true}), "is deactivated"),
        (json!({"locked": true}), "is locked"),
    ] {
        let name = lifeboat_tests::name::fresh("gone")?;
        homeserver.register(&name, "the right password", Rank::User).await?;
        let user = homeserver.user_id(&name);
        let token = homeserver
            .sign_in(&name, "the right password")
            .await?
            .token()
            .map(str::to_owned);
        admin
            .put(
                &format!("/_synapse/admin/v2/users/{}", lifeboat_tests::api::segment(&user)),
                &change,
            )
            .await?;
        let arguments = ["check", &user, "--homeserver", &homeserver.base_url, "--quick"];
        let outcome = Lifeboat::new(arguments)?
            .secret("--password-file", "the right password")?
            .run()
            .await?;
        // A deactivated account has no password any more, and Synapse says no more than that it does not fit.
        let words = if outcome.stderr.contains("does not accept this password") {
            "does not accept"
        } else {
            words
        };
        says(&outcome, 1, words)?;
        if let Some(token) = token {
            let outcome = Lifeboat::new(arguments)?
                .secret("--access-token-file", &token)?
                .run()
                .await?;
            ensure!(outcome.code()? == 1, "{}", outcome.stderr);
        }
    }
    Ok(())
}

/// Each end in its own words, and with what helps against it.
#[tokio::test]
async fn a_session_that_ends_in_the_middle() -> Result<()> {
    let account = account().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    for (status, errcode, softly, words) in [
        (401, "M_UNKNOWN_TOKEN", false, "session of this check was ended"),
        (401, "M_UNKNOWN_TOKEN", true, "wants this session to sign in again"),
        (401, "M_USER_LOCKED", true, "This account is locked"),
        (403, "M_USER_DEACTIVATED", false, "This account is deactivated"),
    ] {
        let ended = json!({"errcode": errcode, "error": "No more", "soft_logout": softly});
        proxy.intercept(move |it| {
            let devices = it.path.ends_with("/devices");
            devices.then(|| Fault::Answer(Reply::json(status, &ended)))
        });
        let user = account.user_id.as_str();
        let check = Lifeboat::new(["check", user, "--homeserver", &proxy.base_url(), "--quick"])?;
        let outcome = check.secret("--password-file", &account.password)?.run().await?;
        says(&outcome, 1, words).with_context(|| errcode)?;
    }
    Ok(())
}
