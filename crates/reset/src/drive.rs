//! Carries a plan out: does each step that the journal says is next, and writes down what became of it.

mod after;
mod change;
mod evidence;
mod late;
mod mail;
mod page;
mod sessions;

use std::time::{Duration, Instant};

use lifeboat_preflight::{
    Fetched, ForecastQuestion, Homeserver, KeepIn, LiveSession, OAuthWay, OwnSession, UnlockError, Unlocked, ground,
    ruma::{OwnedUserId, UserId},
};
use lifeboat_report::{Clearance, Ground, HistoryProof, Lapse, Route, StatusFile, Step};
use secrecy::SecretString;

use self::late::LateChange;
use crate::{
    Asker, Broken, Cause, Journal, News, Refusal, Sealer, Wishes,
    flow::{Next, Outcome, Password, Record},
    route::{account_page::AccountPage, email::MailProof, synapse_admin},
};

/// Where the session that a reset ends with is kept.
pub trait Places: Send + Sync {
    /// Returns an empty place, in place of whatever was kept before.
    fn new_place(&self) -> Result<KeepIn, String>;

    /// Returns where a session was kept, if there is one.
    fn old_place(&self) -> Option<KeepIn>;

    /// Removes what a sign-in that failed has put into the new place; what is noted there of a session that it may have made
    /// all the same stays.
    fn clear(&self);

    /// Removes the place and what is in it.
    fn forget(&self);
}

/// What a reset works with.
pub struct Kit<'a> {
    /// The server.
    pub homeserver: &'a Homeserver,
    /// The person.
    pub asker: &'a dyn Asker,
    /// What the person wishes meanwhile.
    pub wishes: Wishes,
    /// Where the new session is kept.
    pub places: &'a dyn Places,
    /// Seals what the journal must not hold in clear.
    pub sealer: Sealer,
    /// The new password; empty where only the person types it.
    pub new_password: SecretString,
    /// How Lifeboat signs in again.
    pub come_back: ComeBack,
    /// The old one, where it is known.
    pub old_password: Option<SecretString>,
    /// What opens secret storage.
    pub recovery_key: Option<SecretString>,
    /// The address that the mail is sent to, on that route.
    pub address: Option<String>,
    /// The page where the password is changed, on that route.
    pub page: Option<AccountPage>,
    /// What there was before.
    pub before: Option<&'a StatusFile>,
    /// What the second status file is to say of the messages.
    pub second_look: ForecastQuestion,
}

/// How Lifeboat signs in after the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComeBack {
    /// With the new password.
    Password,
    /// The person does, in a browser.
    Browser(OAuthWay),
}

/// A reset under way.
pub struct Reset<'a> {
    kit: Kit<'a>,
    journal: Journal,
    user: OwnedUserId,
    /// The session that asks for the change: the one of the check, or an administrator's.
    asking: Option<OwnSession>,
    /// The session that was made with the new password.
    fresh: Option<OwnSession>,
    /// The same, once it takes part in encryption.
    live: Option<LiveSession>,
    /// What of Lifeboat's own this run has signed out, by device id.
    signed_out: Vec<String>,
    mail: Option<MailProof>,
    dark_at: Option<Instant>,
    /// How often the change got no answer and was not made.
    in_vain: u32,
    /// How often in a row the server wanted to be left alone without saying for how long.
    untold_waits: u32,
    done: Finished,
}

/// What a finished reset brought.
#[derive(Debug, Default)]
pub struct Finished {
    /// What the new session holds.
    pub unlocked: Option<Unlocked>,
    /// The room keys that came back.
    pub fetched: Option<Fetched>,
    /// The history before and after.
    pub history: Option<HistoryProof>,
    /// What was left out because the history is not all back.
    pub left_out: Vec<Step>,
    /// For how long at most no session could receive keys, from the change on; where sessions are kept there was no such
    /// time.
    pub without_session: Option<Duration>,
}

