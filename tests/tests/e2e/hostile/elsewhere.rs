//! Servers that lead elsewhere: by redirects, by `.well-known` files, by what they name.

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::account::TestAccount;
use lifeboat_tests::lifeboat::{Lifeboat, Outcome};
use lifeboat_tests::proxy::{Exchange, Fault, Proxy, Reply};
use lifeboat_tests::tls::{Certificate, Page, TlsServer, authority};
use matrix_sdk::reqwest::Method;
use serde_json::{Value, json};

use super::account;

/// Redirects that keep the method, and the body of a request, or not.
const REDIRECTS: [u16; 3] = [302, 307, 308];

fn with_password(command: &str, account: &TestAccount, base_url: &str) -> Result<Lifeboat> {
    let key = account.recovery.text().context("no recovery key")?;
    Lifeboat::new([command, account.user_id.as_str(), "--homeserver", base_url])?
        .secret("--password-file", &account.password)?
        .secret("--recovery-key-file", key)
}

/// Sends the requests that `which` chooses to the same path of another server.
fn lead_away(proxy: &Proxy, status: u16, elsewhere: &Proxy, which: impl Fn(&Exchange) -> bool + Send + 'static) {
    let elsewhere = elsewhere.base_url();
    proxy.intercept(move |it| {
        let target = format!("{elsewhere}{}?{}", it.path, it.query);
        let reply = Reply::text(status, "text/plain", "over there").header("Location", &target);
        which(it).then_some(Fault::Answer(reply))
    });
}

/// Nothing that came there is worth anything to somebody else.
fn heard_nothing(elsewhere: &Proxy) -> Result<()> {
    let log = elsewhere.log();
    let told = |it: &&Exchange| it.token.is_some() || !it.request_body.is_empty() || it.path.contains("/client/");
    ensure!(!log.iter().any(|it| told(&it)), "it was told something: {log:?}");
    Ok(())
}

#[tokio::test]
async fn no_redirect_is_followed_with_a_token_or_a_password() -> Result<()> {
    let account = account().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let elsewhere = Proxy::start(&account.homeserver.base_url).await?;
    for status in REDIRECTS {
        // The sign-in with the password; then everything but the sign-in; then all of it.
        lead_away(&proxy, status, &elsewhere, |it| it.is(&Method::POST, "/login"));
        let outcome = with_password("check", &account, &proxy.base_url())?.run().await?;
        ensure!(outcome.code()? == 1, "{outcome}");
        heard_nothing(&elsewhere)?;
        lead_away(&proxy, status, &elsewhere, |it| {
            !it.path.ends_with("/login") && !it.path.ends_with("/versions") && !it.path.ends_with("/logout")
        });
        let outcome = with_password("check", &account, &proxy.base_url())?.run().await?;
        ensure!([1, 10, 11].contains(&outcome.code()?), "{outcome}");
        heard_nothing(&elsewhere)?;
        lead_away(&proxy, status, &elsewhere, |_| true);
        let outcome = with_password("check", &account, &proxy.base_url())?
            .arg("--quick")
            .run()
            .await?;
        ensure!(outcome.code()? == 1, "{outcome}");
        heard_nothing(&elsewhere)?;
    }
    // The new password.
    lead_away(&proxy, 307, &elsewhere, |it| it.is(&Method::POST, "/account/password"));
    let reset = with_password("reset", &account, &proxy.base_url())?.secret("--new-password-file", "New-Password-2")?;
    let outcome = reset.args(["--yes", "--no-ark"]).run().await?;
    ensure!(outcome.code()? == 1, "{outcome}");
    heard_nothing(&elsewhere)?;
    account
        .homeserver
        .sign_in(account.localpart(), &account.password)
        .await?;
    Ok(())
}

/// An end in words, without a panic.
fn fails_with(outcome: &Outcome, words: &str) -> Result<()> {
    ensure!(
        [1, 2].contains(&outcome.code()?) && outcome.says(words) && !outcome.stderr.contains("panicked"),
        "not “{words}”: {outcome}"
    );
    Ok(())
}

