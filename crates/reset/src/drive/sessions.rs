//! The sessions of a reset: the one that asks, and the one that it ends with.

use std::time::Duration;

use lifeboat_preflight::{Credentials, KeepIn, Keeping, OwnSession, SessionKind, SignInError, is_suspended, unhurried};
use lifeboat_report::Step;
use matrix_sdk::ruma::{
    OwnedDeviceId,
    api::{
        client::{
            device::{delete_device, get_devices},
            uiaa::{AuthData, MatrixUserIdentifier, Password as PasswordAuth, UserIdentifier},
        },
        error::ErrorKind,
    },
};
use secrecy::ExposeSecret;

use super::Reset;
use crate::{Cause, ComeBack, EndedBy, News, Refusal, Trial, flow::Record, try_password};

/// How often a server that does not answer is asked again to let us in.
pub(super) const TRIES: u32 = 5;
/// Before the first of them; each further one waits twice as long.
pub(super) const FIRST_PAUSE: Duration = Duration::from_secs(1);

impl Reset<'_> {
    /// Signs in with the old password, to look once more and to ask for the change.
    pub(super) async fn sign_in_to_ask(&mut self) -> Result<(), Cause> {
        let old = self.kit.old_password.clone().ok_or(Cause::NoSession)?;
        let session = loop {
            match try_password(self.kit.homeserver, &self.user, &old, Keeping::RemoveAtEnd).await {
                Ok(Trial::SignedIn(session)) => break session,
                Ok(Trial::WrongPassword) => return Err(Cause::Refused(Refusal::WrongOldPassword)),
                Err(Refusal::RateLimited { wait }) => self.wait_out(wait).await?,
                Err(refusal) => return Err(Cause::Refused(refusal)),
            }
        };
        let device = session.device_id().map(str::to_owned);
        self.asking = Some(*session);
        device.iter().try_for_each(|it| self.note_own_session(it))
    }

    /// Takes over the session that was made with the new password.
    pub(super) fn take_fresh(&mut self, session: OwnSession) -> Result<(), Cause> {
        let device = session.device_id().map(str::to_owned);
        self.fresh = Some(session);
        device.iter().try_for_each(|it| self.note_own_session(it))
    }

    pub(super) async fn sign_in(&mut self) -> Result<(), Cause> {
        if self.fresh.is_some() || self.live.is_some() {
            return Ok(());
        }
        if let ComeBack::Browser(way) = self.kit.come_back {
            return self.sign_in_at_browser(way).await;
        }
        let mut pause = unhurried(FIRST_PAUSE);
        let mut tries = 1;
        loop {
            let keeping = Keeping::Keep(self.kit.places.new_place().map_err(Cause::NotKept)?);
            let credentials = Credentials::Password(self.kit.new_password.clone());
            let signed_in = OwnSession::sign_in(self.kit.homeserver, &self.user, credentials, keeping).await;
            self.clear_unless(signed_in.is_ok());
            match signed_in {
                Ok(session) => return self.take_fresh(session),
                Err(SignInError::RateLimited { wait }) => self.wait_out(wait).await?,
                Err(error @ SignInError::Network(_)) if tries == TRIES => return Err(Cause::NotSignedIn(error)),
                Err(SignInError::Network(_)) => {
                    tries += 1;
                    self.kit.asker.tell(News::TriesAgain);
                    self.kit.wishes.wait(pause).await;
                    pause *= 2;
                }
                Err(error) => return Err(Cause::NotSignedIn(error)),
            }
            if self.kit.wishes.is_stop() {
                return Err(Cause::Stopped);
            }
        }
    }

    /// Tries the new password, and keeps the session that lets in.
    pub(super) async fn try_new_password(&self) -> Result<Result<Trial, Refusal>, Cause> {
        let keeping = Keeping::Keep(self.kit.places.new_place().map_err(Cause::NotKept)?);
        let tried = try_password(self.kit.homeserver, &self.user, &self.kit.new_password, keeping).await;
        self.clear_unless(matches!(tried, Ok(Trial::SignedIn(_))));
        Ok(tried)
    }

    /// Leaves nothing in the new place where nobody was let in: whatever comes next would take it for a kept session, which
    /// is not replaced while its key cannot be had.
    pub(super) fn clear_unless(&self, signed_in: bool) {
        if !signed_in {
            self.kit.places.clear();
        }
    }

    /// Opens the session again that an earlier run made with the new password; signs in anew when it has ended.
    pub(super) async fn have_fresh(&mut self) -> Result<(), Cause> {
        if self.fresh.is_some() || self.live.is_some() {
            return Ok(());
        }
        if let Some(place) = self.kit.places.old_place() {
            self.fresh = match OwnSession::reopen(self.kit.homeserver, &self.user, place).await {
                Ok(reopened) => reopened,
                // What is in it is lost. The session itself is in the journal, and is signed out with the others.
                Err(SignInError::NotOpened) => None,
                // A session that may still be good is not replaced because the network is not.
                Err(error) => return Err(Cause::NotSignedIn(error)),
            };
        }
        self.sign_in().await
    }

    /// Returns the session that was made with the new password.
    pub(super) fn with_new_password(&self) -> Result<&OwnSession, Cause> {
        let live = self.live.as_ref().map(|it| it.own());
        live.or(self.fresh.as_ref()).ok_or(Cause::NoSession)
    }

    /// Signs one session out. One that is gone already is as good.
    pub(super) async fn end_session(&mut self, device: &str) -> Result<(), Cause> {
        self.have_fresh().await?;
        if self.asking.as_ref().is_some_and(|it| it.device_id() == Some(device)) {
            self.end_asking().await;
        }
        self.tell_of_waits()?;
        self.end_unless_stopped(device).await
    }

    /// Signs every session out but this one: also those that nobody knew of when the plan was made.
    pub(super) async fn end_others(&mut self) -> Result<(), Cause> {
        self.have_fresh().await?;
        self.end_asking().await;
        self.tell_of_waits()?;
        let session = self.with_new_password()?;
        let own = session.device_id().map(str::to_owned);
        let caller = session.caller();
        let listed = caller
            .ask(|| caller.client().send(get_devices::v3::Request::new()))
            .await;
        let listed = listed.map_err(|error| Cause::NotEnded {
            device: "(all others)".to_owned(),
            words: error.to_string(),
        })?;
        for device in listed.devices.iter().map(|it| it.device_id.as_str()) {
            if Some(device) != own.as_deref() {
                self.end_unless_stopped(device).await?;
            }
        }
        Ok(())
    }

    /// Lets the person see when the server wants to be left alone between the requests that follow.
    fn tell_of_waits(&self) -> Result<(), Cause> {
        let waiting = self.with_new_password()?.caller().waiting();
        self.kit.asker.tell(News::MayWait(waiting));
        Ok(())
    }

    /// Signs one session out, unless somebody wishes to stop: each may be waited for, and there may be many. The next run
    /// sees whether one that was under way is gone.
    async fn end_unless_stopped(&self, device: &str) -> Result<(), Cause> {
        tokio::select! {
            biased;
            () = self.kit.wishes.stopped() => Err(Cause::Stopped),
            ended = self.end(device) => ended,
        }
    }

    /// Signs the session out that looked and asked for the change, where it is Lifeboat's own; a lent one is not.
    ///
    /// Nobody but a session itself can have an OAuth server end it, short of a person on the account page, and nobody is
    /// to be sent there for what Lifeboat has made.
    async fn end_asking(&mut self) {
        let Some(asking) = self.asking.take_if(|it| it.kind() != SessionKind::Borrowed) else {
            return;
        };
        let device = asking.device_id().map(str::to_owned);
        // When this fails, the session is ended like any other.
        if asking.sign_out().await.is_ok() {
            self.signed_out.extend(device);
        }
    }

    /// Tells whether this run has signed out this session of ours.
    fn has_signed_out(&self, device: &str) -> bool {
        self.signed_out.iter().any(|it| it == device)
    }

    /// Signs one session out and says how.
    async fn end(&self, device: &str) -> Result<(), Cause> {
        let by = self.delete(device).await?;
        self.kit.asker.tell(News::SessionEnded { device, by });
        Ok(())
    }

    /// `DELETE /_matrix/client/v3/devices/{deviceId}`
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#delete_matrixclientv3devicesdeviceid)), with the new
    /// password as the proof.
    async fn delete(&self, device: &str) -> Result<EndedBy, Cause> {
        if !self.is_listed(device).await? {
            let by_us = self.has_signed_out(device);
            return Ok(if by_us { EndedBy::Lifeboat } else { EndedBy::Itself });
        }
        let caller = self.with_new_password()?.caller();
        let failed = |words: String| Cause::NotEnded {
            device: device.to_owned(),
            words,
        };
        let identifier = UserIdentifier::Matrix(MatrixUserIdentifier::new(self.user.to_string()));
        let password = self.kit.new_password.expose_secret().to_owned();
        let mut request = delete_device::v3::Request::new(OwnedDeviceId::from(device));
        request.auth = Some(AuthData::Password(PasswordAuth::new(identifier, password)));
        match caller.ask(|| caller.client().send(request.clone())).await {
            Ok(_) => Ok(EndedBy::Lifeboat),
            Err(error) if matches!(error.client_api_error_kind(), Some(ErrorKind::NotFound)) => Ok(EndedBy::Itself),
            // Servers that keep their accounts elsewhere do not know this request.
            Err(error) if matches!(error.client_api_error_kind(), Some(ErrorKind::Unrecognized)) => {
                // They list for a moment yet what was revoked there.
                if self.has_signed_out(device) {
                    return Ok(EndedBy::Lifeboat);
                }
                self.end_on_page(device).await?;
                Ok(EndedBy::AccountPage)
            }
            Err(error) if is_suspended(error.client_api_error_kind()) => {
                Err(failed("this account is suspended".to_owned()))
            }
            Err(error) => Err(failed(error.to_string())),
        }
    }

    /// Signs out every session that this reset made on the way, in this run or an earlier one.
    pub(super) async fn tidy_up(&mut self) -> Result<(), Cause> {
        if self.journal.plan().steps.contains(&Step::Leave) {
            self.have_fresh().await?;
        } else {
            // It stays so that keys of new messages reach it, which takes keys of its own.
            self.have_live().await?;
        }
        self.tell_of_waits()?;
        self.end_asking().await;
        let own = self.with_new_password()?.device_id().map(str::to_owned);
        let others = self.journal.own_sessions().into_iter().map(str::to_owned);
        let others: Vec<_> = others.filter(|it| Some(it) != own.as_ref()).collect();
        for device in others {
            self.delete(&device).await?;
        }
        if self.journal.records().contains(&Record::Resumed) {
            self.tidy_up_unnamed(own.as_deref()).await?;
        }
        Ok(())
    }

    /// Signs out what a run made that was killed before it could write the session down: a session with our name that was
    /// not there at the check.
    async fn tidy_up_unnamed(&self, own: Option<&str>) -> Result<(), Cause> {
        let before = self.kit.before.and_then(|it| it.facts.sessions.known());
        let Some(before) = before else { return Ok(()) };
        let caller = self.with_new_password()?.caller();
        let listed = caller
            .ask(|| caller.client().send(get_devices::v3::Request::new()))
            .await;
        let Ok(listed) = listed else { return Ok(()) };
        for device in listed.devices {
            let ours = device.display_name.is_some_and(|it| it.starts_with("Lifeboat"));
            let id = device.device_id.as_str();
            if ours && Some(id) != own && !before.iter().any(|it| it.device_id == id) {
                self.delete(id).await?;
            }
        }
        Ok(())
    }

    /// Signs out the session that the reset was made with, and removes its place.
    ///
    /// Where nobody can open it, another one has to sign it out; also where its place is empty: an earlier run may have made
    /// room for that other one, and then nobody was let in.
    pub(super) async fn leave(&mut self) -> Result<(), Cause> {
        if self.fresh.is_none() && self.live.is_none() && !self.reopen_to_leave().await? {
            self.sign_in().await?;
            self.tidy_up().await?;
        }
        let session = match self.live.take() {
            Some(live) => Some(live.end().await),
            None => self.fresh.take(),
        };
        if let Some(session) = session {
            session.sign_out().await?;
        }
        self.kit.places.forget();
        Ok(())
    }

    /// Opens the kept session again. Tells whether it is open or has ended; else it may be in the account.
    async fn reopen_to_leave(&mut self) -> Result<bool, Cause> {
        let Some(place) = self.kit.places.old_place() else {
            return Ok(false);
        };
        let folder = place.folder.clone();
        match OwnSession::reopen(self.kit.homeserver, &self.user, place).await {
            // What was only begun there is not the one that the reset was made with.
            Ok(None) => Ok(KeepIn::begun(&folder).is_none()),
            Ok(reopened) => {
                self.fresh = reopened;
                Ok(true)
            }
            Err(SignInError::NotOpened) => Ok(false),
            Err(error) => Err(Cause::NotSignedIn(error)),
        }
    }
}
