//! Every command, as talkative as it can be: no secret is in what it prints, writes, logs or shows of its process, and every
//! file that it leaves is one that the documentation names, readable for its owner alone.

mod conversations;
mod left_behind;
mod machine;
mod panics;
mod places;
mod processes;
pub(crate) mod search;

use std::fs;

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::account::Secret;
use lifeboat_tests::counts;
use lifeboat_tests::proxy::{Fault, Reply};
use matrix_sdk::reqwest::Method;
use rustix::process::{Signal, geteuid};
use serde_json::json;

use self::machine::{Machine, NEW, NEWER, PASSPHRASE, WRONG};
use self::search::files_below;

#[tokio::test]
async fn no_command_lets_a_secret_out() -> Result<()> {
    let mut machine = Machine::new().await?;
    let folder = tempfile::tempdir()?;
    machine.search.proves_itself(folder.path())?;

    let check = machine.with_both(&["check", "--json", "--status-file", "before.json", "--html", "page.html"])?;
    machine.run(&[0], check).await?;
    let check = machine.with_both(&["check", "--ask-sessions"])?;
    machine.run(&[0], check).await?;
    let token = machine.account.api()?.token().context("no token")?.to_owned();
    let key = machine.account.recovery.key().context("no key")?.to_owned();
    let check = machine
        .online(&["check", "--quick", "--json"])?
        .secret("--access-token-file", &token)?;
    let check = check.secret("--recovery-key-file", &key)?;
    machine.run(&[10], check).await?;
    let wrong = machine
        .with_password(&["try-key", "--json"])?
        .secret("--recovery-key-file", PASSPHRASE)?;
    machine.run(&[0, 1, 10, 11], wrong).await?;
    let refused = machine
        .online(&["check", "--quick"])?
        .secret("--password-file", WRONG)?;
    machine.run(&[1], refused).await?;
    let right = machine.with_both(&["try-key"])?;
    machine.run(&[0], right).await?;
    let user = machine.account.user_id.to_string();
    let url = machine.proxy.base_url();
    let password = machine.account.password.clone();
    let ark = machine.command(&["ark", "save", &user, "an.ark", "--homeserver", &url])?;
    let ark = ark.secret("--password-file", &password)?;
    machine.run(&[0], ark).await?;
    let ark = machine
        .command(&["ark", "verify", "an.ark", "--json"])?
        .secret("--recovery-key-file", &key)?;
    machine.run(&[0], ark).await?;
    let ark = machine.command(&["ark", "show", "an.ark"])?;
    machine.run(&[0], ark).await?;
    let gone = machine.place_of(Secret::UserSigning);
    machine.account.api()?.put(&gone, &json!({})).await?;
    let ark = machine.with_both(&["ark", "restore"])?;
    machine.run(&[0], ark.args(["an.ark", "--yes", "--json"])).await?;
    let back = machine.account.api()?.get(&gone).await?;
    ensure!(back["encrypted"].is_object(), "nothing was put back: {back}");
    let export = machine
        .with_both(&["export-keys"])?
        .arg("keys.txt")
        .secret("--passphrase-file", PASSPHRASE)?;
    machine.run(&[0], export).await?;
    let rescue = machine.with_both(&["rescue", "--json", "--key-file", "keys.txt"])?;
    let rescue = rescue.secret("--key-file-passphrase-file", PASSPHRASE)?;
    machine.run(&[0], rescue).await?;
    let repair = machine.with_both(&["repair", "--yes", "--json"])?;
    machine.run(&[0], repair).await?;
    let verify = machine.with_both(&["verify", "--keep-session", "--json"])?;
    machine.run(&[0], verify).await?;
    let kept = machine.online(&["check", "--quick", "--json"])?;
    machine.run(&[10, 11], kept).await?;
    let prove = machine.command(&["prove", "--homeserver", &url, "before.json", "--json"])?;
    let prove = prove
        .secret("--password-file", &password)?
        .secret("--recovery-key-file", &key)?;
    machine.run(&[0], prove).await?;
    let leave = machine.online(&["leave", "--force"])?;
    machine.run(&[0], leave).await?;

    reset(&mut machine).await?;
    desk(&mut machine).await?;
    for words in [
        &["report", "before.json"][..],
        &["report", "before.json", "--html", "again.html"],
        &["util", "support-bundle", "bundle.json", "--status-file", "before.json"],
        &["util", "forget", &user, "--anyway"],
    ] {
        let command = machine.command(words)?;
        machine.run(&[0], command).await?;
    }
    machine.sums_up()?;
    ensure_all_was_written(&machine)?;
    // The quickest ones are over at once.
    ensure!(
        machine.watched > machine.runs / 3,
        "only {} commands were seen",
        machine.watched
    );
    // Nobody else may read an environment.
    ensure!(
        machine.environments > 0 || !geteuid().is_root(),
        "no environment was read"
    );
    ensure!(
        machine.log_lines > 100,
        "hardly anything was logged: {} lines",
        machine.log_lines
    );
    counts::tell(format_args!(
        "secrets: {} forms looked for after {} commands, in {} files and {} lines of logs: found 0 times",
        machine.search.number(),
        machine.runs,
        machine.files,
        machine.log_lines
    ))?;
    Ok(())
}

