//! Every example of the help, typed on a terminal by somebody who has the files that it names: it does what it is for, or asks
//! for what a person has to add, and Ctrl-C ends it there.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use anyhow::{Context as _, Result, bail, ensure};
use lifeboat_tests::{
    account::{AccountSpec, TestAccount, Way},
    lifeboat::{
        Lifeboat, Outcome,
        terminal::{CTRL_C, TerminalSpec},
    },
    wait::until,
};

use crate::{
    ark::{ark_of, save},
    live::end_what_is_left_behind,
    reset::{SHORT, change_on_page, who_at, with_secrets},
};

/// Who and where the examples are.
const USER: &str = "@mira:example.org";
const SERVER: &str = "example.org";
const NEW: &str = "New-Password-2";
const PASSPHRASE: &str = "a passphrase for the key file";

/// The examples below a command, itself included: what `--help` shows behind two blanks.
async fn examples(command: &[String]) -> Result<Vec<String>> {
    let help = Lifeboat::new(command)?.arg("--help").run().await?.stdout;
    let mut found = Vec::new();
    if let Some((_, text)) = help.split_once("Examples:\n") {
        let text = text.replace("\\\n      ", "");
        let lines = text.lines().take_while(|it| !it.is_empty());
        found.extend(lines.filter_map(|it| it.strip_prefix("  lifeboat ").map(str::to_owned)));
    }
    if let Some((_, text)) = help.split_once("Commands:\n") {
        for line in text.lines().take_while(|it| it.starts_with("  ")) {
            let name = line.split_whitespace().next().context("a command without a name")?;
            if name != "help" {
                let below = [command, &[name.to_owned()]].concat();
                found.extend(Box::pin(examples(&below)).await?);
            }
        }
    }
    Ok(found)
}

/// Somebody who has everything that an example can name.
struct Person {
    account: TestAccount,
    admin_token: String,
    /// A healthy check, an exported key file and an ark, each in the home of the run that made it.
    checked: Outcome,
    exported: Outcome,
    saved: Outcome,
}

impl Person {
    async fn prepare() -> Result<Self> {
        let account = AccountSpec::healthy(Way::Key).history(SHORT).build().await?;
        let admin = account.homeserver.admin().await?;
        let url = &account.homeserver.base_url;
        let begin = |words: &[&str]| -> Result<Lifeboat> {
            let at = [words, &["--homeserver", url]].concat();
            Lifeboat::new(at)?.secret("--password-file", &account.password)
        };
        let (user, key) = (account.user_id.as_str(), account.recovery.text().context("no key")?);
        let check = begin(&["check", user, "--status-file", "status.json"])?;
        let checked = check.secret("--recovery-key-file", key)?.run().await?;
        ensure!(checked.code()? == 0, "{checked}");
        let export = begin(&["export-keys", user, "keys.txt"])?.secret("--recovery-key-file", key)?;
        let exported = export.secret("--passphrase-file", PASSPHRASE)?.run().await?;
        ensure!(exported.code()? == 0, "{exported}");
        let saved = save(&account)?.run().await?;
        ensure!(saved.code()? == 0, "{saved}");
        Ok(Self {
            admin_token: admin.token().context("no token")?.to_owned(),
            account,
            checked,
            exported,
            saved,
        })
    }

    /// Does what has to have happened before, and returns the home in which that was.
    async fn earlier(&self, words: &[&str]) -> Result<Outcome> {
        let (account, url) = (&self.account, &self.account.homeserver.base_url);
        let (user, key) = (account.user_id.as_str(), account.recovery.text().context("no key")?);
        let earlier = match words {
            // It is finished, an administrator's with a letter.
            ["resume", _, "--admin-token-file", ..] => {
                let reset = Lifeboat::new(["desk", "reset", user, "--homeserver", url])?;
                let reset = reset.args(["--yes", "--accept-cautions", "--temporary-password-file", "mira.txt"]);
                let reset = reset.secret("--admin-token-file", &self.admin_token)?;
                reset.env("LIFEBOAT_TEST_KILL_AT", "6").run().await?
            }
            ["resume", ..] => {
                let reset = Lifeboat::new(who_at("reset", account, url))?.arg("--yes");
                let reset = with_secrets(reset, account, &account.password, NEW)?;
                reset.env("LIFEBOAT_TEST_KILL_AT", "6").run().await?
            }
            // A session is kept.
            ["leave", ..] | ["export-keys", _, _, "--session-only"] => {
                let verify = Lifeboat::new(["verify", user, "--homeserver", url, "--keep-session"])?;
                let verify = verify.secret("--password-file", &account.password)?;
                verify.secret("--recovery-key-file", key)?.run().await?
            }
            _ => Lifeboat::new(["--version"])?.run().await?,
        };
        let config = earlier.home().join("config/lifeboat");
        fs::create_dir_all(&config)?;
        fs::write(
            config.join("config.toml"),
            format!("[accounts.\"{user}\"]\nhomeserver = \"{url}\"\n"),
        )?;
        Ok(earlier)
    }