impl<'a> Reset<'a> {
    /// Begins, or goes on, where `journal` says. `asking`: the session that looks once more and asks for the change.
    pub fn new(kit: Kit<'a>, journal: Journal, user: &UserId, asking: Option<OwnSession>) -> Self {
        Self {
            kit,
            journal,
            user: user.to_owned(),
            asking,
            fresh: None,
            live: None,
            signed_out: Vec::new(),
            mail: None,
            dark_at: None,
            in_vain: 0,
            untold_waits: 0,
            done: Finished::default(),
        }
    }

    /// Does what is left to do.
    ///
    /// # Errors
    ///
    /// A [`Broken`] reset says what is changed by then, and its journal is fit to be taken up again.
    pub async fn run(mut self) -> Result<Finished, Broken> {
        match self.all_steps().await {
            Ok(()) => {
                self.done.history = self.proof();
                self.done.left_out = self.left_out();
                Ok(self.done)
            }
            Err(cause) => {
                let password = self.journal.password();
                let signed_in = self.fresh.is_some() || self.live.is_some() || self.journal.has_signed_in();
                self.part().await;
                Err(Broken {
                    cause,
                    password,
                    signed_in,
                })
            }
        }
    }

    async fn all_steps(&mut self) -> Result<(), Cause> {
        if let Some(device) = self.asking.as_ref().and_then(OwnSession::device_id).map(str::to_owned) {
            self.note_own_session(&device)?;
        }
        loop {
            match self.journal.next() {
                Next::Finished => return Ok(()),
                Next::FindOut(step) => self.find_out(step).await?,
                Next::Do(step) => self.step(step).await?,
            }
        }
    }

    async fn step(&mut self, number: usize) -> Result<(), Cause> {
        if self.kit.wishes.is_stop() {
            return Err(Cause::Stopped);
        }
        let Some(step) = self.journal.plan().steps.get(number).cloned() else {
            return Ok(());
        };
        let something_is_missing =
            || self.proof().is_some_and(|it| !it.holds()) || self.left_out().contains(&Step::Restore);
        if matches!(step, Step::EndSession(_) | Step::EndOthers) && something_is_missing() {
            // Whatever is missing may be in these very sessions.
            self.kit.asker.tell(News::LeftOut(&step));
            let outcome = Outcome::Skipped;
            return Ok(self.journal.append(Record::Ended { step: number, outcome })?);
        }
        if step == Step::ChangePassword {
            self.ready_to_change().await?;
            if self.journal.next() != Next::Do(number) {
                return Ok(());
            }
        }
        self.untold_waits = 0;
        self.journal.append(Record::Began { step: number })?;
        self.kit.asker.tell(News::Begins(&step));
        let done = match &step {
            Step::LookAgain => self.look_again().await,
            Step::SaveArk => self.save_ark().await,
            Step::AskForMail => self.ask_for_mail().await,
            Step::ChangePassword => self.change_password().await,
            Step::AwaitAccountPage => self.await_account_page().await,
            Step::SignIn => self.sign_in().await,
            Step::Restore => self.restore().await,
            Step::ProveHistory => self.prove_history().await,
            Step::EndSession(device) => self.end_session(device).await,
            Step::EndOthers => self.end_others().await,
            Step::TidyUp => self.tidy_up().await,
            Step::Leave => self.leave().await,
        };
        let outcome = match &done {
            Ok(()) => Outcome::Done,
            Err(Cause::Dark(_)) => Outcome::Dark,
            // Nobody could know whether this key fits, so nothing hangs on it.
            Err(cause) if !self.was_tested() && does_not_fit(cause) => Outcome::Skipped,
            // An earlier request may still be carried out: the next run finds out.
            Err(cause) if step == Step::ChangePassword && self.may_be_late(cause) => Outcome::Dark,
            Err(_) => Outcome::Failed,
        };
        self.journal.append(Record::Ended { step: number, outcome })?;
        if outcome == Outcome::Skipped {
            self.kit.asker.tell(News::LeftOut(&step));
            return Ok(());
        }
        if matches!(done, Err(Cause::Dark(_))) {
            // What is next now is to find out.
            self.dark_at = Some(Instant::now());
            return Ok(());
        }
        done?;
        self.kit.asker.tell(News::Done(&step));
        Ok(())
    }

