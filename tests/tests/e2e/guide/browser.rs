//! An account that an OAuth server keeps: the browser leads in, the account page changes the password, and the browser
//! leads in again.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use lifeboat_tests::{browser::Browser, server::Profile, snapshot::snapshot_of, tls, wait};

use super::*;
use crate::oauth::{allow, allow_with};

/// A desktop's browser, as the program that opens one sees it: each address is a line of its own in a file.
struct Desktop(tempfile::TempDir);

impl Desktop {
    fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let opener = folder.path().join("xdg-open");
        let opened = folder.path().join("opened");
        fs::write(&opener, format!("#!/bin/sh\necho \"$1\" >> {}\n", opened.display()))?;
        fs::set_permissions(&opener, fs::Permissions::from_mode(0o700))?;
        let authority = tls::authority();
        fs::write(
            folder.path().join("config.toml"),
            format!("ca-file = {:?}\n", authority.display().to_string()),
        )?;
        Ok(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// A terminal on it.
    fn terminal(&self, arguments: &str) -> Result<TerminalSpec> {
        let (folder, path) = (self.path().display(), std::env::var("PATH")?);
        Ok(TerminalSpec::new(&format!("--config {folder}/config.toml {arguments}"))
            .env("DISPLAY", ":lifeboat")
            .env("PATH", &format!("{folder}:{path}")))
    }

    /// Waits for the address that was opened after `before` others.
    async fn opened(&self, before: usize) -> Result<String> {
        let file = self.path().join("opened");
        wait::until("the browser to be opened", async || {
            let text = fs::read_to_string(&file).unwrap_or_default();
            Ok(text.lines().nth(before).map(str::to_owned))
        })
        .await
    }
}

#[tokio::test]
async fn the_browser_leads_in_and_the_account_page_changes_the_password() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .history(SHORT)
        .on(Profile::OAuth)
        .build()
        .await?;
    let before = snapshot_of(&account).await?;
    let desktop = Desktop::new()?;
    let terminal = desktop.terminal("")?.start()?;
    let user = account.localpart();
    arrive(&terminal, &account, &account.homeserver.base_url).await?;
    terminal
        .answers("How do you sign in?", &typed("in the browser"))
        .await?;
    terminal.sees("Open this address in a browser on this machine").await?;
    let address = desktop.opened(0).await?;
    ensure!(
        terminal.raw().contains(&address),
        "the address is shown, too: {address}"
    );
    allow(&account, &address).await?;
    terminal.answers("Recovery key", &typed(key_of(&account)?)).await?;
    terminal
        .sees("you would lose nothing: your recovery key brings all")
        .await?;
    terminal.answers("What now?", ENTER).await?;
    terminal.answers("What shall become of your sessions?", ENTER).await?;
    terminal.answers("Shall Lifeboat do this?", &typed("yes")).await?;

    terminal.sees("Change your password on your account’s page").await?;
    let answers = [
        ("username", user),
        ("password", &account.password),
        ("new_password", NEW),
    ];
    let page = Browser::new(answers)?.open(&desktop.opened(1).await?).await?;
    ensure!(page.text.contains("Done"), "{page:?}");
    terminal
        .answers("Have you set the new password there?", &typed("yes"))
        .await?;
    allow_with(&account, NEW, &desktop.opened(2).await?).await?;
    terminal
        .sees("messages that were readable before are readable now. Your identity is unchanged.")
        .await?;
    terminal.ends(0, &[&account.password, NEW, key_of(&account)?]).await?;
    ensure!(account.sessions.iter().all(Session::runs), "a session was signed out");
    let differences = before.differences(&snapshot_of(&account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");
    ensure!(
        account.homeserver.oauth()?.takes(user, NEW).await?,
        "the password is another one"
    );
    Ok(())
}

#[tokio::test]
async fn the_browser_stays_closed_where_that_is_wished() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .history(SHORT)
        .on(Profile::OAuth)
        .build()
        .await?;
    let (user, url) = (&account.user_id, &account.homeserver.base_url);
    let check = format!("check {user} --homeserver {url} --auth oauth");
    for (flag, opens) in [("--no-browser", false), ("", true)] {
        let desktop = Desktop::new()?;
        let terminal = desktop.terminal(&format!("{check} {flag}"))?.start()?;
        terminal.answers("Recovery key", &typed(key_of(&account)?)).await?;
        terminal.sees("Open this address in a browser on this machine").await?;
        let raw = terminal.raw();
        let address = raw.lines().map(str::trim).find(|it| it.starts_with("https://"));
        allow(&account, address.context("no address")?).await?;
        terminal.ends(0, &[&account.password, key_of(&account)?]).await?;
        let opened = fs::read_to_string(desktop.path().join("opened"));
        ensure!(opened.is_ok() == opens, "“{flag}”: {opened:?}");
    }
    Ok(())
}