/// The files that the commands were asked for are there, and so they were looked at.
fn ensure_all_was_written(machine: &Machine) -> Result<()> {
    let home = machine.last()?.home();
    for name in [
        "before.json",
        "page.html",
        "an.ark",
        "keys.txt",
        "made.txt",
        "temporary.txt",
        "letter.txt",
        "letter.html",
        "audit/accounts.jsonl",
        "audit/accounts.csv",
        "audit/summary.html",
        "again.html",
        "bundle.json",
        "log-2",
    ] {
        ensure!(home.join(name).is_file(), "{name} was not written");
    }
    Ok(())
}

/// A change by the old password, one by mail that is interrupted while the mail is waited for, and one to a password that
/// Lifeboat makes.
async fn reset(machine: &mut Machine) -> Result<()> {
    let reset = machine
        .with_both(&["reset", "--yes", "--json"])?
        .secret("--new-password-file", NEW)?;
    machine.run(&[0], reset).await?;
    let address = machine.account.email.clone().context("no address")?;
    let key = machine.account.recovery.key().context("no key")?.to_owned();
    let mail = machine.online(&["reset", "--yes", "--json", "--route", "email", "--email", &address])?;
    let mail = mail
        .secret("--password-file", NEW)?
        .secret("--recovery-key-file", &key)?;
    let running = mail.secret("--new-password-file", NEWER)?.start()?;
    let words = "Waiting for the link to be confirmed.";
    running.said(words, |text| text.contains(words).then_some(())).await?;
    running.signal(Signal::INT)?;
    let stopped = running.outcome().await?;
    ensure!(stopped.code()? == 130, "{stopped}");
    machine.look_at(stopped)?;
    let link = machine
        .account
        .homeserver
        .mailbox()
        .wait_for(&address, 1)
        .await?
        .reset_link()?;
    link.press().await?;
    let resume = machine.online(&["resume", "--json", "--email", &address])?;
    let resume = resume
        .secret("--old-password-file", NEW)?
        .secret("--recovery-key-file", &key)?;
    let resume = resume.secret("--new-password-file", NEWER)?;
    machine.run(&[0], resume).await?;
    let made = machine.online(&["reset", "--yes", "--json", "--generate-password", "made.txt"])?;
    let made = made
        .secret("--password-file", NEWER)?
        .secret("--recovery-key-file", &key)?;
    machine.run(&[0], made).await?;
    let home = machine.last()?.home();
    let made = machine.search.found_in(&fs::read(home.join("made.txt"))?).len();
    ensure!(made > 0, "the password that was made was not looked for");
    Ok(())
}

