//! What the book tells of Mira: a room that never reached the backup, a session that nobody verified, and the way to a new
//! password without losing a message.

use std::{
    collections::BTreeMap,
    fs::OpenOptions,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use anyhow::{Context, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, Defect, History, TestAccount, Way},
    api::segment,
    lifeboat::{Lifeboat, Outcome, PROGRAM_VARIABLE},
    proxy::{Fault, Proxy, Reply},
    session::Session,
};
use matrix_sdk::reqwest::Method;
use serde_json::json;

use super::{neutral::Neutral, shown};

const NEW: &str = "Correct-Horse-7-Staple";
const ACCOUNT: &str = "@mira:example.org";

/// The story so far.
struct Story {
    account: TestAccount,
    proxy: Proxy,
    neutral: Neutral,
    /// The command before, whose home the next one has, too.
    last: Option<Outcome>,
    told: BTreeMap<String, String>,
}

/// Goes through the whole story, and returns what each command printed.
pub(super) async fn tell() -> Result<BTreeMap<String, String>> {
    let mut story = Story::begin().await?;
    let unknown = story.session(2)?;
    story.look().await?;
    story.save_and_mend(&unknown).await?;
    story.reset().await?;
    story.afterwards().await?;
    Ok(story.told)
}

impl Story {
    async fn begin() -> Result<Self> {
        let history = History {
            rooms: 3,
            messages_each: 6,
            messages_per_key: 4,
        };
        let account = AccountSpec::healthy(Way::Key)
            .history(history)
            .with(Defect::RoomNotBackedUp)
            .with(Defect::UnverifiedSession)
            .build()
            .await?;
        for (room, name) in account.rooms.iter().zip(["Family", "Work", "Hiking 2026"]) {
            let path = format!(
                "/_matrix/client/v3/rooms/{}/state/m.room.name",
                segment(room.room_id.as_str())
            );
            account.api()?.put(&path, &json!({"name": name})).await?;
        }
        let proxy = Proxy::start(&account.homeserver.base_url).await?;
        let mut neutral = Neutral::default();
        neutral.name(account.user_id.as_str(), ACCOUNT);
        neutral.name(proxy.base_url(), "https://matrix.example.org");
        neutral.name(account.homeserver.base_url.clone(), "https://matrix.example.org");
        neutral.name(account.homeserver.server_name.clone(), "example.org");
        neutral.name(account.localpart(), "mira");
        neutral.name("127.0.0.1", "matrix.example.org");
        for (number, session) in account.sessions.iter().enumerate() {
            let name = ["LAPTOP0001", "PHONE00001", "OLDPHONE01"]
                .get(number)
                .copied()
                .context("a name")?;
            neutral.name(session.device_id().as_str(), name);
        }
        Ok(Self {
            account,
            proxy,
            neutral,
            last: None,
            told: BTreeMap::new(),
        })
    }

    fn session(&self, number: usize) -> Result<String> {
        let session = self.account.sessions.get(number).context("a session")?;
        Ok(session.device_id().to_string())
    }

    /// Runs `line` as Mira types it, with her user id in the place of `@mira`, and keeps what it prints under `name`.
    async fn runs(&mut self, name: &str, line: &str, status: i32) -> Result<()> {
        let mut arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let online = arguments.iter().position(|it| it == "@mira");
        if let Some(place) = online {
            arguments[place] = self.account.user_id.to_string();
        }
        // A page of `prove` has the account in its file.
        if online.is_some() || line.starts_with("prove") {
            arguments.extend(["--homeserver".to_owned(), self.proxy.base_url()]);
        }
        // Both streams in one, as on a terminal.
        let program = std::env::var(PROGRAM_VARIABLE)?;
        let both = format!("exec {program} {} 2>&1", arguments.join(" "));
        let arguments = ["-c", &both];
        let shell = Path::new("/bin/sh");
        let command = match self.last.take() {
            Some(outcome) => outcome.then_of(shell, arguments)?,
            None => {
                let command = Lifeboat::of(shell, arguments)?;
                self.write_secrets(command.home())?;
                command
            }
        };
        let outcome = command.run().await?;
        ensure!(outcome.code()? == status, "{line}: not {status}: {outcome}");
        let typed = format!("lifeboat {}", line.replace("@mira", ACCOUNT));
        let text = self.neutral.of(&shown(&typed, &outcome));
        let home = outcome.home().display().to_string();
        self.told.insert(name.to_owned(), text.replace(&home, "~"));
        self.last = Some(outcome);
        Ok(())
    }

