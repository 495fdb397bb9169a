//! A real Synapse and a mailbox on this machine: `cargo xtask homeserver up | down | status`.

mod config;
mod fleet;
mod launch;
mod process;
mod profile;
mod random;
mod record;
mod storage;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::thread;

use anyhow::{Context, Result, ensure};
use clap::Subcommand;

use self::fleet::Endings;
pub(crate) use self::fleet::{Fleet, Hold, Purpose};
use self::launch::Launch;
use self::process::Ending;
pub(crate) use self::profile::Profile;
use self::record::{Record, State};
use crate::interrupt::Interrupt;
use crate::node::NodeProgram;
use crate::venv::Venv;
use crate::workspace::Workspace;

/// What to do with the homeservers started by hand.
#[derive(Subcommand)]
pub(crate) enum Action {
    /// Starts a homeserver with fresh data and a mailbox, and prints how to reach them.
    Up {
        /// Which kind of server; can be repeated.
        #[arg(long, value_enum, default_value = "default")]
        profile: Vec<Profile>,
        /// The same as --profile oauth.
        #[arg(long, conflicts_with = "profile")]
        oauth: bool,
        /// Where it listens; a free port unless given.
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
        port: Option<u16>,
    },
    /// Ends what `up` started, and what an interrupted test, demo or benchmark left behind.
    Down {
        /// Which one; all unless given.
        #[arg(long, value_enum)]
        profile: Vec<Profile>,
    },
    /// Says what runs; fails unless all of it answers.
    Status {
        /// Which one; all that were started unless given.
        #[arg(long, value_enum)]
        profile: Vec<Profile>,
    },
}

/// Runs `cargo xtask homeserver`.
pub(crate) fn run(workspace: &Workspace, action: &Action) -> Result<ExitCode> {
    match action {
        Action::Up { oauth: true, port, .. } => up(workspace, &[Profile::Oauth], *port),
        Action::Up { profile, port, .. } => up(workspace, profile, *port),
        Action::Down { profile } => down(workspace, profile),
        Action::Status { profile } => Ok(status(workspace, profile)),
    }
}

/// Brings up several servers of a fleet at once. Those that came up stay up when another fails.
pub(crate) fn bring_up(
    workspace: &Workspace,
    fleet: &Fleet,
    hold: &Hold,
    profiles: &[Profile],
    port: Option<u16>,
    interrupt: &Interrupt,
) -> Result<Vec<Record>> {
    let sources = workspace.root().join("xtask/homeserver");
    let venv = Venv::ensure(workspace, "homeserver", &sources.join("requirements.txt"))?;
    let oauth = if profiles.contains(&Profile::Oauth) {
        let (program, node) = (sources.join("oauth"), sources.join("node.txt"));
        Some(NodeProgram::ensure(workspace, "oauth-server", &program, &node)?)
    } else {
        None
    };
    let launch = Launch {
        venv: &venv,
        scripts: &sources,
        oauth: oauth.as_ref(),
        certificates: &workspace.root().join("tests/fixtures/tls"),
        interrupt,
    };
    let launch = &launch;
    let profiles = BTreeSet::from_iter(profiles.iter().copied());
    let started: Vec<Result<Record>> = thread::scope(|scope| {
        let start = |profile| scope.spawn(move || fleet.up(hold, launch, profile, port));
        let threads: Vec<_> = profiles.into_iter().map(start).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, _>| {
            thread
                .join()
                .unwrap_or_else(|_| Err(anyhow::anyhow!("the thread that starts a server has failed")))
        };
        threads.into_iter().map(join).collect()
    });
    fleet.list(hold)?;
    started.into_iter().collect()
}

/// Ends servers of a fleet.
pub(crate) fn take_down(fleet: &Fleet, hold: &Hold, profiles: &[Profile]) -> Result<Vec<(Profile, Endings)>> {
    let mut ended = Vec::new();
    for &profile in profiles {
        if let Some(endings) = fleet.down(hold, profile)? {
            ended.push((profile, endings));
        }
    }
    fleet.list(hold)?;
    Ok(ended)
}

fn up(workspace: &Workspace, profiles: &[Profile], port: Option<u16>) -> Result<ExitCode> {
    ensure!(
        port.is_none() || profiles.len() == 1,
        "--port is for one server, and {} are asked for. Leave it out, or start them one by one",
        profiles.len()
    );
    let interrupt = Interrupt::listen()?;
    let fleet = Fleet::of(workspace, Purpose::Hand);
    let hold = fleet.take()?.context(BUSY)?;
    for record in bring_up(workspace, &fleet, &hold, profiles, port, &interrupt)? {
        println!("homeserver {} is up", record.profile);
        println!("  address  {}   server name {}", record.base_url, record.server_name);
        if let Some(port) = record.oauth_port {
            println!("  OAuth    https://localhost:{port}/, in front of the homeserver too");
        }
        println!("  mails    {}", record.mail_dir.display());
        println!("  log      {}", record.log_file.display());
    }
    let list = fleet.list_file();
    println!("The registration secret is in the files named in {}", list.display());
    println!("For tests: export LIFEBOAT_TEST_SERVERS={}", list.display());
    Ok(ExitCode::SUCCESS)
}

fn down(workspace: &Workspace, profiles: &[Profile]) -> Result<ExitCode> {
    let mut any = false;
    for purpose in Purpose::ALL {
        let fleet = Fleet::of(workspace, purpose);
        if fleet.records().is_empty() {
            continue;
        }
        let Some(hold) = fleet.take()? else {
            // Those of a running test belong to it.
            ensure!(purpose != Purpose::Hand, BUSY);
            continue;
        };
        for (profile, endings) in take_down(&fleet, &hold, or_all(profiles))? {
            any = true;
            let endings: Vec<String> = endings
                .iter()
                .map(|(name, ending)| format!("{name} {}", in_words(*ending)))
                .collect();
            println!(
                "homeserver {}{}: {}",
                profile.name(),
                purpose.remark(),
                endings.join(", ")
            );
        }
    }
    if !any {
        println!("no homeserver was up");
    }
    Ok(ExitCode::SUCCESS)
}

fn status(workspace: &Workspace, profiles: &[Profile]) -> ExitCode {
    let mut records = Fleet::of(workspace, Purpose::Hand).records();
    records.retain(|(profile, _)| or_all(profiles).contains(profile));
    let mut good = !records.is_empty();
    for (profile, record) in &records {
        match record.state() {
            State::Up => println!("homeserver {}: up at {}", profile.name(), record.base_url),
            State::Broken(what) => {
                good = false;
                println!("homeserver {}: broken, {what}", profile.name());
            }
        }
    }
    let missing = profiles
        .iter()
        .filter(|wanted| records.iter().all(|(found, _)| found != *wanted));
    for profile in missing {
        good = false;
        println!("homeserver {}: not up", profile.name());
    }
    if records.is_empty() && profiles.is_empty() {
        println!("no homeserver is up");
    }
    ExitCode::from(u8::from(!good))
}

fn or_all(profiles: &[Profile]) -> &[Profile] {
    if profiles.is_empty() { &Profile::ALL } else { profiles }
}

fn in_words(ending: Ending) -> &'static str {
    match ending {
        Ending::Stopped => "stopped",
        Ending::Killed => "did not stop and was killed",
        Ending::WasGone => "was not running any more",
    }
}

const BUSY: &str = "another `cargo xtask homeserver` is at work. Wait until it is done";
