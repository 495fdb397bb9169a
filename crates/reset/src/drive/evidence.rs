//! What a reset writes down beside its journal: the ark before, the second status file and the history proof after.

use lifeboat_preflight::{
    ForecastProgress, ForecastQuestion, Questions,
    ark::{self, ArkError, ArkProgress},
    examine,
};
use lifeboat_report::{HistoryProof, Report, StatusFile, Step};

use super::Reset;
use crate::{
    Cause, News,
    flow::{Outcome, Record},
};

/// Name of the ark in the folder of its reset.
const ARK: &str = "before.ark";
/// Name of the second status file.
const AFTER: &str = "after.json";
/// Name of the history proof.
pub(super) const HISTORY: &str = "history.json";

impl Reset<'_> {
    /// Saves an ark with the session that asks for the change, and reads it back before it counts.
    pub(super) async fn save_ark(&mut self) -> Result<(), Cause> {
        if self.asking.is_none() {
            self.sign_in_to_ask().await?;
        }
        let (Some(session), Some(status)) = (&self.asking, self.kit.before) else {
            return Err(Cause::NoSession);
        };
        let progress = ArkProgress::default();
        self.kit.asker.tell(News::MayWait(session.caller().waiting()));
        self.kit.asker.tell(News::Saving(&progress));
        let evidence = self.journal.begin_beside(ARK)?;
        let saving = ark::save(session, self.kit.homeserver, evidence.writer()?, status, &progress);
        let saved = tokio::select! {
            saved = saving => saved?,
            () = self.kit.wishes.stopped() => return Err(Cause::Stopped),
        };
        let read = ark::survey(evidence.reader()?, Vec::new(), &ArkProgress::default()).await?;
        let read = read.versions.iter().map(|it| (&it.version, it.entries));
        if !read.eq(saved.versions.iter().map(|it| (&it.version, it.entries))) {
            return Err(Cause::NotSaved(ArkError::Damaged {
                what: "what was written is not what can be read back".to_owned(),
            }));
        }
        evidence.keep()?;
        Ok(())
    }

    /// Checks the account with the new session and writes the second status file.
    pub(super) async fn look_a_second_time(&mut self) -> Result<(), Cause> {
        let (Some(live), Some(before)) = (&self.live, self.kit.before) else {
            return Ok(());
        };
        let questions = Questions {
            candidates: self.kit.recovery_key.iter().cloned().collect(),
        };
        let quiet = ForecastProgress::default();
        let progress = match &self.kit.second_look {
            ForecastQuestion::Run(options) => &options.progress,
            ForecastQuestion::Quick => &quiet,
        };
        self.kit.asker.tell(News::ChecksAgain(progress));
        let looking = examine(live.own(), self.kit.homeserver, &questions, &self.kit.second_look, &());
        let checked = tokio::select! {
            checked = looking => checked.map_err(|error| Cause::NotProven(error.to_string()))?,
            () = self.kit.wishes.stopped() => return Err(Cause::Stopped),
        };
        let report = Report::of(self.user.to_string(), lifeboat_preflight::now(), checked.facts);
        let status = StatusFile::of(&report.with_forecast(checked.forecast), before.generator.clone());
        let text = serde_json::to_vec_pretty(&status).map_err(|error| Cause::NotProven(error.to_string()))?;
        self.journal.keep_beside(AFTER, &text)?;
        Ok(())
    }

    /// Returns the history proof of this run, or of the run before it.
    pub(super) fn proof(&self) -> Option<HistoryProof> {
        let earlier = || {
            let text = std::fs::read(self.journal.beside(HISTORY)?).ok()?;
            serde_json::from_slice(&text).ok()
        };
        self.done.history.clone().or_else(earlier)
    }

    /// Returns the steps that were left out, in this run or an earlier one.
    pub(super) fn left_out(&self) -> Vec<Step> {
        let skipped = |number: usize| {
            let outcome = Outcome::Skipped;
            self.journal
                .records()
                .contains(&Record::Ended { step: number, outcome })
        };
        let steps = self.journal.plan().steps.iter().enumerate();
        steps
            .filter(|(number, _)| skipped(*number))
            .map(|(_, step)| step.clone())
            .collect()
    }
}
