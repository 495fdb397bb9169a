//! A reset while it runs: a line for each step that is done, a moving one for the step under way.

#[cfg(test)]
mod tests;

use std::{
    io::{self, IsTerminal},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use indicatif::{MultiProgress, ProgressBar};
use lifeboat_preflight::{Shown, Waiting};
use lifeboat_report::{Plan, Route, Step};
use lifeboat_reset::{
    Asker, ComeBack, EndedBy, News, PageAnswer, PageLook, TruePassword, route::account_page::AccountPage,
};
use secrecy::SecretString;

use super::{
    TICK,
    forecast::{Lines, place},
    unseen,
    waiting::telling,
};
use crate::{
    failure::Failure,
    resolve::{Browser, Person},
    session,
    ui::{
        clean::clean_sentence,
        page::Page,
        prompt::{self, TerminalMode, Unseen},
    },
};

/// Tells of a reset on stderr, and asks on the terminal where somebody sits.
#[derive(Debug)]
pub(crate) struct ResetVoice {
    all: MultiProgress,
    bar: ProgressBar,
    person: Person,
    lines: Mutex<Option<Lines>>,
    told_of_waiting: Mutex<bool>,
    plan: Plan,
    under_way: Mutex<Option<Step>>,
    asking: Arc<AtomicBool>,
    unseen: Mutex<Option<Unseen>>,
    browser: Browser,
    come_back: ComeBack,
}

impl ResetVoice {
    /// Begins.
    pub(crate) fn begin(person: Person, browser: Browser, come_back: ComeBack, plan: Plan) -> Self {
        let all = place();
        let bar = all.add(ProgressBar::new_spinner());
        bar.enable_steady_tick(TICK);
        Self {
            all,
            bar,
            person,
            lines: Mutex::new(None),
            told_of_waiting: Mutex::new(false),
            plan,
            under_way: Mutex::new(None),
            asking: Arc::default(),
            unseen: Mutex::new(unseen()),
            browser,
            come_back,
        }
    }

    /// Writes a line that stays.
    pub(crate) fn say(&self, line: &str) {
        if io::stderr().is_terminal() {
            let width = terminal_size::terminal_size_of(io::stderr()).map_or(80, |(width, _)| usize::from(width.0));
            // When stderr is gone there is nobody left to tell.
            let _ = self.all.println(wrapped(line, width).trim_end_matches('\n'));
        } else {
            let (begin, words) = begin_and_words(line);
            self.all.suspend(|| prompt::stderr_line(&format!("{begin}{words}")));
        }
    }

    /// Asks, after a first Ctrl-C, whether to stop here; says what is done and what is not.
    pub(crate) fn ask_whether_to_stop(&self) {
        let under_way = self.under_way.lock().ok().and_then(|it| it.clone());
        let at = under_way.and_then(|it| self.plan.steps.iter().position(|step| *step == it));
        let (before, after) = self.plan.steps.split_at(at.unwrap_or(0));
        let list = |steps: &[Step]| match steps {
            [] => "nothing".to_owned(),
            steps => steps.iter().map(doing).collect::<Vec<_>>().join(", "),
        };
        let (now, later) = after
            .split_first()
            .map_or(("nothing", after), |(now, later)| (doing(now), later));
        self.say(" Stop here? Nothing is lost: `lifeboat resume` goes on from here.");
        self.say(&format!("   Done: {}.", list(before)));
        self.say(&format!("   Under way: {now}."));
        self.say(&format!("   Not done yet: {}.", list(later)));
        self.say(" Press Ctrl-C once more to stop; otherwise it goes on.");
    }

    fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> BoxFuture<'_, Option<T>> {
        if self.person == Person::Absent {
            return Box::pin(async { None });
        }
        self.bar.disable_steady_tick();
        // The question begins on a line of its own; if it cannot, it can be read all the same.
        let _ = self.all.clear();
        self.asking.store(true, Ordering::SeqCst);
        self.see(None);
        let abandoned = Abandoned {
            voice: self,
            mode: Some(TerminalMode::remember()),
        };
        Box::pin(async move {
            let mut abandoned = abandoned;
            let answer = tokio::task::spawn_blocking(question).await;
            abandoned.mode = None;
            answer.ok().and_then(Result::ok)
        })
    }

    /// Tells, while it is true, that what is typed answers a question.
    pub(crate) fn asking(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.asking)
    }

    /// What is typed is seen from now on, or is not.
    fn see(&self, unseen: Option<Unseen>) {
        if let Ok(mut now) = self.unseen.lock() {
            *now = unseen;
        }
    }

    /// Shows these lines below that of the step instead of those before, which disappear.
    fn show(&self, lines: Option<Lines>) {
        if let Ok(mut shown) = self.lines.lock() {
            *shown = lines;
        }
    }
}