    /// Puts the files into `home` that these words name as something to be read.
    fn files(&self, home: &Path, words: &[&str]) -> Result<()> {
        let account = &self.account;
        let key = account.recovery.text().context("no key")?;
        for (before, word) in words.iter().zip(words.iter().skip(1)) {
            let text = match *before {
                "--password-file" => &account.password,
                "--recovery-key-file" => key,
                "--new-password-file" => NEW,
                "--passphrase-file" => PASSPHRASE,
                "--admin-token-file" => &self.admin_token,
                "--users" => account.user_id.as_str(),
                "--letter-template" => "The password of {account} is in another letter.",
                _ => continue,
            };
            fs::write(home.join(word), text)?;
            fs::set_permissions(home.join(word), fs::Permissions::from_mode(0o600))?;
        }
        let status = self.checked.home().join("status.json");
        let ark = ark_of(&self.saved);
        let keys = self.exported.home().join("keys.txt");
        let copies: &[(&str, &Path)] = match words {
            ["report" | "prove", ..] | ["check", "--from", ..] => &[
                ("status.json", &status),
                ("before.json", &status),
                ("after.json", &status),
            ],
            ["ark", "verify" | "show" | "restore", ..] => &[("mira.ark", &ark)],
            ["rescue", ..] => &[("element-keys.txt", &keys)],
            _ => &[],
        };
        for (name, original) in copies {
            fs::copy(original, home.join(name))?;
        }
        Ok(())
    }

    /// Gives the account the password back that the files hold, and ends what was left behind.
    async fn tidy(&self) -> Result<()> {
        let (account, admin) = (&self.account, self.account.homeserver.admin().await?);
        change_on_page(&admin, account, &account.password).await?;
        end_what_is_left_behind(account).await
    }

    /// Types it, until it ends or wants to know something.
    async fn types(&self, example: &str) -> Result<()> {
        let words: Vec<&str> = example.split_whitespace().collect();
        let earlier = self.earlier(&words).await?;
        self.files(earlier.home(), &words)?;
        let mut line = example.replace(USER, self.account.user_id.as_str());
        if words.starts_with(&["desk", "audit"]) {
            line = line.replace(SERVER, self.account.user_id.server_name().as_str());
            line = format!("{line} --homeserver {}", self.account.homeserver.base_url);
        }
        let mut terminal = TerminalSpec::new(&line).after(earlier).start()?;
        let asks = until("the end, or a question", async || {
            let screen = terminal.screen();
            let last = screen
                .lines()
                .rev()
                .find(|it| !it.trim().is_empty())
                .unwrap_or_default();
            let asks = last.trim_end().ends_with(':') || last.contains("(yes or no)") || last.contains("[arrow keys");
            Ok((asks || !terminal.runs()?).then_some(asks))
        });
        if asks.await.with_context(|| line.clone())? && terminal.runs()? {
            terminal.types(CTRL_C)?;
        }
        let outcome = terminal.ended().await?;
        let code = outcome.code()?;
        ensure!([0, 10, 11, 130].contains(&code), "lifeboat {line}\n{outcome}");
        ensure!(!outcome.stderr.contains("panicked"), "lifeboat {line}\n{outcome}");
        Ok(())
    }
}

#[tokio::test]
async fn each_of_them_does_what_it_is_for_or_asks() -> Result<()> {
    let person = Person::prepare().await?;
    let found = examples(&[]).await?;
    ensure!(found.len() > 40, "{found:#?}");
    let mut wrong = Vec::new();
    for example in &found {
        if let Err(error) = person.types(example).await {
            wrong.push(format!("{error:?}"));
        }
        person.tidy().await?;
    }
    if !wrong.is_empty() {
        bail!("{} of {}:\n\n{}", wrong.len(), found.len(), wrong.join("\n\n"));
    }
    Ok(())
}
