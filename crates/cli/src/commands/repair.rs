//! `lifeboat repair`: plan, consent, ark, change, look again.

use lifeboat_preflight::{
    Checked, ForecastOptions, ForecastQuestion, Homeserver, LeftRooms, OlderVersions, OwnSession, Questions,
    ark::{self, ArkProgress},
    examine,
};
use lifeboat_report::{Generator, Report, StatusFile};
use lifeboat_rescue::{Repair, apply, plan};
use secrecy::SecretString;
use serde_json::json;

use super::runtime;
use crate::{
    candidates::{self, Typed},
    exit::Exit,
    failure::Failure,
    files::Reserved,
    resolve::{Afterwards, Agreed, Extent, Format, RepairJob},
    session::{Errand, Way, asked, hold, leave},
    signals::{Stops, Wish},
    ui::{console::Console, json, page::Page, progress::Progress, prompt, time},
};

/// What came of a repair.
struct Mended {
    plan: Vec<Repair>,
    done: Vec<Repair>,
    /// What would be planned now.
    left: Vec<Repair>,
}

/// Runs it.
pub(crate) fn run(job: RepairJob, console: &mut Console) -> Result<Exit, Failure> {
    let (format, dry) = (job.format, job.extent == Extent::Plan);
    let runtime = runtime()?;
    let mended = runtime.block_on(repair(job, console));
    // A thread that still waits for the terminal may not hold up the end.
    runtime.shutdown_background();
    let mended = mended?;
    match format {
        Format::Json => {
            let list = |repairs: &[Repair]| -> Vec<_> {
                let one = |it: &Repair| json!({"code": it.code(), "effect": it.effect()});
                repairs.iter().map(one).collect()
            };
            let document = json!({"plan": list(&mended.plan), "done": list(&mended.done), "left": list(&mended.left)});
            console.show(&json::document(&document)?)?;
        }
        Format::Screen if dry || mended.plan.is_empty() => {
            let shown = show_plan(&mended.plan, console.width());
            console.show(&shown)?;
        }
        Format::Screen => {
            let words = match (mended.done.len(), mended.left.len()) {
                (0, _) => "Nothing was changed.",
                (_, 0) => "Done, and a second look shows that it helped.",
                (_, _) => "Done, but a second look shows that something is left: run the command again.",
            };
            console.show(&format!("{words}\n"))?;
        }
    }
    Ok(if mended.left.is_empty() {
        Exit::Done
    } else {
        Exit::Blocked
    })
}

async fn repair(job: RepairJob, console: &mut Console) -> Result<Mended, Failure> {
    let RepairJob {
        entry,
        candidates,
        extent,
        ..
    } = job;
    let ark = match &extent {
        Extent::Apply { ark: Some(ark), .. } => Some(Reserved::new(ark.clone())?),
        Extent::Apply { ark: None, .. } | Extent::Plan => None,
    };
    let way = Way::prepare(entry, Afterwards::Remove, console)?.on(Errand::Repair);
    let mut typed = candidates::read(&candidates.files, console)?;
    candidates::warn_of_mistakes(&typed, console);
    let mut stops = Stops::listen()?;
    let homeserver = way.discover(&mut stops).await?;
    let ask = move || candidates::ask(candidates.asking);
    let (session, answer) = way.sign_in(&homeserver, &mut stops, console, ask).await?;
    typed.extend(answer);
    let keys: Vec<SecretString> = typed
        .into_iter()
        .filter(Typed::is_plausible)
        .map(|it| it.text)
        .collect();
    let first = async |session: &OwnSession| look(session, &homeserver, &keys).await;
    let errand = Errand::Repair;
    let (session, before) = hold(session, errand, &mut stops, console, || Wish::Stop, first).await?;
    let planned = plan(&before.facts);
    let agreed = match &extent {
        _ if planned.is_empty() => false,
        Extent::Plan => false,
        Extent::Apply {
            agreed: Agreed::Yes, ..
        } => true,
        Extent::Apply {
            agreed: Agreed::Ask, ..
        } => {
            console.show(&show_plan(&planned, console.width()))?;
            // The session waits for the person here: what the plan says is what was just seen.
            match asked(&mut stops, || prompt::yes("Do all of this?")).await {
                Ok(agreed) => agreed,
                Err(failure) => {
                    leave(session, errand, Wish::GoOn, &mut stops, console).await?;
                    return Err(failure);
                }
            }
        }
    };
    if !agreed {
        leave(session, errand, Wish::GoOn, &mut stops, console).await?;
        return Ok(Mended {
            left: planned.clone(),
            plan: planned,
            done: Vec::new(),
        });
    }
    let change = async |session: &OwnSession| {
        if let Some(reserved) = ark {
            save_ark(session, &homeserver, &before, reserved).await?;
        }
        let mut done = Vec::new();
        for repair in &planned {
            let _progress = Progress::begin("mending");
            apply(repair, session, &homeserver, &keys).await?;
            done.push(repair.clone());
        }
        let after = look(session, &homeserver, &keys).await?;
        Ok((done, plan(&after.facts)))
    };
    let (session, (done, left)) = hold(session, errand, &mut stops, console, || Wish::Stop, change).await?;
    leave(session, errand, Wish::GoOn, &mut stops, console).await?;
    Ok(Mended {
        plan: planned,
        done,
        left,
    })
}

async fn look(session: &OwnSession, homeserver: &Homeserver, keys: &[SecretString]) -> Result<Checked, Failure> {
    let options = ForecastOptions {
        left_rooms: LeftRooms::Include,
        older: OlderVersions::All,
        ..ForecastOptions::default()
    };
    let progress = Progress::begin("asking the server").with_forecast(Some(&options.progress));
    let questions = Questions {
        candidates: keys.to_vec(),
    };
    Ok(examine(
        session,
        homeserver,
        &questions,
        &ForecastQuestion::Run(options),
        &progress,
    )
    .await?)
}

async fn save_ark(
    session: &OwnSession,
    homeserver: &Homeserver,
    checked: &Checked,
    reserved: Reserved,
) -> Result<(), Failure> {
    let _progress = Progress::begin("saving the ark");
    let report = Report::of(session.user_id().to_string(), time::now(), checked.facts.clone())
        .with_forecast(checked.forecast.clone());
    let generator = Generator {
        name: "lifeboat".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let status = StatusFile::of(&report, generator);
    let out = reserved.writer()?;
    let saved = ark::save(session, homeserver, out, &status, &ArkProgress::default()).await;
    saved.map_err(|error| {
        Failure::failed(
            format!("The ark could not be saved: {error}."),
            "Nothing was changed. Give another place with --ark, or go without one with --no-ark.",
        )
    })?;
    reserved.keep()?;
    Ok(())
}

fn show_plan(planned: &[Repair], width: usize) -> String {
    let mut page = Page::new(width);
    if planned.is_empty() {
        page.paragraph(
            " ",
            "There is nothing to mend that Lifeboat knows how to mend with what you gave it.",
        );
    } else {
        page.heading("What will be changed");
        for (number, repair) in (1..).zip(planned) {
            page.paragraph(&format!("{number:>4}  "), &repair.effect());
        }
        page.gap();
        page.paragraph(" ", "Nothing is deleted, and no session is signed out.");
    }
    page.finish()
}
