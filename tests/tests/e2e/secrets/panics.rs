//! A panic in the middle of every command that speaks to a server, with everything that a backtrace shows: no secret is in what
//! it leaves, the session that the command made is removed or named, and the same command works afterwards.

mod resets;

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::account::Secret;
use lifeboat_tests::counts;
use lifeboat_tests::lifeboat::Lifeboat;
use serde_json::json;

use super::{Machine, NEW, NEWER, PASSPHRASE};
use crate::live::{devices, end_what_is_left_behind};
use crate::reset::{with_secrets, with_secrets_again};

/// Names the request at which the program panics.
const MOMENT: &str = "LIFEBOAT_TEST_PANIC_AT_REQUEST";
/// The exit status of a panic that nothing has caught.
const UNCAUGHT: i32 = 101;
/// The exit statuses of commands that did not come to their end, caught panics among them.
const FAILED: [i32; 4] = [1, 10, 21, UNCAUGHT];
/// After the server was found: a sign-in, or a look at a token.
const EARLY: u32 = 2;
/// What asks, and what is asked, when a session takes part in encryption.
const SYNCING: &str = "live/sync.rs";
/// How the files are called that no later run needs.
const DONE_WITH: [&str; 6] = ["log-", "status-", "page-", "ark-", "keys-", "letter-"];

/// A command that is broken off at a few of its requests.
struct Command<'a> {
    /// Its exit statuses where nothing breaks it off.
    ends: &'a [i32],
    needs: Needs,
    /// The first and the last request from this place are such moments as well.
    also: Option<&'a str>,
    line: &'a dyn Fn(&mut Machine) -> Result<Lifeboat>,
}

/// What there has to be before each run.
enum Needs {
    Nothing,
    /// Something that is lacking in the account.
    Lack(Secret),
    /// A session that Lifeboat keeps.
    KeptSession,
}

impl<'a> Command<'a> {
    fn new(ends: &'a [i32], line: &'a dyn Fn(&mut Machine) -> Result<Lifeboat>) -> Self {
        Self {
            ends,
            needs: Needs::Nothing,
            also: None,
            line,
        }
    }

    async fn prepare(&self, machine: &mut Machine) -> Result<()> {
        match self.needs {
            Needs::Nothing => Ok(()),
            Needs::Lack(secret) => {
                let place = machine.place_of(secret);
                machine.account.api()?.put(&place, &json!({})).await?;
                Ok(())
            }
            Needs::KeptSession => {
                let all = devices(&machine.account).await?;
                if all.iter().any(|(_, name)| name.as_deref() == Some("Lifeboat")) {
                    return Ok(());
                }
                let keeping = machine.with_password(&["check", "--quick", "--json", "--keep-session"])?;
                machine.run(&[0, 10, 11], keeping).await
            }
        }
    }

    /// Runs it undisturbed, broken off at each moment, and undisturbed again; returns how often it was broken off.
    async fn broken_off(&self, machine: &mut Machine) -> Result<usize> {
        self.prepare(machine).await?;
        let undisturbed = (self.line)(machine)?.env(MOMENT, "0");
        machine.run(self.ends, undisturbed).await?;
        machine.sums_up()?;
        let requests = requests(&machine.told()?)?;
        let moments = moments(&requests, self.also)?;
        for moment in &moments {
            self.prepare(machine).await?;
            let before = devices(&machine.account).await?;
            let broken = broken_at(*moment, (self.line)(machine)?);
            machine.run(&[self.ends, &FAILED[..]].concat(), broken).await?;
            ensure_panicked(machine, *moment, self.ends)?;
            let mut after = devices(&machine.account).await?;
            after.retain(|it| !before.contains(it));
            if !after.is_empty() {
                let last = machine.last()?;
                ensure!(
                    last.says("may remain in your account"),
                    "{after:?} remains, and nobody is told\n{last}"
                );
                end_what_is_left_behind(&machine.account).await?;
            }
        }
        self.prepare(machine).await?;
        let again = (self.line)(machine)?;
        machine.run(self.ends, again).await?;
        machine.sums_up()?;
        clear_away(machine)?;
        Ok(moments.len())
    }
}

/// Removes what was searched already: each search looks at all that is there.
fn clear_away(machine: &Machine) -> Result<()> {
    for file in fs::read_dir(machine.last()?.home())? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        if DONE_WITH.iter().any(|it| name.starts_with(it)) {
            fs::remove_file(file.path())?;
        }
    }
    Ok(())
}