    /// Tells whether a change that was asked for and never answered may have been made since it was looked for. By mail
    /// it was looked for just before the wait for the link ends.
    fn may_be_late(&self, cause: &Cause) -> bool {
        LateChange::possible_in(&self.journal).is_possible() && !matches!(cause, Cause::NotConfirmed)
    }

    /// Tells whether a recovery key was tried before the change.
    fn was_tested(&self) -> bool {
        let before = self.kit.before;
        before.is_none_or(|it| it.facts.key_trial.known().is_some())
    }

    async fn look_again(&mut self) -> Result<(), Cause> {
        let then = self.journal.header();
        let relied = Ground {
            identity: then.ground.identity.clone(),
            backup: then.ground.backup.clone(),
        };
        let taken_at = then.taken_at;
        if self.journal.plan().route == Route::SynapseAdmin {
            let admin = self.asking.as_ref().ok_or(Cause::NoSession)?;
            synapse_admin::exists(admin.caller().client(), &self.user)
                .await
                .map_err(Cause::Refused)?;
            return Ok(());
        }
        let nothing_known = relied.identity.known().is_none() && relied.backup.known().is_none();
        if self.asking.is_none() && !nothing_known {
            match self.kit.old_password {
                Some(_) => match self.sign_in_to_ask().await {
                    // Whoever was interrupted at the account page has gone on there: the next step finds out.
                    Err(Cause::Refused(Refusal::WrongOldPassword))
                        if self.journal.plan().route == Route::AccountPage => {}
                    signed_in => signed_in?,
                },
                // Nobody can look. Where every session is kept, nothing hangs on what would be seen.
                None if self.journal.plan().ends_sessions() => return Err(Cause::Lapsed(Lapse::NotKnown)),
                None => {}
            }
        }
        let now = match &self.asking {
            Some(session) => ground(session).await,
            None => {
                self.kit.asker.tell(News::CannotLook);
                relied.clone()
            }
        };
        // The person has decided an hour ago at most before this run, or decided to go on with it now: then age is no
        // objection, but an account that is another one still is.
        let moment = match self.journal.records().contains(&Record::Resumed) {
            true => taken_at,
            false => lifeboat_preflight::now(),
        };
        match Clearance::lapse_of(taken_at, &relied, moment, &now) {
            None => {
                if self.asking.is_some() {
                    self.kit.asker.tell(News::Unchanged);
                }
                Ok(())
            }
            Some(lapse) => Err(Cause::Lapsed(lapse)),
        }
    }

    fn note_own_session(&mut self, device: &str) -> Result<(), Cause> {
        let lent = self
            .asking
            .as_ref()
            .is_some_and(|it| it.kind() == lifeboat_preflight::SessionKind::Borrowed && it.device_id() == Some(device));
        if !lent && !self.journal.own_sessions().contains(&device) {
            self.journal.append(Record::Session {
                device: device.to_owned(),
            })?;
        }
        Ok(())
    }

    /// Lets go of the sessions when a reset stops: what is kept stays, what was only lent for the check is signed out
    /// unless it is needed to go on.
    async fn part(&mut self) {
        if let Some(live) = self.live.take() {
            drop(live.end().await);
        }
        if let Some(asking) = self.asking.take()
            && self.journal.password() != Password::Dark
        {
            // A session that remains is in the journal, and the next run removes it.
            let _ = asking.leave().await;
        }
    }
}

/// Tells whether secret storage could be asked, and a recovery key does not lead from it to the key backup.
fn does_not_fit(cause: &Cause) -> bool {
    use UnlockError::{NoSecretStorage, SecretBlank, SecretDamaged, StorageUnreadable, WrongKey};
    match cause {
        Cause::NotUnlocked(error) => matches!(
            error,
            WrongKey | NoSecretStorage | StorageUnreadable | SecretDamaged(_) | SecretBlank(_)
        ),
        Cause::NoBackup => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
