//! `lifeboat ark restore`: plan, consent, apply, verify.

use std::{collections::BTreeSet, fs::File};

use lifeboat_preflight::{
    Homeserver, OwnSession,
    ark::{self, ArkComparison, ArkError, ArkProgress, DataState},
};
use lifeboat_rescue::{ArkSelection, restore_ark};
use secrecy::SecretString;

use super::super::{alone::alone, runtime};
use crate::{
    candidates::{self, Typed},
    exit::Exit,
    failure::Failure,
    resolve::{Afterwards, ArkRestore, Consent, Format},
    session::{Errand, Way, asked, hold, leave},
    signals::{Stops, Wish},
    ui::{ark::Restoring, clean::clean, console::Console, json, progress::Progress, prompt},
};

/// Runs it.
pub(super) fn run(job: ArkRestore, console: &mut Console) -> Result<Exit, Failure> {
    let _alone = alone(&job.entry.user)?;
    let format = job.format;
    let runtime = runtime()?;
    let restoring = runtime.block_on(restore(job, console));
    // A thread that still waits for the terminal may not hold up the end.
    runtime.shutdown_background();
    let restoring = restoring?;
    match format {
        Format::Json => console.show(&json::document(&restoring.document())?)?,
        Format::Screen => console.show(&restoring.outcome(console.width()))?,
    }
    let complete = restoring
        .done
        .as_ref()
        .is_none_or(|(_, remaining)| remaining.is_empty());
    Ok(if complete { Exit::Done } else { Exit::Incomplete })
}

async fn restore(job: ArkRestore, console: &mut Console) -> Result<Restoring, Failure> {
    let file = super::open(&job.file)?;
    let way = Way::prepare(job.entry, Afterwards::Remove, console)?.on(Errand::Repair);
    let mut typed = candidates::read(&job.candidates.files, console)?;
    candidates::warn_of_mistakes(&typed, console);
    let mut stops = Stops::listen()?;
    let homeserver = way.discover(&mut stops).await?;
    let ask = move || candidates::ask(job.candidates.asking);
    let (session, answer) = way.sign_in(&homeserver, &mut stops, console, ask).await?;
    typed.extend(answer);
    let keys: Vec<SecretString> = typed
        .into_iter()
        .filter(Typed::is_plausible)
        .map(|it| it.text)
        .collect();
    let ground = Ground { homeserver, file, keys };
    let look = async |session: &OwnSession| {
        let before = ground
            .compare(session, "comparing the ark with the account", None)
            .await?;
        let selection = select(&before, &job.parts)?;
        Ok(Restoring {
            before,
            selection,
            done: None,
        })
    };
    let (session, mut restoring) = hold(session, Errand::Repair, &mut stops, console, || Wish::Stop, look).await?;
    let agreed = agree(&restoring, job.consent, job.format, &mut stops, console).await;
    if !matches!(agreed, Ok(true)) {
        leave(session, Errand::Repair, Wish::GoOn, &mut stops, console).await?;
        return agreed.map(|_| restoring);
    }
    let apply = async |session: &OwnSession| {
        let progress = ArkProgress::default();
        let line = Progress::begin("putting back")
            .with_waiting(session.caller().waiting())
            .counting(&progress);
        let Restoring { before, selection, .. } = &restoring;
        let restored = restore_ark(session, &ground.file, before, selection, &progress).await;
        drop(line);
        let restored = restored.map_err(|error| begun(error.into()))?;
        let archived: u64 = before.report.versions.iter().map(|it| it.entries).sum();
        let after = ground.compare(session, "looking again", Some(archived)).await;
        let after = after.map_err(begun)?;
        Ok((restored, selection.remaining(&after)))
    };
    let applied = hold(session, Errand::Repair, &mut stops, console, || Wish::Stop, apply).await;
    // A panic comes back as a failure that does not know what was put back before it.
    let (session, done) = applied.map_err(|failure| match failure.exit {
        Exit::Failed => begun(failure),
        _ => failure,
    })?;
    leave(session, Errand::Repair, Wish::GoOn, &mut stops, console).await?;
    restoring.done = Some(done);
    Ok(restoring)
}

