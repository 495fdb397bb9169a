//! The key of a kept session in a real keyring, GNOME's on a bus of its own; and beside the session where none opens.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, TestAccount, Way},
    lifeboat::{Lifeboat, Outcome, PROGRAM_VARIABLE},
    proxy::{Fault, Proxy, Reply},
};
use matrix_sdk::reqwest::Method;

use crate::{
    reset::{healthy, is_change, with_secrets, with_secrets_again},
    secrets::search::{Search, files_below},
};

/// Opens the keyring as a login does, before the command: in a new folder, because the daemon of the last login may still be
/// ending in the old one. The last step ends when the service answers on the bus; who asks earlier has the bus start another
/// one, which is closed.
const LOGIN: &str = "export XDG_RUNTIME_DIR=\"$(mktemp -d)\" \
                     && printf %s 'the password of the login' | gnome-keyring-daemon --login >/dev/null \
                     && gnome-keyring-daemon --start --components=secrets >/dev/null && ";

/// A bus that starts no service on demand.
const BARE: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// What is said of the key's place, and when the session serves another command.
const IN_KEYRING: &str = "the key to it is in this system’s keyring";
const IN_FILE: &str = "No keyring answered, so the key to it lies beside it in";
const NOT_REPLACED: &str = "no keyring gives its key. No other takes its place. Nothing was changed.";
const REOPENED: &str = "Using the session that Lifeboat kept on this machine.";

/// What a command finds on its bus.
#[derive(Clone, Copy, Debug)]
enum Bus {
    /// The person's keyring, opened at their login.
    Open,
    /// The same keyring, closed: nobody is at a desktop to open it, as over ssh.
    Closed,
    /// No keyring.
    Bare,
}

/// One person's machine, whose commands each have a new bus in the same home.
struct Machine {
    account: TestAccount,
    proxy: Proxy,
    last: Option<Outcome>,
}

impl Machine {
    async fn new() -> Result<Self> {
        Self::of(AccountSpec::healthy(Way::Key).build().await?).await
    }

    async fn of(account: TestAccount) -> Result<Self> {
        let proxy = Proxy::start(&account.homeserver.base_url).await?;
        Ok(Self {
            account,
            proxy,
            last: None,
        })
    }