    fn write_secrets(&self, home: &Path) -> Result<()> {
        let key = self.account.recovery.text().context("a recovery key")?;
        for (name, secret) in [
            ("password.txt", self.account.password.as_str()),
            ("key.txt", key),
            ("new.txt", NEW),
            ("passphrase.txt", "a passphrase for the key file"),
        ] {
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(home.join(name))?;
            file.write_all(secret.as_bytes())?;
        }
        Ok(())
    }

    async fn look(&mut self) -> Result<()> {
        let with_key = "--password-file password.txt --recovery-key-file key.txt";
        let line = format!("check @mira {with_key} --status-file before.json");
        self.runs("check", &line, 10).await?;
        self.runs("try-key", &format!("try-key @mira {with_key}"), 0).await?;
        let line = "report before.json --html before.html";
        self.runs("report-page", line, 0).await
    }

    async fn save_and_mend(&mut self, unknown: &str) -> Result<()> {
        let with_key = "--password-file password.txt --recovery-key-file key.txt";
        let line = "ark save @mira mira.ark --password-file password.txt";
        self.runs("ark-save", line, 0).await?;
        let line = "ark verify mira.ark --recovery-key-file key.txt";
        self.runs("ark-verify", line, 0).await?;
        // Of two that have the keys, nobody knows which one answers first: the phone is switched off for a while.
        self.account.sessions.get(1).context("a phone")?.stop();
        let line = format!("rescue @mira {with_key} --ark before-rescue.ark");
        self.runs("rescue", &line, 0).await?;
        self.account.sessions.get(1).context("a phone")?.start();
        let line = format!("repair @mira {with_key} --sign-session {unknown} --ark before-repair.ark --yes");
        self.runs("repair", &line, 0).await?;
        let line = format!("export-keys @mira keys.txt {with_key} --passphrase-file passphrase.txt");
        self.runs("export-keys", &line, 0).await?;
        let line = format!("verify @mira {with_key}");
        self.runs("verify", &line, 0).await
    }

    /// The new sign-in is put off by the server's limits; then the reset is finished.
    async fn reset(&mut self) -> Result<()> {
        let files = "--password-file password.txt --new-password-file new.txt --recovery-key-file key.txt";
        let line = format!("reset @mira {files} --route old-password --stay --dry-run");
        self.runs("reset-plan", &line, 0).await?;
        let changed = AtomicBool::new(false);
        self.proxy.intercept(move |it| {
            changed.fetch_or(it.is(&Method::POST, "/account/password"), Ordering::SeqCst);
            let limited = Reply::error(429, "M_LIMIT_EXCEEDED", "Too Many Requests").header("Retry-After", "3600");
            let again = changed.load(Ordering::SeqCst) && it.is(&Method::POST, "/v3/login");
            again.then_some(Fault::Answer(limited))
        });
        let line = format!("reset @mira {files} --route old-password --stay --yes");
        self.runs("reset-cut", &line, 20).await?;
        self.proxy.let_through();
        let files = "--old-password-file password.txt --new-password-file new.txt --recovery-key-file key.txt";
        self.runs("resume", &format!("resume @mira {files}"), 0).await
    }

    async fn afterwards(&mut self) -> Result<()> {
        ensure!(
            self.account.sessions.iter().all(Session::runs),
            "a session was signed out"
        );
        self.runs("leave", "leave @mira", 0).await?;
        let with_key = "--password-file new.txt --recovery-key-file key.txt";
        self.runs("prove", &format!("prove before.json {with_key}"), 0).await?;
        let line = format!("check @mira {with_key} --status-file after.json");
        self.runs("check-after", &line, 0).await?;
        self.runs("compare", "report before.json after.json", 0).await
    }
}
