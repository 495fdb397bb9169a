//! The account page: the person changes the password there, and a sign-in shows that it happened.

use std::time::{Duration, Instant};

use lifeboat_preflight::{Keeping, OAuthWay, OwnSession, Shown, SignInError, unhurried};
use matrix_sdk::ruma::api::client::device::get_devices;

use super::Reset;
use crate::{Cause, ComeBack, News, PageAnswer, PageLook, Refusal, Trial, flow::Record};

/// Where nobody can say that it happened, a sign-in is tried after this long at first, and each time this much later.
const FIRST_LOOK: Duration = Duration::from_secs(10);
/// No pause is longer than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long somebody may take on the page when nobody is here to ask.
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// How long somebody may take to sign one session out there, and how often it is looked whether it is gone.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
const GLANCE: Duration = Duration::from_secs(1);
/// What Lifeboat's session is called.
const NAME: &str = "Lifeboat";

impl Reset<'_> {
    pub(super) async fn await_account_page(&mut self) -> Result<(), Cause> {
        let Some(page) = self.kit.page.clone() else {
            return Err(Cause::Refused(Refusal::NotOffered));
        };
        if let ComeBack::Browser(way) = self.kit.come_back {
            let answer = tokio::select! {
                answer = self.kit.asker.changed_on_page(&page, PageLook::First) => answer,
                () = self.kit.wishes.stopped() => PageAnswer::Stop,
            };
            return match answer {
                PageAnswer::Stop => Err(Cause::Stopped),
                PageAnswer::Changed | PageAnswer::NobodyKnows => self.sign_in_at_browser(way).await,
            };
        }
        // Whoever was interrupted at the page may have gone on there.
        if self.journal.records().contains(&Record::Resumed) && self.new_password_works().await? != Some(false) {
            return Ok(());
        }
        let (begun, mut looks, mut look) = (Instant::now(), 0, PageLook::First);
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
                    looks += 1;
                    self.kit.wishes.wait(unhurried(pause_before(looks))).await;
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

    /// Has the person sign in at the authorization server.
    pub(super) async fn sign_in_at_browser(&mut self, way: OAuthWay) -> Result<(), Cause> {
        let keeping = Keeping::Keep(self.kit.places.new_place().map_err(Cause::NotKept)?);
        let asker = self.kit.asker;
        let show = |shown: Shown<'_>| asker.tell(News::SignInAt(shown));
        let stopped = self.kit.wishes.stopped();
        let signed_in =
            OwnSession::sign_in_by_oauth(self.kit.homeserver, &self.user, way, keeping, NAME, show, stopped).await;
        self.clear_unless(signed_in.is_ok());
        match signed_in {
            Ok(session) => self.take_fresh(session),
            Err(SignInError::Stopped) => Err(Cause::Stopped),
            Err(error) => Err(Cause::NotSignedIn(error)),
        }
    }

    /// Has the person sign one session out on the page, and waits until it is gone.
    ///
    /// The action `org.matrix.device_delete` of the page, where it has that
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#account-management-url-discovery), MSC4191).
    pub(super) async fn end_on_page(&self, device: &str) -> Result<(), Cause> {
        let failed = |words: &str| Cause::NotEnded {
            device: device.to_owned(),
            words: words.to_owned(),
        };
        let Some(page) = &self.kit.page else {
            return Err(failed(
                "this server signs sessions out on its account page alone, and names none",
            ));
        };
        self.kit.asker.tell(News::EndOnPage {
            device,
            url: &page.to_end(device),
        });
        let begun = Instant::now();
        while self.is_listed(device).await? {
            if begun.elapsed() > PATIENCE {
                return Err(failed("nobody did so on the account’s page"));
            }
            self.kit.wishes.wait(GLANCE).await;
            if self.kit.wishes.is_stop() {
                return Err(Cause::Stopped);
            }
        }
        Ok(())
    }

    /// Tells whether the account has this session. `GET /_matrix/client/v3/devices`
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3devices)).
    pub(super) async fn is_listed(&self, device: &str) -> Result<bool, Cause> {
        let caller = self.with_new_password()?.caller();
        let listed = caller
            .ask(|| caller.client().send(get_devices::v3::Request::new()))
            .await;
        let listed = listed.map_err(|error| Cause::NotEnded {
            device: device.to_owned(),
            words: error.to_string(),
        })?;
        Ok(listed.devices.iter().any(|it| it.device_id == device))
    }

    /// Signs in with the new password, and keeps the session for the rest; `None`: the server takes no passwords.
    pub(super) async fn new_password_works(&mut self) -> Result<Option<bool>, Cause> {
        loop {
            match self.try_new_password().await? {
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

/// Returns how long to wait before this look, counted from 1.
fn pause_before(look: u32) -> Duration {
    FIRST_LOOK.saturating_mul(look).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The Matrix Authentication Service lets an address sign in three times, then once in twenty seconds, and the check
    /// before and the person on the page come from there, too.
    #[test]
    fn looks_leave_the_person_room_to_sign_in() {
        let (most, one_in) = (3.0_f64, 20.0);
        let mut left = most - 2.0;
        for look in 1..=120 {
            left = most.min(left + pause_before(look).as_secs_f64() / one_in) - 1.0;
            assert!(left >= 0.0, "look {look} is turned away");
        }
        assert_eq!(
            [1, 2, 3, 4, u32::MAX].map(|it| pause_before(it).as_secs()),
            [10, 20, 30, 30, 30]
        );
    }
}
