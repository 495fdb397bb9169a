//! The check, again and again: what it finds decides what is offered.

use lifeboat_preflight::{
    Checked, ForecastOptions, ForecastProgress, ForecastQuestion, LeftRooms, OlderVersions, Questions, examine,
};
use lifeboat_report::Report;

use super::Guide;
use crate::{
    commands::check::stop_reading,
    failure::Failure,
    guide::{Heard, Saved, fix::fixes},
    memory::MemoryFile,
    session,
    signals::{Stopped, Wish},
    ui::{progress::Progress, screen, time},
};

impl Guide<'_> {
    /// Checks, and works out what can be mended.
    pub(super) async fn check(&mut self) -> Result<Heard, Failure> {
        let (homeserver, keys) = (self.homeserver()?, self.secrets());
        let user = self.user.clone().ok_or_else(session::own_mistake)?;
        let Some(session) = &self.session else {
            return Ok(Heard::SessionOver);
        };
        let memory = MemoryFile::of(&user);
        let reading = ForecastProgress::default();
        let question = ForecastQuestion::Run(ForecastOptions {
            left_rooms: LeftRooms::Include,
            older: OlderVersions::All,
            progress: reading.clone(),
            memory: memory.as_ref().and_then(MemoryFile::read),
            ..ForecastOptions::default()
        });
        let questions = Questions { candidates: keys };
        let progress = Progress::begin("asking the server").with_forecast(Some(&reading));
        let work = examine(session, &homeserver, &questions, &question, &progress);
        let end_softly = || if stop_reading(&reading) { Wish::GoOn } else { Wish::Stop };
        let checked = self.stops.unless_stopped_for_good(work, end_softly).await;
        drop(progress);
        let checked = match checked {
            Err(Stopped) => return Ok(Heard::Stop),
            Ok(Err(error)) => {
                // Whatever comes next needs another session.
                self.session = None;
                self.tell(&error.into());
                return Ok(Heard::SessionOver);
            }
            Ok(Ok(checked)) => checked,
        };
        if let (Some(file), Some(memory)) = (memory, &checked.memory) {
            file.write(memory);
        }
        self.take_in(checked)?;
        Ok(Heard::Done)
    }

    /// Goes on with what was seen last.
    pub(super) fn take_in(&mut self, checked: Checked) -> Result<(), Failure> {
        let account = self.trip.account.clone().ok_or_else(session::own_mistake)?;
        let report = Report::of(account, time::now(), checked.facts.clone()).with_forecast(checked.forecast.clone());
        self.trip.take_in(report);
        self.checked = Some(checked);
        self.work_out()
    }

    /// Works out anew what can be mended.
    pub(super) fn work_out(&mut self) -> Result<(), Failure> {
        let account = self.command_line()?;
        if let (Some(report), Some(checked)) = (&self.trip.report, &self.checked) {
            let saved = if self.trip.ark.is_some() { Saved::Yes } else { Saved::No };
            self.trip.fixes = fixes(report, &checked.at_risk, saved, &account);
        }
        Ok(())
    }

    /// Shows everything that was found, as `lifeboat check` does.
    pub(super) fn details(&mut self) -> Result<Heard, Failure> {
        let account = self.command_line()?;
        if let Some(report) = &self.trip.report {
            let text = screen::render(report, &account, self.console.width());
            self.console.show(&format!("\n{text}"))?;
        }
        Ok(Heard::Done)
    }
}