fn broken_at(moment: u32, line: Lifeboat) -> Lifeboat {
    line.env(MOMENT, moment.to_string()).env("RUST_BACKTRACE", "full")
}

/// The last run panicked, and said so in words where it could.
fn ensure_panicked(machine: &Machine, moment: u32, ends: &[i32]) -> Result<()> {
    let last = machine.last()?;
    // Not a later one either, whose number begins alike.
    let said = format!("a test asked for it at request {moment}\n");
    ensure!(
        last.stderr.contains(&said) && last.stderr.contains("panicked at"),
        "no panic at request {moment}\n{last}"
    );
    // What was done to its end in spite of it has nothing to explain but a session that remains.
    let code = last.code()?;
    let explained = code == UNCAUGHT || ends.contains(&code) || last.says("Lifeboat itself failed");
    ensure!(explained, "the panic at request {moment} is not explained\n{last}");
    Ok(())
}

/// The places from which a run sent its requests, in their order.
fn requests(told: &str) -> Result<Vec<String>> {
    let mut places = Vec::new();
    for line in told.lines() {
        let Some((_, request)) = line.rsplit_once("lifeboat_preflight::mortal: request ") else {
            continue;
        };
        let (number, place) = request.split_once(" from ").context("no place")?;
        places.push(place.trim().to_owned());
        ensure!(
            number.parse::<usize>() == Ok(places.len()),
            "not request {}: {line}",
            places.len()
        );
    }
    ensure!(places.len() > 2, "only {} requests were told", places.len());
    Ok(places)
}

/// Early, in the middle, at the last request, and at the first and last from the place `also`.
fn moments(requests: &[String], also: Option<&str>) -> Result<BTreeSet<u32>> {
    let last = u32::try_from(requests.len())?;
    let mut moments = BTreeSet::from([EARLY, (last / 2).max(EARLY), last]);
    if let Some(also) = also {
        let mut from_there = (1..).zip(requests).filter(|(_, place)| place.ends_with(also));
        let (first, _) = from_there.next().context("no request from there")?;
        let (last, _) = from_there.last().context("only one request from there")?;
        moments.extend([first, last]);
    }
    Ok(moments)
}

fn tell(machine: &Machine, commands: usize, panics: usize) -> Result<()> {
    counts::tell(format_args!(
        "secrets: {} forms looked for after {panics} panics in {commands} commands, in {} files: found 0 times",
        machine.search.number(),
        machine.files
    ))?;
    Ok(())
}

#[tokio::test]
async fn a_panic_while_looking_lets_no_secret_out() -> Result<()> {
    let mut machine = Machine::new().await?;
    let (user, url) = (machine.account.user_id.to_string(), machine.proxy.base_url());
    let password = machine.account.password.clone();
    let key = machine.account.recovery.text().context("no recovery key")?.to_owned();
    let token = machine.admin_token().await?;
    let before = machine.with_both(&["check", "--json", "--status-file", "before.json"])?;
    machine.run(&[0], before).await?;

    let verdicts = &[0, 10, 11][..];
    let check = |machine: &mut Machine| {
        let (status, page) = (
            format!("status-{}.json", machine.runs),
            format!("page-{}.html", machine.runs),
        );
        let check = [
            "check",
            "--json",
            "--no-cache",
            "--status-file",
            &status,
            "--html",
            &page,
        ];
        machine.with_both(&check)
    };
    let try_key = |machine: &mut Machine| machine.with_both(&["try-key", "--json"]);
    let save = |machine: &mut Machine| {
        let ark = format!("ark-{}", machine.runs);
        let save = machine.command(&["ark", "save", &user, &ark, "--json", "--homeserver", &url])?;
        save.secret("--password-file", &password)
    };
    let export = |machine: &mut Machine| {
        let file = format!("keys-{}.txt", machine.runs);
        let export = machine.with_both(&["export-keys", "--json"])?;
        export.arg(file).secret("--passphrase-file", PASSPHRASE)
    };
    let verify = |machine: &mut Machine| machine.with_both(&["verify", "--json"]);
    let prove = |machine: &mut Machine| {
        let prove = machine.command(&["prove", "--homeserver", &url, "before.json", "--json"])?;
        prove
            .secret("--password-file", &password)?
            .secret("--recovery-key-file", &key)
    };
    let desk = |machine: &mut Machine| {
        let status = format!("status-{}.json", machine.runs);
        let desk = machine.command(&["desk", "check", &user, "--json", "--homeserver", &url])?;
        desk.args(["--status-file", &status])
            .secret("--admin-token-file", &token)
    };
    let commands = [
        Command::new(verdicts, &check),
        Command::new(&[0], &try_key),
        Command::new(&[0], &save),
        Command::new(&[0], &export),
        Command {
            also: Some(SYNCING),
            ..Command::new(&[0], &verify)
        },
        Command::new(&[0], &prove),
        Command::new(verdicts, &desk),
    ];
    let mut panics = 0;
    for command in &commands {
        panics += command.broken_off(&mut machine).await?;
    }
    tell(&machine, commands.len(), panics)
}

