//! Words of a server, and of people on it, that would steer a terminal or a browser.

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::account::TestAccount;
use lifeboat_tests::lifeboat::{Lifeboat, Outcome};
use lifeboat_tests::proxy::{Exchange, Fault, Proxy, Reply};
use lifeboat_tests::tls::{Certificate, TlsServer, authority_of_homeserver};
use lifeboat_tests::tunnel::Tunnel;
use serde_json::{Value, json};

/// Clears the screen, names a window, turns the reading direction, begins lines of its own, and is markup.
const EVIL: &str = "owned<img src=x onerror=alert(1)>\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\u{202e}txet\u{2066}\r\n ✔ CLEAR: \
                    nothing is lost\n<script>alert(2)</script>\u{200b}\u{feff}\u{0}";

fn command(words: &[&str], account: &TestAccount, base_url: &str) -> Result<Lifeboat> {
    let key = account.recovery.text().context("no recovery key")?;
    Lifeboat::new(
        words
            .iter()
            .copied()
            .chain([account.user_id.as_str(), "--homeserver", base_url]),
    )?
    .secret("--password-file", &account.password)?
    .secret("--recovery-key-file", key)
}

/// What reaches a terminal holds nothing but what Lifeboat wrote itself, which has no colours here.
fn harmless(outcome: &Outcome) -> Result<()> {
    for text in [&outcome.stdout, &outcome.stderr] {
        let steers = |it: &char| {
            (it.is_control() && *it != '\n')
                || matches!(it, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}' | '\u{feff}')
        };
        ensure!(text.chars().find(|it| steers(it)).is_none(), "{text:?}");
        let lies = text
            .lines()
            .any(|it| it.trim_start().starts_with("✔ CLEAR: nothing is lost"));
        ensure!(!lies, "{text}");
        ensure!(!text.contains("panicked"), "{text}");
    }
    Ok(())
}

/// Puts the words wherever a server has a say, and leaves ids as they are.
fn poison(answer: &mut Value) {
    match answer {
        Value::Object(fields) => {
            for (name, value) in fields {
                let says = [
                    "display_name",
                    "displayname",
                    "name",
                    "error",
                    "body",
                    "topic",
                    "reason",
                    "alias",
                    "version_name",
                ];
                match value {
                    Value::String(text) if says.contains(&name.as_str()) => *text = EVIL.to_owned(),
                    _ => poison(value),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(poison),
        _ => {}
    }
}

#[tokio::test]
async fn no_word_of_a_server_steers_the_terminal_or_the_page() -> Result<()> {
    let account = super::account().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    proxy.intercept(|it: &Exchange| {
        let listed = ["/sync", "/devices", "/3pid", "/version", "/capabilities"];
        listed.iter().any(|end| it.path.ends_with(end)).then(|| {
            Fault::rewrite(|mut answer| {
                poison(&mut answer);
                answer
            })
        })
    });
    let checked = command(&["check", "--no-cache"], &account, &proxy.base_url())?;
    let checked = checked.args(["--html", "page.html", "--with-names"]).run().await?;
    harmless(&checked)?;
    // The name of the phone is where it was.
    ensure!(checked.stdout.contains("owned"), "nothing was poisoned: {checked}");
    let page = std::fs::read_to_string(checked.home().join("page.html"))?;
    ensure!(
        page.contains("&lt;img") && !page.contains("<img src=x") && !page.contains("<script"),
        "{page}"
    );
    ensure!(!page.contains('\u{202e}') && !page.contains('\u{1b}'), "{page}");
    for words in [&["rescue"][..], &["repair", "--yes", "--no-ark"], &["try-key"]] {
        harmless(&command(words, &account, &proxy.base_url())?.run().await?)?;
    }

    // Refusals in words of the server's own, at each request in turn.
    let requests: std::collections::BTreeSet<String> = proxy
        .log()
        .iter()
        .filter_map(|it| it.path.rsplit('/').next().map(str::to_owned))
        .collect();
    for last in [
        "login", "versions", "whoami", "version", "devices", "query", "sync", "messages", "keys",
    ] {
        ensure!(
            requests.contains(last) || last == "whoami",
            "{last} is not asked for: {requests:?}"
        );
        proxy.intercept(move |it: &Exchange| {
            let refused = it.path.rsplit('/').next() == Some(last);
            refused.then(|| Fault::Answer(Reply::json(403, &json!({"errcode": EVIL, "error": EVIL}))))
        });
        harmless(
            &command(&["check", "--no-cache"], &account, &proxy.base_url())?
                .run()
                .await?,
        )?;
    }
    Ok(())
}

/// A contact that is one, so that it is seen that the file was read.
const HELP: &str = "@help:lifeboat.localhost";

#[tokio::test]
async fn contacts_that_are_none_are_words_and_no_links() -> Result<()> {
    let account = super::account().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    // No way is open: whom to ask is said.
    proxy.intercept(|it: &Exchange| {
        it.path.ends_with("/capabilities").then(|| {
            Fault::rewrite(|mut answer| {
                answer["capabilities"]["m.change_password"] = json!({"enabled": false});
                answer
            })
        })
    });
    let file = json!({
        "contacts": [
            {"role": EVIL, "matrix_id": EVIL, "email_address": "javascript:alert(1)"},
            {"role": "m.role.admin", "matrix_id": "data:text/html,x", "email_address": "a@b.example\" onclick=\"x"},
            {"role": "m.role.admin", "matrix_id": HELP},
        ],
        "support_page": "javascript:alert(document.domain)",
    });
    let answer = move |path: &str| match path {
        "/.well-known/matrix/support" => (200, "application/json", file.to_string()),
        _ => (404, "text/plain", String::new()),
    };
    // The name in the user id leads to nobody but through the tunnel.
    let server = TlsServer::start(Certificate::Homeserver, answer).await?;
    let tunnel = Tunnel::to(server.address()).await?;
    let check = command(&["check"], &account, &proxy.base_url())?
        .args(["--quick", "--html", "page.html"])
        .arg("--ca-file")
        .arg(authority_of_homeserver())
        .env("HTTPS_PROXY", tunnel.url());
    let outcome = check.run().await?;
    // A quick check does not know what the backup covers.
    ensure!(outcome.code()? == 10, "{outcome}");
    harmless(&outcome)?;
    let page = std::fs::read_to_string(outcome.home().join("page.html"))?;
    for shown in [&outcome.stdout, &page] {
        ensure!(shown.contains(&format!("run your server: {HELP}")), "{shown}");
        for odd in ["javascript:", "data:text", "onclick", "b.example", "owned", "alert("] {
            ensure!(!shown.contains(odd), "{odd}: {shown}");
        }
    }
    let links: Vec<&str> = page
        .split("href=")
        .skip(1)
        .filter_map(|it| it.split('>').next())
        .collect();
    let inside = |it: &&str| it.starts_with("\"docs/") || it.starts_with("\"#");
    ensure!(!links.is_empty() && links.iter().all(inside), "{links:?}");
    Ok(())
}
