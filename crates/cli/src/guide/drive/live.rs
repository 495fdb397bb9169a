//! Work with a session that takes part in encryption, which goes on afterwards.

use lifeboat_preflight::LiveSession;

use super::Guide;
use crate::{
    failure::Failure,
    session::{self, Errand, Unfinished, keep_live, own_mistake},
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
}
