//! The change itself, and finding out what became of it.

use std::time::{Duration, Instant};

use lifeboat_preflight::{Keeping, unhurried};
use lifeboat_report::{Route, Step};

use super::{
    Reset,
    sessions::{FIRST_PAUSE, TRIES},
};
use crate::{
    Answer, Cause, News, Refusal, Trial, TruePassword,
    flow::{Outcome, Record},
    route::{old_password, synapse_admin},
    try_password,
};

/// A wait that a server asks for is waited out up to this long; the strictest common limit is some five minutes.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// Between two looks at how long a wait still is.
const COUNTS_DOWN_BY: Duration = Duration::from_secs(1);
/// A server that limits without a word how long, and how often it is waited for in a row.
pub(super) const UNTOLD_WAIT: Duration = Duration::from_secs(20);
const UNTOLD_WAITS: u32 = 3;
/// How long after an answer was lost a server may still be carrying the change out.
const SETTLED: Duration = Duration::from_secs(10);
/// A change that was lost so often is not asked for once more: the server never answers it.
const MOST_IN_VAIN: u32 = 2;

impl Reset<'_> {
    /// Has everything at hand that the change needs, before it counts as begun.
    pub(super) async fn ready_to_change(&mut self) -> Result<(), Cause> {
        match self.journal.plan().route {
            Route::OldPassword if self.asking.is_none() => self.sign_in_to_ask().await,
            Route::SynapseAdmin if self.asking.is_none() => Err(Cause::NoSession),
            Route::Email => self.recall_mail(),
            _ => Ok(()),
        }
    }

    pub(super) async fn change_password(&mut self) -> Result<(), Cause> {
        let (route, fate) = (self.journal.plan().route, self.journal.plan().fate);
        if route == Route::Email {
            return self.change_by_mail().await;
        }
        loop {
            let session = self.asking.as_ref().ok_or(Cause::NoSession)?;
            let caller = session.caller();
            let answer = match (route, &self.kit.old_password) {
                (Route::SynapseAdmin, _) => {
                    synapse_admin::reset(caller.client(), &self.user, &self.kit.new_password, fate).await
                }
                (_, Some(old)) => old_password::change(caller, old, &self.kit.new_password, fate).await,
                (_, None) => return Err(Cause::NoSession),
            };
            match answer {
                Answer::Changed => return Ok(()),
                Answer::Dark(cause) => return Err(Cause::Dark(cause)),
                Answer::NotConfirmed => return Err(Cause::NotConfirmed),
                Answer::Refused(Refusal::RateLimited { wait }) => self.wait_out(wait).await?,
                Answer::Refused(refusal) => return Err(Cause::Refused(refusal)),
            }
        }
    }

    /// Waits as long as the server asks for, unless that is too long or somebody wishes to stop.
    pub(super) async fn wait_out(&mut self, wait: Option<Duration>) -> Result<(), Cause> {
        self.untold_waits = if wait.is_none() { self.untold_waits + 1 } else { 0 };
        let given_up = self.untold_waits > UNTOLD_WAITS;
        if given_up {
            self.untold_waits = 0;
        }
        let wait = wait.unwrap_or_else(|| unhurried(UNTOLD_WAIT));
        if wait > LONGEST_WAIT || given_up {
            return Err(Cause::Refused(Refusal::RateLimited { wait: Some(wait) }));
        }
        self.kit.asker.tell(News::RateLimited { wait });
        let until = Instant::now() + wait;
        while let Some(left) = until.checked_duration_since(Instant::now()).filter(|it| !it.is_zero()) {
            if self.kit.wishes.is_stop() {
                return Err(Cause::Stopped);
            }
            self.kit.asker.tell(News::StillLimited { left });
            self.kit.wishes.wait(left.min(COUNTS_DOWN_BY)).await;
            self.kit.wishes.take_mail();
        }
        Ok(())
    }

    /// Finds out by signing in whether a change that got no answer was carried out: with the new password first,
    /// because wrong ones are limited more strictly, then with the old one.
    pub(super) async fn find_out(&mut self, step: usize) -> Result<(), Cause> {
        let administrator = self.journal.plan().route == Route::SynapseAdmin;
        let (mut tries, mut pause) = (1, unhurried(FIRST_PAUSE));
        let changed = loop {
            let tried = if administrator {
                let new = &self.kit.new_password;
                try_password(self.kit.homeserver, &self.user, new, Keeping::RemoveAtEnd).await
            } else {
                self.try_new_password().await?
            };
            match tried {
                Ok(Trial::SignedIn(session)) if administrator => {
                    // It was made to find out, and is of no other use to an administrator.
                    session.leave().await?;
                    break true;
                }
                Ok(Trial::SignedIn(session)) => {
                    self.take_fresh(*session)?;
                    break true;
                }
                // The server may still be at work on what it was sent a moment ago.
                Ok(Trial::WrongPassword) => {
                    match self
                        .dark_at
                        .take()
                        .and_then(|it| unhurried(SETTLED).checked_sub(it.elapsed()))
                    {
                        Some(rest) => self.kit.wishes.wait(rest).await,
                        None => break false,
                    }
                }
                Err(Refusal::RateLimited { wait }) => self.wait_out(wait).await?,
                Err(Refusal::Unreachable) if tries < TRIES => {
                    tries += 1;
                    self.kit.asker.tell(News::TriesAgain);
                    self.kit.wishes.wait(pause).await;
                    pause *= 2;
                }
                Err(refusal) => return Err(Cause::NotFoundOut(refusal)),
            }
            if self.kit.wishes.is_stop() {
                return Err(Cause::Stopped);
            }
        };
        let truth = if changed {
            TruePassword::New
        } else {
            self.try_old_password().await?
        };
        self.kit.asker.tell(News::FoundOut(truth));
        let outcome = if changed { Outcome::Done } else { Outcome::Failed };
        self.journal.append(Record::Ended { step, outcome })?;
        if changed {
            self.kit.asker.tell(News::Done(&Step::ChangePassword));
            return Ok(());
        }
        self.in_vain += 1;
        if self.in_vain < MOST_IN_VAIN {
            return Ok(());
        }
        Err(Cause::Refused(Refusal::Other {
            words: format!(
                "it was asked {MOST_IN_VAIN} times, gave no answer that can be understood, and changed nothing"
            ),
        }))
    }

    /// Finds out whether the old password still is the true one, where it is known.
    async fn try_old_password(&mut self) -> Result<TruePassword, Cause> {
        let route = self.journal.plan().route;
        let is_known = self.kit.old_password.is_some();
        if route != Route::OldPassword && !(route == Route::Email && is_known) {
            return Ok(TruePassword::NotNew);
        }
        // A session from before shows nothing of the password; a new one can ask for the change again.
        if let Some(asking) = self.asking.take() {
            let _ = asking.leave().await;
        }
        match self.sign_in_to_ask().await {
            Ok(()) => Ok(TruePassword::Old),
            // The link from the mail does without the old one.
            Err(Cause::Refused(Refusal::WrongOldPassword)) if route == Route::Email => Ok(TruePassword::NotNew),
            Err(Cause::Refused(Refusal::WrongOldPassword)) => Err(Cause::NeitherPassword),
            Err(other) => Err(other),
        }
    }
}
