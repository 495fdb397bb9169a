//! The pages that the administrator's desk writes: of an audit, and of a letter.

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    chromium::Chromium,
    large_server::LargeServer,
    lifeboat::{Lifeboat, Outcome},
    proxy::{Fault, Proxy},
};

use super::{is_quiet, looks_good};

/// Looks at a server with accounts of several lights.
async fn audited() -> Result<Outcome> {
    let server = LargeServer {
        accounts: 250,
        every: 10,
    };
    let proxy = Proxy::start("http://127.0.0.1:9").await?;
    proxy.intercept(move |it| Some(Fault::Answer(server.answer(&it.path, &it.query, &it.request_body))));
    let base_url = proxy.base_url();
    Lifeboat::new(["desk", "audit", "example.org", "--homeserver", &base_url])?
        .args(["--rps", "1000", "--folder", "audit"])
        .secret("--admin-token-file", "a token")?
        .run()
        .await
}

/// Resets for somebody, who gets a letter in Lifeboat's own words.
async fn posted() -> Result<Outcome> {
    let account = crate::reset::healthy().await?;
    let admin = account.homeserver.admin().await?;
    let base_url = account.homeserver.base_url.as_str();
    Lifeboat::new(["desk", "reset", account.user_id.as_str(), "--homeserver", base_url])?
        .args(["--temporary-password-file", "mira.txt", "--letter", "letter.txt"])
        .args(["--yes", "--accept-cautions"])
        .secret("--admin-token-file", admin.token().context("a token")?)?
        .run()
        .await
}

#[tokio::test]
async fn the_pages_of_the_desk_ask_for_nothing_and_keep_nobody_out() -> Result<()> {
    for (name, written, title) in [
        ("audit/summary", audited().await?, "Lifeboat: audit of example.org"),
        ("letter", posted().await?, "Your new password for @"),
    ] {
        ensure!(written.code()? == 0, "{written}");
        let page = written.home().join(name).with_extension("html");
        let mut chromium = Chromium::start()?;
        let mut tab = chromium.open(&page)?;
        is_quiet(&tab, &page)?;
        let shown = tab.evaluate("document.title")?;
        ensure!(shown.as_str().is_some_and(|it| it.starts_with(title)), "{shown}");
        looks_good(&mut tab, &name.replace('/', "-"))?;
    }
    Ok(())
}
