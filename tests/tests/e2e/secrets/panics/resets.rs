//! Panics in resets, somebody's own and an administrator's: what was begun is brought to its end by a run that nothing breaks off.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Result, ensure};
use lifeboat_tests::lifeboat::Lifeboat;

use super::{EARLY, MOMENT, Machine, NEW, NEWER, UNCAUGHT, again, broken_at};
use super::{clear_away, ensure_panicked, moments, requests, tell};
use crate::faults::is_password;
use crate::live::devices;
use crate::reset::with_secrets;

/// How a run ends that panics: with all done in spite of it, caught before anything was changed, or not caught.
const ENDS: [i32; 3] = [0, 1, UNCAUGHT];

fn reset(machine: &mut Machine, old: &str, new: &str) -> Result<Lifeboat> {
    let reset = machine.online(&["reset", "--yes", "--json"])?;
    with_secrets(reset, &machine.account, old, new)
}

#[tokio::test]
async fn a_panic_in_a_reset_lets_no_secret_out() -> Result<()> {
    let mut machine = Machine::new().await?;
    let sessions = BTreeSet::from_iter(devices(&machine.account).await?);
    let first = machine.account.password.clone();
    let undisturbed = reset(&mut machine, &first, NEW)?.env(MOMENT, "0");
    machine.run(&[0], undisturbed).await?;
    machine.sums_up()?;
    let length = u32::try_from(requests(&machine.told()?)?.len())?;
    let late = length - length / 8;
    let moments = [EARLY, length / 2, late];
    let mut old = NEW;
    for moment in moments {
        let new = if old == NEW { NEWER } else { NEW };
        let broken = broken_at(moment, reset(&mut machine, old, new)?);
        machine.run(&ENDS, broken).await?;
        ensure_panicked(&machine, moment, &[0])?;
        let resume = again(&mut machine, old, new)?;
        machine.run(&[0], resume).await?;
        machine.sums_up()?;
        let left = BTreeSet::from_iter(devices(&machine.account).await?);
        ensure!(left == sessions, "{left:?} after {sessions:?}\n{}", machine.last()?);
        // Where its journal was not begun, the last reset that there is to finish is the finished one before it.
        let changed = is_password(&machine.account, new).await?;
        ensure!(
            changed || moment < late,
            "the password is not changed\n{}",
            machine.last()?
        );
        if changed {
            old = new;
        }
        clear_away(&machine)?;
    }
    tell(&machine, 1, moments.len())
}

/// A reset for the account's owner, with a password that Lifeboat makes.
fn for_somebody(machine: &mut Machine, token: &str) -> Result<Lifeboat> {
    let (user, url) = (machine.account.user_id.to_string(), machine.proxy.base_url());
    let desk = machine.command(&["desk", "reset", &user, "--homeserver", &url])?;
    let letter = format!("letter-{}.txt", machine.runs);
    desk.args(["--yes", "--accept-cautions", "--letter", &letter])
        .args(["--temporary-password-file", "temporary.txt"])
        .secret("--admin-token-file", token)
}

/// Takes the password that the last run made, if it came as far as that: it is written down before anything is changed.
fn take_password(machine: &Machine) -> Result<Option<String>> {
    let file = machine.last()?.home().join("temporary.txt");
    if !file.exists() {
        return Ok(None);
    }
    let password = fs::read_to_string(&file)?.trim().to_owned();
    fs::remove_file(&file)?;
    Ok(Some(password))
}

#[tokio::test]
async fn a_panic_in_a_reset_for_somebody_lets_no_secret_out() -> Result<()> {
    let mut machine = Machine::new().await?;
    let token = machine.admin_token().await?;
    let sessions = BTreeSet::from_iter(devices(&machine.account).await?);
    let undisturbed = for_somebody(&mut machine, &token)?.env(MOMENT, "0");
    machine.run(&[0], undisturbed).await?;
    machine.sums_up()?;
    ensure!(take_password(&machine)?.is_some(), "no password\n{}", machine.last()?);
    let moments = moments(&requests(&machine.told()?)?, None)?;
    let mut begun = 0;
    for moment in &moments {
        let broken = broken_at(*moment, for_somebody(&mut machine, &token)?);
        machine.run(&ENDS, broken).await?;
        ensure_panicked(&machine, *moment, &[0])?;
        if let Some(password) = take_password(&machine)? {
            begun += 1;
            machine.search.text("a password for somebody", &password)?;
            let resume = machine.online(&["resume"])?.secret("--new-password-file", &password)?;
            machine.run(&[0], resume.secret("--admin-token-file", &token)?).await?;
            let counts = is_password(&machine.account, &password).await?;
            ensure!(counts, "the password is another one\n{}", machine.last()?);
        }
        machine.sums_up()?;
        let left = BTreeSet::from_iter(devices(&machine.account).await?);
        ensure!(left == sessions, "{left:?} after {sessions:?}\n{}", machine.last()?);
        clear_away(&machine)?;
    }
    ensure!(begun > 0, "no panic came after the password was made");
    tell(&machine, 1, moments.len())
}
