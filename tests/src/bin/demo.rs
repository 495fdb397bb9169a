//! Shows the main job on real accounts, in front of your eyes: `cargo xtask demo`.
#![expect(clippy::print_stdout, reason = "showing is what it is for")]

use std::{
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, Defect, History, TestAccount, Way},
    lifeboat::PROGRAM_VARIABLE,
};

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("lifeboat-demo-").tempdir()?;
    let history = History {
        rooms: 3,
        messages_each: 6,
        messages_per_key: 4,
    };

    title("An account as it should be: two verified sessions, secret storage, a key backup that holds every key");
    let healthy = AccountSpec::healthy(Way::Passphrase).history(history).build().await?;
    check(&healthy, folder.path(), "healthy", &[0])?;

    title("The same person's recovery passphrase, tried on its own, and then with a typing error");
    try_key(
        &healthy,
        folder.path(),
        "right",
        healthy.recovery.text().context("the account has a passphrase")?,
        0,
    )?;
    try_key(&healthy, folder.path(), "wrong", "the one I use everywhere", 10)?;

    title("An account in trouble: a room that never reached the backup, and a session that nobody verified");
    let trouble = AccountSpec::healthy(Way::Key)
        .history(history)
        .with(Defect::RoomNotBackedUp)
        .with(Defect::UnverifiedSession)
        .build()
        .await?;
    check(&trouble, folder.path(), "trouble", &[10])?;

    title("An account that would lose everything: no key backup, no secret storage");
    let bare = AccountSpec::healthy(Way::Key)
        .history(history)
        .with(Defect::NoSecretStorage)
        .build()
        .await?;
    check(&bare, folder.path(), "bare", &[10])?;

    println!("\nNothing was changed on these accounts; the homeserver goes away now.");
    Ok(())
}

fn title(text: &str) {
    println!("\n━━ {text}\n");
}

/// Runs `lifeboat check` on the account, as its owner would; `statuses` are those it may end with.
fn check(account: &TestAccount, folder: &Path, name: &str, statuses: &[i32]) -> Result<()> {
    let password = secret(folder, &format!("{name}-password"), &account.password)?;
    let mut arguments = vec!["check".to_owned(), account.user_id.to_string()];
    arguments.extend(["--homeserver".to_owned(), account.homeserver.base_url.clone()]);
    arguments.extend(["--password-file".to_owned(), password.display().to_string()]);
    if let Some(recovery) = account.recovery.text() {
        let file = secret(folder, &format!("{name}-recovery"), recovery)?;
        arguments.extend(["--recovery-key-file".to_owned(), file.display().to_string()]);
    }
    run(&arguments, folder, statuses)
}

fn try_key(account: &TestAccount, folder: &Path, name: &str, text: &str, status: i32) -> Result<()> {
    let password = secret(folder, &format!("{name}-try-password"), &account.password)?;
    let key = secret(folder, &format!("{name}-try-key"), text)?;
    let arguments = [
        "try-key",
        account.user_id.as_str(),
        "--homeserver",
        &account.homeserver.base_url,
        "--password-file",
        &password.display().to_string(),
        "--recovery-key-file",
        &key.display().to_string(),
    ];
    run(&arguments.map(str::to_owned), folder, &[status])
}

/// Writes a secret where only its owner can read it.
fn secret(folder: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let path = folder.join(name);
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?
        .write_all(text.as_bytes())?;
    Ok(path)
}

fn run(arguments: &[String], folder: &Path, statuses: &[i32]) -> Result<()> {
    let program = std::env::var_os(PROGRAM_VARIABLE).context("run the demonstration with `cargo xtask demo`")?;
    let shown = arguments
        .iter()
        .map(|it| it.replace(&format!("{}/", folder.display()), ""));
    println!("$ lifeboat {}", shown.collect::<Vec<_>>().join(" "));
    let status = Command::new(program)
        .args(arguments)
        .env("XDG_DATA_HOME", folder)
        .env("XDG_STATE_HOME", folder)
        .env("XDG_CACHE_HOME", folder)
        .status()?;
    let code = status.code().context("lifeboat was ended by a signal")?;
    println!("(exit status {code})");
    ensure!(
        statuses.contains(&code),
        "lifeboat ended with {code}, not with one of {statuses:?}"
    );
    Ok(())
}
