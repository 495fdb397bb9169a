//! `lifeboat repair`: plan, consent, ark, change, look again.

mod consent;
mod look;
mod work;

use lifeboat_preflight::{Checked, FreshKey, Homeserver, OwnSession};
use lifeboat_rescue::{IdentityWish, KeyWish, Plan, Repair, Wishes, plan};
use secrecy::SecretString;

use super::{alone::alone, ark_first, fresh, runtime};
use crate::{
    candidates::{self, Typed},
    exit::Exit,
    failure::Failure,
    files::Reserved,
    resolve::{Afterwards, Extent, Format, RepairJob},
    session::{Errand, Way, hold, leave},
    signals::{Stops, Wish},
    ui::{
        console::Console,
        json,
        repair::{self as screen, Mended},
    },
};

const ERRAND: Errand = Errand::Repair;
/// What one change makes possible is planned in the next round; more rounds than these help nobody.
const MOST_ROUNDS: usize = 4;

/// Runs it.
pub(crate) fn run(job: RepairJob, console: &mut Console) -> Result<Exit, Failure> {
    let _alone = alone(&job.entry.user)?;
    let (format, account) = (job.format, job.entry.command_line());
    let runtime = runtime()?;
    let mended = runtime.block_on(repair(job, console));
    // A thread that still waits for the terminal may not hold up the end.
    runtime.shutdown_background();
    let mended = mended?;
    match format {
        Format::Json => console.show(&json::document(&mended.document())?)?,
        Format::Screen => console.show(&mended.outcome(&account, console.width()))?,
    }
    Ok(if mended.is_complete() {
        Exit::Done
    } else {
        Exit::Blocked
    })
}

/// What stays the same from round to round.
struct Shop {
    homeserver: Homeserver,
    /// What was typed; the recovery key of a new storage key is added.
    keys: Vec<SecretString>,
    password: Option<SecretString>,
    fresh: Option<FreshKey>,
    wishes: Wishes,
}

async fn repair(mut job: RepairJob, console: &mut Console) -> Result<Mended, Failure> {
    let mut ark = match &job.extent {
        Extent::Apply { ark: Some(ark), .. } => Some(Reserved::new(ark.clone())?),
        Extent::Apply { ark: None, .. } | Extent::Plan => None,
    };
    let mut new_key = fresh::Place::prepare(job.new_recovery_key.take(), job.person)?;
    let way = Way::prepare(job.entry.clone(), Afterwards::Remove, console)?.on(ERRAND);
    let mut typed = candidates::read(&job.candidates.files, console)?;
    candidates::warn_of_mistakes(&typed, console);
    let mut stops = Stops::listen()?;
    let homeserver = way.discover(&mut stops).await?;
    let asking = job.candidates.asking;
    let ask = move || candidates::ask(asking);
    let (mut session, password, answer) = way.sign_in_knowing(&homeserver, &mut stops, console, ask).await?;
    typed.extend(answer);
    let plausible = typed.into_iter().filter(Typed::is_plausible);
    let mut shop = Shop {
        homeserver,
        keys: plausible.map(|it| it.text).collect(),
        password,
        fresh: None,
        wishes: job.wishes.clone(),
    };
    let first = async |session: &OwnSession| look::first(session, &shop, &job.sign).await;
    let (held, (mut seen, sign)) = hold(session, ERRAND, &mut stops, console, || Wish::Stop, first).await?;
    session = held;
    shop.wishes.sign = sign;

    let mut mended = Mended::default();
    for _ in 0..MOST_ROUNDS {
        let plan = plan(&seen.facts, &shop.wishes);
        let ready = prepare(
            &job,
            &plan,
            &seen,
            &mut mended,
            &mut shop,
            &mut new_key,
            &mut stops,
            console,
        )
        .await;
        match ready {
            Ok(Ready::Go) => {}
            Ok(Ready::Enough) => break,
            Err(failure) => {
                leave(session, ERRAND, Wish::GoOn, &mut stops, console).await?;
                return Err(mended.told(failure));
            }
        }
        let saving = ark.take();
        let before = async |session: &OwnSession| match saving {
            Some(reserved) => ark_first::save(session, &shop.homeserver, &seen, reserved)
                .await
                .map(Some),
            None => Ok(None),
        };
        let (held, saved) = hold(session, ERRAND, &mut stops, console, || Wish::Stop, before).await?;
        mended.ark = mended.ark.or(saved);
        let worked = work::carry_out(
            held,
            &job,
            &plan.repairs,
            &shop,
            &seen,
            &mut mended,
            &mut stops,
            console,
        )
        .await;
        session = worked.map_err(|failure| mended.told(failure))?;
        shop.wishes = without(shop.wishes, &mended.done);
        let again = async |session: &OwnSession| look::again(session, &shop, &seen).await;
        let looked = hold(session, ERRAND, &mut stops, console, || Wish::Stop, again).await;
        (session, seen) = looked.map_err(|failure| mended.told(failure))?;
    }
    let last = plan(&seen.facts, &shop.wishes);
    mended.end(last, &seen.facts);
    leave(session, ERRAND, Wish::GoOn, &mut stops, console).await?;
    Ok(mended)
}

/// Whether a round is begun.
enum Ready {
    Go,
    Enough,
}

/// Shows the plan, asks for consent, and makes a new recovery key where one is needed.
#[expect(clippy::too_many_arguments, reason = "one round needs all that the command has")]
async fn prepare(
    job: &RepairJob,
    plan: &Plan,
    seen: &Checked,
    mended: &mut Mended,
    shop: &mut Shop,
    new_key: &mut fresh::Place,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<Ready, Failure> {
    // What was done and is called for again did not help: doing it once more would not either.
    let new = plan.repairs.iter().any(|it| !mended.done.contains(it));
    if !new {
        return Ok(Ready::Enough);
    }
    mended.planned(&plan.repairs);
    let round = screen::round(plan, &seen.facts, console.width());
    if !consent::given(job, plan, &round, stops, console).await? {
        return Ok(Ready::Enough);
    }
    if plan.repairs.iter().any(Repair::needs_fresh_key) && shop.fresh.is_none() {
        let (fresh, place) = new_key.make(stops).await?;
        shop.keys.push(fresh.recovery_key());
        shop.fresh = Some(fresh);
        mended.new_recovery_key = Some(place);
    }
    if plan.repairs.iter().any(Repair::needs_password) && shop.password.is_none() {
        shop.password = consent::password(job, stops).await?;
    }
    Ok(Ready::Go)
}

/// A wish that came true is not wished again.
fn without(mut wishes: Wishes, done: &[Repair]) -> Wishes {
    for repair in done {
        match repair {
            Repair::RenewRecoveryKey { .. } | Repair::NewStorageKey => wishes.recovery_key = KeyWish::Keep,
            Repair::ResetIdentity { .. } => wishes.identity = IdentityWish::Keep,
            Repair::SignOutSession { device_id, .. } => {
                wishes.sign_out.remove(device_id);
            }
            _ => {}
        }
    }
    wishes
}
