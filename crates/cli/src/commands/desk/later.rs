//! The letter of a reset that was interrupted: `lifeboat resume` writes it.

use lifeboat_preflight::Pace;
use lifeboat_report::{Fate, Route, facts::Session};
use lifeboat_reset::Journal;

use super::{
    chair::Chair,
    letter::{KeptBy, Letter},
    paper::Paper,
};
use crate::{
    commands::reset::carry_out::BEFORE,
    failure::Failure,
    resolve::{AdminToken, Person, ResumeJob},
    session::Errand,
    signals::Stops,
    status,
    ui::{console::Console, time},
};

/// A letter that is written once the reset is finished.
pub(crate) struct LaterLetter {
    paper: Paper,
    account: String,
    administrator: String,
    fate: Fate,
    sessions: usize,
}

impl LaterLetter {
    /// Prepares the letter that `job` asks for, if it does: reserves its files, reads what the reset's folder keeps,
    /// and sees whose token it is, which `job` knows from then on. Changes nothing.
    ///
    /// # Errors
    ///
    /// The reset has to be an administrator's, the files must not exist, and the token has to be an administrator's.
    pub(crate) async fn prepare(
        job: &mut ResumeJob,
        journal: &Journal,
        stops: &mut Stops,
        console: &mut Console,
    ) -> Result<Option<Self>, Failure> {
        let Some(letter) = &job.letter else { return Ok(None) };
        if journal.plan().route != Route::SynapseAdmin {
            return Err(Failure::usage(
                "The last reset of this account is not an administrator’s: nobody gets a letter.",
                "Leave out --letter and --letter-template.",
            ));
        }
        let paper = Paper::prepare(letter)?;
        let sessions = sessions_before(journal)?;
        let token = match (&job.admin_token, job.person) {
            (Some(token), _) => token.clone(),
            (None, Person::Present) => AdminToken::Prompt,
            (None, Person::Absent) => {
                return Err(Failure::usage(
                    "The letter names the administrator, and there is no access token that tells who that is.",
                    "Give it with --admin-token-file.",
                ));
            }
        };
        let mut entry = job.entry.clone();
        entry.homeserver = entry.homeserver.or_else(|| journal.header().homeserver.clone());
        let chair = Chair::sit_down(&entry, &token, Pace::at_once(), stops, console).await?;
        // Only administrators are told of an account: nobody else is named in a letter.
        chair.account(&entry, stops).await?;
        job.admin_token = Some(AdminToken::Known(chair.token.clone()));
        Ok(Some(Self {
            paper,
            account: journal.plan().account.clone(),
            administrator: chair.session.user_id().to_string(),
            fate: journal.plan().fate,
            sessions,
        }))
    }

    /// Writes it, as text and as a page. `changed`: when the password was changed, in milliseconds since the Unix
    /// epoch; `None`: just now.
    pub(crate) fn write(self, changed: Option<u64>, console: &mut Console) -> Result<(), Failure> {
        let letter = Letter {
            account: &self.account,
            administrator: &self.administrator,
            day: &time::day(changed.unwrap_or_else(time::now)),
            // Where another service keeps the accounts, no journal is written.
            kept_by: KeptBy::Homeserver,
            fate: self.fate,
            sessions: self.sessions,
        };
        self.paper.write(&letter, console)
    }
}

/// Reads how many sessions the person had before the change. Those that Lifeboat itself made, for the check that the reset
/// relies on or in an earlier attempt, are not theirs.
fn sessions_before(journal: &Journal) -> Result<usize, Failure> {
    let before = journal.beside(BEFORE).map(|it| status::read(&it)).transpose()?;
    let sessions = before.as_ref().and_then(|it| it.facts.sessions.known());
    let own = journal.own_sessions();
    let is_own =
        |it: &Session| own.contains(&it.device_id.as_str()) || it.name.as_deref().is_some_and(Errand::removes_itself);
    let of_the_person = sessions.map(|all| all.iter().filter(|it| !is_own(it)).count());
    of_the_person.ok_or_else(|| {
        Failure::failed(
            "How many sessions there were before the reset is not known, and the letter would have to say it.",
            "Leave out --letter, and write to the person yourself.",
        )
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use lifeboat_report::{
        Aboard, ArkFirst, Choices, EarlierForecast, Fact, Facts, OneByOne, Plan, RecoveryKey, Report, StatusFile,
        Waivers,
        testing::{ACCOUNT, TAKEN_AT, healthy_facts},
    };
    use lifeboat_reset::flow::Record;

    use super::*;
    use crate::{commands::check::generator, ui::json};

    /// Begins the journal of an administrator's reset that these facts were gathered for.
    fn begun(folder: &Path, facts: Facts) -> Journal {
        let report = Report::of(ACCOUNT.to_owned(), TAKEN_AT, healthy_facts());
        let clearance = report.clear(Fate::SessionsKept, &Waivers::default()).unwrap();
        let choices = Choices {
            route: Route::SynapseAdmin,
            fate: Fate::SessionsKept,
            one_by_one: OneByOne::These(Vec::new()),
            ark: ArkFirst::Skip,
            recovery_key: RecoveryKey::None,
            forecast: EarlierForecast::None,
            aboard: Aboard::Leave,
        };
        let plan = Plan::of(&clearance, choices);
        let report = Report::of(ACCOUNT.to_owned(), TAKEN_AT, facts);
        let before = json::document(&StatusFile::of(&report, generator())).unwrap();
        Journal::begin(folder, plan, &clearance, None, (BEFORE, before.as_bytes())).unwrap()
    }

    #[test]
    fn sessions_that_lifeboat_made_are_not_the_persons() {
        let home = tempfile::tempdir().unwrap();
        // Two of the person, and the one of the check.
        let mut journal = begun(&home.path().join("one"), healthy_facts());
        assert_eq!(sessions_before(&journal).unwrap(), 2);
        let device = "PIXEL8PHON".to_owned();
        journal.append(Record::Session { device }).unwrap();
        assert_eq!(sessions_before(&journal).unwrap(), 1);
    }

    #[test]
    fn a_session_that_was_lent_for_the_check_is_the_persons() {
        let home = tempfile::tempdir().unwrap();
        let mut facts = healthy_facts();
        facts.sessions = facts.sessions.map(|mut all| {
            all.retain(|it| !it.this);
            all.iter_mut().for_each(|it| it.this = it.device_id == "PIXEL8PHON");
            all
        });
        assert_eq!(sessions_before(&begun(&home.path().join("one"), facts)).unwrap(), 2);
        let mut facts = healthy_facts();
        facts.sessions = Fact::Known(Vec::new());
        assert_eq!(sessions_before(&begun(&home.path().join("other"), facts)).unwrap(), 0);
    }
}
