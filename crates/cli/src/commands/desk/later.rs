//! The letter of a reset that was interrupted: `lifeboat resume` writes it.

use lifeboat_preflight::Pace;
use lifeboat_report::{Fate, Route};
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

/// Reads how many sessions there were before the change.
fn sessions_before(journal: &Journal) -> Result<usize, Failure> {
    let before = journal.beside(BEFORE).map(|it| status::read(&it)).transpose()?;
    let sessions = before.as_ref().and_then(|it| it.facts.sessions.known());
    sessions.map(Vec::len).ok_or_else(|| {
        Failure::failed(
            "How many sessions there were before the reset is not known, and the letter would have to say it.",
            "Leave out --letter, and write to the person yourself.",
        )
    })
}