/// A failure once the putting back had begun: something may be back, and not everything.
fn begun(failure: Failure) -> Failure {
    Failure {
        hint: "What was put back stays. Run the command again: it makes a new plan and goes on where it stopped."
            .to_owned(),
        exit: Exit::Incomplete,
        ..failure
    }
}

/// Why the account could not be compared with the ark.
fn not_compared(error: ArkError) -> Failure {
    let unread = matches!(error, ArkError::NotGiven { .. } | ArkError::Listing { .. });
    let failure = Failure::from(error);
    match unread {
        true => Failure {
            hint: "Nothing was put back. Try again in a while.".to_owned(),
            ..failure
        },
        false => failure,
    }
}

/// What both looks at the account need.
struct Ground {
    homeserver: Homeserver,
    file: File,
    keys: Vec<SecretString>,
}

impl Ground {
    /// `archived` is how many entries the ark has, once that is known.
    async fn compare(
        &self,
        session: &OwnSession,
        doing: &'static str,
        archived: Option<u64>,
    ) -> Result<ArkComparison, Failure> {
        let progress = ArkProgress::default();
        progress.expect(archived.unwrap_or(0));
        let _line = Progress::begin(doing)
            .with_waiting(session.caller().waiting())
            .counting(&progress);
        let compared = ark::compare(session, &self.homeserver, &self.file, &self.keys, &progress).await;
        let compared = compared.map_err(not_compared)?;
        let (theirs, ours) = (&compared.report.about.account, session.user_id());
        if theirs != ours.as_str() {
            return Err(Failure::usage(
                format!("This is the ark of {}, not of {ours}.", clean(theirs, 255)),
                "Give the ark of this account.",
            ));
        }
        Ok(compared)
    }
}

/// Shows the plan, and tells whether it is to be carried out.
async fn agree(
    restoring: &Restoring,
    consent: Consent,
    format: Format,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<bool, Failure> {
    let plan = restoring.plan(console.width());
    match format {
        Format::Screen => console.show(&plan)?,
        // Stdout is for the one document; the person who is asked reads the plan all the same.
        Format::Json if consent == Consent::Ask => plan.lines().for_each(|line| console.note(line)),
        Format::Json => {}
    }
    match consent {
        _ if restoring.selection.is_empty() => Ok(false),
        Consent::DryRun => Ok(false),
        Consent::Given => Ok(true),
        Consent::Ask => asked(stops, || prompt::yes("Put this back?")).await,
    }
}

/// Everything that the account lacks, or the parts that were named.
fn select(comparison: &ArkComparison, parts: &[String]) -> Result<ArkSelection, Failure> {
    let everything = ArkSelection::of_all_missing(comparison);
    if parts.is_empty() {
        return Ok(everything);
    }
    let mut selection = ArkSelection::default();
    for part in parts {
        if part == "backup" {
            selection.backup = everything.backup;
            continue;
        }
        let found = comparison.account_data.iter().find(|it| it.kind == *part);
        match found {
            None => return Err(no_such_part(part, comparison)),
            Some(it) if it.hindrance.is_some() => {
                return Err(Failure::usage(
                    format!("{part} cannot go back: it belongs to keys that the account does not use any more."),
                    "See the plan with --dry-run and without --part.",
                ));
            }
            Some(it) if it.state == DataState::Same => {}
            Some(it) => {
                selection.account_data.insert(it.kind.clone());
            }
        }
    }
    Ok(selection)
}

fn no_such_part(part: &str, comparison: &ArkComparison) -> Failure {
    let known: BTreeSet<_> = comparison.account_data.iter().map(|it| clean(&it.kind, 120)).collect();
    let known: Vec<_> = known.into_iter().collect();
    Failure::usage(
        format!("The ark has no part {}.", clean(part, 120)),
        format!("It has: backup, {}.", known.join(", ")),
    )
}