#[tokio::test]
async fn well_known_files_lead_nowhere_but_to_a_homeserver_with_encryption() -> Result<()> {
    let names = |base: &str| -> Page {
        let file = json!({"m.homeserver": {"base_url": base}});
        (200, "application/json", file.to_string())
    };
    let found = |place: &str| (302, "text/plain", place.to_owned());
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let itself = "/.well-known/matrix/client";
    for (page, words) in [
        (names("http://192.0.2.1"), "is not encrypted"),
        (names("http://127.0.0.1.example.org"), "is not encrypted"),
        (names("file:///etc/passwd"), "is not an address"),
        (names("javascript:alert(1)"), "is not an address"),
        (names("https://matrix.org@192.0.2.1"), "is not an address"),
        (names("https://user:word@192.0.2.1"), "is not an address"),
        (found(itself), "is not a Matrix homeserver"),
        (
            found("http://192.0.2.1/.well-known/matrix/client"),
            "is not a Matrix homeserver",
        ),
        (found("ftp://example.org/"), "is not a Matrix homeserver"),
        ((200, "application/json", nested), "it is not JSON"),
        (
            (200, "application/json", "{\"m.homeserver\": \u{0}}".to_owned()),
            "it is not JSON",
        ),
        ((200, "application/json", "9".repeat(10_000_000)), "longer than 1 MiB"),
    ] {
        let answer = move |path: &str| match path {
            "/.well-known/matrix/client" => page.clone(),
            _ => (404, "text/plain", String::new()),
        };
        let server = TlsServer::start(Certificate::Good, answer).await?;
        let user = format!("@a:{}", server.server_name());
        let check = Lifeboat::new(["check", &user, "--quick"])?.env("SSL_CERT_FILE", authority());
        let outcome = check
            .secret("--password-file", "a password that no account has")?
            .run()
            .await?;
        fails_with(&outcome, words)?;
    }
    Ok(())
}

/// A server on this machine may be spoken to without encryption; an encrypted `.well-known` file leads there all the same to
/// nobody, whatever the person allows.
#[tokio::test]
async fn an_encrypted_well_known_file_is_replaced_by_no_unencrypted_one() -> Result<()> {
    let elsewhere = Proxy::start("http://127.0.0.1:9").await?;
    let target = format!("{}/.well-known/matrix/client", elsewhere.base_url());
    let answer = move |path: &str| match path {
        "/.well-known/matrix/client" => (302, "text/plain", target.clone()),
        _ => (404, "text/plain", String::new()),
    };
    let server = TlsServer::start(Certificate::Good, answer).await?;
    let user = format!("@a:{}", server.server_name());
    for further in [None, Some("--allow-insecure-http")] {
        let check = Lifeboat::new(["check", &user, "--quick"])?.env("SSL_CERT_FILE", authority());
        let outcome = check
            .args(further)
            .secret("--password-file", "a password that no account has")?
            .run()
            .await?;
        fails_with(&outcome, "is not a Matrix homeserver")?;
        ensure!(elsewhere.log().is_empty(), "{further:?}: {:?}", elsewhere.log());
    }
    Ok(())
}

/// What a check says on the screen, in the page and in the letter.
async fn shown(account: &TestAccount, hook: impl FnMut(&Exchange) -> Option<Fault> + Send + 'static) -> Result<String> {
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    proxy.intercept(hook);
    let check = with_password("check", account, &proxy.base_url())?;
    let outcome = check.args(["--quick", "--html", "page.html"]).run().await?;
    let page = std::fs::read_to_string(outcome.home().join("page.html"))?;
    Ok(format!("{}\n{}\n{page}", outcome.stdout, outcome.stderr))
}

#[tokio::test]
async fn addresses_that_a_server_names_are_shown_and_never_opened() -> Result<()> {
    let account = account().await?;
    let witness = Proxy::start(&account.homeserver.base_url).await?;
    let (issuer, page) = (witness.base_url(), "javascript:alert(1)");
    let metadata: Value = json!({
        "issuer": issuer, "account_management_uri": page,
        "authorization_endpoint": format!("{issuer}/authorize"), "token_endpoint": format!("{issuer}/token"),
        "registration_endpoint": format!("{issuer}/register"), "revocation_endpoint": format!("{issuer}/revoke"),
        "response_types_supported": ["code"], "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"], "code_challenge_methods_supported": ["S256"],
    });
    let shown = shown(&account, move |it| {
        let reply = Reply::json(200, &metadata);
        it.path.ends_with("/auth_metadata").then_some(Fault::Answer(reply))
    })
    .await?;
    ensure!(!shown.contains("javascript:"), "{shown}");
    ensure!(witness.log().is_empty(), "{:?}", witness.log());
    Ok(())
}
