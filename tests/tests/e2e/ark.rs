//! `lifeboat ark` against a real Synapse: what is saved is whole, private and proven, and nothing else happens.

mod large;
pub(crate) mod restore;
mod stopped;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, Defect, TestAccount, Way},
    lifeboat::{Lifeboat, Outcome},
    proxy::{Fault, Proxy, Reply},
    snapshot::snapshot_of,
    storage_key::StorageKey,
};
use serde_json::Value;

/// `lifeboat ark save` for the account, to `ark` in its home folder.
fn save_at(account: &TestAccount, base_url: &str) -> Result<Lifeboat> {
    let arguments = [
        "ark",
        "save",
        account.user_id.as_str(),
        "an.ark",
        "--homeserver",
        base_url,
        "--json",
    ];
    Lifeboat::new(arguments)?.secret("--password-file", &account.password)
}

pub(crate) fn save(account: &TestAccount) -> Result<Lifeboat> {
    save_at(account, &account.homeserver.base_url)
}

/// `lifeboat ark verify`, with the keys.
async fn verify(ark: &Path, keys: &[&str]) -> Result<Outcome> {
    let ark = ark.to_str().context("a plain path")?;
    let mut lifeboat = Lifeboat::new(["ark", "verify", ark, "--json"])?;
    for key in keys {
        lifeboat = lifeboat.secret("--recovery-key-file", key)?;
    }
    lifeboat.run().await
}

pub(crate) fn ark_of(outcome: &Outcome) -> PathBuf {
    outcome.home().join("an.ark")
}

/// Every file that is left in the home folder beside the password.
fn left_in(home: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(home)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_file() && !name.contains("password-file") {
            names.push(name);
        }
    }
    Ok(names)
}

#[tokio::test]
async fn an_account_is_saved_and_proven() -> Result<()> {
    let account = AccountSpec::healthy(Way::PassphraseOfRounds(1000)).build().await?;
    let before = snapshot_of(&account).await?;
    let saved = save(&account)?.run().await?;
    ensure!(saved.code()? == 0, "{saved}");
    let differences = before.differences(&snapshot_of(&account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");
    ensure!(left_in(saved.home())? == ["an.ark"], "{:?}", left_in(saved.home())?);
    let ark = ark_of(&saved);
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&ark)?.permissions());
    ensure!(mode & 0o777 == 0o600, "{mode:o}");

    let recovery = account.recovery.text().context("a passphrase")?;
    let key = account.recovery.key().context("a key")?;
    for keys in [[recovery], [key]] {
        let verified = verify(&ark, &keys).await?;
        ensure!(verified.code()? == 0, "{verified}");
        let document = verified.json()?;
        ensure!(document["whole"] == true && document["proven"] == true, "{document:#}");
        ensure!(document["about"]["account"] == account.user_id.as_str(), "{document:#}");
        // The account's two, and the one that saved it.
        ensure!(document["sessions"] == 3, "{document:#}");
        let newest = &document["backups"][0];
        let proof = &newest["proof"];
        ensure!(
            newest["entries"] == 8 && proof["open"] == 8 && proof["complete"] == true,
            "{document:#}"
        );
        ensure!(!verified.stdout.contains(keys[0]), "the key is shown");
    }
    let stranger = verify(&ark, &[&StorageKey::random()?.recovery_key()]).await?;
    ensure!(
        stranger.code()? == 10 && stranger.json()?["proven"] == false,
        "{stranger}"
    );
    let without = verify(&ark, &[]).await?;
    ensure!(
        without.code()? == 0 && without.json()?["proven"] == Value::Null,
        "{without}"
    );
    let shown = Lifeboat::new(["ark", "show", ark.to_str().context("a plain path")?])?
        .run()
        .await?;
    ensure!(shown.code()? == 0 && shown.stdout.contains("every sum fits"), "{shown}");
    Ok(())
}

