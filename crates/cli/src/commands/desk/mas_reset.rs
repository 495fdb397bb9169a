//! `lifeboat desk reset` where a Matrix Authentication Service keeps the accounts.

use std::{fs, path::PathBuf};

use lifeboat_preflight::{MasAccount, MasApi, MasError, MasPlace, ruma::UserId};
use lifeboat_report::{
    Clearance, Fate,
    facts::{AccountServer, Restriction, SignedIn},
};
use lifeboat_reset::route::mas_admin;
use secrecy::SecretString;
use serde::Serialize;

use super::{chair::stopped, mas::not_told};
use crate::{
    commands::reset::{
        self,
        password::{Chosen, write_down},
    },
    exit::Exit,
    failure::{Failure, as_sentence},
    resolve::{Consent, Format, ResetJob},
    signals::{Stopped, Stops, Wish},
    ui::{
        clean::clean,
        console::Console,
        desk::{self, PLACE},
        json,
        progress::Progress,
        prompt,
    },
};

/// What is to be done, shown before and carried out from the same data.
#[derive(Debug, Serialize)]
pub(crate) struct MasPlan {
    /// The user id.
    pub(crate) account: String,
    /// Where the service is.
    pub(crate) url: String,
    /// The account's id there.
    pub(crate) id: String,
    /// What becomes of what is signed in.
    pub(crate) fate: Fate,
    /// What is signed in.
    pub(crate) signed_in: Vec<SignedIn>,
}

impl MasPlan {
    pub(super) fn of(user: &UserId, fate: Fate, account: &MasAccount, place: &MasPlace) -> Self {
        let AccountServer { url, signed_in, .. } = account.account_server(place);
        Self {
            account: user.to_string(),
            url,
            id: account.id.clone(),
            fate,
            signed_in,
        }
    }

    /// Returns what is to be signed out, in this order.
    pub(crate) fn to_end(&self) -> &[SignedIn] {
        match self.fate {
            Fate::SessionsKept => &[],
            Fate::SessionsEnded => &self.signed_in,
        }
    }
}

/// What came of it.
#[derive(Debug, Serialize)]
pub(super) struct Done {
    outcome: &'static str,
    route: &'static str,
    plan: MasPlan,
    ended: Vec<String>,
    /// What is signed in afterwards; `null`: it could not be looked again.
    left: Option<Vec<SignedIn>>,
}

/// Asks for the account there; one that cannot be reset is refused before anything else.
pub(super) async fn account(api: &MasApi, user: &UserId, stops: &mut Stops) -> Result<MasAccount, Failure> {
    let asking = api.account(user.localpart());
    let asked = stops.unless_stopped(asking).await.map_err(|Stopped| stopped())?;
    let account = asked.map_err(|error| match error {
        MasError::NotThere => Failure::failed(
            format!(
                "The Matrix Authentication Service at {} has no such account. Nothing was changed.",
                clean(api.place().url(), 200)
            ),
            "Check the spelling of the user id: accounts that an application service made are not kept there.",
        ),
        other => not_told(api.place(), &other),
    })?;
    if account.restrictions.contains(&Restriction::Deactivated) {
        return Err(Failure::failed(
            "This account is deactivated. Nothing was changed.",
            "A deactivated account has no password to reset.",
        ));
    }
    match account.passwords {
        Some(false) => Err(no_passwords(api.place())),
        _ => Ok(account),
    }
}