/// The administrator's chair, with a password for somebody else.
async fn desk(machine: &mut Machine) -> Result<()> {
    let token = machine.admin_token().await?;
    for (command, further) in [
        ("check", &["--json"][..]),
        (
            "reset",
            &[
                "--yes",
                "--accept-cautions",
                "--letter",
                "letter.txt",
                "--temporary-password-file",
                "temporary.txt",
            ],
        ),
    ] {
        let (user, url) = (machine.account.user_id.to_string(), machine.proxy.base_url());
        let desk = machine
            .command(&["desk", command, &user, "--homeserver", &url])?
            .args(further);
        let desk = desk.secret("--admin-token-file", &token)?;
        machine.run(&[0, 10, 11], desk).await?;
    }
    let list = tempfile::NamedTempFile::new()?;
    fs::write(list.path(), machine.account.user_id.as_str())?;
    let (server, url) = (
        machine.account.user_id.server_name().to_owned(),
        machine.proxy.base_url(),
    );
    let audit = machine.command(&[
        "desk",
        "audit",
        server.as_str(),
        "--homeserver",
        &url,
        "--folder",
        "audit",
    ])?;
    let audit = audit.arg("--users").arg(list.path());
    machine.run(&[0], audit.secret("--admin-token-file", &token)?).await
}

/// A program that is broken off hard writes no core, and what it had in its hands is nowhere.
#[tokio::test]
async fn what_goes_wrong_lets_no_secret_out() -> Result<()> {
    let mut machine = Machine::new().await?;
    let hurt = |end: &'static str, fault: Fault| {
        move |it: &lifeboat_tests::proxy::Exchange| it.path.ends_with(end).then(|| fault.clone())
    };
    let echo = Reply::text(500, "text/html", "<h1>Internal server error</h1>");
    for (end, fault) in [
        ("/login", Fault::CutInside),
        ("/logout", Fault::Answer(echo.clone())),
        ("/room_keys/keys", Fault::CutInside),
        ("/sync", Fault::Answer(echo)),
        ("/keys/query", Fault::Answer(Reply::text(200, "application/json", "[{"))),
    ] {
        machine.proxy.intercept(hurt(end, fault));
        let check = machine.with_both(&["check", "--json"])?;
        machine.run(&[0, 1, 10, 11], check).await?;
    }
    // A server that says the password and the token back.
    machine.proxy.intercept(|it| {
        let said = String::from_utf8_lossy(&it.request_body).into_owned();
        let said = format!("{said} {}", it.token.clone().unwrap_or_default());
        let refuses = it.is(&Method::POST, "/login") || it.path.ends_with("/devices");
        refuses.then(|| Fault::Answer(Reply::error(400, "M_UNKNOWN", &said)))
    });
    let check = machine.with_both(&["check", "--quick"])?;
    machine.run(&[1], check).await?;

    let (come, came) = tokio::sync::oneshot::channel();
    let mut come = Some(come);
    machine.proxy.intercept(move |it| {
        let hold = it.path.ends_with("/room_keys/version");
        if let (true, Some(come)) = (hold, come.take_if(|_| hold)) {
            let _ = come.send(());
        }
        hold.then(|| Fault::Held(std::sync::Arc::default()))
    });
    let running = machine.with_both(&["check", "--json"])?.start()?;
    came.await?;
    running.signal(Signal::ABORT)?;
    let aborted = running.outcome().await?;
    ensure!(aborted.status.code().is_none(), "{aborted}");
    let cores = files_below(aborted.home())?
        .into_iter()
        .filter(|it| it.to_string_lossy().contains("core"));
    ensure!(cores.count() == 0, "a core was written");
    machine.look_at(aborted)?;

    // Panics in the middle of a reset, before the change and after it, with everything that a backtrace shows.
    machine.proxy.let_through();
    for (moment, new) in [("4", NEW), ("20", NEWER)] {
        let reset = machine
            .with_both(&["reset", "--yes", "--json"])?
            .secret("--new-password-file", new)?;
        let reset = reset
            .env("LIFEBOAT_TEST_PANIC_AT", moment)
            .env("RUST_BACKTRACE", "full");
        machine.run(&[101], reset).await?;
    }
    machine.sums_up()
}
