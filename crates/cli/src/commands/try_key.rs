//! `lifeboat try-key`: says what recovery keys and passphrases open.

use lifeboat_preflight::{OwnSession, Questions, check};
use lifeboat_report::Facts;
use secrecy::SecretString;

use super::{alone::alone_if_possible, runtime};
use crate::{
    candidates::{self, Typed},
    exit::Exit,
    failure::Failure,
    resolve::{Afterwards, Candidates, Entry, Format, TryKeyJob},
    session::{Way, with_session},
    signals::Stops,
    ui::{
        console::Console,
        json,
        progress::Progress,
        trial::{self, Answer},
    },
};

/// Runs it.
pub(crate) fn run(job: TryKeyJob, console: &mut Console) -> Result<Exit, Failure> {
    let TryKeyJob {
        entry,
        candidates,
        format,
    } = job;
    let _alone = match &entry {
        Some(entry) => alone_if_possible(&entry.user)?,
        None => None,
    };
    let account = entry.as_ref().map(Entry::command_line);
    // Secrets in files are read before anybody is asked for anything.
    let way = entry
        .map(|entry| Way::prepare(entry, Afterwards::Remove, console))
        .transpose()?;
    let files = candidates::read(&candidates.files, console)?;
    let runtime = runtime()?;
    let tried = runtime.block_on(try_all(way, files, &candidates, console));
    // A thread that still waits for the terminal may not hold up the end.
    runtime.shutdown_background();
    let (answers, facts) = tried?;
    let passes = |it: &Answer| match (&account, &it.opened) {
        (Some(_), Some(opened)) => opened.opens_default && opened.opens_active_backup,
        (Some(_), None) => false,
        (None, _) => it.is_plausible(),
    };
    let passed = if account.is_some() {
        answers.iter().any(passes)
    } else {
        answers.iter().all(passes)
    };
    match format {
        Format::Json => console.show(&json::document(&trial::document(&answers, passed))?)?,
        Format::Screen => {
            console.show(&trial::render(&answers, facts.as_ref(), console.width()))?;
            if facts.is_some() && !passed {
                console.show(&trial::next(account.as_ref(), console.width()))?;
            }
        }
    }
    Ok(if passed { Exit::Done } else { Exit::Blocked })
}

/// Tries what is worth trying; what is mistyped is answered without a network.
async fn try_all(
    way: Option<Way>,
    mut typed: Vec<Typed>,
    candidates: &Candidates,
    console: &mut Console,
) -> Result<(Vec<Answer>, Option<Facts>), Failure> {
    let mut stops = Stops::listen()?;
    let asking = candidates.asking;
    typed.extend(crate::session::asked(&mut stops, move || candidates::ask(asking)).await?);
    let worth_trying: Vec<SecretString> = typed
        .iter()
        .filter(|it| it.is_plausible())
        .map(|it| it.text.clone())
        .collect();
    let Some(way) = way.filter(|_| !worth_trying.is_empty()) else {
        return Ok((typed.into_iter().map(Answer::offline).collect(), None));
    };
    let homeserver = way.discover(&mut stops).await?;
    let (session, ()) = way.sign_in(&homeserver, &mut stops, console, || Ok(())).await?;
    let questions = Questions {
        candidates: worth_trying,
    };
    let work = async |session: &OwnSession| {
        let progress = Progress::begin("trying what it opens");
        Ok(check(session, &homeserver, &questions, &progress).await?)
    };
    let facts = with_session(session, &mut stops, console, work).await?;
    let trial = facts.key_trial.known().ok_or_else(|| not_tried(&facts))?;
    // There is one answer for each candidate, in the order in which they were given.
    let mut opened = trial.candidates.iter().cloned();
    let answer = |it: Typed| {
        if it.is_plausible() {
            Answer::tried(it, opened.next())
        } else {
            Answer::offline(it)
        }
    };
    let answers = typed.into_iter().map(answer).collect();
    Ok((answers, Some(facts)))
}

fn not_tried(facts: &Facts) -> Failure {
    let why = facts
        .key_trial
        .gap()
        .map_or("the server did not say why", lifeboat_report::Gap::words);
    Failure::failed(format!("The key could not be tried: {why}."), "Try again in a while.")
}
