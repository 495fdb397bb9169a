//! `lifeboat desk check`: looks from outside, or with the eyes of the person.

use lifeboat_preflight::{
    AsPersonError, Checked, ForecastQuestion, MasError, OwnSession, Pace, Questions, examine, outside,
};
use lifeboat_report::{
    Facts, Forecast, Report,
    facts::{ActedAsPerson, Administration},
};

use super::{
    chair::{Chair, stopped},
    mas::{self, Keeper},
};
use crate::{
    commands::{alone::alone_if_possible, check, runtime},
    exit::Exit,
    failure::Failure,
    resolve::{DeskCheckJob, Eyes, Format},
    session::{asked, with_session_softly},
    signals::{Stopped, Stops, Wish},
    ui::{clean::clean, console::Console, desk, progress::Progress, prompt, time},
};

/// How long a token that acts as the person is good at most: longer than any look takes.
const LONGEST: u64 = 12 * 60 * 60 * 1000;

/// Runs it.
pub(super) fn run(job: DeskCheckJob, console: &mut Console) -> Result<Exit, Failure> {
    let _alone = alone_if_possible(&job.entry.user)?;
    let files = check::reserve(&job.output)?;
    let runtime = runtime()?;
    let looked = runtime.block_on(async {
        let mut stops = Stops::listen()?;
        look(&job, &mut stops, console).await
    });
    // A thread that still waits for the terminal may not hold up the end.
    runtime.shutdown_background();
    let (facts, forecast) = looked?;
    let report = Report::of(job.entry.user.to_string(), time::now(), facts).with_forecast(forecast);
    if job.output.format == Format::Screen {
        console.show(&desk::light(&report, console.width()))?;
    }
    check::finish(report, &job.entry.command_line(), &job.output, files, console)
}

async fn look(
    job: &DeskCheckJob,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<(Facts, Option<Forecast>), Failure> {
    let chair = Chair::sit_down(&job.entry, &job.token, Pace::at_once(), stops, console).await?;
    let administration = chair.account(&job.entry, stops).await?;
    let service = mas::find(&chair, &job.mas, stops, console).await?;
    let (mut facts, forecast) = seen(job, &chair, administration, stops, console).await?;
    ask_service(&service, job, &mut facts, stops, console).await?;
    Ok((facts, forecast))
}

/// Adds what the Matrix Authentication Service knows, or says why it does not.
async fn ask_service(
    service: &Keeper,
    job: &DeskCheckJob,
    facts: &mut Facts,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<(), Failure> {
    let api = match service {
        Keeper::Homeserver => return Ok(()),
        Keeper::Service(api) => api,
        Keeper::WantsToken(place) => {
            console.caution(
                &format!(
                    "{} was not asked: it does not take this access token.",
                    clean(place.url(), 200)
                ),
                "Give one with the scope urn:mas:admin, with --mas-token-file or --mas-token-fd.",
            );
            return Ok(());
        }
        Keeper::Silent(url, why) => {
            let failure = mas::silent(url, *why);
            console.caution(&failure.wrong, &failure.hint);
            return Ok(());
        }
    };
    let asking = api.account(job.entry.user.localpart());
    match stops.unless_stopped(asking).await.map_err(|Stopped| stopped())? {
        Ok(account) => account.add_to(&mut facts.account, api.place()),
        Err(MasError::NotThere) => console.caution(
            &format!(
                "{} has no such account: only the homeserver knows it.",
                clean(api.place().url(), 200)
            ),
            "Accounts that an application service made are not kept there.",
        ),
        Err(error) => return Err(mas::not_told(api.place(), &error)),
    }
    Ok(())
}

/// What the homeserver tells, from outside or with the eyes of the person.
async fn seen(
    job: &DeskCheckJob,
    chair: &Chair,
    administration: Administration,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<(Facts, Option<Forecast>), Failure> {
    let user = &job.entry.user;
    let consent = match &job.eyes {
        Eyes::Own => {
            let gathering = outside(&chair.homeserver, user, Some(&chair.session));
            let facts = stops.unless_stopped(gathering).await.map_err(|Stopped| stopped())??;
            return Ok((facts, None));
        }
        _ if chair.session.user_id() == user => {
            return Err(Failure::usage(
                "This is your own account, and nobody has to act for you.",
                format!("Check it as everybody does: lifeboat check {user}"),
            ));
        }
        Eyes::Person(consent) => consent.clone(),
        Eyes::PersonToBeAsked => ask(stops, console).await?,
    };
    // The server ends it by its own clock. The account was asked for before: that answer has told it.
    let until = chair.api.now().saturating_add(LONGEST);
    // A token that is under way is awaited, so that it can be ended.
    let acting = chair.api.act_as(&chair.homeserver, user, until);
    let acted = stops.finishing(acting, || ()).await;
    let (session, wish) = acted.map_err(|Stopped| token_may_be_good())?;
    let session = session.map_err(not_as_person)?;
    let checked = with_eyes(job, session, chair, wish, stops, console).await?;
    let mut facts = checked.facts;
    facts.account.administration = Some(Administration {
        acted_as_person: Some(ActedAsPerson {
            by: chair.session.user_id().to_string(),
            consent,
            until,
        }),
        ..administration
    });
    Ok((facts, checked.forecast))
}

/// Asks how the person agreed.
async fn ask(stops: &mut Stops, console: &mut Console) -> Result<String, Failure> {
    console.before_question(
        "You will look with the eyes of the person: at their key backup and at which messages it covers, of each message \
         only which key it needs. Nothing is changed, and no message is read. Ask them first.",
    );
    let question = "How did the person agree? (for the record, like: by phone, 26 Nov; Enter stops here)";
    let consent = asked(stops, move || prompt::line(question)).await?;
    if consent.is_empty() {
        return Err(Failure::interrupted(
            "Nobody has agreed. Nothing was changed.",
            "Without --as-user, Lifeboat looks from outside alone.",
        ));
    }
    Ok(consent)
}

/// Looks as `lifeboat check` does, and ends the token whatever happens.
async fn with_eyes(
    job: &DeskCheckJob,
    session: OwnSession,
    chair: &Chair,
    wish: Wish,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<Checked, Failure> {
    let running = match &job.forecast {
        ForecastQuestion::Run(options) => Some(&options.progress),
        ForecastQuestion::Quick => None,
    };
    let end_softly = || match running {
        Some(running) if check::stop_reading(running) => Wish::GoOn,
        _ => Wish::Stop,
    };
    let work = async |session: &OwnSession| {
        if wish == Wish::Stop {
            return Err(stopped());
        }
        let progress = Progress::begin("asking the server").with_forecast(running);
        Ok(examine(
            session,
            &chair.homeserver,
            &Questions::default(),
            &job.forecast,
            &progress,
        )
        .await?)
    };
    with_session_softly(session, stops, console, end_softly, work).await
}

/// Says what may remain where somebody did not wait for the token that was under way.
fn token_may_be_good() -> Failure {
    Failure::interrupted(
        "You stopped it while the server made the access token that acts for this account. If it did, nobody has it, and it \
         runs out within twelve hours.",
        "Run the same command to begin again.",
    )
}

fn not_as_person(error: AsPersonError) -> Failure {
    match error {
        AsPersonError::NotGiven(_) => Failure::failed(
            error.to_string(),
            "Look from outside, without --as-user; or let the person run lifeboat check.",
        ),
        AsPersonError::NotTaken(error) => error.into(),
    }
}
