//! Work with a session that takes part in encryption, which goes on afterwards.

use lifeboat_preflight::LiveSession;

use super::Guide;
use crate::{
    failure::Failure,
    resolve::{Afterwards, SignIn},
    session::{self, Errand, Unfinished, Way, keep_live, own_mistake, with_live_session},
    signals::Wish,
    ui::console::Console,
};

impl Guide<'_> {
    /// Gives the session encryption keys, does `work` with it, and takes it back. `end_softly` is asked when the user
    /// first wishes to stop: it may make the work end early by itself.
    pub(super) async fn live<T>(
        &mut self,
        end_softly: impl FnOnce() -> Wish,
        work: impl AsyncFnOnce(&LiveSession, &mut Console) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let session = self.session.take().ok_or_else(own_mistake)?;
        let (stops, console) = (&mut self.stops, &mut *self.console);
        // When it cannot be made, the session is signed out already.
        let (session, worked) = keep_live(session, Errand::Guide, stops, console, end_softly, work).await?;
        self.session = Some(session);
        worked.map_err(|unfinished| match unfinished {
            Unfinished::Failed(failure) => failure,
            Unfinished::Stopped => Failure::interrupted(session::NOTHING_CHANGED, ""),
        })
    }

    /// Does `work` with a session of its own, in which what other sessions hand over can be read: the one of this
    /// conversation keeps its keys in memory, where that is forgotten.
    pub(super) async fn live_apart<T>(
        &mut self,
        end_softly: impl FnOnce() -> Wish,
        work: impl AsyncFnOnce(&LiveSession, &mut Console) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let (errand, homeserver) = (Errand::Repair, self.homeserver()?);
        let entry = self.entry(self.sign_in.clone())?;
        let known = self.password.clone().filter(|_| self.sign_in == SignIn::Prompt);
        let way = Way::prepare(entry, Afterwards::Remove, self.console)?
            .on(errand)
            .knowing(known);
        let (session, ()) = way
            .sign_in(&homeserver, &mut self.stops, self.console, || Ok(()))
            .await?;
        with_live_session(session, errand, &mut self.stops, self.console, end_softly, work).await
    }
}
