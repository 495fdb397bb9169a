//! The e-mail route: the mail, the wait for its link, and the change that the link allows.

use std::time::{Duration, Instant};

use lifeboat_preflight::unhurried;
use lifeboat_report::Step;

use super::{Reset, change::UNTOLD_WAIT, late::LateChange};
use crate::{
    Answer, Cause, News, Refusal,
    flow::{Outcome, Record},
    route::email::{self, Asked, MailProof, MailRequest},
};

/// How long a link is good on a server with Synapse's own settings. Servers do not tell theirs.
const LINK_IS_GOOD_FOR: Duration = Duration::from_secs(60 * 60);
/// Between two questions whether the link is confirmed: at first a person is waiting, later somebody else's server is.
const EAGER: Duration = Duration::from_secs(1);
const PATIENT: Duration = Duration::from_secs(3);
/// When eagerness ends.
const EAGER_FOR: Duration = Duration::from_secs(120);
/// How long after the first mail another one may be asked for; each further one takes twice as long, up to the time
/// after which Synapse allows one more.
const BETWEEN_MAILS: Duration = Duration::from_secs(10);
/// How often that doubles.
const DOUBLES: u32 = 5;

/// What came of asking for a mail.
enum Sent {
    /// It was sent, as far as the server says.
    Proof(MailProof),
    /// The server wants to be asked again, after this long where it says it.
    Later(Option<Duration>),
}

