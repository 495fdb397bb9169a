//! `lifeboat resume`: finishes a reset that was interrupted.

use std::path::Path;

use lifeboat_preflight::{ForecastQuestion, Homeserver, OwnSession};
use lifeboat_report::{Route, StatusFile, Step};
use lifeboat_reset::{
    ComeBack, Found, Journal,
    flow::{Password, Record},
};
use secrecy::SecretString;

use super::{
    alone::alone_to_reset,
    desk::{LaterLetter, not_written},
    reset::{
        carry_out::{BEFORE, Cargo, carry_out, going_on, stands},
        loose::Loose,
        owed::unusable,
        password, route, second_look,
    },
    runtime,
};
use crate::{
    admin_token,
    advice::CommandLine,
    exit::Exit,
    failure::Failure,
    kept::Kept,
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
    let route = journal.plan().route;
    let again = going_on(&job.entry.command_line(), route);
    let letter = LaterLetter::prepare(&mut job, &journal, stops, console).await;
    let letter = letter.map_err(|it| still(it, journal.password(), journal.has_signed_in(), &again))?;
    let ended = resume(job, journal, stops, console).await?;
    match letter {
        _ if ended != Exit::Done || route != Route::SynapseAdmin => {}
        Some(letter) => {
            let found = Journal::find(resets).map_err(|error| not_written(error.into()))?;
            let changed = match found {
                Found::Finished(journal) => journal.changed_since(),
                Found::Unfinished(_) | Found::Nothing => None,
            };
            letter.write(changed, console)?;
        }
        None => console.note(&format!("No letter to the person was written. To have one: {again}")),
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
    let again = going_on(&job.entry.command_line(), journal.plan().route);
    let letter = LaterLetter::prepare(&mut job, journal, stops, console).await;
    let letter = letter.map_err(|it| unwritten(it, &again))?;
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
    job.entry.homeserver = job.entry.homeserver.or_else(|| journal.header().homeserver.clone());
    let (user, account, browser) = (job.entry.user.clone(), job.entry.command_line(), job.entry.browser);
    let (person, format) = (job.person, job.format);
    let gathered = gather(job, &mut journal, stops, console).await;
    let gathered = gathered.map_err(|it| {
        let again = going_on(&account, journal.plan().route);
        still(it, journal.password(), journal.has_signed_in(), &again)
    })?;
    let cargo = Cargo {
        homeserver: &gathered.homeserver,
        user: &user,
        account: &account,
        new_password: gathered.new_password,
        come_back: gathered.come_back,
        browser,
        old_password: gathered.old_password,
        recovery_key: gathered.recovery_key,
        email: gathered.email,
        second_look: match &gathered.before {
            Some(before) => second_look::question(before, &user),
            None => ForecastQuestion::Quick,
        },
        before: gathered.before,
        person,
        format,
    };
    carry_out(cargo, journal, gathered.admin, stops, console).await
}

/// What is needed once more to go on.
struct Gathered {
    homeserver: Homeserver,
    new_password: SecretString,
    come_back: ComeBack,
    old_password: Option<SecretString>,
    recovery_key: Option<SecretString>,
    email: Option<String>,
    before: Option<StatusFile>,
    admin: Option<OwnSession>,
}

/// Asks for it, and writes down that the reset is taken up again. Changes nothing on the server.
async fn gather(
    job: ResumeJob,
    journal: &mut Journal,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<Gathered, Failure> {
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
    // An administrator signs nobody in.
    if plan.route != Route::SynapseAdmin {
        let kept = Kept::of(&job.entry.user)?;
        // A keyring that asks the person may take its time.
        asked(stops, move || kept.ensure_open()).await?;
    }
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
    let email = match (job.email, plan.route, job.person) {
        (None, Route::Email, Person::Present) if !changed => {
            let typed = asked(stops, || prompt::line("The e-mail address of your account")).await?;
            Some(typed).filter(|it| !it.is_empty())
        }
        (given, _, _) => given,
    };
    let user = job.entry.user.clone();
    let way = Way::prepare(job.entry, Afterwards::Remove, console)?;
    let homeserver = way.discover(stops).await?;
    let admin = match &job.admin_token {
        Some(token) => {
            let token = admin_token::read(token, stops, console).await?;
            Some(OwnSession::borrow_from_anybody(&homeserver, &token).await?)
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
    let before = before.exists().then(|| status::read(&before)).transpose()?;
    // On a full disk this is what fails first.
    journal.append(Record::Resumed)?;
    if let Some(folder) = state::folder_of(&user) {
        Loose::of(&folder).hand_over(journal)?;
    }
    Ok(Gathered {
        homeserver,
        new_password,
        come_back,
        old_password,
        recovery_key,
        email,
        before,
        admin,
    })
}

/// Says of a run that came to nothing how the reset stands: scripts have to know that it still has to be finished, and a
/// person is not told that nothing was changed where that is not known, or not true.
fn still(failure: Failure, password: Password, signed_in: bool, again: &CommandLine) -> Failure {
    if !matches!(failure.exit, Exit::Failed | Exit::Interrupted) {
        return failure;
    }
    let cause = failure.cause();
    let Some(stands) = stands(cause, password, signed_in, again) else {
        return failure;
    };
    let denies_change = cause != failure.wrong;
    match failure.exit {
        Exit::Interrupted => stands,
        _ if denies_change => Failure {
            hint: failure.hint,
            ..stands
        },
        _ => Failure {
            exit: stands.exit,
            ..failure
        },
    }
}

/// Says of a reset that is finished, where somebody stopped, that nothing but the letter is missing.
fn unwritten(failure: Failure, again: &CommandLine) -> Failure {
    if failure.exit != Exit::Interrupted {
        return failure;
    }
    Failure::interrupted(
        format!("{} The reset is finished, and no letter is written.", failure.cause()),
        format!("To have one: {again}"),
    )
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::NOTHING_CHANGED;

    fn again() -> CommandLine {
        going_on(&CommandLine::account(["@mira:example.org"]), Route::SynapseAdmin)
    }

    #[test]
    fn who_stops_is_told_how_the_reset_stands() {
        let again = again();
        for stopped in [NOTHING_CHANGED, prompt::STOPPED] {
            let told = |password, signed_in| {
                let failure = Failure::interrupted(stopped, "Run the same command to begin again.");
                still(failure, password, signed_in, &again)
            };
            let unchanged = told(Password::Unchanged, false);
            assert_eq!((unchanged.wrong.as_str(), unchanged.exit), (stopped, Exit::Interrupted));
            for (password, signed_in, words, exit) in [
                (Password::Dark, false, "not known yet", Exit::Stranded),
                (
                    Password::Changed,
                    false,
                    "nobody is signed in with it yet",
                    Exit::Stranded,
                ),
                (Password::Changed, true, "not everything is back", Exit::Incomplete),
            ] {
                let failure = told(password, signed_in);
                assert_eq!(failure.exit, exit, "{failure:?}");
                assert!(failure.wrong.starts_with("You stopped"), "{failure:?}");
                assert!(failure.wrong.contains(words), "{failure:?}");
                assert!(!failure.wrong.contains("Nothing was changed"), "{failure:?}");
                assert!(failure.hint.ends_with(&again.to_string()), "{failure:?}");
            }
        }
    }

    #[test]
    fn what_fails_keeps_its_advice_and_the_status_of_the_reset() {
        let refused = |wrong: &str| {
            let failure = Failure::failed(wrong, "Try again in a while.");
            still(failure, Password::Dark, false, &again())
        };
        for (wrong, told) in [
            ("The server does not answer.", "The server does not answer."),
            (
                "The server did not tell. Nothing was changed.",
                "The server did not tell. Whether the password changed is not known yet. Nothing is lost.",
            ),
        ] {
            let failure = refused(wrong);
            assert_eq!((failure.wrong.as_str(), failure.exit), (told, Exit::Stranded));
            assert_eq!(failure.hint, "Try again in a while.");
        }
        let mistake = Failure::usage("It is none.", "Give one.");
        assert_eq!(still(mistake.clone(), Password::Dark, false, &again()), mistake);
    }

    #[test]
    fn who_stops_at_the_letter_is_told_that_the_reset_is_finished() {
        let told = unwritten(Failure::interrupted(NOTHING_CHANGED, "Begin again."), &again());
        assert_eq!(
            told.wrong,
            "You stopped it. The reset is finished, and no letter is written."
        );
        assert_eq!(told.hint, format!("To have one: {}", again()));
        assert_eq!(told.exit, Exit::Interrupted);
        let failed = Failure::failed("It failed.", "Try again.");
        assert_eq!(unwritten(failed.clone(), &again()), failed);
    }
}
