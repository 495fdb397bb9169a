//! `lifeboat desk reset`: the reset of an administrator, a look afterwards, and a letter.

use std::path::Path;

use lifeboat_preflight::Pace;
use lifeboat_report::Fate;
use secrecy::SecretString;

use super::{
    chair::{Chair, not_told},
    letter::{Letter, Words},
};
use crate::{
    admin_token,
    commands::{reset, runtime},
    exit::Exit,
    failure::Failure,
    files::Reserved,
    resolve::{AdminToken, Consent, DeskResetJob, Entry},
    signals::Stops,
    ui::{console::Console, html, time},
};

/// Runs it.
pub(super) fn run(job: DeskResetJob, console: &mut Console) -> Result<Exit, Failure> {
    let DeskResetJob {
        token,
        mut reset,
        letter,
        template,
    } = job;
    let words = Words::read(template.as_deref())?;
    let page = Reserved::new(letter.with_extension("html"))?;
    let text = Reserved::new(letter)?;
    let (entry, fate, dry_run) = (reset.entry.clone(), reset.fate, reset.consent == Consent::DryRun);
    let before = look(&entry, &token, console)?;
    reset.admin_token = Some(AdminToken::Known(before.token.clone()));
    let ended = reset::run(reset, console)?;
    if dry_run || ended != Exit::Done {
        return Ok(ended);
    }
    let letter = Letter {
        account: entry.user.as_str(),
        administrator: &before.administrator,
        day: &time::day(time::now()),
        fate,
        sessions: before.sessions.len(),
    };
    let words = letter.render(&words);
    let text = text.write(words.as_bytes())?;
    let page = page.write(html::letter(&letter.title(), &words).as_bytes())?;
    written(&text, &page, console);
    // The password is changed: a look that fails is no failure of the reset.
    match look(&entry, &AdminToken::Known(before.token.clone()), console) {
        Ok(after) => tell(&before, &after, fate, console),
        Err(failure) => console.caution(
            &format!(
                "The password is changed, but it could not be looked again: {}",
                failure.wrong
            ),
            "See with lifeboat desk check whether the sessions are as you chose.",
        ),
    }
    Ok(Exit::Done)
}

/// What is seen of the account before the change, and after it.
struct Look {
    token: SecretString,
    administrator: String,
    sessions: Vec<String>,
}

fn look(entry: &Entry, token: &AdminToken, console: &mut Console) -> Result<Look, Failure> {
    let runtime = runtime()?;
    let looked = runtime.block_on(async {
        let mut stops = Stops::listen()?;
        let token = admin_token::read(token, &mut stops, console).await?;
        let known = AdminToken::Known(token.clone());
        let chair = Chair::sit_down(entry, &known, Pace::at_once(), &mut stops, console).await?;
        chair.account(entry, &mut stops).await?;
        Ok(Look {
            token,
            administrator: chair.session.user_id().to_string(),
            sessions: chair.api.session_ids(&entry.user).await.map_err(not_told)?,
        })
    });
    // A thread that still waits for the terminal may not hold up the end.
    runtime.shutdown_background();
    looked
}

/// Says whether the sessions are as they were to be.
fn tell(before: &Look, after: &Look, fate: Fate, console: &mut Console) {
    let all = before.sessions.len();
    let left = before.sessions.iter().filter(|it| after.sessions.contains(it)).count();
    match fate {
        Fate::SessionsKept if left == all => {
            console.note(&format!("Looked again: the sessions are all there, {left} of {all}."));
        }
        Fate::SessionsEnded if left == 0 => {
            console.note(&format!("Looked again: none of the {all} sessions is left."));
        }
        _ => console.caution(
            &format!("Looked again: {left} of {all} sessions are left, which is not what was asked for."),
            "Somebody may have signed in or out meanwhile: see lifeboat desk check.",
        ),
    }
}

fn written(text: &Path, page: &Path, console: &mut Console) {
    console.note(&format!(
        "The letter is in {} and, as a page, in {}. It does not hold the password: hand the two over on different ways.",
        text.display(),
        page.display()
    ));
}