impl Reset<'_> {
    pub(super) async fn ask_for_mail(&mut self) -> Result<(), Cause> {
        let client_secret = email::new_client_secret().map_err(|error| {
            Cause::Refused(Refusal::Other {
                words: error.to_string().trim_end_matches('.').to_owned(),
            })
        })?;
        let proof = MailProof {
            sid: String::new(),
            client_secret,
        };
        loop {
            match self.send_mail(&proof, 1).await? {
                Sent::Proof(proof) => {
                    self.mail = Some(proof);
                    return Ok(());
                }
                Sent::Later(wait) => self.wait_out(wait).await?,
            }
        }
    }

    /// Asks for one mail and writes down what proves that we did.
    async fn send_mail(&mut self, proof: &MailProof, attempt: u32) -> Result<Sent, Cause> {
        let address = self
            .kit
            .address
            .clone()
            .ok_or(Cause::Refused(Refusal::AddressUnknown))?;
        let anonymous = self.kit.homeserver.anonymous().await.map_err(Cause::NotSignedIn)?;
        let request = MailRequest {
            address,
            client_secret: proof.client_secret.clone(),
            attempt,
        };
        let Asked { sid, submit_url } = match email::ask(&anonymous, &request).await {
            Ok(asked) => asked,
            Err(Refusal::RateLimited { wait }) => return Ok(Sent::Later(wait)),
            Err(refusal) => return Err(Cause::Refused(refusal)),
        };
        let proof = MailProof { sid, ..proof.clone() };
        self.kit.asker.tell(News::MailAsked { attempt });
        let sealer = self.kit.sealer.clone();
        let to_seal = proof.clone();
        // Stretching a passphrase is work for half a second.
        let sealed = tokio::task::spawn_blocking(move || sealer.seal(&to_seal)).await;
        self.journal.append(Record::Mail {
            attempt,
            sealed: sealed.ok().flatten(),
        })?;
        if let Some(submit_url) = submit_url {
            self.send_code(&submit_url, &proof).await?;
        }
        Ok(Sent::Proof(proof))
    }

    /// Some servers want the code from the mail sent by us instead of a link opened.
    async fn send_code(&mut self, submit_url: &matrix_sdk::reqwest::Url, proof: &MailProof) -> Result<(), Cause> {
        loop {
            let code = tokio::select! {
                code = self.kit.asker.code_from_mail() => code.ok_or(Cause::NotConfirmed)?,
                () = self.kit.wishes.stopped() => return Err(Cause::Stopped),
            };
            match email::submit_code(self.kit.homeserver, submit_url, proof, &code).await {
                Ok(()) => return Ok(()),
                Err(Refusal::WrongCode) => self.kit.asker.tell(News::WrongCode),
                Err(Refusal::RateLimited { wait }) => self.wait_out(wait).await?,
                Err(refusal) => return Err(Cause::Refused(refusal)),
            }
        }
    }

    /// Takes the proof of an earlier run out of the journal; without it the mail has to be asked for once more.
    pub(super) fn recall_mail(&mut self) -> Result<(), Cause> {
        if self.mail.is_some() {
            return Ok(());
        }
        let sealed = self.journal.records().iter().rev().find_map(|it| match it {
            Record::Mail { sealed, .. } => Some(sealed.clone()),
            _ => None,
        });
        self.mail = sealed.flatten().and_then(|it| self.kit.sealer.open(&it));
        match self.mail {
            Some(_) => Ok(()),
            None => self.void_mail(),
        }
    }

    /// Notes that the mail is of no use any more, so that the next step is to ask for another one.
    fn void_mail(&mut self) -> Result<(), Cause> {
        self.mail = None;
        let asking = self.journal.plan().steps.iter().position(|it| *it == Step::AskForMail);
        if let Some(step) = asking {
            self.journal.append(Record::Ended {
                step,
                outcome: Outcome::Failed,
            })?;
        }
        Ok(())
    }

    /// Waits for the link to be confirmed by trying the change, which the server refuses until then.
    pub(super) async fn change_by_mail(&mut self) -> Result<(), Cause> {
        let Some(mut proof) = self.mail.clone() else {
            return Err(Cause::Refused(Refusal::ProofSpent));
        };
        let anonymous = self.kit.homeserver.anonymous().await.map_err(Cause::NotSignedIn)?;
        let fate = self.journal.plan().fate;
        let begun = Instant::now();
        let (mut newest_mail, mut attempt) = (begun, self.attempts());
        let mut next_mail = begun + until_another(attempt);
        let mut late = LateChange::possible_in(&self.journal);
        loop {
            match email::change(&anonymous, &proof, &self.kit.new_password, fate).await {
                Answer::Changed => return Ok(()),
                Answer::Dark(cause) => return Err(Cause::Dark(cause)),
                Answer::NotConfirmed if late.is_to_be_looked_for() && self.was_changed_late().await? => return Ok(()),
                Answer::NotConfirmed => {}
                Answer::Refused(Refusal::RateLimited { wait }) => self.wait_out(wait).await?,
                Answer::Refused(Refusal::ProofSpent) if late.is_possible() && self.was_changed_late().await? => {
                    return Ok(());
                }
                Answer::Refused(refusal) => {
                    if refusal == Refusal::ProofSpent {
                        self.void_mail()?;
                    }
                    return Err(Cause::Refused(refusal));
                }
            }
            let Some(left) = LINK_IS_GOOD_FOR.checked_sub(newest_mail.elapsed()) else {
                // Nobody looks later: what cannot be found out now stays open.
                if late.is_possible() && self.new_password_works().await.map_err(not_found_out)? == Some(true) {
                    return Ok(());
                }
                self.void_mail()?;
                return Err(Cause::NotConfirmed);
            };
            let another_in = next_mail.saturating_duration_since(Instant::now());
            self.kit.asker.tell(News::Waiting { left, another_in });
            let pause = if begun.elapsed() < EAGER_FOR { EAGER } else { PATIENT };
            self.kit.wishes.wait(pause).await;
            if self.kit.wishes.is_stop() {
                return Err(Cause::Stopped);
            }
            if !self.kit.wishes.take_mail() {
                continue;
            }
            let early = next_mail.saturating_duration_since(Instant::now());
            if !early.is_zero() {
                self.kit.asker.tell(News::MailLater { left: early });
                continue;
            }
            // The link of the earlier mail may be confirmed meanwhile, so nothing waits for the server's limit.
            match self.send_mail(&proof, attempt + 1).await? {
                Sent::Proof(again) => {
                    attempt += 1;
                    proof = again;
                    self.mail = Some(proof.clone());
                    newest_mail = Instant::now();
                    next_mail = newest_mail + until_another(attempt);
                }
                Sent::Later(wait) => {
                    let wait = wait.unwrap_or_else(|| unhurried(UNTOLD_WAIT));
                    next_mail = Instant::now() + wait;
                    self.kit.asker.tell(News::MailLater { left: wait });
                }
            }
        }
    }

    /// Tells whether a change that was asked for earlier was made after all. Where that cannot be found out now, it is as
    /// open as before.
    async fn was_changed_late(&mut self) -> Result<bool, Cause> {
        match self.new_password_works().await {
            Ok(works) => Ok(works == Some(true)),
            Err(Cause::Refused(_)) => Ok(false),
            Err(cause) => Err(cause),
        }
    }

    fn attempts(&self) -> u32 {
        let newest = self.journal.records().iter().rev().find_map(|it| match it {
            Record::Mail { attempt, .. } => Some(*attempt),
            _ => None,
        });
        newest.unwrap_or(1)
    }
}

fn not_found_out(cause: Cause) -> Cause {
    match cause {
        Cause::Refused(refusal) => Cause::NotFoundOut(refusal),
        other => other,
    }
}

/// Returns how long after this mail, from 1, another one may be asked for.
fn until_another(attempt: u32) -> Duration {
    BETWEEN_MAILS * 2_u32.pow(attempt.saturating_sub(1).min(DOUBLES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mails_are_asked_for_less_and_less_often() {
        let seconds = [1, 2, 3, 6, 7, u32::MAX].map(|it| until_another(it).as_secs());
        assert_eq!(seconds, [10, 20, 40, 320, 320, 320]);
    }
}
