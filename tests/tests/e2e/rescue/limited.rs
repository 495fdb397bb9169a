//! A server that wants to be left alone for some seconds while room keys are added.

use std::fs;

use anyhow::{Context, Result};
use lifeboat_tests::account::{AccountSpec, ServerBackup, Way};
use lifeboat_tests::lifeboat::terminal::TerminalSpec;
use lifeboat_tests::proxy::{Fault, Proxy, Reply};
use matrix_sdk::reqwest::Method;
use serde_json::json;

use super::command::PASSPHRASE;
use super::everything_survives;

#[tokio::test]
async fn a_person_sees_that_the_server_asks_to_wait() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let backup = ServerBackup::active(account.api()?).await?.context("no backup")?;
    let room = account.rooms.first().context("no room")?;
    let id = room.session_ids().into_iter().next().context("no key")?;
    let folder = tempfile::tempdir()?;
    let file = |name: &str, text: &str| -> Result<String> {
        let path = folder.path().join(name);
        fs::write(&path, text)?;
        Ok(path.display().to_string())
    };
    let keys = folder.path().join("keys.txt");
    let first = account.first()?.client().encryption();
    first.export_room_keys(keys.clone(), PASSPHRASE, |_| true).await?;
    backup.delete(&room.room_id, id).await?;

    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let mut refused = false;
    proxy.intercept(move |it| {
        if refused || !it.is(&Method::PUT, "/room_keys/keys") {
            return None;
        }
        refused = true;
        let wait = json!({"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests", "retry_after_ms": 5_000});
        Some(Fault::Answer(Reply::json(429, &wait)))
    });
    let key = account.recovery.text().context("a recovery key")?;
    let line = format!(
        "rescue {} --homeserver {} --no-ark --only-key-files --key-file {} --key-file-passphrase-file {} \
         --password-file {} --recovery-key-file {}",
        account.user_id,
        proxy.base_url(),
        keys.display(),
        file("passphrase.txt", PASSPHRASE)?,
        file("password.txt", &account.password)?,
        file("recovery-key.txt", key)?,
    );
    let terminal = TerminalSpec::new(&line).start()?;
    terminal.sees("the server asks to wait").await?;
    terminal.ends(0, &[&account.password, key]).await?;
    everything_survives(account).await
}
