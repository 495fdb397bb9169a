//! What the book tells of Mira: a room that never reached the backup, a session that nobody verified, the way to a new
//! password without losing a message, an accident, a talk with the guide, and a call to the help desk.

mod afterwards;
mod desk;
mod guide;
mod history;
mod mend;
mod reset;

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use anyhow::{Context, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, Defect, TestAccount, Way},
    api::segment,
    lifeboat::{Lifeboat, Outcome, PROGRAM_VARIABLE},
    proxy::Proxy,
};
use serde_json::json;

use super::{markup::Markup, neutral::Neutral, pictures::continued, shown};

/// What Mira changes her password to.
const NEW: &str = "Correct-Horse-7-Staple";
/// What she changes it to when she talks with the guide.
const NEXT: &str = "Battery-9-Horse-Correct";
/// Her and her server, as the book calls them.
const ACCOUNT: &str = "@mira:example.org";
const SERVER: &str = "example.org";
/// Her, as the story writes its command lines.
const HER: &str = "@mira";

/// What the book has of the story.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// What each command printed, by its name.
    pub(super) blocks: BTreeMap<String, String>,
    /// What the first check shows on a terminal, with its colours.
    pub(super) screen: String,
    /// The page of the same check.
    pub(super) page: String,
}

/// The story so far.
struct Story {
    account: TestAccount,
    proxy: Proxy,
    neutral: Neutral,
    /// The command before, whose home the next one has, too.
    last: Option<Outcome>,
    told: Told,
}

/// Goes through the whole story, and returns what was to be seen.
pub(super) async fn tell() -> Result<Told> {
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
        let account = AccountSpec::healthy(Way::Key)
            .history(history::WRITTEN)
            .dated(history::date)
            .with(Defect::RoomNotBackedUp)
            .with(Defect::UnverifiedSession)
            .build()
            .await?;
        for (room, name) in account.rooms.iter().zip(history::ROOMS) {
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
            told: Told::default(),
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
        let output = self.output_of(line, "", status).await?;
        self.keep(name, &shown(&typed(line), &output))
    }

    /// The same with colours, which the picture of the terminal has and the text under `name` has not; keeps both, and the
    /// page that the command wrote into `page`.
    async fn runs_in_colour(&mut self, name: &str, line: &str, page: &str, status: i32) -> Result<()> {
        let screen = self.output_of(line, " --color always", status).await?;
        self.keep(name, &shown(&typed(line), &Markup::of_screen(&screen).plain()))?;
        let screen = shown(&continued(&typed(line)), &screen);
        self.told.screen = Markup::of_screen(&screen).neutral(&self.neutral)?;
        let page = fs::read_to_string(self.home()?.join(page))?;
        self.told.page = Markup::of_page(&page).neutral(&self.neutral)?;
        Ok(())
    }

    /// Runs `line` with `more` behind it, and returns what it prints.
    async fn output_of(&mut self, line: &str, more: &str, status: i32) -> Result<String> {
        let truly = |word: &str| match word {
            HER => self.account.user_id.to_string(),
            SERVER => self.account.homeserver.server_name.clone(),
            word => word.to_owned(),
        };
        let mut arguments: Vec<String> = line.split(' ').map(truly).collect();
        // The configuration says where her account is, and nothing of whom a help desk asks.
        if line.starts_with("desk") {
            arguments.extend(["--homeserver".to_owned(), self.proxy.base_url()]);
        }
        // Both streams in one, as on a terminal.
        let program = std::env::var(PROGRAM_VARIABLE)?;
        let both = format!("exec {program} {}{more} 2>&1", arguments.join(" "));
        let arguments = ["-c", &both];
        let shell = Path::new("/bin/sh");
        let command = match self.last.take() {
            Some(outcome) => outcome.then_of(shell, arguments)?,
            None => {
                let command = Lifeboat::of(shell, arguments)?;
                self.write_secrets(command.home())?;
                self.write_config(command.home())?;
                command
            }
        };
        let outcome = command.run().await?;
        ensure!(outcome.code()? == status, "{line}: not {status}: {outcome}");
        let output = outcome.stdout.clone();
        self.last = Some(outcome);
        Ok(output)
    }

    /// Keeps what was seen under `name`, without anything that is another in every run.
    fn keep(&mut self, name: &str, text: &str) -> Result<()> {
        let home = self.home()?.display().to_string();
        let text = self.neutral.of(&text.replace(&home, "~"));
        self.told.blocks.insert(name.to_owned(), text);
        Ok(())
    }

    /// Says where the account is: the tests' server is not found by its name, as others are.
    fn write_config(&self, home: &Path) -> Result<()> {
        let folder = home.join("config/lifeboat");
        fs::create_dir_all(&folder)?;
        let (user, homeserver) = (&self.account.user_id, self.proxy.base_url());
        let text = format!("[accounts.\"{user}\"]\nhomeserver = \"{homeserver}\"\n");
        Ok(fs::write(folder.join("config.toml"), text)?)
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

/// A command line as Mira types it.
fn typed(line: &str) -> String {
    format!("lifeboat {}", line.replace(HER, ACCOUNT))
}

/// Writes a new file that only its owner can read.
fn write_secret(file: &Path, secret: &str) -> Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    file.write_all(secret.as_bytes())?;
    Ok(())
}
