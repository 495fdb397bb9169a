//! What the book tells of Mira: a room that never reached the backup, a session that nobody verified, the way to a new
//! password without losing a message, an accident, a talk with the guide, and a call to the help desk.

mod afterwards;
mod desk;
mod guide;
mod mend;
mod reset;

use std::{collections::BTreeMap, fs::OpenOptions, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

use anyhow::{Context, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, Defect, History, TestAccount, Way},
    api::segment,
    lifeboat::{Lifeboat, Outcome, PROGRAM_VARIABLE},
    proxy::Proxy,
};
use serde_json::json;

use super::{neutral::Neutral, shown};

/// What Mira changes her password to.
const NEW: &str = "Correct-Horse-7-Staple";
/// What she changes it to when she talks with the guide.
const NEXT: &str = "Battery-9-Horse-Correct";
/// Her and her server, as the book calls them.
const ACCOUNT: &str = "@mira:example.org";
const SERVER: &str = "example.org";
/// Her, as the story writes its command lines.
const HER: &str = "@mira";

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
    story.prove_and_leave().await?;
    story.lose_and_restore().await?;
    story.talk_with_the_guide().await?;
    story.tidy_up().await?;
    story.call_the_desk().await?;
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
        neutral.name(account.homeserver.server_name.clone(), SERVER);
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

    fn recovery_key(&self) -> Result<&str> {
        self.account.recovery.text().context("a recovery key")
    }

    /// The home folder, in which every command runs and leaves its files.
    fn home(&self) -> Result<&Path> {
        Ok(self.last.as_ref().context("nothing was run before")?.home())
    }

    /// Runs `line` as it is typed, with true names in the place of `@mira` and of `example.org`, and keeps what it prints
    /// under `name`.
    async fn runs(&mut self, name: &str, line: &str, status: i32) -> Result<()> {
        let truly = |word: &str| match word {
            HER => self.account.user_id.to_string(),
            SERVER => self.account.homeserver.server_name.clone(),
            word => word.to_owned(),
        };
        let mut arguments: Vec<String> = line.split(' ').map(truly).collect();
        // A page of `prove` has the account in its file.
        let asks_server = line.contains(HER) || line.starts_with("prove") || line.starts_with("desk");
        if asks_server && !line.starts_with("util") {
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
        let typed = format!("lifeboat {}", line.replace(HER, ACCOUNT));
        let text = shown(&typed, &outcome.stdout);
        self.last = Some(outcome);
        self.keep(name, &text)
    }

    /// Keeps what was seen under `name`, without anything that is another in every run.
    fn keep(&mut self, name: &str, text: &str) -> Result<()> {
        let home = self.home()?.display().to_string();
        let text = self.neutral.of(&text.replace(&home, "~"));
        self.told.insert(name.to_owned(), text);
        Ok(())
    }

    fn write_secrets(&self, home: &Path) -> Result<()> {
        for (name, secret) in [
            ("password.txt", self.account.password.as_str()),
            ("key.txt", self.recovery_key()?),
            ("new.txt", NEW),
            ("passphrase.txt", "a passphrase for the key file"),
        ] {
            write_secret(&home.join(name), secret)?;
        }
        Ok(())
    }
}

/// Writes a new file that only its owner can read.
fn write_secret(file: &Path, secret: &str) -> Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    file.write_all(secret.as_bytes())?;
    Ok(())
}
