//! Does what the conversation says: shows its screens, asks its questions, and works with the functions of the commands.
//!
//! One session serves the whole conversation, from the check to the request for the new password: servers lock an address
//! out after a few sign-ins.

mod entry;
mod live;
mod look;
mod mend;
mod reset;

use lifeboat_preflight::{Checked, FreshKey, Homeserver, OwnSession, ruma::OwnedUserId};
use lifeboat_report::Fate;
use lifeboat_reset::{AccountLock, Journal};
use secrecy::SecretString;

use super::{
    Choice, Ending, Heard, Outcome, Step, Trip,
    bookmark::Bookmark,
    flow,
    screen::{self, Ask},
};
use crate::{
    advice::CommandLine,
    args::{AccountArgs, SignInArgs},
    candidates::Typed,
    commands::{
        alone::{alone, alone_if_possible},
        reset::owed::unusable,
        runtime,
    },
    config::Config,
    exit::Exit,
    failure::Failure,
    resolve::{self, Entry, Person, SignIn, parse_user},
    session::{self, Errand, asked, leave},
    signals::{Stops, Wish},
    state,
    ui::{clean::clean_sentence, console::Console, page::Page, prompt, time},
};

/// Runs the conversation to its end.
pub(crate) fn run(config: Config, console: &mut Console) -> Result<Exit, Failure> {
    let runtime = runtime()?;
    let ended = runtime.block_on(async { Guide::begin(config, console)?.talk().await });
    // A thread that still waits for the terminal may not hold up the end.
    runtime.shutdown_background();
    ended
}

/// A conversation under way: what is known, and what of it is secret.
struct Guide<'a> {
    console: &'a mut Console,
    config: Config,
    stops: Stops,
    trip: Trip,
    user: Option<OwnedUserId>,
    /// Keeps other runs out of the account for the whole conversation. `None`: no account is named yet, or nobody can write
    /// into its folder.
    alone: Option<AccountLock>,
    homeserver: Option<Homeserver>,
    session: Option<OwnSession>,
    /// How Lifeboat signed in, or would.
    sign_in: SignIn,
    /// How it would in a browser, where the server offers that.
    in_browser: Option<SignIn>,
    /// The password that let Lifeboat in.
    password: Option<SecretString>,
    /// The recovery keys that were typed, the last one last.
    keys: Vec<Typed>,
    /// A storage key that was made, and whose recovery key its owner has.
    fresh: Option<FreshKey>,
    checked: Option<Checked>,
    first: Step,
}

impl<'a> Guide<'a> {
    fn begin(config: Config, console: &'a mut Console) -> Result<Self, Failure> {
        let (first, trip) = match Bookmark::newest() {
            Some(bookmark) => (Step::TakeUp, bookmark.take_up()),
            None => (Step::Account, Trip::default()),
        };
        Ok(Self {
            console,
            config,
            stops: Stops::listen()?,
            trip,
            user: None,
            alone: None,
            homeserver: None,
            session: None,
            sign_in: SignIn::Nobody,
            in_browser: None,
            password: None,
            keys: Vec::new(),
            fresh: None,
            checked: None,
            first,
        })
    }

    async fn talk(mut self) -> Result<Exit, Failure> {
        let mut step = self.first.clone();
        loop {
            if let Step::End(ending) = step {
                return self.end(ending).await;
            }
            if step == Step::Discover {
                // Nobody is signed in yet, and there is nothing to talk about.
                self.take_account()?;
            }
            let heard = match self.perform(&step).await {
                Ok(heard) => heard,
                Err(failure) => self.after(&step, &failure),
            };
            step = flow::next(step, heard, &mut self.trip);
            self.mark();
        }
    }

    /// Takes the account that was named, before any server is asked: the conversation begins by looking.
    ///
    /// # Errors
    ///
    /// Another run works on it; or what is written down of its resets cannot be used, and one may have to be finished.
    fn take_account(&mut self) -> Result<(), Failure> {
        // What is no user id is said at the step itself.
        let Some(user) = self.trip.account.as_deref().and_then(|it| parse_user(it).ok()) else {
            return Ok(());
        };
        if self.alone.is_none() || self.user.as_ref() != Some(&user) {
            // The account that was named before is free again.
            self.alone = None;
            self.alone = alone_if_possible(&user)?;
            self.user = Some(user);
        }
        if let Some(folder) = self.folder() {
            let resets = folder.join("resets");
            Journal::find(&resets).map_err(|error| unusable(error, &resets))?;
        }
        Ok(())
    }

    /// Makes sure that what follows can be written down, before anything is changed: whoever only looks can do without.
    fn ensure_alone(&mut self) -> Result<(), Failure> {
        if self.alone.as_ref().is_some_and(AccountLock::is_writable) {
            return Ok(());
        }
        let user = self.user.clone().ok_or_else(session::own_mistake)?;
        // A lock that was taken to look would be in its own way.
        self.alone = None;
        match alone(&user) {
            Ok(lock) => {
                self.alone = Some(lock);
                Ok(())
            }
            Err(failure) => {
                self.alone = alone_if_possible(&user)?;
                Err(failure)
            }
        }
    }

