//! The e-mail route: the mail, the wait for its link, and the change that the link allows.

use std::time::{Duration, Instant};

use lifeboat_report::Step;

use super::Reset;
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
/// Mails are not asked for more often than this.
const BETWEEN_MAILS: Duration = Duration::from_secs(30);

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
        self.mail = Some(self.send_mail(proof, 1).await?);
        Ok(())
    }

    /// Asks for one mail and writes down what proves that we did.
    async fn send_mail(&mut self, proof: MailProof, attempt: u32) -> Result<MailProof, Cause> {
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
        let Asked { sid, submit_url } = loop {
            match email::ask(&anonymous, &request).await {
                Ok(asked) => break asked,
                Err(Refusal::RateLimited { wait }) => self.wait_out(wait).await?,
                Err(refusal) => return Err(Cause::Refused(refusal)),
            }
        };
        let proof = MailProof { sid, ..proof };
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
        Ok(proof)
    }

    /// Some servers want the code from the mail sent by us instead of a link opened.
    async fn send_code(&self, submit_url: &matrix_sdk::reqwest::Url, proof: &MailProof) -> Result<(), Cause> {
        loop {
            let code = self.kit.asker.code_from_mail().await.ok_or(Cause::NotConfirmed)?;
            match email::submit_code(self.kit.homeserver, submit_url, proof, &code).await {
                Ok(()) => return Ok(()),
                Err(Refusal::WrongCode) => {}
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
        loop {
            match email::change(&anonymous, &proof, &self.kit.new_password, fate).await {
                Answer::Changed => {
                    self.changed_at = Some(Instant::now());
                    return Ok(());
                }
                Answer::Dark(cause) => return Err(Cause::Dark(cause)),
                Answer::NotConfirmed => {}
                Answer::Refused(Refusal::RateLimited { wait }) => self.wait_out(wait).await?,
                Answer::Refused(refusal) => {
                    if refusal == Refusal::ProofSpent {
                        self.void_mail()?;
                    }
                    return Err(Cause::Refused(refusal));
                }
            }
            let Some(left) = LINK_IS_GOOD_FOR.checked_sub(newest_mail.elapsed()) else {
                self.void_mail()?;
                return Err(Cause::NotConfirmed);
            };
            self.kit.asker.tell(News::Waiting { left });
            let pause = if begun.elapsed() < EAGER_FOR { EAGER } else { PATIENT };
            self.kit.wishes.wait(pause).await;
            if self.kit.wishes.is_stop() {
                return Err(Cause::Stopped);
            }
            if self.kit.wishes.take_mail() && newest_mail.elapsed() >= BETWEEN_MAILS {
                attempt += 1;
                proof = self.send_mail(proof, attempt).await?;
                self.mail = Some(proof.clone());
                newest_mail = Instant::now();
            }
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