/// Shows the plan, asks, sets the password, ends what is to end, and looks again. `None`: the plan was all that was
/// wanted.
pub(super) async fn carry_out(
    api: &MasApi,
    plan: MasPlan,
    clearance: &Clearance,
    chosen: Chosen,
    job: &ResetJob,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<Option<Done>, Failure> {
    if !agreed(&plan, job, stops, console).await? {
        return Ok(None);
    }
    let (password, file) = written(chosen, console)?;
    let setting = mas_admin::set_password(api, clearance, &plan.id, &password);
    let say = || prompt::tell("Stopping as soon as nothing is half done.");
    let wish = match stops.finishing(setting, say).await {
        Ok((Ok(()), wish)) => wish,
        Ok((Err(error), _)) => return Err(not_set(api.place(), &error, file)),
        Err(Stopped) => return Err(not_set(api.place(), &MasError::Lost, file)),
    };
    console.note("The password is set. What was signed in still is.");
    let ended = end(api, &plan, wish, stops, console).await?;
    let left = api.signed_in(&plan.id).await;
    tell(&plan, left.as_deref(), console)?;
    Ok(Some(Done {
        outcome: "done",
        route: "mas-admin",
        plan,
        ended,
        left: left.ok(),
    }))
}

/// Shows the plan and asks whether it is right.
async fn agreed(plan: &MasPlan, job: &ResetJob, stops: &mut Stops, console: &mut Console) -> Result<bool, Failure> {
    match job.format {
        Format::Screen => console.show(&desk::mas_plan(plan, console.width()))?,
        Format::Json if job.consent == Consent::DryRun => {
            let document = serde_json::json!({ "outcome": "planned", "route": "mas-admin", "plan": plan });
            console.show(&json::document(&document)?)?;
        }
        Format::Json => {}
    }
    reset::agreed(job.consent, stops).await
}

/// Has the password at hand, and in its file.
fn written(chosen: Chosen, console: &mut Console) -> Result<(SecretString, Option<PathBuf>), Failure> {
    match chosen {
        Chosen::Given(password) => Ok((password, None)),
        Chosen::Made(password, file) => {
            let file = write_down(&password, file, console)?;
            Ok((password, Some(file)))
        }
        Chosen::Typed => Err(Failure::usage(
            "There is no temporary password.",
            "Give a file for it with --temporary-password-file.",
        )),
    }
}

/// Ends what is to end, one by one; what cannot be ended is seen afterwards.
async fn end(
    api: &MasApi,
    plan: &MasPlan,
    wish: Wish,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<Vec<String>, Failure> {
    let (to_end, mut ended, mut wish) = (plan.to_end(), Vec::new(), wish);
    for it in to_end {
        if wish == Wish::Stop {
            return Err(half_done("You stopped it.", to_end.len() - ended.len(), to_end.len()));
        }
        let line = Progress::begin("signing out what is signed in").with_waiting(api.place().waiting());
        let ending = mas_admin::finish(api, it);
        let (done, wished) = match stops.finishing(ending, || ()).await {
            Ok(done) => done,
            Err(Stopped) => (Err(MasError::Lost), Wish::Stop),
        };
        drop(line);
        wish = wished;
        match done {
            Ok(()) => ended.push(it.id.clone()),
            Err(error) => console.caution(
                &format!("{} could not be signed out: {error}.", desk::named(it)),
                "What is left is said at the end.",
            ),
        }
    }
    Ok(ended)
}

/// Says whether what is signed in is as it was to be; what was to end and is still there is a failure.
fn tell(plan: &MasPlan, left: Result<&[SignedIn], &MasError>, console: &mut Console) -> Result<(), Failure> {
    let all = plan.signed_in.len();
    let left = match left {
        Ok(left) => left,
        Err(error) => {
            console.caution(
                &format!("The password is changed, but it could not be looked again: {error}."),
                "See with lifeboat desk check whether the sessions are as you chose.",
            );
            return Ok(());
        }
    };
    let known = |it: &&SignedIn| plan.signed_in.iter().any(|then| then.id == it.id);
    let stays = left.iter().filter(known).count();
    let new = left.len() - stays;
    match plan.fate {
        Fate::SessionsKept if stays == all => {
            console.note(&format!("Looked again: everything is still signed in, {all} of {all}."));
        }
        Fate::SessionsEnded if stays == 0 => {
            console.note(&format!(
                "Looked again: nothing of what was signed in is left, of {all}. {PLACE} tells the homeserver a moment later."
            ));
        }
        Fate::SessionsKept => console.caution(
            &format!("Looked again: {stays} of {all} are still signed in, which is not what was asked for."),
            "Somebody may have signed out meanwhile: see lifeboat desk check.",
        ),
        Fate::SessionsEnded => return Err(half_done("Not everything was signed out.", stays, all)),
    }
    if new > 0 {
        console.caution(
            &format!("Signed in since the plan was made: {new}. Lifeboat has not touched that."),
            "See lifeboat desk check who it is.",
        );
    }
    Ok(())
}

fn half_done(why: &str, left: usize, all: usize) -> Failure {
    Failure {
        wrong: format!("{why} The password is changed, and {left} of {all} may still be signed in."),
        hint:
            "Run the same command again, with new names for its files: it sets another password and ends what is left."
                .to_owned(),
        exit: Exit::Stranded,
    }
}

fn no_passwords(place: &MasPlace) -> Failure {
    Failure::failed(
        format!(
            "Nobody signs in with a password at {}: it is switched off there. Nothing was changed.",
            clean(place.url(), 200)
        ),
        "Whoever signs the person in, like your company, resets what they sign in with.",
    )
}

/// Says why the password was not set. One that certainly is not leaves no file behind.
fn not_set(place: &MasPlace, error: &MasError, file: Option<PathBuf>) -> Failure {
    if error.is_dark() {
        let kept = file.map(|it| format!(" If it was, it is the one in {}.", it.display()));
        return Failure {
            wrong: format!(
                "{} Whether the password changed is not known.",
                as_sentence(&error.to_string())
            ),
            hint: format!(
                "Run the same command again, with new names for its files: setting another password does no harm.{}",
                kept.unwrap_or_default()
            ),
            exit: Exit::Stranded,
        };
    }
    if let Some(file) = file {
        // It holds a password of nobody.
        let _ = fs::remove_file(file);
    }
    match error {
        MasError::Refused { status: 403, .. } => no_passwords(place),
        MasError::Refused { status: 400, words } => Failure::failed(
            format!(
                "{PLACE} does not take the temporary password: {}. Nothing was changed.",
                clean(words, 200)
            ),
            "See its configuration (passwords.minimum_complexity), or use mas-cli manage set-password on the server.",
        ),
        MasError::NotThere => Failure::failed(
            format!("{PLACE} does not know this account any more. Nothing was changed."),
            "See with lifeboat desk check what became of it.",
        ),
        MasError::NotAdmin { .. } => super::mas::not_admitted(place, error),
        other => not_told(place, other),
    }
}
