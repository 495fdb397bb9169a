//! Key files in both directions, and what a kept session holds.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use lifeboat_tests::account::{AccountSpec, Defect, ServerBackup, Way};
use lifeboat_tests::lifeboat::Lifeboat;

use super::command::{PASSPHRASE, ends_with, lifeboat, lifeboat_at};
use super::everything_survives;

/// Opens a key file with nothing of ours: Python's `cryptography`, which comes with Synapse.
const READER: &str = include_str!("key_file_reader.py");

#[tokio::test]
async fn other_programs_open_what_is_exported() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let outcome = lifeboat(&account, "export-keys")?
        .arg("keys.txt")
        .secret("--passphrase-file", PASSPHRASE)?
        .run()
        .await?;
    let document = ends_with(&outcome, 0)?;
    let python = lifeboat_tests::server::python()?;
    let read = Command::new(python)
        .args(["-c", READER])
        .arg(outcome.home().join("keys.txt"))
        .arg(PASSPHRASE)
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(read.status.success(), "the other program failed");
    let keys: serde_json::Value = serde_json::from_slice(&read.stdout)?;
    let keys = keys.as_array().context("no list")?;
    assert_eq!(document["room_keys"], keys.len());
    for room in &account.rooms {
        for id in room.session_ids() {
            let is_it = |it: &&serde_json::Value| it["session_id"] == id && it["room_id"] == room.room_id.as_str();
            let key = keys.iter().find(is_it).context("a room key is missing")?;
            ensure!(
                key["session_key"].is_string() && key["sender_claimed_keys"]["ed25519"].is_string(),
                "{key:#}"
            );
        }
    }
    Ok(())
}

#[tokio::test]
async fn better_keys_of_a_file_replace_later_ones_and_damage_is_told_before_anything_is_asked() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::EntryStartsLate)
        .with(Defect::EntriesDeleted(1))
        .build()
        .await?;
    let command = lifeboat(&account, "rescue")?;
    let file = command.home().join("element-keys.txt");
    let first = account.first()?.client().encryption();
    first.export_room_keys(file.clone(), PASSPHRASE, |_| true).await?;
    let text = fs::read_to_string(&file)?;
    account.stop_sessions();
    let (head, rest) = text.split_once('\n').context("one line")?;
    let damaged = [
        ("hello".to_owned(), "not a key file"),
        (text[..text.len() / 2].to_owned(), "cut off"),
        (format!("{head}\n*{rest}"), "damaged"),
    ];
    for (content, word) in damaged {
        let command = lifeboat_at("http://127.0.0.1:9", &account, "rescue")?;
        fs::write(command.home().join("keys.txt"), content)?;
        // No passphrase is needed to see it, and no server.
        let refused = command
            .args(["--key-file", "keys.txt"])
            .secret("--key-file-passphrase-file", PASSPHRASE)?
            .run()
            .await?;
        let document = ends_with(&refused, 2)?;
        ensure!(
            document["error"].as_str().is_some_and(|it| it.contains(word)),
            "{document:#}"
        );
    }
    let outcome = command
        .args([
            "--key-file",
            "element-keys.txt",
            "--key-file",
            "element-keys.txt",
            "--only-key-files",
        ])
        .secret("--key-file-passphrase-file", PASSPHRASE)?
        .run()
        .await?;
    let document = ends_with(&outcome, 0)?;
    let uploaded = &document["uploaded_from_key_files"];
    assert_eq!(
        (&uploaded["new"], &uploaded["better"]),
        (&1.into(), &1.into()),
        "{document:#}"
    );
    everything_survives(account).await
}

#[tokio::test]
async fn a_kept_session_gives_what_it_holds_without_a_recovery_key() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::EntriesDeleted(2))
        .build()
        .await?;
    let (user, url) = (account.user_id.as_str(), account.homeserver.base_url.as_str());
    let export = ["export-keys", user, "--homeserver", url, "--json", "--session-only"];
    let nothing = Lifeboat::new(export)?
        .arg("keys.txt")
        .secret("--password-file", &account.password)?
        .secret("--passphrase-file", PASSPHRASE)?
        .run()
        .await?;
    let document = ends_with(&nothing, 1)?;
    ensure!(
        document["error"]
            .as_str()
            .is_some_and(|it| it.contains("kept no session")),
        "{document:#}"
    );

    let kept = lifeboat(&account, "verify")?.arg("--keep-session").run().await?;
    ends_with(&kept, 0)?;
    let key = account.recovery.text().context("no recovery key")?;
    let rescued = kept
        .then(["rescue", user, "--homeserver", url, "--json"])?
        .secret("--recovery-key-file", key)?
        .run()
        .await?;
    ends_with(&rescued, 0)?;
    let exported = rescued
        .then(export)?
        .arg("keys.txt")
        .secret("--passphrase-file", PASSPHRASE)?
        .run()
        .await?;
    let document = ends_with(&exported, 0)?;
    assert_eq!(
        (&document["room_keys"], &document["held_by_kept_session"]),
        (&2.into(), &2.into())
    );
    let whole = exported
        .then(["export-keys", user, "--homeserver", url, "--json", "all.txt"])?
        .secret("--recovery-key-file", key)?
        .secret("--passphrase-file", PASSPHRASE)?
        .run()
        .await?;
    let document = ends_with(&whole, 0)?;
    let backup = ServerBackup::active(account.api()?).await?.context("no backup")?;
    assert_eq!(document["room_keys"], backup.count());
    Ok(())
}
