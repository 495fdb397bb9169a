//! One round of changes.

use lifeboat_preflight::{Checked, LiveSession, OwnSession};
use lifeboat_report::{Fact, facts::Session};
use lifeboat_rescue::{Bench, GossipOptions, GossipProgress, MiningProgress, Repair, WAVE, Ways, apply, apply_live};

use super::{ERRAND, Shop};
use crate::{
    commands::trust::{self, Comparison},
    failure::Failure,
    resolve::RepairJob,
    session::{hold, hold_live, leave},
    signals::{Stops, Wish},
    ui::{
        console::Console,
        progress::{GossipLine, Progress},
        prompt::stderr_line,
        repair::Mended,
    },
};

/// Carries the repairs out, those first that need no session with encryption keys, and hands the session back.
#[expect(clippy::too_many_arguments, reason = "one round needs all that the command has")]
pub(super) async fn carry_out(
    session: OwnSession,
    job: &RepairJob,
    repairs: &[Repair],
    shop: &Shop,
    seen: &Checked,
    mended: &mut Mended,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<OwnSession, Failure> {
    let asking = GossipOptions {
        patience: job.patience,
        wave: WAVE,
        progress: GossipProgress::default(),
    };
    let mining = MiningProgress::default();
    let bench = Bench {
        homeserver: &shop.homeserver,
        typed: &shop.keys,
        fresh: shop.fresh.as_ref(),
        password: shop.password.as_ref(),
        at_risk: &seen.at_risk,
        asking: &asking,
        mining: &mining,
    };
    let last = |it: &&Repair| matches!(it, Repair::SignOutSession { .. });
    let live = |it: &&Repair| it.needs_live_session();
    let (ending, rest): (Vec<_>, Vec<_>) = repairs.iter().partition(last);
    let (with_others, quiet): (Vec<_>, Vec<_>) = rest.into_iter().partition(live);
    let session = quietly(session, quiet, &bench, mended, stops, console).await?;
    let session = if with_others.is_empty() {
        session
    } else {
        let end_softly = || {
            asking.progress.stop();
            Wish::GoOn
        };
        let person = with_others.iter().any(|it| it.needs_person());
        let (session, chosen) = if person {
            let (session, comparison) = choose_partner(session, job, seen, stops, console).await?;
            (session, Some(comparison))
        } else {
            console.note("Open the apps of your sessions now: they are asked for what only they hold.");
            (session, None)
        };
        let work = async |live: &LiveSession, _: &mut Console| {
            if let Some(comparison) = &chosen {
                trust::compare(live, comparison).await?;
            }
            let _line = GossipLine::show(&asking.progress, &seen.facts.sessions);
            for repair in with_others {
                apply_live(repair, live, &bench).await?;
                done(repair, mended);
            }
            Ok(())
        };
        hold_live(session, ERRAND, stops, console, end_softly, work).await?.0
    };
    quietly(session, ending, &bench, mended, stops, console).await
}

/// Chooses the session to compare with; leaves on a failure.
async fn choose_partner(
    session: OwnSession,
    job: &RepairJob,
    seen: &Checked,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<(OwnSession, Comparison), Failure> {
    let all: &[Session] = match &seen.facts.sessions {
        Fact::Known(all) => all,
        Fact::Unknown(_) => &[],
    };
    match trust::choose(job.with.clone(), all, stops).await {
        Ok(device) => {
            console.note("Accept the verification in the app of that session now.");
            let comparison = Comparison {
                device,
                ways: Ways::Emoji,
                patience: job.patience,
            };
            Ok((session, comparison))
        }
        Err(failure) => {
            leave(session, ERRAND, Wish::GoOn, stops, console).await?;
            Err(failure)
        }
    }
}

async fn quietly(
    session: OwnSession,
    repairs: Vec<&Repair>,
    bench: &Bench<'_>,
    mended: &mut Mended,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<OwnSession, Failure> {
    let work = async |session: &OwnSession| {
        for repair in repairs {
            {
                let _progress = Progress::begin("mending")
                    .with_waiting(session.caller().waiting())
                    .counting(bench.mining);
                apply(repair, session, bench).await?;
            }
            done(repair, mended);
        }
        Ok(())
    };
    Ok(hold(session, ERRAND, stops, console, || Wish::Stop, work).await?.0)
}

fn done(repair: &Repair, mended: &mut Mended) {
    mended.done.push(repair.clone());
    stderr_line(&format!("Done: {}.", repair.code()));
}