#[tokio::test]
async fn a_panic_while_changing_lets_no_secret_out() -> Result<()> {
    let mut machine = Machine::new().await?;
    let (user, url) = (machine.account.user_id.to_string(), machine.proxy.base_url());
    let password = machine.account.password.clone();
    let ark = machine.command(&["ark", "save", &user, "an.ark", "--homeserver", &url])?;
    machine.run(&[0], ark.secret("--password-file", &password)?).await?;
    let export = machine.with_both(&["export-keys"])?.arg("keys.txt");
    machine
        .run(&[0], export.secret("--passphrase-file", PASSPHRASE)?)
        .await?;

    let restore = |machine: &mut Machine| -> Result<Lifeboat> {
        let restore = machine.with_both(&["ark", "restore"])?;
        Ok(restore.args(["an.ark", "--yes", "--json"]))
    };
    let rescue = |machine: &mut Machine| {
        let status = format!("status-{}.json", machine.runs);
        let rescue = machine.with_both(&["rescue", "--json", "--key-file", "keys.txt", "--status-file", &status])?;
        rescue.secret("--key-file-passphrase-file", PASSPHRASE)
    };
    let repair = |machine: &mut Machine| machine.with_both(&["repair", "--yes", "--json"]);
    let leave = |machine: &mut Machine| machine.online(&["leave", "--force"]);
    let commands = [
        Command {
            needs: Needs::Lack(Secret::UserSigning),
            ..Command::new(&[0], &restore)
        },
        Command::new(&[0], &rescue),
        Command::new(&[0], &repair),
        Command {
            needs: Needs::KeptSession,
            ..Command::new(&[0], &leave)
        },
    ];
    let mut panics = 0;
    for command in &commands {
        panics += command.broken_off(&mut machine).await?;
    }
    panics += resume(&mut machine).await?;
    tell(&machine, commands.len() + 1, panics)
}

/// Resets that are broken off after the change, and taken up again by runs that are broken off themselves. What one of them
/// has done is not done again, so a late moment needs a reset of its own.
async fn resume(machine: &mut Machine) -> Result<usize> {
    let first = machine.account.password.clone();
    let sessions = BTreeSet::from_iter(devices(&machine.account).await?);
    let mut length = 0;
    let mut panics = 0;
    for (number, (old, new)) in [(first.as_str(), NEW), (NEW, NEWER), (NEWER, first.as_str())]
        .into_iter()
        .enumerate()
    {
        let reset = machine.online(&["reset", "--yes", "--json"])?;
        let reset = with_secrets(reset, &machine.account, old, new)?;
        machine
            .run(&[UNCAUGHT], reset.env("LIFEBOAT_TEST_PANIC_AT", "20"))
            .await?;
        let moments = match number {
            0 => vec![],
            1 => vec![EARLY, length / 2],
            _ => vec![length - length / 8],
        };
        for moment in &moments {
            let broken = again(machine, old, new)?;
            // A panic while a session stops syncing is caught, and the reset goes on.
            machine.run(&[0, UNCAUGHT], broken_at(*moment, broken)).await?;
            ensure_panicked(machine, *moment, &[0])?;
        }
        panics += moments.len();
        let resume = again(machine, old, new)?.env(MOMENT, "0");
        machine.run(&[0], resume).await?;
        machine.sums_up()?;
        if number == 0 {
            length = u32::try_from(requests(&machine.told()?)?.len())?;
        }
        let left = BTreeSet::from_iter(devices(&machine.account).await?);
        ensure!(left == sessions, "{left:?} after {sessions:?}\n{}", machine.last()?);
        clear_away(machine)?;
    }
    Ok(panics)
}

/// Takes a reset up again.
fn again(machine: &mut Machine, old: &str, new: &str) -> Result<Lifeboat> {
    let resume = machine.online(&["resume", "--json"])?;
    with_secrets_again(resume, &machine.account, old, new)
}
