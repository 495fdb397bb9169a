//! Has a plan carried out, now or after an interruption, and says what came of it.

use lifeboat_preflight::{ForecastQuestion, Homeserver, KeepIn, OwnSession, ruma::UserId};
use lifeboat_report::{Facts, Route, StatusFile, Step};
use lifeboat_reset::{
    Broken, Cause, ComeBack, Finished, Journal, Kit, Places, Refusal, Reset, Sealer, Wishes,
    flow::Password,
    route::account_page::{self, AccountPage},
};
use secrecy::SecretString;

use super::owed::owed;
use crate::{
    advice::CommandLine,
    exit::Exit,
    failure::{self, Failure, SUSPENDED},
    kept::{CLOSED, Kept},
    resolve::{Browser, Format, Person},
    signals::{Stopped, Stops},
    ui::{console::Console, json, progress::ResetVoice, prompt, reset},
};

/// Name of the earlier check in the folder of its reset.
pub(crate) const BEFORE: &str = "before.json";

/// Why no new session can be kept while an earlier one cannot be opened.
const KEYLESS: &str = "no keyring gives the key of the session that is kept here";

/// What a reset takes along.
pub(crate) struct Cargo<'a> {
    pub(crate) homeserver: &'a Homeserver,
    pub(crate) user: &'a UserId,
    pub(crate) account: &'a CommandLine,
    pub(crate) new_password: SecretString,
    pub(crate) come_back: ComeBack,
    pub(crate) browser: Browser,
    pub(crate) old_password: Option<SecretString>,
    pub(crate) recovery_key: Option<SecretString>,
    pub(crate) email: Option<String>,
    pub(crate) before: Option<StatusFile>,
    pub(crate) second_look: ForecastQuestion,
    pub(crate) person: Person,
    pub(crate) format: Format,
}

/// Does what the journal says is left to do.
pub(crate) async fn carry_out(
    cargo: Cargo<'_>,
    journal: Journal,
    session: Option<OwnSession>,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let kept = Kept::of(cargo.user)?;
    let (folder, plan) = (journal.folder().to_owned(), journal.plan().clone());
    // Nothing but the proof that a mail was asked for has to be sealed.
    let by_mail = plan.steps.contains(&Step::AskForMail);
    let sealer = match by_mail.then(|| kept.sealing_key()).flatten() {
        Some(key) => Sealer::Keyring(key),
        None => Sealer::Passphrase(cargo.new_password.clone()),
    };
    let wishes = Wishes::default();
    let voice = ResetVoice::begin(cargo.person, cargo.browser, cargo.come_back, plan.clone());
    let page: Option<AccountPage> = cargo.before.as_ref().and_then(|it| page_of(&it.facts));
    let kit = Kit {
        homeserver: cargo.homeserver,
        asker: &voice,
        wishes: wishes.clone(),
        places: &kept,
        sealer,
        new_password: cargo.new_password,
        come_back: cargo.come_back,
        old_password: cargo.old_password,
        recovery_key: cargo.recovery_key,
        address: cargo.email,
        page,
        before: cargo.before.as_ref(),
        second_look: cargo.second_look,
    };
    let listening = by_mail && cargo.person == Person::Present;
    let keys = listening.then(|| prompt::Keys::listen(wishes.clone(), voice.asking()));
    let reset = Reset::new(kit, journal, cargo.user, session);
    let ended = run_to_a_safe_end(reset, &wishes, &voice, cargo.person, stops).await;
    drop(keys);
    drop(voice);
    let finished = match ended {
        Ok(finished) => finished,
        Err(broken) => return Err(broken_words(&broken, cargo.account, plan.route)),
    };
    if by_mail {
        kept.forget_sealing_key();
    }
    let lost = finished.history.as_ref().is_some_and(|it| !it.holds()) || finished.left_out.contains(&Step::Restore);
    match cargo.format {
        Format::Screen => {
            let before = cargo.before.as_ref();
            let text = reset::render(&plan, &finished, before, cargo.account, &folder, console.width());
            console.show(&text)?;
        }
        Format::Json => console.show(&json::document(&reset::document(&plan, &finished, &folder))?)?,
    }
    Ok(if lost { Exit::Incomplete } else { Exit::Done })
}

/// Runs it; Ctrl-C asks once whether to stop, and ends it where nothing is half done.
async fn run_to_a_safe_end(
    reset: Reset<'_>,
    wishes: &Wishes,
    voice: &ResetVoice,
    person: Person,
    stops: &mut Stops,
) -> Result<Finished, Broken> {
    let mut running = std::pin::pin!(reset.run());
    let mut asked = 0;
    loop {
        match stops.unless_stopped(running.as_mut()).await {
            Ok(ended) => return ended,
            Err(Stopped) => asked += 1,
        }
        let sure = match person {
            Person::Present => asked > 1,
            Person::Absent => true,
        };
        if sure {
            voice.say(" Stopping as soon as nothing is half done.");
            wishes.stop();
        } else {
            voice.ask_whether_to_stop();
        }
    }
}

