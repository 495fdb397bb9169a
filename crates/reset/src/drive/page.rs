//! The account page: the person changes the password there, and a sign-in shows that it happened.

use std::time::{Duration, Instant};

use lifeboat_preflight::Keeping;

use super::Reset;
use crate::{Cause, News, PageAnswer, PageLook, Refusal, Trial, flow::Record, try_password};

/// Where nobody can say that it happened, a sign-in is tried after this long at first.
const FIRST_LOOK: Duration = Duration::from_secs(2);
/// Later not more often than this: OAuth servers let an address try once in twenty seconds.
const BETWEEN_LOOKS: Duration = Duration::from_secs(30);
/// How long somebody may take on the page when nobody is here to ask.
const LONGEST: Duration = Duration::from_secs(60 * 60);

impl Reset<'_> {
    pub(super) async fn await_account_page(&mut self) -> Result<(), Cause> {
        let Some(page) = self.kit.page.clone() else {
            return Err(Cause::Refused(Refusal::NotOffered));
        };
        // Whoever was interrupted at the page may have gone on there.
        if self.journal.records().contains(&Record::Resumed) && self.new_password_works().await? != Some(false) {
            return Ok(());
        }
        let (begun, mut pause, mut look) = (Instant::now(), FIRST_LOOK, PageLook::First);
        loop {
            let answer = tokio::select! {
                answer = self.kit.asker.changed_on_page(&page, look) => answer,
                () = self.kit.wishes.stopped() => PageAnswer::Stop,
            };
            match answer {
                PageAnswer::Stop => return Err(Cause::Stopped),
                PageAnswer::Changed => {}
                PageAnswer::NobodyKnows if begun.elapsed() > LONGEST => return Err(Cause::NotOnPage),
                PageAnswer::NobodyKnows => {
                    self.kit.wishes.wait(pause).await;
                    pause = (pause * 2).min(BETWEEN_LOOKS);
                    if self.kit.wishes.is_stop() {
                        return Err(Cause::Stopped);
                    }
                }
            }
            match self.new_password_works().await? {
                Some(true) => return Ok(()),
                // Nobody can sign in with a password here: the person's word is all there is.
                None if answer == PageAnswer::Changed => return Ok(()),
                None => return Err(Cause::Refused(Refusal::NotOffered)),
                Some(false) => self.kit.asker.tell(News::NotOnPageYet),
            }
            look = PageLook::NotYet;
        }
    }

    /// Signs in with the new password, and keeps the session for the rest; `None`: the server takes no passwords.
    async fn new_password_works(&mut self) -> Result<Option<bool>, Cause> {
        loop {
            let place = self.kit.places.new_place().map_err(Cause::NotKept)?;
            let keeping = Keeping::Keep(place);
            match try_password(self.kit.homeserver, &self.user, &self.kit.new_password, keeping).await {
                Ok(Trial::SignedIn(session)) => {
                    self.take_fresh(*session)?;
                    return Ok(Some(true));
                }
                Ok(Trial::WrongPassword) => return Ok(Some(false)),
                Err(Refusal::RateLimited { wait }) => self.wait_out(wait).await?,
                Err(Refusal::NotOffered) => return Ok(None),
                Err(refusal) => return Err(Cause::Refused(refusal)),
            }
        }
    }
}