impl Asker for ResetVoice {
    fn tell(&self, news: News<'_>) {
        match news {
            News::Begins(step) => {
                if let Ok(mut under_way) = self.under_way.lock() {
                    *under_way = Some(step.clone());
                }
                self.bar.set_message(doing(step));
            }
            News::Unchanged => self.say(" ✓ Nothing has changed since the check."),
            News::CannotLook => {
                self.say(" Nobody is signed in who could see whether something has changed since the check.");
            }
            // What was there to be seen was said.
            News::Done(Step::LookAgain) if self.plan.route == Route::SynapseAdmin => self.say(" ✓ The account exists."),
            News::Done(Step::LookAgain) => {}
            News::Done(Step::EndSession(_)) => self.show(None),
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
            News::Waiting { left, another_in } => {
                self.bar.set_message(waiting(left, another_in));
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
            }
            News::StillLimited { left } => self
                .bar
                .set_message(format!("waiting as the server asks, {} s left", left.as_secs() + 1)),
            News::MailLater { left } => self.say(&format!(
                " It is too early for another mail. Press r and Enter again in {} seconds; the link you have works.",
                left.as_secs() + 1
            )),
            News::WrongCode => self.say(" That is not the code from the mail, or it is too old."),
            News::NotOnPageYet if self.person == Person::Present => {
                self.say(" The new password does not work yet: it is not the one that was set on the page.");
            }
            News::NotOnPageYet => self.bar.set_message("waiting until the new password works"),
            News::SignInAt(shown) => {
                self.say(" Sign in once more, now with the new password, so that Lifeboat can bring your keys back.");
                self.all.suspend(|| session::show(shown, self.browser));
                self.bar.set_message("waiting for you at the browser");
            }
            News::EndOnPage { device, url } => {
                self.say(&end_on_page(device));
                self.all.suspend(|| session::show(Shown::Page(url), self.browser));
                self.bar.set_message("waiting for you at the account page");
            }
            News::MayWait(waiting) => self.bar.set_style(telling(waiting)),
            News::SessionEnded { device, by } => self.say(&format!(" ✓ {}", ended(device, by))),
            News::Saving(saving) => self.show(Some(Lines::of_counts(
                &self.all,
                "saving an ark",
                saving,
                &Waiting::default(),
            ))),
            News::LeftOut(Step::Restore) => {
                self.say(" ! Your keys are not brought back. They still are in the key backup and in your sessions.");
            }
            News::LeftOut(step) => self.say(&format!(
                " ! Left out: {}. Not everything that was readable before is readable now, and it may be in there.",
                doing(step)
            )),
            News::ChecksAgain(looking) => self.show(Some(Lines::of_forecast(&self.all, looking))),
            News::TriesAgain => self.say(" The server does not answer. Trying again."),
            News::FoundOut(TruePassword::New) => self.say(" The server took the new password: it works."),
            News::FoundOut(TruePassword::Old) => {
                self.say(" The server did not take the new password: the old one is still the true one.");
            }
            News::FoundOut(TruePassword::NotNew) => self.say(" The server did not take the new password."),
            News::RoomKeys(fetching) => self.show(Some(Lines::of_fetch(&self.all, fetching))),
            News::History(reading) => self.show(Some(Lines::of_history(&self.all, reading))),
            _ => {}
        }
    }

    fn another_recovery_key(&self, why: String) -> BoxFuture<'_, Option<SecretString>> {
        self.say(&format!(" {}", crate::failure::as_sentence(&why)));
        self.ask(|| prompt::ask_or_skip("Another recovery key or passphrase (Enter goes on without)"))
            .map_flat()
    }

    fn changed_on_page<'a>(&'a self, page: &'a AccountPage, look: PageLook) -> BoxFuture<'a, PageAnswer> {
        if look == PageLook::First {
            self.show_page(page);
        }
        if self.person == Person::Absent {
            return Box::pin(async { PageAnswer::NobodyKnows });
        }
        let asked = self.ask(|| prompt::yes("Have you set the new password there?"));
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

impl ResetVoice {
    fn show_page(&self, page: &AccountPage) {
        self.say(CHANGE_ON_PAGE);
        self.all.suspend(|| session::show(Shown::Page(&page.url), self.browser));
        for line in on_page(page, self.come_back) {
            self.say(&line);
        }
    }
}

/// The end of a question: by an answer, or because somebody stopped meanwhile; the terminal is as before.
struct Abandoned<'a> {
    voice: &'a ResetVoice,
    mode: Option<TerminalMode>,
}