#[tokio::test]
async fn every_version_and_every_kind_of_account_is_saved() -> Result<()> {
    for (defect, versions, status) in [
        // The key in secret storage fits the older version alone.
        (Some(Defect::BackupKeyOfOlderVersion), vec!["1", "2"], 10),
        (Some(Defect::NoKeyBackup), vec![], 0),
        (Some(Defect::LegacyBackupKey), vec!["1"], 0),
        (Some(Defect::StorageKeyUnchecked), vec!["1"], 0),
        (Some(Defect::BackupKeyNotStored), vec!["1"], 10),
    ] {
        let spec = AccountSpec::healthy(Way::Key);
        let spec = defect.into_iter().fold(spec, AccountSpec::with);
        let account = spec.build().await?;
        let saved = save(&account)?.run().await?;
        ensure!(saved.code()? == 0, "{defect:?}: {saved}");
        let recovery = account.recovery.text().context("a key")?;
        let verified = verify(&ark_of(&saved), &[recovery]).await?;
        ensure!(verified.code()? == status, "{defect:?}: {verified}");
        let document = verified.json()?;
        let backups = document["backups"].as_array().context("backups")?;
        let names: Vec<_> = backups.iter().filter_map(|it| it["version"].as_str()).collect();
        ensure!(names == versions, "{defect:?}: {document:#}");
        if defect == Some(Defect::BackupKeyOfOlderVersion) {
            ensure!(backups[0]["proof"]["open"] == 8, "{document:#}");
            ensure!(backups[1]["proof"] == Value::Null, "{document:#}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn files_that_are_no_whole_arks_are_told_apart() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let saved = save(&account)?.run().await?;
    let bytes = std::fs::read(ark_of(&saved))?;
    let folder = tempfile::tempdir()?;
    let mut changed = bytes.clone();
    let middle = bytes.len() / 2;
    changed[middle] ^= 1;
    let newer = b"lifeboat-ark 2\nwhat is to come".to_vec();
    for (content, words) in [
        (bytes[..bytes.len() - 1].to_vec(), "is cut off"),
        (changed, "is damaged"),
        ([&bytes[..], b"more"].concat(), "something follows after its end"),
        (newer, "newer format"),
        (b"{}".to_vec(), "is not an ark"),
        (Vec::new(), "is not an ark"),
    ] {
        let file = folder.path().join("other.ark");
        std::fs::write(&file, content)?;
        let outcome = verify(&file, &[]).await?;
        ensure!(outcome.code()? == 1, "{words}: {outcome}");
        let document = outcome.json()?;
        let told = document["error"].as_str().context("an error")?;
        ensure!(
            told.contains(words) && document["hint"].is_string(),
            "{words}: {outcome}"
        );
    }
    let missing = verify(&folder.path().join("missing.ark"), &[]).await?;
    ensure!(
        missing.code()? == 2 && missing.stderr.contains("does not exist"),
        "{missing}"
    );
    let of_folder = verify(folder.path(), &[]).await?;
    ensure!(
        of_folder.code()? == 2 && of_folder.stderr.contains("is a folder"),
        "{of_folder}"
    );
    Ok(())
}

#[tokio::test]
async fn what_a_server_does_not_give_is_not_left_out_of_an_ark() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    for path_end in [
        "/devices",
        "/keys/query",
        "/sync",
        "/room_keys/version",
        "/room_keys/keys",
    ] {
        let proxy = Proxy::start(&account.homeserver.base_url).await?;
        proxy.intercept(move |it| {
            let refused = Reply::error(403, "M_FORBIDDEN", "not for you");
            it.path.ends_with(path_end).then(|| Fault::Answer(refused))
        });
        let outcome = save_at(&account, &proxy.base_url())?.run().await?;
        ensure!(outcome.code()? == 1, "{path_end}: {outcome}");
        ensure!(outcome.stderr.contains("No ark was written"), "{path_end}: {outcome}");
        ensure!(
            left_in(outcome.home())?.is_empty(),
            "{path_end}: {:?}",
            left_in(outcome.home())?
        );
        ensure!(
            proxy.log().iter().any(|it| it.path.ends_with("/logout")),
            "{path_end}: no sign-out"
        );
    }
    Ok(())
}
