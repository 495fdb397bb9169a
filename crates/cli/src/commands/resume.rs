//! `lifeboat resume`: finishes a reset that was interrupted.

use std::path::Path;

use lifeboat_preflight::{ForecastQuestion, OwnSession};
use lifeboat_report::{Route, Step};
use lifeboat_reset::{
    ComeBack, Found, Journal,
    flow::{Password, Record},
};
use secrecy::SecretString;

use super::{
    alone::alone_to_reset,
    desk::LaterLetter,
    reset::{
        carry_out::{BEFORE, Cargo, carry_out, going_on},
        loose::Loose,
        owed::{owed, unusable},
        password, route, second_look,
    },
    runtime,
};
use crate::{
    admin_token,
    exit::Exit,
    failure::Failure,
    resolve::{Afterwards, NewPassword, Person, ResumeJob, SignIn},
    secrets::{self, Purpose},
    session::{Way, asked, warn_of_readers},
    signals::Stops,
    state, status,
    ui::{console::Console, prompt, time},
};

/// Runs it.
pub(crate) fn run(job: ResumeJob, console: &mut Console) -> Result<Exit, Failure> {
    let (folder, _alone) = alone_to_reset(&job.entry.user)?;
    let resets = folder.join("resets");
    let found = Journal::find(&resets).map_err(|error| unusable(error, &resets))?;
    let runtime = runtime()?;
    let ended = runtime.block_on(async {
        let mut stops = Stops::listen()?;
        match found {
            Found::Unfinished(journal) => finish(job, *journal, &resets, &mut stops, console).await,
            Found::Finished(journal) => finished(job, &journal, &mut stops, console).await,
            Found::Nothing => Err(Failure::usage(
                "There is no reset of this account on this machine.",
                "Check the user id. To begin one: lifeboat reset",
            )),
        }
    });
    // A thread that still waits for the terminal may not hold up the end.
    runtime.shutdown_background();
    ended
}

/// Finishes a reset and, where an administrator wishes it, writes the letter; where not, says how it can be had.
async fn finish(
    mut job: ResumeJob,
    journal: Journal,
    resets: &Path,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let letter = LaterLetter::prepare(&mut job, &journal, stops, console).await;
    let letter = letter.map_err(|it| still(it, &journal))?;
    let (route, account) = (journal.plan().route, job.entry.command_line());
    let ended = resume(job, journal, stops, console).await?;
    match letter {
        _ if ended != Exit::Done || route != Route::SynapseAdmin => {}
        Some(letter) => {
            let changed = match Journal::find(resets)? {
                Found::Finished(journal) => journal.changed_since(),
                Found::Unfinished(_) | Found::Nothing => None,
            };
            letter.write(changed, console)?;
        }
        None => console.note(&format!(
            "No letter to the person was written. To have one: {}",
            going_on(&account, route)
        )),
    }
    Ok(ended)
}

/// Says that nothing is left to do, but for the letter where an administrator wishes one.
async fn finished(
    mut job: ResumeJob,
    journal: &Journal,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let letter = LaterLetter::prepare(&mut job, journal, stops, console).await?;
    console.note("The last reset of this account is finished. There is nothing left to do.");
    if let Some(letter) = letter {
        letter.write(journal.changed_since(), console)?;
    }
    Ok(Exit::Done)
}

