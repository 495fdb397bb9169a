//! Work with a session that takes part in encryption, which goes on afterwards.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use lifeboat_preflight::LiveSession;

use super::Guide;
use crate::{
    failure::Failure,
    session::{self, Errand, may_remain, own_mistake},
    signals::{Stopped, Wish},
    ui::{console::Console, progress::Progress},
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
        let (live, wish) = {
            let progress = Progress::begin("making encryption keys");
            let told = || progress.say("stopping as soon as the server has answered");
            let beginning = self.stops.finishing(LiveSession::begin(session), told).await;
            beginning
                .map_err(|Stopped| may_remain("You stopped while the session was being made.", Errand::Guide.name()))?
        };
        // When it cannot be made, the session is signed out already.
        let live = live?;
        let worked = match wish {
            Wish::Stop => Err(Stopped),
            Wish::GoOn => {
                let work = AssertUnwindSafe(work(&live, self.console)).catch_unwind();
                self.stops.unless_stopped_for_good(work, end_softly).await
            }
        };
        self.session = Some(live.end().await);
        match worked {
            Ok(result) => result.unwrap_or_else(|_| Err(own_mistake())),
            Err(Stopped) => Err(Failure::interrupted(session::NOTHING_CHANGED, "")),
        }
    }
}
