//! A machine on which every command is as talkative as it can be, and on which everything is searched after each.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine as _};
use lifeboat_tests::account::{AccountSpec, Recovery, Secret, ServerBackup, TestAccount, Way};
use lifeboat_tests::api::segment;
use lifeboat_tests::lifeboat::{Lifeboat, Outcome};
use lifeboat_tests::proxy::Proxy;
use lifeboat_tests::server::Profile;
use lifeboat_tests::storage_key::parse_recovery_key;
use serde_json::Value;

use super::places::{ensure_mode, private};
use super::processes::watched;
use super::search::{Search, files_below};
use crate::reset::SHORT;

pub(super) const NEW: &str = "A-New-Password-2";
pub(super) const NEWER: &str = "Another-New-Password-3";
pub(super) const WRONG: &str = "A-Password-Of-Nobody-4";
pub(super) const PASSPHRASE: &str = "a passphrase for the key file";

/// One person's machine: everything is done in one home, behind one proxy that sees the tokens.
pub(super) struct Machine {
    pub(super) account: TestAccount,
    pub(super) proxy: Proxy,
    pub(super) search: Search,
    last: Option<Outcome>,
    /// How many files were searched, and how many lines of a log.
    pub(super) files: usize,
    pub(super) log_lines: usize,
    pub(super) runs: usize,
    /// How many commands showed their arguments while they ran, and how many processes their environment.
    pub(super) watched: usize,
    pub(super) environments: usize,
    problems: Vec<String>,
}

impl Machine {
    pub(super) async fn new() -> Result<Self> {
        Self::on(Profile::Default).await
    }

    pub(super) async fn on(profile: Profile) -> Result<Self> {
        let account = AccountSpec::healthy(Way::PassphraseOfRounds(1_000))
            .history(SHORT)
            .on(profile)
            .build()
            .await?;
        let proxy = Proxy::start(&account.homeserver.base_url).await?;
        let mut search = Search::default();
        for (name, secret) in [
            ("the new password", NEW),
            ("a newer password", NEWER),
            ("a wrong password", WRONG),
        ] {
            search.text(name, secret)?;
        }
        search.text("the password", &account.password)?;
        search.text("the passphrase of the key file", PASSPHRASE)?;
        let Recovery::Passphrase { passphrase, key } = &account.recovery else {
            anyhow::bail!("no passphrase");
        };
        search.text("the recovery passphrase", passphrase)?;
        search.text("the recovery key", key)?;
        search.bytes("the recovery key", &parse_recovery_key(key)?)?;
        let secrets = account.secrets.as_ref().context("no secrets")?;
        for secret in Secret::ALL {
            let text = secrets.get(secret).context("a secret is missing")?;
            search.bytes(
                secret.event_type(),
                &BASE64_STANDARD_NO_PAD.decode(text.trim_end_matches('='))?,
            )?;
        }
        let backup = ServerBackup::active(account.api()?).await?.context("no backup")?;
        for entry in backup.entries().await?.values().flat_map(|it| it.values()) {
            let room_key = secrets.backup_key()?.open(&entry["session_data"])?;
            let session_key = room_key["session_key"].as_str().context("no session key")?;
            search.bytes("a room key", &BASE64_STANDARD_NO_PAD.decode(session_key)?)?;
        }
        search.text(
            "the access token of a session",
            account.api()?.token().context("no token")?,
        )?;
        Ok(Self {
            account,
            proxy,
            search,
            last: None,
            files: 0,
            log_lines: 0,
            runs: 0,
            watched: 0,
            environments: 0,
            problems: Vec::new(),
        })
    }

    /// Begins a command line in the same home, as talkative as it can be; every other one on stderr.
    pub(super) fn command(&mut self, words: &[&str]) -> Result<Lifeboat> {
        self.runs += 1;
        let command = match self.last.take() {
            Some(last) => last.then(words)?,
            None => Lifeboat::new(words)?,
        };
        let command = command.arg("-vvv");
        Ok(match self.runs % 2 {
            0 => command.args(["--log-file", &format!("log-{}", self.runs)]),
            _ => command,
        })
    }

    /// The same for a command that speaks to the server.
    pub(super) fn online(&mut self, words: &[&str]) -> Result<Lifeboat> {
        let (user, url) = (self.account.user_id.to_string(), self.proxy.base_url());
        let all: Vec<&str> = words
            .iter()
            .copied()
            .chain([user.as_str(), "--homeserver", url.as_str()])
            .collect();
        self.command(&all)
    }

    pub(super) fn with_password(&mut self, words: &[&str]) -> Result<Lifeboat> {
        let password = self.account.password.clone();
        self.online(words)?.secret("--password-file", &password)
    }

    pub(super) fn with_both(&mut self, words: &[&str]) -> Result<Lifeboat> {
        let text = self.account.recovery.text().context("no recovery key")?.to_owned();
        self.with_password(words)?.secret("--recovery-key-file", &text)
    }

