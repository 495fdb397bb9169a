//! The reset itself, and one that was interrupted.

use lifeboat_preflight::ForecastQuestion;
use lifeboat_report::{Aboard, ArkFirst, Fate, HOLDS_FOR, OneByOne, Report};
use lifeboat_reset::{Found, Journal, flow::Password};

use super::Guide;
use crate::{
    commands::{
        reset::{Place, Seen, act, agree, best_key, letter::letter, no_home, password::Chosen},
        resume,
    },
    exit::Exit,
    failure::Failure,
    guide::{Heard, Outcome},
    kept::Kept,
    resolve::{Asking, Candidates, Consent, Format, NewPassword, Person, ResetJob, ResumeJob, SignIn},
    session::{asked, own_mistake},
    ui::{prompt, time},
};

/// With less than this left, the check is done again before a reset that relies on it: a person may read for a while.
const TIME_TO_READ: u64 = 20 * 60 * 1000;

impl Guide<'_> {
    /// Shows the plan, asks, and has it carried out.
    pub(super) async fn reset(&mut self) -> Result<Heard, Failure> {
        let folder = self.folder().ok_or_else(no_home)?;
        self.ensure_alone()?;
        let user = self.user.as_ref().ok_or_else(own_mistake)?;
        let kept = Kept::of(user)?;
        // A keyring that asks the person may take its time.
        asked(&mut self.stops, move || kept.ensure_open()).await?;
        if !self.trip.forgotten && self.session.is_none() {
            return Ok(Heard::SessionOver);
        }
        let stale = |it: &Report| time::now() + TIME_TO_READ > it.taken_at.saturating_add(HOLDS_FOR);
        if !self.trip.forgotten && self.trip.report.as_ref().is_some_and(stale) {
            self.say("The check is some time ago. Looking again.")?;
            match self.check().await? {
                Heard::Done if self.trip.is_cleared() => {}
                Heard::Done => return Ok(Heard::Failed),
                other => return Ok(other),
            }
        }
        let (Some(report), Some(fate)) = (self.trip.report.clone(), self.trip.fate) else {
            return Err(own_mistake());
        };
        let resets = folder.join("resets");
        let stranded = match Journal::find(&resets)? {
            Found::Unfinished(journal) => journal.own_sessions().into_iter().map(str::to_owned).collect(),
            Found::Finished(_) | Found::Nothing => Vec::new(),
        };
        let job = self.job(fate)?;
        let mut seen = Seen {
            homeserver: self.homeserver()?,
            recovery_key: best_key(&self.keys, &report),
            report,
            session: self.session.take(),
            old: self.password.clone(),
        };
        let agreed = agree(&job, &seen, Chosen::Typed, &mut self.stops, self.console).await;
        let agreed = match agreed {
            Ok(Some(agreed)) => agreed,
            stopped => {
                self.session = seen.session.take();
                return stopped.map(|_| Heard::Failed);
            }
        };
        let place = Place {
            folder: &folder,
            stranded,
        };
        let acted = act(&job, seen, agreed, place, &mut self.stops, self.console).await;
        self.came_to(acted)
    }

    /// Writes a letter to those who alone can help.
    pub(super) fn write_letter(&mut self) {
        if let (Some(report), Some(folder)) = (&self.trip.report, self.folder()) {
            self.trip.letter = Some(letter(report, &folder).write());
        }
    }

    fn job(&self, fate: Fate) -> Result<ResetJob, Failure> {
        Ok(ResetJob {
            entry: self.entry(self.sign_in.clone())?,
            candidates: Candidates {
                files: Vec::new(),
                asking: Asking::No,
            },
            forecast: ForecastQuestion::Quick,
            route: self.trip.route,
            fate,
            one_by_one: OneByOne::These(Vec::new()),
            ark: if self.trip.ark.is_some() {
                ArkFirst::Skip
            } else {
                ArkFirst::Save
            },
            waivers: self.trip.waivers(fate),
            new_password: NewPassword::Prompt,
            old_password: None,
            admin_token: None,
            email: None,
            status_file: None,
            consent: Consent::Ask,
            // Where every session ends, Lifeboat's may be the only one that new messages reach.
            aboard: match fate {
                Fate::SessionsEnded => Aboard::Stay,
                Fate::SessionsKept => Aboard::Leave,
            },
            format: Format::Screen,
            person: Person::Present,
        })
    }

    /// Finishes a reset that was interrupted.
    pub(super) async fn resume(&mut self) -> Result<Heard, Failure> {
        let folder = self.folder().ok_or_else(no_home)?;
        self.ensure_alone()?;
        let Found::Unfinished(journal) = Journal::find(&folder.join("resets"))? else {
            self.trip.halfway = None;
            return Ok(Heard::SessionOver);
        };
        self.trip.fate = Some(journal.plan().fate);
        let job = ResumeJob {
            entry: self.entry(SignIn::Nobody)?,
            recovery_key: None,
            new_password: NewPassword::Prompt,
            old_password: None,
            admin_token: None,
            letter: None,
            email: None,
            format: Format::Screen,
            person: Person::Present,
        };
        let resumed = resume::resume(job, *journal, &mut self.stops, self.console).await;
        self.came_to(resumed)
    }

    /// What a reset came to, for the conversation.
    fn came_to(&mut self, ended: Result<Exit, Failure>) -> Result<Heard, Failure> {
        let failure = match ended {
            Ok(exit) => {
                self.trip.halfway = None;
                self.trip.outcome = Some(if exit == Exit::Done {
                    Outcome::Proven
                } else {
                    Outcome::Incomplete
                });
                return Ok(Heard::Done);
            }
            Err(failure) => failure,
        };
        // Whatever is said of the reset besides, the next screen says it, too.
        if failure.wrong.starts_with(prompt::STOPPED_AT_QUESTION) {
            return Ok(Heard::Stop);
        }
        self.tell(&failure);
        Ok(match self.unfinished()? {
            Some(Password::Unchanged | Password::Dark | Password::Changed) => Heard::Halfway,
            // It did not even begin, and the session was signed out.
            None => Heard::SessionOver,
        })
    }
}