fn page_of(facts: &Facts) -> Option<AccountPage> {
    account_page::find(&facts.server)
}

/// Returns the command that goes on with a reset by this route: an administrator's needs the token again, and owes a
/// letter.
pub(crate) fn going_on(account: &CommandLine, route: Route) -> CommandLine {
    match route {
        Route::SynapseAdmin => account.command("resume", ["--admin-token-file", "FILE", "--letter", "FILE"]),
        _ => account.command("resume", []),
    }
}

/// Says how a reset stands that stopped for this reason, and what to do now; `None`: the password is unchanged.
pub(crate) fn stands(why: &str, password: Password, signed_in: bool, resume: &CommandLine) -> Option<Failure> {
    let exit = owed(password, signed_in)?;
    let how = match (password, signed_in) {
        (Password::Unchanged | Password::Dark, _) => "Whether the password changed is not known yet. Nothing is lost.",
        (Password::Changed, false) => "The password is changed, and nobody is signed in with it yet. Nothing is lost.",
        (Password::Changed, true) => "The password is changed and Lifeboat is signed in, but not everything is back.",
    };
    let hint = match password {
        Password::Changed => format!("Go on with: {resume}"),
        Password::Unchanged | Password::Dark => format!("Lifeboat finds out and goes on with: {resume}"),
    };
    Some(Failure {
        wrong: format!("{why} {how}"),
        hint,
        exit,
    })
}

/// Says in two sentences what stopped a reset, and what to do now: mostly `resume`.
fn broken_words(broken: &Broken, account: &CommandLine, route: Route) -> Failure {
    let resume = &going_on(account, route);
    let why = failure::as_sentence(&broken.cause.to_string());
    if let Some(failure) = stands(&why, broken.password, broken.signed_in, resume) {
        return failure;
    }
    let hint = match &broken.cause {
        Cause::Stopped | Cause::NotConfirmed | Cause::NotOnPage => format!("Go on with: {resume}"),
        Cause::NotSaved(_) => {
            format!("Try again with: {resume}. To go without an ark, begin anew and add --no-ark.")
        }
        Cause::Lapsed(_) => "Begin again: the account has to be checked anew.".to_owned(),
        Cause::NeitherPassword => {
            "Somebody else may have changed it. Take the route email, or ask the people who run your server.".to_owned()
        }
        Cause::Refused(Refusal::NoPassword) => {
            "Reset it where you sign in: at your company’s or your identity provider’s page.".to_owned()
        }
        // The administrator's own account is meant.
        Cause::Refused(Refusal::Suspended) if route == Route::SynapseAdmin => {
            format!("It is the account of the access token: with that of another administrator, go on with: {resume}")
        }
        Cause::Refused(Refusal::Suspended) => format!("{SUSPENDED} Then go on with: {resume}"),
        _ => format!("Put that right, then go on with: {resume}"),
    };
    let exit = match broken.cause {
        Cause::Stopped => Exit::Interrupted,
        _ => Exit::Failed,
    };
    Failure {
        wrong: format!("{why} The password is unchanged."),
        hint,
        exit,
    }
}

impl Places for Kept {
    fn new_place(&self) -> Result<KeepIn, String> {
        self.prepare()
            .map(|(place, _)| place)
            .map_err(|failure| match failure.cause() {
                // In the middle of a sentence.
                closed if closed.starts_with(CLOSED) => KEYLESS.to_owned(),
                cause => cause.trim_end_matches('.').to_owned(),
            })
    }

    fn old_place(&self) -> Option<KeepIn> {
        self.find().ok().flatten()
    }

    fn clear(&self) {
        Self::clear(self);
    }

    fn forget(&self) {
        Self::forget(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suspended_administrator_is_not_sent_to_ask_administrators() {
        let account = CommandLine::account(["@mira:example.org"]);
        let broken = Broken {
            cause: Cause::Refused(Refusal::Suspended),
            password: Password::Unchanged,
            signed_in: false,
        };
        let hint = |route| broken_words(&broken, &account, route).hint;
        let admin = hint(Route::SynapseAdmin);
        assert!(admin.contains("another administrator"), "{admin}");
        assert!(admin.ends_with(" --letter FILE"), "{admin}");
        assert!(hint(Route::OldPassword).starts_with(SUSPENDED));
    }

    #[test]
    fn an_administrator_is_told_of_the_token_and_the_letter() {
        let account = CommandLine::account(["@mira:example.org"]);
        let told = |route| going_on(&account, route).to_string();
        let own = "lifeboat resume @mira:example.org";
        assert_eq!(
            told(Route::SynapseAdmin),
            format!("{own} --admin-token-file FILE --letter FILE")
        );
        for route in [Route::OldPassword, Route::Email, Route::AccountPage] {
            assert_eq!(told(route), own);
        }
    }
}