    /// Runs it, and searches everything.
    pub(super) async fn run(&mut self, codes: &[i32], command: Lifeboat) -> Result<()> {
        let words = format!("{command:?}");
        let (outcome, visible) = watched(command).await?;
        self.watched += usize::from(visible.number("cmdline") > 0);
        self.environments += visible.number("environ");
        let ended = codes.contains(&outcome.code()?);
        let told = format!("not {codes:?}: {outcome}");
        self.learn()?;
        let shown = self.search.nothing_in("what its processes show", &visible.bytes());
        let shown = shown.err().map(|it| format!("{words}: {it:#}"));
        let left = self.look_at(outcome).err().map(|it| format!("{words}: {it:#}"));
        self.problems.extend(shown.into_iter().chain(left));
        if !ended {
            self.problems.push(format!("{words}: {told}"));
        }
        Ok(())
    }

    /// Fails with all that went wrong.
    pub(super) fn sums_up(&self) -> Result<()> {
        ensure!(self.problems.is_empty(), "{}", self.problems.join("\n"));
        Ok(())
    }

    pub(super) fn look_at(&mut self, outcome: Outcome) -> Result<()> {
        let home = outcome.home().to_owned();
        let texts = [outcome.stdout.clone(), outcome.stderr.clone()];
        self.log_lines += self
            .told_by(&outcome)?
            .lines()
            .filter(|it| it.contains("DEBUG") || it.contains("TRACE"))
            .count();
        // The home goes on to the next command, whatever is found in it.
        self.last = Some(outcome);
        self.learn()?;
        for text in texts {
            self.search.nothing_in("what was printed", text.as_bytes())?;
        }
        self.files += self.search.nothing_below(&home, &handed_over(&home)?)?;
        private(&home)
    }

    /// The same for one that was killed, which could not tidy up among its temporary files: they are searched and then removed.
    /// Returns how many there were.
    pub(super) fn look_at_killed(&mut self, killed: Outcome) -> Result<usize> {
        self.learn()?;
        let temporary = killed.home().join("tmp");
        let left = self.search.nothing_below(&temporary, &BTreeSet::new())?;
        for entry in fs::read_dir(&temporary)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            ensure!(name.starts_with("lifeboat-"), "{name} is not documented");
            ensure_mode(&entry.path(), 0o700)?;
            fs::remove_dir_all(entry.path())?;
        }
        self.look_at(killed)?;
        Ok(left)
    }

    /// What the last command left behind.
    pub(super) fn last(&self) -> Result<&Outcome> {
        self.last.as_ref().context("nothing was run")
    }

    /// What the last command told of its doings.
    pub(super) fn told(&self) -> Result<String> {
        self.told_by(self.last()?)
    }

    fn told_by(&self, outcome: &Outcome) -> Result<String> {
        let log = outcome.home().join(format!("log-{}", self.runs));
        Ok(if log.exists() {
            fs::read_to_string(log)?
        } else {
            outcome.stderr.clone()
        })
    }

    /// The access token of an administrator of the server, which is looked for from now on.
    pub(super) async fn admin_token(&mut self) -> Result<String> {
        let admin = self.account.homeserver.admin().await?;
        let token = admin.token().context("no token")?.to_owned();
        self.search.text("the administrator's token", &token)?;
        Ok(token)
    }

    /// Where the server keeps a secret of the account.
    pub(super) fn place_of(&self, secret: Secret) -> String {
        let (user, kind) = (segment(self.account.user_id.as_str()), secret.event_type());
        format!("/_matrix/client/v3/user/{user}/account_data/{kind}")
    }

    /// Takes the secrets that the server gave or got meanwhile.
    fn learn(&mut self) -> Result<()> {
        let log = self.proxy.log();
        self.proxy.clear();
        for exchange in log {
            if let Some(token) = exchange.token {
                self.search.text("an access token", &token)?;
            }
            let body: Value = serde_json::from_slice(&exchange.request_body).unwrap_or_default();
            for (field, name) in [
                ("client_secret", "the client secret of a mail"),
                ("new_password", "a password"),
            ] {
                if let Some(secret) = body[field].as_str() {
                    self.search.text(name, secret)?;
                }
            }
        }
        Ok(())
    }
}

/// The files in which secrets were handed over, or which were asked for by name to hold one.
fn handed_over(home: &Path) -> Result<BTreeSet<PathBuf>> {
    let is_one = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let given = name.starts_with(|it: char| it.is_ascii_digit()) && name.ends_with("-file");
        let asked_for = ["temporary.txt", "made.txt", "new-key.txt"].contains(&name.as_str());
        path.parent() == Some(home) && (given || asked_for)
    };
    Ok(files_below(home)?.into_iter().filter(is_one).collect())
}
