//! A reset while it runs: a line for each step that is done, a moving one for the step under way.

use std::{
    io::{self, IsTerminal},
    sync::Mutex,
};

use futures_util::future::BoxFuture;
use indicatif::{ProgressBar, ProgressStyle};
use lifeboat_report::Step;
use lifeboat_reset::{Asker, News, PageAnswer, route::account_page::AccountPage};
use secrecy::SecretString;

use super::{TICK, forecast::Lines, target};
use crate::{
    failure::Failure,
    resolve::Person,
    ui::{clean::clean_sentence, prompt},
};

/// Tells of a reset on stderr, and asks on the terminal where somebody sits.
#[derive(Debug)]
pub(crate) struct ResetVoice {
    bar: ProgressBar,
    person: Person,
    lines: Mutex<Option<Lines>>,
    told_of_waiting: Mutex<bool>,
}

impl ResetVoice {
    /// Begins.
    pub(crate) fn begin(person: Person) -> Self {
        let bar = ProgressBar::with_draw_target(None, target());
        bar.set_style(ProgressStyle::default_spinner());
        bar.enable_steady_tick(TICK);
        Self {
            bar,
            person,
            lines: Mutex::new(None),
            told_of_waiting: Mutex::new(false),
        }
    }

    /// Writes a line that stays.
    pub(crate) fn say(&self, line: &str) {
        let line = clean_sentence(line);
        if io::stderr().is_terminal() {
            self.bar.println(line);
        } else {
            self.bar.suspend(|| prompt::stderr_line(&line));
        }
    }

    fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> BoxFuture<'_, Option<T>> {
        if self.person == Person::Absent {
            return Box::pin(async { None });
        }
        self.bar.disable_steady_tick();
        Box::pin(async move {
            let answer = tokio::task::spawn_blocking(question).await;
            self.bar.enable_steady_tick(TICK);
            answer.ok().and_then(Result::ok)
        })
    }

    /// Shows these lines instead of those before, which disappear.
    fn show(&self, lines: Option<Lines>) {
        if let Ok(mut shown) = self.lines.lock() {
            *shown = lines;
        }
    }
}

impl Asker for ResetVoice {
    fn tell(&self, news: News<'_>) {
        match news {
            News::Begins(step) => self.bar.set_message(doing(step)),
            News::Done(step) => {
                self.show(None);
                self.say(&format!(" ✓ {}", done(step)));
            }
            News::MailAsked { attempt: 1 } => self.say(
                " The server was asked to send a mail. Open its link within an hour and press the button on the page: \
                 opening alone confirms nothing. Some servers say nothing when they do not know the address; if no \
                 mail comes, look into the spam folder and check the address.",
            ),
            News::MailAsked { .. } => {
                self.say(" The server was asked for another mail; the earlier link works as well.")
            }
            News::Waiting { left } => {
                let minutes = left.as_secs().div_ceil(60);
                self.bar
                    .set_message(format!("waiting for the link to be confirmed, {minutes} minutes left"));
                let first = self
                    .told_of_waiting
                    .lock()
                    .is_ok_and(|mut told| !std::mem::replace(&mut *told, true));
                if first {
                    let again = match self.person {
                        Person::Present => " Press r and Enter for another mail.",
                        Person::Absent => "",
                    };
                    self.say(&format!(" Waiting for the link to be confirmed.{again}"));
                }
            }
            News::RateLimited { wait } => {
                let seconds = wait.as_secs().max(1);
                self.say(&format!(
                    " The server asks to wait {seconds} seconds. Lifeboat goes on by itself then."
                ));
                self.bar.set_message("waiting as the server asks");
            }
            News::TriesAgain => self.say(" The server does not answer. Trying again."),
            News::FoundOut { changed: true } => self.say(" The server took the new password: it works."),
            News::FoundOut { changed: false } => {
                self.say(" The server did not take the new password: the old one is still the true one.");
            }
            News::RoomKeys(fetching) => self.show(Some(Lines::of_fetch(fetching))),
            News::History(reading) => self.show(Some(Lines::of_history(reading))),
            _ => {}
        }
    }

    fn another_recovery_key(&self, why: String) -> BoxFuture<'_, Option<SecretString>> {
        self.say(&format!(" {}", crate::failure::as_sentence(&why)));
        self.ask(|| prompt::ask_or_skip("Another recovery key or passphrase (Enter goes on without)"))
            .map_flat()
    }

    fn changed_on_page<'a>(&'a self, page: &'a AccountPage) -> BoxFuture<'a, PageAnswer> {
        self.say(&format!(" Open {} and change your password there:", page.url));
        for (number, line) in (1..).zip(page.when_known) {
            self.say(&format!("   {number}. {line}"));
        }
        self.say(" If you do not know the old password:");
        for (number, line) in (1..).zip(page.when_forgotten) {
            self.say(&format!("   {number}. {line}"));
        }
        let asked = self.ask(|| prompt::yes("Have you changed it?"));
        Box::pin(async {
            match asked.await {
                Some(true) => PageAnswer::Changed,
                _ => PageAnswer::Stop,
            }
        })
    }

    fn code_from_mail(&self) -> BoxFuture<'_, Option<SecretString>> {
        self.ask(|| prompt::ask_or_skip("The code from the mail (it is not shown)"))
            .map_flat()
    }
}

impl Drop for ResetVoice {
    fn drop(&mut self) {
        self.show(None);
        self.bar.finish_and_clear();
    }
}

/// An answer that may be missing twice over.
trait MapFlat<'a, T> {
    fn map_flat(self) -> BoxFuture<'a, Option<T>>;
}

impl<'a, T: Send + 'a> MapFlat<'a, T> for BoxFuture<'a, Option<Option<T>>> {
    fn map_flat(self) -> BoxFuture<'a, Option<T>> {
        Box::pin(async { self.await.flatten() })
    }
}

fn doing(step: &Step) -> &'static str {
    match step {
        Step::LookAgain => "looking once more",
        Step::AskForMail => "asking for the mail",
        Step::ChangePassword => "changing the password",
        Step::AwaitAccountPage => "waiting for the account page",
        Step::SignIn => "signing in with the new password",
        Step::Restore => "bringing keys back",
        Step::ProveHistory => "reading the history again",
        Step::EndSession(_) => "signing a session out",
        Step::TidyUp => "tidying up",
        Step::Leave => "leaving",
    }
}

fn done(step: &Step) -> String {
    match step {
        Step::LookAgain => "Nothing has changed since the check.".to_owned(),
        Step::AskForMail => "The mail is asked for.".to_owned(),
        Step::ChangePassword | Step::AwaitAccountPage => "The new password is set.".to_owned(),
        Step::SignIn => "Signed in with the new password.".to_owned(),
        Step::Restore => "Your keys are back.".to_owned(),
        Step::ProveHistory => "The history was read again.".to_owned(),
        Step::EndSession(device) => format!("The session {device} is signed out."),
        Step::TidyUp => "The sessions made on the way are signed out.".to_owned(),
        Step::Leave => "Lifeboat has signed out.".to_owned(),
    }
}