    /// Begins the command line of a program that finds `bus`.
    fn command(&mut self, bus: Bus, program: &str, words: &[&str]) -> Result<Lifeboat> {
        let login = if matches!(bus, Bus::Open) { LOGIN } else { "" };
        let script = format!(r#"{login}exec "$0" "$@""#);
        let configuration = matches!(bus, Bus::Bare).then_some("--config-file=bus.conf");
        let shell = ["--", "/bin/sh", "-c", &script, program];
        let arguments = configuration.into_iter().chain(shell).chain(words.iter().copied());
        let runner = Path::new("dbus-run-session");
        let command = match self.last.take() {
            Some(last) => last.then_of(runner, arguments)?,
            None => Lifeboat::of(runner, arguments)?,
        };
        fs::write(command.home().join("bus.conf"), BARE)?;
        Ok(command)
    }

    /// Begins a check, without any secret.
    fn check(&mut self, bus: Bus) -> Result<Lifeboat> {
        let program = std::env::var(PROGRAM_VARIABLE)?;
        let (user, url) = (self.account.user_id.to_string(), self.proxy.base_url());
        self.command(bus, &program, &["check", &user, "--homeserver", &url, "--quick"])
    }

    /// Begins a check that signs in and keeps its session.
    fn check_that_keeps(&mut self, bus: Bus) -> Result<Lifeboat> {
        let check = self.check(bus)?.arg("--keep-session");
        check.secret("--password-file", &self.account.password)
    }

    /// Runs a command, which has to end with `code` and to say `words`.
    async fn ends(&mut self, command: Lifeboat, code: i32, words: &str) -> Result<()> {
        let outcome = command.run().await?;
        ensure!(outcome.code()? == code, "{code} was expected\n{outcome}");
        ensure!(outcome.says(words), "“{words}” was expected\n{outcome}");
        self.last = Some(outcome);
        Ok(())
    }

    /// The key of the session as the keyring shows it to another program; `None`: it has none.
    async fn filed(&mut self) -> Result<Option<String>> {
        let user = self.account.user_id.to_string();
        let lookup = ["lookup", "service", "lifeboat", "username", &user];
        let command = self.command(Bus::Open, "secret-tool", &lookup)?;
        let outcome = command.run().await?;
        let key = outcome.stdout.trim().to_owned();
        let there = outcome.code()? == 0;
        ensure!(there != key.is_empty(), "{outcome}");
        ensure!(!outcome.stderr.contains("secret-tool:"), "{outcome}");
        self.last = Some(outcome);
        Ok(there.then_some(key))
    }

    fn home(&self) -> Result<&Path> {
        Ok(self.last.as_ref().context("nothing was run")?.home())
    }

    /// What is kept of the session.
    fn kept(&self) -> Result<BTreeSet<PathBuf>> {
        let folder = self.home()?.join("data/lifeboat");
        if folder.is_dir() {
            files_below(&folder)
        } else {
            Ok(BTreeSet::new())
        }
    }

    /// The key file beside the session.
    fn key_file(&self) -> Result<Option<PathBuf>> {
        let is_key = |it: &PathBuf| it.file_name().is_some_and(|it| it == "key");
        Ok(self.kept()?.into_iter().find(is_key))
    }

    fn sign_ins(&self) -> usize {
        let log = self.proxy.log();
        log.iter().filter(|it| it.is(&Method::POST, "/login")).count()
    }
}

#[tokio::test]
async fn an_open_keyring_holds_the_only_key() -> Result<()> {
    let mut machine = Machine::new().await?;
    let check = machine.check_that_keeps(Bus::Open)?;
    machine.ends(check, 10, IN_KEYRING).await?;
    let file = machine.key_file()?;
    ensure!(file.is_none(), "the key is in a file, too: {file:?}");

    let key = machine.filed().await?.context("the key is not in the keyring")?;
    ensure!(
        machine.home()?.join("data/keyrings/login.keyring").is_file(),
        "the keyring is not this test's own"
    );
    let mut search = Search::default();
    search.text("the key of the session", &key)?;
    let files = search.nothing_below(machine.home()?, &BTreeSet::new())?;
    ensure!(files > machine.kept()?.len(), "only {files} files were looked at");

    // A closed keyring is no reason to lose the session, nor to say that there is none.
    let program = std::env::var(PROGRAM_VARIABLE)?;
    let (user, url) = (machine.account.user_id.to_string(), machine.proxy.base_url());
    for (words, told) in [
        (
            &["check", &user, "--homeserver", &url, "--quick"][..],
            "cannot be opened: no keyring gives its key",
        ),
        (
            &["leave", &user, "--homeserver", &url],
            "cannot be opened: no keyring gives its key",
        ),
        (&["util", "forget", &user], "Lifeboat is signed in to this account"),
    ] {
        let closed = machine.command(Bus::Closed, &program, words)?;
        machine.ends(closed, 2, told).await?;
    }
    // Nor to have another session take its place, for which it would go.
    let files = machine.kept()?;
    let check = machine.check_that_keeps(Bus::Closed)?;
    machine.ends(check, 1, NOT_REPLACED).await?;
    let reset = [
        "reset",
        &user,
        "--homeserver",
        &url,
        "--yes",
        "--generate-password",
        "new.txt",
    ];
    let reset = machine.command(Bus::Closed, &program, &reset)?;
    let reset = reset.secret("--password-file", &machine.account.password)?;
    machine.ends(reset, 1, NOT_REPLACED).await?;
    ensure!(machine.kept()? == files, "{:?}", machine.kept()?);
    let check = machine.check(Bus::Open)?;
    machine.ends(check, 10, REOPENED).await?;
    ensure!(machine.sign_ins() == 1, "{} sign-ins", machine.sign_ins());

    // A plan that is only shown keeps nothing.
    let plan = ["reset", &user, "--homeserver", &url, "--dry-run"];
    let plan = machine.command(Bus::Closed, &program, &plan)?;
    let shown = plan.secret("--password-file", &machine.account.password)?.run().await?;
    ensure!(shown.says("Checked:") && !shown.says(NOT_REPLACED), "{shown}");
    machine.last = Some(shown);

    let forget = machine.command(Bus::Open, &program, &["util", "forget", &user, "--anyway"])?;
    machine.ends(forget, 0, "is removed").await?;
    ensure!(machine.filed().await?.is_none(), "the key is still in the keyring");
    let kept = machine.kept()?;
    ensure!(kept.is_empty(), "{kept:?}");
    Ok(())
}

#[tokio::test]
async fn where_no_keyring_opens_the_key_is_in_a_private_file() -> Result<()> {
    for bus in [Bus::Bare, Bus::Closed] {
        let mut machine = Machine::new().await?;
        // From now on there is a keyring that can be closed.
        ensure!(machine.filed().await?.is_none(), "a new keyring holds a key");
        let check = machine.check_that_keeps(bus)?;
        machine
            .ends(check, 10, IN_FILE)
            .await
            .with_context(|| format!("{bus:?}"))?;
        let file = machine.key_file()?.context("no key file")?;
        let mode = file.metadata()?.permissions().mode() & 0o777;
        ensure!(mode == 0o600, "{bus:?}: {mode:o}");

        let check = machine.check(bus)?;
        machine.ends(check, 10, REOPENED).await?;
        ensure!(machine.sign_ins() == 1, "{bus:?}: {} sign-ins", machine.sign_ins());
        ensure!(machine.filed().await?.is_none(), "{bus:?}: the keyring has a key, too");
    }
    Ok(())
}

/// A reset whose sign-in fails has kept no session: over ssh, where nobody can open the keyring, it comes to its end.
#[tokio::test]
async fn a_reset_that_has_kept_no_session_needs_no_keyring_to_go_on() -> Result<()> {
    let refusal = Fault::Answer(Reply::error(403, "M_FORBIDDEN", "Not now."));
    for fault in [refusal, Fault::CutAfter] {
        let mut machine = Machine::of(healthy().await?).await?;
        let (mut changed, meets) = (false, fault.clone());
        machine.proxy.intercept(move |it| {
            let fails = changed && it.is(&Method::POST, "/login");
            changed |= is_change(it);
            fails.then(|| meets.clone())
        });
        let program = std::env::var(PROGRAM_VARIABLE)?;
        let (user, url) = (machine.account.user_id.to_string(), machine.proxy.base_url());
        let (old, new) = (machine.account.password.clone(), "New-Password-2");
        let reset = machine.command(Bus::Open, &program, &["reset", &user, "--homeserver", &url, "--yes"])?;
        let reset = with_secrets(reset, &machine.account, &old, new)?;
        let told = || format!("{fault:?}");
        machine.ends(reset, 20, "lifeboat resume").await.with_context(told)?;
        machine.proxy.let_through();
        let resume = machine.command(Bus::Closed, &program, &["resume", &user, "--homeserver", &url])?;
        let resume = with_secrets_again(resume, &machine.account, &old, new)?;
        machine.ends(resume, 0, "").await.with_context(told)?;
    }
    Ok(())
}
