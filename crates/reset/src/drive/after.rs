//! After the change: keys come back, and the history is proven.

use std::time::Duration;

use lifeboat_preflight::{
    BackupConnection, FetchError, FetchProgress, ForecastProgress, LiveSession, UnlockError, Unlocked, now,
};
use lifeboat_report::{Fate, Gap, Step};

use super::{Reset, evidence::HISTORY};
use crate::{
    Cause, News,
    flow::{Outcome, Record},
    history_proof::{self, Earlier},
};

impl Reset<'_> {
    pub(super) async fn restore(&mut self) -> Result<(), Cause> {
        self.have_live().await?;
        let unlocked = self.unlock().await?;
        let connected = unlocked.backup == BackupConnection::Connected;
        self.done.unlocked = Some(unlocked);
        if !connected {
            return Err(Cause::NoBackup);
        }
        let live = self.live.as_ref().ok_or(Cause::NoSession)?;
        let progress = FetchProgress::default();
        self.kit.asker.tell(News::RoomKeys(&progress));
        let fetched = tokio::select! {
            fetched = live.fetch_room_keys(self.kit.homeserver, &progress) => fetched?,
            () = self.kit.wishes.stopped() => return Err(Cause::Stopped),
        };
        self.not_cut_short(fetched.listing_gap).map_err(FetchError::NotListed)?;
        self.done.fetched = Some(fetched);
        if !self.journal.plan().steps.contains(&Step::ProveHistory) {
            self.look_a_second_time().await?;
        }
        Ok(())
    }

    /// Has a session with the new password take part in encryption; keys of new messages reach it from then on.
    pub(super) async fn have_live(&mut self) -> Result<(), Cause> {
        self.have_fresh().await?;
        if self.live.is_some() {
            return Ok(());
        }
        let Some(fresh) = self.fresh.take() else {
            return Err(Cause::NoSession);
        };
        self.live = Some(LiveSession::begin(fresh).await?);
        if self.journal.plan().fate == Fate::SessionsEnded {
            let since = self.journal.changed_since();
            self.done.without_session = since.map(|it| Duration::from_millis(now().saturating_sub(it)));
        }
        Ok(())
    }

    /// Opens secret storage; asks for another key when this one does not.
    async fn unlock(&mut self) -> Result<Unlocked, Cause> {
        let live = self.live.as_ref().ok_or(Cause::NoSession)?;
        let mut key = self.kit.recovery_key.clone();
        loop {
            let tried = match &key {
                Some(key) => live.open(key).await,
                None => Err(UnlockError::WrongKey),
            };
            match tried {
                Ok(unlocked) => {
                    self.kit.recovery_key = key;
                    return Ok(unlocked);
                }
                Err(error @ UnlockError::WrongKey) => {
                    key = tokio::select! {
                        key = self.kit.asker.another_recovery_key(error.to_string()) => key,
                        () = self.kit.wishes.stopped() => return Err(Cause::Stopped),
                    };
                    if key.is_none() {
                        return Err(error.into());
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub(super) async fn prove_history(&mut self) -> Result<(), Cause> {
        let Some(before) = self.kit.before else {
            return Err(Cause::NotProven("what there was before is not known".into()));
        };
        let not_proven =
            |error: history_proof::ProofError| Cause::NotProven(error.to_string().trim_end_matches('.').to_owned());
        let earlier = Earlier::of(before).map_err(not_proven)?;
        self.have_live().await?;
        let live = self.live.as_ref().ok_or(Cause::NoSession)?;
        let progress = ForecastProgress::default();
        self.kit.asker.tell(News::History(&progress));
        let proof = history_proof::prove(live.own().caller(), &earlier, &progress);
        let proof = tokio::select! {
            proof = proof => proof.map_err(not_proven)?,
            () = self.kit.wishes.stopped() => return Err(Cause::Stopped),
        };
        self.not_cut_short(proof.after().gap)
            .map_err(|gap| Cause::NotProven(gap.words().to_owned()))?;
        let text = serde_json::to_vec_pretty(&proof).map_err(|error| Cause::NotProven(error.to_string()))?;
        self.journal.keep_beside(HISTORY, &text)?;
        self.done.history = Some(proof);
        self.look_a_second_time().await
    }

    /// Fails where the server is the reason that not everything was seen, so that whoever goes on sees it then. What it
    /// does not hand out the second time either does not hold up the rest.
    fn not_cut_short(&self, gap: Option<Gap>) -> Result<(), Gap> {
        match gap {
            Some(gap) if gap == Gap::Offline || !self.has_failed_before() => Err(gap),
            _ => Ok(()),
        }
    }

    /// Tells whether the step that is under way has failed before.
    fn has_failed_before(&self) -> bool {
        let records = self.journal.records();
        let failed = |step| Record::Ended {
            step,
            outcome: Outcome::Failed,
        };
        let under_way = records.iter().rev().find_map(Record::step);
        under_way.is_some_and(|step| records.contains(&failed(step)))
    }
}
