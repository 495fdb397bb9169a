//! The fixes: each is done, and the account is looked at again.

use std::time::Duration;

use lifeboat_preflight::{FreshKey, LeftRooms, LiveSession};
use lifeboat_rescue::{
    Bench, GossipOptions, GossipProgress, KeyWish, MiningProgress, Repair, WAVE, Ways, Wishes, apply, apply_live, plan,
};

use super::Guide;
use crate::{
    candidates::Typed,
    commands::{
        ark_first, fresh,
        rescue::{self, Added},
        reset::no_home,
        trust::{self, Comparison, Trust},
    },
    exit::Exit,
    failure::Failure,
    files::Reserved,
    guide::{Fix, Heard, Step, fix::opens_storage},
    key_files::Opened,
    resolve::Person,
    session::{self, asked},
    signals::{Stopped, Wish},
    ui::{
        console::Console,
        progress::{GossipLine, Progress},
        prompt,
        repair::NewKey,
        rescue::Result as Rescued,
        time,
    },
};

/// How long sessions are waited for when nothing new arrives. A person sits here: longer is asked for once more.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the other side of a comparison has for each step.
const COMPARING: Duration = Duration::from_secs(300);

impl Guide<'_> {
    pub(super) async fn mend(&mut self, fix: &Fix) -> Result<Heard, Failure> {
        if self.session.is_none() {
            return Ok(Heard::SessionOver);
        }
        self.ensure_alone()?;
        let done = match fix {
            Fix::Ark => self.save_ark().await,
            Fix::Repair(repairs) => self.repair(repairs).await,
            Fix::Rescue { .. } => self.rescue().await,
            Fix::NewRecoveryKey => self.new_recovery_key().await,
            Fix::RecoveryKey | Fix::ByHand(_) => Ok(()),
        };
        if let Err(failure) = done {
            let heard = self.after(&Step::Mend(fix.clone()), &failure);
            let over = self.session.as_ref().is_none_or(|it| it.caller().session_ended());
            return Ok(if over { Heard::SessionOver } else { heard });
        }
        let code = fix.code();
        self.trip.done.insert(code.clone());
        self.trip.mended = Some(code.clone());
        if *fix == Fix::Ark {
            self.work_out()?;
            return Ok(Heard::Done);
        }
        let looked = if let Fix::Rescue { .. } = fix {
            // It ends with a look of its own.
            Heard::Done
        } else {
            self.say("Looking again.")?;
            self.check().await?
        };
        if looked == Heard::Done && !self.trip.fixes.iter().any(|it| it.code() == code) {
            self.say("✓ That helped: looking again, it is mended.")?;
        }
        Ok(looked)
    }

    async fn save_ark(&mut self) -> Result<(), Failure> {
        let reserved = Reserved::new(in_home("lifeboat-ark", "ark")?)?;
        let homeserver = self.homeserver()?;
        let (Some(session), Some(checked)) = (&self.session, &self.checked) else {
            return Err(session::own_mistake());
        };
        let saving = ark_first::save(session, &homeserver, checked, reserved);
        let saved = self.stops.unless_stopped(saving).await;
        let file = saved.map_err(|Stopped| Failure::interrupted(session::NOTHING_CHANGED, ""))??;
        self.say(&format!("✓ The ark is {}. Only you can read it.", file.display()))?;
        self.trip.ark = Some(file);
        Ok(())
    }

    /// Has repairs carried out, with a new recovery key where they need one.
    async fn repair(&mut self, repairs: &[Repair]) -> Result<(), Failure> {
        if repairs.iter().any(Repair::needs_fresh_key) && self.fresh.is_none() {
            self.make_recovery_key().await?;
        }
        if repairs.iter().any(Repair::needs_password) && self.password.is_none() {
            let question = "Your password (it is not shown; Enter goes on without)";
            self.password = asked(&mut self.stops, || prompt::ask_or_skip(question)).await?;
        }
        // What the work needs is out of the conversation's hands meanwhile.
        let fresh = self.fresh.take();
        let done = self.carry_out(repairs, fresh.as_ref()).await;
        self.fresh = fresh;
        done
    }

    async fn carry_out(&mut self, repairs: &[Repair], fresh: Option<&FreshKey>) -> Result<(), Failure> {
        let (homeserver, keys, password) = (self.homeserver()?, self.secrets(), self.password.clone());
        let checked = self.checked.clone().ok_or_else(session::own_mistake)?;
        let asking = patiently();
        let mining = MiningProgress::default();
        let bench = Bench {
            homeserver: &homeserver,
            typed: &keys,
            fresh,
            password: password.as_ref(),
            at_risk: &checked.at_risk,
            asking: &asking,
            mining: &mining,
        };
        let (with_others, alone): (Vec<_>, Vec<_>) = repairs.iter().partition(|it| it.needs_live_session());
        for repair in alone {
            self.carry_out_alone(repair, &bench).await?;
        }
        if with_others.is_empty() {
            return Ok(());
        }
        let comparison = if with_others.iter().any(|it| it.needs_person()) {
            let all = checked.facts.sessions.known().map_or(&[][..], Vec::as_slice);
            let device = trust::choose(None, all, &mut self.stops).await?;
            self.say("Accept the verification in the app of that session now.")?;
            Some(Comparison {
                device,
                ways: Ways::Emoji,
                patience: COMPARING,
            })
        } else {
            None
        };
        let work = async |live: &LiveSession, _: &mut Console| {
            if let Some(comparison) = &comparison {
                trust::compare(live, comparison).await?;
            }
            let _line = GossipLine::show(&asking.progress, &checked.facts.sessions);
            for repair in with_others {
                apply_live(repair, live, &bench).await?;
            }
            Ok(())
        };
        self.live(|| softly(&asking), work).await?;
        self.say("✓ Done.")
    }

    async fn carry_out_alone(&mut self, repair: &Repair, bench: &Bench<'_>) -> Result<(), Failure> {
        let session = self.session.as_ref().ok_or_else(session::own_mistake)?;
        let counted = Progress::begin("mending")
            .with_waiting(session.caller().waiting())
            .counting(bench.mining);
        let mut progress = Some(counted);
        let told = || {
            // One line in place of the other: two that do not know of each other leave pieces behind.
            drop(progress.take());
            progress = Some(Progress::begin(
                "stopping when this change is whole; Ctrl-C once more leaves it as it is",
            ));
        };
        // A change that has begun is brought to its end: half of one helps nobody.
        let applied = self.stops.finishing(apply(repair, session, bench), told).await;
        drop(progress);
        match applied {
            Ok((applied, wish)) => {
                applied?;
                self.say("✓ Done.")?;
                match wish {
                    Wish::GoOn => Ok(()),
                    Wish::Stop => Err(Failure::interrupted(prompt::STOPPED, "")),
                }
            }
            Err(Stopped) => Err(Failure::interrupted(
                "You stopped in the middle of a change.",
                "Looking again shows what became of it.",
            )),
        }
    }

    /// Makes a recovery key, which is in a file before anything depends on it.
    async fn make_recovery_key(&mut self) -> Result<(), Failure> {
        let file = in_home("lifeboat-recovery-key", "txt")?;
        let (fresh, place) = fresh::Place::prepare(Some(file), Person::Present)?
            .make(&mut self.stops)
            .await?;
        self.keys.push(Typed::made(fresh.recovery_key()));
        self.fresh = Some(fresh);
        if let NewKey::File(file) = place {
            self.say(&format!(
                "Your new recovery key is in {}. Put it into your password manager; delete the file when it is there.",
                file.display()
            ))?;
        }
        Ok(())
    }

    /// Stores what a living session holds under a new recovery key.
    async fn new_recovery_key(&mut self) -> Result<(), Failure> {
        let report = self.trip.report.as_ref().ok_or_else(session::own_mistake)?;
        let wishes = Wishes {
            recovery_key: KeyWish::Lost,
            ..Wishes::default()
        };
        let mut repairs = plan(&report.facts, &wishes).repairs;
        repairs.retain(|it| matches!(it, Repair::RenewRecoveryKey { .. }));
        if repairs.is_empty() {
            return Err(Failure::failed(
                "No verified session can help with a new recovery key now.",
                "Open one of your apps where your old messages can be read, and look again.",
            ));
        }
        self.repair(&repairs).await
    }

    async fn rescue(&mut self) -> Result<(), Failure> {
        let homeserver = self.homeserver()?;
        let (user, before) = match (&self.user, &self.checked) {
            (Some(user), Some(checked)) => (user.to_string(), checked.clone()),
            _ => return Err(session::own_mistake()),
        };
        // A key that opens nothing makes nobody answer; then another session vouches.
        let opens = self.trip.report.as_ref().is_some_and(opens_storage);
        let look = rescue::Look {
            homeserver: &homeserver,
            left_rooms: LeftRooms::Include,
            keys: if opens { self.secrets() } else { Vec::new() },
        };
        let trust = rescue::how_to_trust(&look, None, &before, &mut self.stops).await?;
        if let Trust::With(_) = trust {
            self.say("Accept the verification in the app of that session now.")?;
        }
        let mut rescued = Rescued::begin(user, before, &Opened::default());
        let asking = patiently();
        let work = async |live: &LiveSession, _: &mut Console| {
            let unlocked = trust::trust(live, &trust).await?;
            rescue::can_rescue(&unlocked, &trust)?;
            rescue::from_sessions(live, &look, &asking, &mut rescued).await
        };
        let added = Added {
            from_sessions: asking.progress.clone(),
            ..Added::default()
        };
        let asked = self.live(|| softly(&asking), work).await;
        asked.map_err(|it| match it.exit {
            // The conversation goes by these words.
            Exit::Interrupted => it,
            _ => added.told(it),
        })?;
        if let Some(gathered) = &rescued.gathered {
            let arrived = gathered.arrived.len();
            let asked_for = arrived + gathered.missing.len();
            self.say(&match arrived {
                0 => format!("No session gave any of the {asked_for} room keys. Are their apps open?"),
                _ => format!("✓ {arrived} of {asked_for} room keys arrived, and are in the key backup now."),
            })?;
        }
        self.take_in(rescued.after)
    }
}

/// How sessions are asked.
fn patiently() -> GossipOptions {
    GossipOptions {
        patience: PATIENCE,
        wave: WAVE,
        progress: GossipProgress::default(),
    }
}

/// Ends the waiting for sessions. Before anything was asked for, there is nothing to end softly.
fn softly(asking: &GossipOptions) -> Wish {
    match asking.progress.wanted() {
        0 => Wish::Stop,
        _ => {
            asking.progress.stop();
            Wish::GoOn
        }
    }
}

/// Returns a new name in the person's home folder.
fn in_home(name: &str, ending: &str) -> Result<std::path::PathBuf, Failure> {
    let home = etcetera::home_dir().map_err(|_| no_home())?;
    Ok(home.join(format!("{name}-{}.{ending}", time::stamp(time::now()))))
}
