//! The fixes: each is done, and the account is looked at again.

use std::time::Duration;

use lifeboat_preflight::{LeftRooms, LiveSession};
use lifeboat_report::{StatusFile, facts::Session};
use lifeboat_rescue::{GossipOptions, GossipProgress, Repair, apply, renew_recovery_key, verify_with};
use secrecy::ExposeSecret;

use super::Guide;
use crate::{
    candidates,
    commands::{ark::save, check::generator, rescue, verify},
    failure::Failure,
    files::Reserved,
    guide::{Fix, Heard, Step, fix::signed},
    key_files::Opened,
    session::{self, asked},
    signals::{Stopped, Wish},
    ui::{console::Console, progress::Progress, prompt, rescue::Result as Rescued, time},
};

/// How long sessions are waited for when nothing new arrives. A person sits here: longer is asked for once more.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the other side of a verification has for each step.
const VERIFYING: Duration = Duration::from_secs(300);

impl Guide<'_> {
    pub(super) async fn mend(&mut self, fix: &Fix) -> Result<Heard, Failure> {
        if self.session.is_none() {
            return Ok(Heard::SessionOver);
        }
        let done = match fix {
            Fix::Ark => self.save_ark().await,
            Fix::Repair(repair) => self.repair(repair).await,
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
        self.say("Looking again.")?;
        let looked = self.check().await?;
        if looked == Heard::Done && !self.trip.fixes.iter().any(|it| it.code() == code) {
            self.say("✓ That helped: looking again, it is mended.")?;
        }
        Ok(looked)
    }

    async fn save_ark(&mut self) -> Result<(), Failure> {
        let file = in_home("lifeboat-ark", "ark")?;
        let homeserver = self.homeserver()?;
        let (Some(session), Some(report)) = (&self.session, &self.trip.report) else {
            return Err(session::own_mistake());
        };
        let reserved = Reserved::new(file)?;
        let status = StatusFile::of(report, generator());
        let saving = save::save(session, &homeserver, &status, &reserved);
        match self.stops.unless_stopped(saving).await {
            Ok(saved) => saved?,
            Err(Stopped) => return Err(Failure::interrupted(session::NOTHING_CHANGED, "")),
        };
        let file = reserved.keep()?;
        self.say(&format!("✓ The ark is {}. Only you can read it.", file.display()))?;
        self.trip.ark = Some(file);
        Ok(())
    }

    async fn repair(&mut self, repair: &Repair) -> Result<(), Failure> {
        let (homeserver, keys) = (self.homeserver()?, self.secrets());
        let session = self.session.as_ref().ok_or_else(session::own_mistake)?;
        let progress = Progress::begin("mending");
        let told = || progress.say("stopping when this change is whole; Ctrl-C once more leaves it as it is");
        // A change that has begun is brought to its end: half of one helps nobody.
        let applied = self
            .stops
            .finishing(apply(repair, session, &homeserver, &keys), told)
            .await;
        drop(progress);
        match applied {
            Ok((applied, _)) => {
                applied?;
                self.say("✓ Done.")
            }
            Err(Stopped) => Err(Failure::interrupted(
                "You stopped in the middle of a change.",
                "Looking again shows what became of it.",
            )),
        }
    }

    async fn rescue(&mut self) -> Result<(), Failure> {
        let homeserver = self.homeserver()?;
        let (user, before) = match (&self.user, &self.checked) {
            (Some(user), Some(checked)) => (user.to_string(), checked.clone()),
            _ => return Err(session::own_mistake()),
        };
        let look = rescue::Look {
            homeserver: &homeserver,
            left_rooms: LeftRooms::Include,
            keys: self.secrets(),
        };
        let mut rescued = Rescued::begin(user, before, &Opened::default());
        let options = GossipOptions {
            patience: PATIENCE,
            progress: GossipProgress::default(),
        };
        let end_softly = || {
            options.progress.stop();
            Wish::GoOn
        };
        let asking = async |live: &LiveSession, _: &mut Console| {
            rescue::from_sessions(live, &look, &options, &mut rescued).await
        };
        self.live(end_softly, asking).await?;
        let Some(gathered) = &rescued.gathered else {
            return Ok(());
        };
        let asked_for = gathered.arrived + gathered.missing.len() as u64;
        self.say(&match gathered.arrived {
            0 => format!("No session gave any of the {asked_for} room keys. Are their apps open?"),
            arrived => format!("✓ {arrived} of {asked_for} room keys arrived, and are in the key backup now."),
        })
    }

    /// Verifies by emoji with a living session, and makes a new recovery key with what it hands over.
    async fn new_recovery_key(&mut self) -> Result<(), Failure> {
        let file = in_home("lifeboat-recovery-key", "txt")?;
        let others: Vec<Session> = match &self.trip.report {
            Some(report) => signed(report).cloned().collect(),
            None => Vec::new(),
        };
        let chosen = asked(&mut self.stops, move || verify::ask(&others)).await?;
        let reserved = Reserved::new(file)?;
        prompt::tell("Accept the verification in the app of that session now, and compare the pictures.");
        let work = async |live: &LiveSession, _: &mut Console| {
            verify_with(live, &chosen, VERIFYING, verify::compare).await?;
            let key = renew_recovery_key(live).await?;
            let file = reserved.write(format!("{}\n", key.expose_secret()).as_bytes())?;
            live.open(&key).await?;
            Ok((key, file))
        };
        let (key, file) = self.live(|| Wish::Stop, work).await?;
        self.keys = vec![candidates::Typed::made(key)];
        self.say(&format!(
            "✓ Your new recovery key is in {}. It was tried. Put it into your password manager, then delete the file.",
            file.display()
        ))
    }
}

/// Returns a new name in the person's home folder.
fn in_home(name: &str, ending: &str) -> Result<std::path::PathBuf, Failure> {
    let home = etcetera::home_dir().map_err(|_| crate::commands::reset::no_home())?;
    Ok(home.join(format!("{name}-{}.{ending}", time::stamp(time::now()))))
}