    /// Shows the step's screen, then asks or works.
    async fn perform(&mut self, step: &Step) -> Result<Heard, Failure> {
        if *step == Step::Route && self.trip.routes().is_empty() {
            self.write_letter();
        }
        let screen = screen::of(step, &self.trip, self.console.width());
        self.console.show(&screen.text)?;
        if let Ask::Choice { question, options } = screen.ask {
            return self.choose(question, options).await.map(Heard::Chose);
        }
        match step {
            Step::Account => self.account(screen.ask).await,
            Step::Server => self.server(screen.ask).await,
            Step::Discover => self.discover().await,
            Step::SignIn(entrance) => self.sign_in(*entrance).await,
            Step::RecoveryKey => self.recovery_key().await,
            Step::Check => self.check().await,
            Step::Details => self.details(),
            Step::Mend(fix) => self.mend(fix).await,
            Step::Reset => self.reset().await,
            Step::Resume => self.resume().await,
            _ => Ok(Heard::Done),
        }
    }

    async fn choose(&mut self, question: String, options: Vec<(Choice, String)>) -> Result<Choice, Failure> {
        let (choices, words): (Vec<Choice>, Vec<String>) = options.into_iter().unzip();
        let place = asked(&mut self.stops, move || prompt::choose(&question, &words)).await?;
        choices.get(place).copied().ok_or_else(session::own_mistake)
    }

    async fn line(&mut self, ask: &Ask) -> Result<String, Failure> {
        let Ask::Line(question) = ask else {
            return Err(session::own_mistake());
        };
        let question = question.clone();
        asked(&mut self.stops, move || prompt::line(&question)).await
    }

    /// Tells why something was not done, and what that means for the conversation.
    fn after(&mut self, step: &Step, failure: &Failure) -> Heard {
        match &*failure.wrong {
            prompt::STOPPED => Heard::Stop,
            // Ctrl-C at a question is a key like others: this was a signal from elsewhere.
            session::NOTHING_CHANGED if step.is_question() => Heard::Gone,
            session::NOTHING_CHANGED => Heard::Stop,
            _ => {
                self.tell(failure);
                Heard::Failed
            }
        }
    }

    fn tell(&mut self, failure: &Failure) {
        let mut page = Page::new(self.console.width());
        page.line("");
        page.paragraph(" ! ", &in_conversation(failure));
        // Without stdout the next question fails as well.
        let _ = self.console.show(&page.finish());
    }

    fn say(&mut self, sentence: &str) -> Result<(), Failure> {
        let mut page = Page::new(self.console.width());
        page.paragraph(" ", &clean_sentence(sentence));
        self.console.show(&page.finish())
    }

    /// Writes down where the conversation is.
    fn mark(&self) {
        let bookmark = Bookmark::of(&self.trip, time::now());
        if let (Some(bookmark), Some(folder)) = (bookmark, self.folder()) {
            bookmark.write(&folder);
        }
    }

    fn folder(&self) -> Option<std::path::PathBuf> {
        state::folder_of(self.user.as_ref()?)
    }

    fn entry(&self, sign_in: SignIn) -> Result<Entry, Failure> {
        let user = self.user.as_ref().ok_or_else(session::own_mistake)?;
        let account = AccountArgs {
            homeserver: self.trip.homeserver.clone(),
            config: self.config.clone(),
            ..AccountArgs::default()
        };
        let entry = resolve::entry(user.as_str(), account, SignInArgs::default(), Person::Present)?;
        Ok(Entry { sign_in, ..entry })
    }

    fn command_line(&self) -> Result<CommandLine, Failure> {
        Ok(self.entry(SignIn::Prompt)?.command_line())
    }

    fn homeserver(&self) -> Result<Homeserver, Failure> {
        self.homeserver.clone().ok_or_else(session::own_mistake)
    }

    /// Returns the typed keys that are worth trying.
    fn secrets(&self) -> Vec<SecretString> {
        let plausible = self.keys.iter().filter(|it| it.is_plausible());
        plausible.map(|it| it.text.clone()).collect()
    }

    /// Signs out, and keeps or removes the bookmark.
    async fn end(mut self, ending: Ending) -> Result<Exit, Failure> {
        let folder = self.folder();
        if let Some(session) = self.session.take() {
            leave(session, Errand::Guide, Wish::GoOn, &mut self.stops, self.console).await?;
        }
        match (ending, folder) {
            (Ending::Done, Some(folder)) => Bookmark::remove(&folder),
            (Ending::Left, Some(_)) => {
                self.mark();
                self.say("Goodbye for now. Run `lifeboat` to go on from here.")?;
            }
            (_, None) => {}
        }
        Ok(match (ending, self.trip.outcome, &self.trip.report) {
            (Ending::Left, _, _) if self.trip.is_stranded() => Exit::Stranded,
            (Ending::Left, _, _) => Exit::Interrupted,
            (Ending::Done, Some(Outcome::Proven), _) => Exit::Done,
            (Ending::Done, Some(Outcome::Incomplete), _) => Exit::Incomplete,
            (Ending::Done, None, Some(report)) => report.verdict.of(Fate::SessionsEnded).into(),
            (Ending::Done, None, None) => Exit::Done,
        })
    }
}

/// The two sentences of a failure, without what is said to those who type whole commands.
fn in_conversation(failure: &Failure) -> String {
    let of_commands = |it: &&str| {
        !["--", "`", "Run the", "run the", "lifeboat "]
            .iter()
            .any(|word| it.contains(word))
    };
    let hint: Vec<&str> = failure.hint.split_inclusive(". ").filter(of_commands).collect();
    clean_sentence(format!("{} {}", failure.wrong, hint.concat()).trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_no_part_of_a_conversation() {
        let failure = Failure::failed(
            "The password is not accepted.",
            "Type it again, or check it where it still works. Give an access token with --access-token-file.",
        );
        assert_eq!(
            in_conversation(&failure),
            "The password is not accepted. Type it again, or check it where it still works."
        );
        let failure = Failure::failed("It ended.", "Run the command again.");
        assert_eq!(in_conversation(&failure), "It ended.");
    }
}
