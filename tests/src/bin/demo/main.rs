//! Shows the main job on real accounts, in front of your eyes: `cargo xtask demo`.
#![expect(clippy::print_stdout, reason = "showing is what it is for")]

mod rescue;

use std::{
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus},
};

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, Defect, History, TestAccount, Way},
    lifeboat::PROGRAM_VARIABLE,
    session::Session,
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

    println!("\nNothing was changed on these accounts so far.");
    way_back(folder.path(), history).await?;
    rescue::show(folder.path(), history).await?;
    println!("\nThe homeserver goes away now.");
    Ok(())
}

/// From trouble to a new password by e-mail, with every session signed out, and back to a readable history.
async fn way_back(folder: &Path, history: History) -> Result<()> {
    title("The main job: a password that has to be reset, and a room whose keys are in no backup");
    let account = AccountSpec::healthy(Way::Key)
        .history(history)
        .with(Defect::RoomNotBackedUp)
        .build()
        .await?;
    let address = account.email.clone().context("the account has an address")?;
    let key = account.recovery.text().context("the account has a recovery key")?;
    let old = secret(folder, "old-password", &account.password)?.display().to_string();
    let new = secret(folder, "new-password", "Correct-Horse-7-Staple")?
        .display()
        .to_string();
    let key_file = secret(folder, "recovery-key", key)?.display().to_string();
    let who = |command: &str| {
        let base_url = account.homeserver.base_url.as_str();
        [command, account.user_id.as_str(), "--homeserver", base_url]
            .map(str::to_owned)
            .to_vec()
    };
    let with = |command: &str, more: &[&str]| {
        let more = more.iter().map(|it| (*it).to_owned());
        who(command).into_iter().chain(more).collect::<Vec<_>>()
    };
    let secrets = ["--password-file", &old, "--recovery-key-file", &key_file];

    title("Resetting now would cost messages, so it does not start");
    let reset = [
        &[
            "--route",
            "email",
            "--email",
            &address,
            "--end-sessions",
            "--yes",
            "--accept-cautions",
        ][..],
        &["--new-password-file", &new][..],
        &secrets[..],
    ]
    .concat();
    run(&with("reset", &reset), folder, &[10])?;

    title("A living session has the keys: they are brought into the backup");
    run(&with("rescue", &secrets), folder, &[0])?;

    title("Now the reset: a mail is sent, its link is opened and the button on the page pressed, as its reader would");
    let mut resetting = begin(&with("reset", &reset), folder)?;
    let mailbox = account.homeserver.mailbox();
    let pressed = async {
        let mail = mailbox.wait_for(&address, 1).await?;
        let link = mail.reset_link()?;
        link.open().await?;
        link.press().await?;
        println!("   (the mail has come, and the button on its page is pressed)");
        anyhow::Ok(())
    };
    let pressed = pressed.await;
    let status = tokio::task::spawn_blocking(move || resetting.wait()).await??;
    pressed?;
    ended(status, &[0])?;

    title("Every session was signed out, so Lifeboat stays until another one is back");
    run(&who("leave"), folder, &[10])?;
    let element = Session::log_in(
        &account.homeserver.base_url,
        account.localpart(),
        "Correct-Horse-7-Staple",
        "Element",
    )
    .await?;
    element.client().encryption().recovery().recover(key).await?;
    println!("   (its owner has signed in with another app and entered the recovery key there)\n");
    run(&who("leave"), folder, &[0])
}

fn title(text: &str) {
    println!("\n━━ {text}\n");
}

/// Runs `lifeboat check` on the account, as its owner would; `statuses` are those it may end with.
fn check(account: &TestAccount, folder: &Path, name: &str, statuses: &[i32]) -> Result<()> {
    on("check", account, folder, name, statuses)
}

/// Runs a command on the account with all that its owner knows; `name` tells its files from those of others.
fn on(command: &str, account: &TestAccount, folder: &Path, name: &str, statuses: &[i32]) -> Result<()> {
    let password = secret(folder, &format!("{name}-password"), &account.password)?;
    let mut arguments = vec![command.to_owned(), account.user_id.to_string()];
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
    let mut child = begin(arguments, folder)?;
    ended(child.wait()?, statuses)
}

/// Starts it, and shows how it would be typed.
fn begin(arguments: &[String], folder: &Path) -> Result<Child> {
    let program = std::env::var_os(PROGRAM_VARIABLE).context("run the demonstration with `cargo xtask demo`")?;
    let shown = arguments
        .iter()
        .map(|it| it.replace(&format!("{}/", folder.display()), ""));
    println!("$ lifeboat {}", shown.collect::<Vec<_>>().join(" "));
    let child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("XDG_DATA_HOME", folder)
        .env("XDG_STATE_HOME", folder)
        .env("XDG_CACHE_HOME", folder)
        .spawn()?;
    Ok(child)
}

fn ended(status: ExitStatus, statuses: &[i32]) -> Result<()> {
    let code = status.code().context("lifeboat was ended by a signal")?;
    println!("(exit status {code})");
    ensure!(
        statuses.contains(&code),
        "lifeboat ended with {code}, not with one of {statuses:?}"
    );
    Ok(())
}