impl Drop for Abandoned<'_> {
    fn drop(&mut self) {
        if let Some(mode) = &self.mode {
            mode.restore();
        }
        self.voice.see(unseen());
        self.voice.asking.store(false, Ordering::SeqCst);
        self.voice.bar.enable_steady_tick(TICK);
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

/// Takes a line apart into what its later lines hang from and its words, which are harmless then.
fn begin_and_words(line: &str) -> (String, String) {
    // `clean_sentence` takes the room at the beginning away, which sets lists off.
    let room = line.len() - line.trim_start().len();
    let line = clean_sentence(line);
    let sign = ["✓ ", "! "].into_iter().find(|it| line.starts_with(it)).unwrap_or("");
    (format!("{:room$}{sign}", ""), line[sign.len()..].to_owned())
}

/// Lays a line out for a terminal of `width` columns.
fn wrapped(line: &str, width: usize) -> String {
    let (begin, words) = begin_and_words(line);
    let mut page = Page::new(width);
    page.paragraph(&begin, &words);
    page.finish()
}

/// What stands above the address of the account page.
const CHANGE_ON_PAGE: &str = " Change your password on your account’s page:";

/// Says below that address what to do there, line by line.
fn on_page(page: &AccountPage, come_back: ComeBack) -> Vec<String> {
    let mut lines = numbered(page.when_known);
    lines.push(" If you do not know the old password:".to_owned());
    lines.extend(numbered(page.when_forgotten));
    if come_back == ComeBack::Password {
        let exactly = " Set exactly the new password that you gave to Lifeboat: it signs in with that one afterwards.";
        lines.push(exactly.to_owned());
    }
    lines
}

fn numbered(steps: &[&str]) -> Vec<String> {
    let lines = (1..).zip(steps);
    lines.map(|(number, line)| format!("   {number}. {line}")).collect()
}

fn end_on_page(device: &str) -> String {
    format!(
        " This server signs sessions out on its account page alone. Sign the session {device} out there; Lifeboat goes on \
         when it is gone:"
    )
}

/// Says how long the link is good, and when another mail can be had; short enough for one line.
fn waiting(left: Duration, another_in: Duration) -> String {
    let minutes = left.as_secs().div_ceil(60);
    let mail = match another_in.as_secs_f64().ceil() {
        0.0 => "r: another mail".to_owned(),
        seconds => format!("another mail in {seconds} s"),
    };
    format!("waiting, {minutes} minutes left ({mail})")
}

fn doing(step: &Step) -> &'static str {
    match step {
        Step::LookAgain => "looking once more",
        Step::SaveArk => "saving an ark",
        Step::AskForMail => "asking for the mail",
        Step::ChangePassword => "changing the password",
        Step::AwaitAccountPage => "waiting for the account page",
        Step::SignIn => "signing in with the new password",
        Step::Restore => "bringing keys back",
        Step::ProveHistory => "reading the history again",
        Step::EndSession(_) => "signing a session out",
        Step::EndOthers => "signing the other sessions out",
        Step::TidyUp => "tidying up",
        Step::Leave => "leaving",
    }
}

fn ended(device: &str, by: EndedBy) -> String {
    match by {
        EndedBy::Lifeboat => format!("The session {device} is signed out, by Lifeboat."),
        EndedBy::AccountPage => format!("The session {device} is signed out, on the account page."),
        EndedBy::Itself => format!("The session {device} had ended already."),
    }
}

fn done(step: &Step) -> String {
    match step {
        Step::LookAgain => "Nothing has changed since the check.".to_owned(),
        Step::SaveArk => "An ark of your keys is saved, and was read back.".to_owned(),
        Step::AskForMail => "The mail is asked for.".to_owned(),
        Step::ChangePassword | Step::AwaitAccountPage => "The new password is set.".to_owned(),
        Step::SignIn => "Signed in with the new password.".to_owned(),
        Step::Restore => "Your keys are back.".to_owned(),
        Step::ProveHistory => "The history was read again.".to_owned(),
        Step::EndSession(device) => format!("The session {device} is signed out."),
        Step::EndOthers => "Every other session is signed out.".to_owned(),
        Step::TidyUp => "The sessions made on the way are signed out.".to_owned(),
        Step::Leave => "Lifeboat has signed out.".to_owned(),
    }
}