/// Asks for what is needed once more, and does what the journal says is left to do.
pub(crate) async fn resume(
    mut job: ResumeJob,
    mut journal: Journal,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let what = match journal.password() {
        Password::Unchanged => "before the password was changed",
        Password::Dark => "just after the new password was sent",
        Password::Changed => "after the password was changed",
    };
    console.note(&format!(
        "A reset of {} stopped on {}, {what}. Nothing is lost.",
        job.entry.user,
        time::moment(journal.last_at())
    ));
    let plan = journal.plan().clone();
    let given = match password::prepare(&job.new_password, console)? {
        password::Chosen::Given(new) => Some(new),
        // It may be of no use there.
        _ if plan.route == Route::AccountPage => None,
        _ => Some(typed(&job.new_password, journal.password(), stops).await?),
    };
    let old = password::read_old(job.old_password.as_deref(), console)?;
    let changed = journal.password() == Password::Changed;
    let old_password = match (old, plan.route, job.person) {
        // It is needed only if it turns out that it still is the true one.
        (None, Route::OldPassword | Route::Email, Person::Present) if !changed => {
            asked(stops, || {
                prompt::ask_or_skip("Your old password, in case it is still the true one (Enter skips it)")
            })
            .await?
        }
        (old, _, _) => old,
    };
    let recovery_key = match &job.recovery_key {
        Some(file) => {
            let read = secrets::read_file(file, Purpose::RecoveryKey)?;
            warn_of_readers(console, read.readers, file);
            Some(read.secret)
        }
        None if plan.steps.contains(&Step::Restore) && job.person == Person::Present => {
            asked(stops, || {
                prompt::ask_or_skip("Recovery key or passphrase (it is not shown; Enter goes on without)")
            })
            .await?
        }
        None => None,
    };
    let email = match (&job.email, plan.route, job.person) {
        (None, Route::Email, Person::Present) if !changed => {
            let typed = asked(stops, || prompt::line("The e-mail address of your account")).await?;
            Some(typed).filter(|it| !it.is_empty())
        }
        (given, _, _) => given.clone(),
    };
    job.entry.homeserver = job.entry.homeserver.or_else(|| journal.header().homeserver.clone());
    let account = job.entry.command_line();
    let (user, browser) = (job.entry.user.clone(), job.entry.browser);
    let way = Way::prepare(job.entry, Afterwards::Remove, console)?;
    let homeserver = way.discover(stops).await.map_err(|it| still(it, &journal))?;
    let admin = match &job.admin_token {
        Some(token) => {
            let token = admin_token::read(token, stops, console).await?;
            let borrowed = OwnSession::borrow_from_anybody(&homeserver, &token).await;
            Some(borrowed.map_err(|it| still(it.into(), &journal))?)
        }
        None => None,
    };
    let come_back = route::come_back(plan.route, &SignIn::Nobody, &homeserver).await;
    let new_password = match (given, come_back) {
        (Some(given), _) => given,
        (None, ComeBack::Browser(_)) => SecretString::default(),
        (None, ComeBack::Password) => typed(&job.new_password, journal.password(), stops).await?,
    };
    let before = journal.folder().join(BEFORE);
    let before = before.exists().then(|| status::read(&before)).transpose();
    let before = before.map_err(|it| still(it, &journal))?;
    // On a full disk this is what fails first.
    let noted = journal.append(Record::Resumed);
    noted.map_err(|it| still(it.into(), &journal))?;
    if let Some(folder) = state::folder_of(&user) {
        let handed_over = Loose::of(&folder).hand_over(&mut journal);
        handed_over.map_err(|it| still(it.into(), &journal))?;
    }
    let cargo = Cargo {
        homeserver: &homeserver,
        user: &user,
        account: &account,
        new_password,
        come_back,
        browser,
        old_password,
        recovery_key,
        email,
        second_look: match &before {
            Some(before) => second_look::question(before, &user),
            None => ForecastQuestion::Quick,
        },
        before,
        person: job.person,
        format: job.format,
    };
    carry_out(cargo, journal, admin, stops, console).await
}

/// Says of a run that came to nothing how the reset stands: scripts have to know that it still has to be finished.
fn still(failure: Failure, journal: &Journal) -> Failure {
    let owed = owed(journal.password(), journal.has_signed_in());
    let exit = owed.filter(|_| failure.exit == Exit::Failed).unwrap_or(failure.exit);
    Failure { exit, ..failure }
}

/// Has the new password typed: twice where it may still have to be set, so that a slip of the finger is not.
async fn typed(choice: &NewPassword, password: Password, stops: &mut Stops) -> Result<SecretString, Failure> {
    const QUESTION: &str = "The new password that you chose (it is not shown)";
    match (choice, password) {
        (NewPassword::Prompt, Password::Changed) => asked(stops, || prompt::ask(QUESTION)).await,
        (NewPassword::Prompt, Password::Unchanged | Password::Dark) => {
            password::twice(QUESTION, |_| Ok(()), stops).await
        }
        _ => Err(no_password()),
    }
}

fn no_password() -> Failure {
    Failure::usage(
        "The new password is needed once more: it was not written down.",
        "Give it with --new-password-file or --new-password-fd.",
    )
}
