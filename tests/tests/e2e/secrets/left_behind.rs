//! What only trouble makes: files of runs that were killed, and of somebody who has no way left. They are documented, private
//! and without a secret like all others, and what is in the system's folder for temporary files can be opened by nobody.

use std::os::unix::process::ExitStatusExt as _;
use std::sync::Arc;

use anyhow::{Result, ensure};
use lifeboat_tests::lifeboat::{Lifeboat, Outcome};
use lifeboat_tests::proxy::Fault;
use lifeboat_tests::wait::until;
use matrix_sdk::reqwest::Method;
use rustix::process::Signal;
use serde_json::json;

use super::search::files_below;
use super::{Machine, NEW};

/// Kills it while it waits for the answer to this request.
async fn killed(machine: &Machine, command: Lifeboat, request: (Method, &'static str)) -> Result<Outcome> {
    let killed = ended_by(machine, command, request, Signal::KILL).await?;
    ensure!(killed.status.signal() == Some(9), "{killed}");
    Ok(killed)
}

/// Has it end by a signal while it waits for the answer to this request.
async fn ended_by(
    machine: &Machine,
    command: Lifeboat,
    request: (Method, &'static str),
    signal: Signal,
) -> Result<Outcome> {
    let (hold, asked) = (Arc::default(), request.clone());
    machine.proxy.intercept(move |it| {
        let (method, path) = &request;
        it.is(method, path).then(|| Fault::Held(Arc::clone(&hold)))
    });
    let running = command.start()?;
    let (method, path) = asked;
    let waits = async || {
        let log = machine.proxy.log();
        Ok(log.iter().any(|it| it.is(&method, path)).then_some(()))
    };
    until("the middle of the work", waits).await?;
    running.signal(signal)?;
    let ended = running.outcome().await?;
    machine.proxy.let_through();
    Ok(ended)
}

/// An error unless the last run left a file whose path ends like this.
fn ensure_left(machine: &Machine, end: &str) -> Result<()> {
    let last = machine.last()?;
    let left = files_below(last.home())?;
    ensure!(left.iter().any(|it| it.ends_with(end)), "no {end} in {left:#?}\n{last}");
    Ok(())
}

#[tokio::test]
async fn what_only_trouble_leaves_holds_no_secret_either() -> Result<()> {
    let mut machine = Machine::new().await?;

    let reset = machine.with_both(&["reset", "--yes", "--json"])?;
    let reset = reset.secret("--new-password-file", NEW)?;
    let while_looking = killed(&machine, reset, (Method::GET, "/room_keys/version")).await?;
    machine.look_at_killed(while_looking)?;
    ensure_left(&machine, "loose-session")?;

    machine.proxy.intercept(|it| {
        it.is(&Method::GET, "/capabilities").then(|| {
            Fault::rewrite(|mut it| {
                it["capabilities"]["m.change_password"] = json!({"enabled": false});
                it
            })
        })
    });
    let no_way = machine.with_both(&["reset", "--yes"])?;
    machine.run(&[1], no_way.secret("--new-password-file", NEW)?).await?;
    machine.proxy.let_through();
    for name in ["letter.txt", "status.json"] {
        ensure_left(&machine, &format!("for-your-administrator/{name}"))?;
    }

    let verify = machine.with_both(&["verify", "--json"])?;
    let while_signing = killed(&machine, verify, (Method::POST, "/keys/signatures/upload")).await?;
    let temporary = machine.look_at_killed(while_signing)?;
    ensure!(temporary > 0, "it had no temporary files\n{}", machine.last()?);

    let keeping = machine.with_password(&["check", "--quick", "--json", "--keep-session"])?;
    let while_signing_in = killed(&machine, keeping, (Method::POST, "/login")).await?;
    machine.look_at_killed(while_signing_in)?;
    ensure_left(&machine, "session/begun")?;
    machine.sums_up()
}

#[tokio::test]
async fn a_look_before_a_reset_that_is_stopped_leaves_nothing_of_its_session() -> Result<()> {
    let mut machine = Machine::new().await?;
    let reset = machine.with_both(&["reset", "--yes", "--json"])?;
    let reset = reset.secret("--new-password-file", NEW)?;
    let while_looking = (Method::GET, "/room_keys/version");
    let stopped = ended_by(&machine, reset, while_looking, Signal::INT).await?;
    ensure!(stopped.code()? == 130, "{stopped}");
    let left = files_below(stopped.home())?;
    ensure!(
        !left.iter().any(|it| it.ends_with("loose-session")),
        "{left:#?}\n{stopped}"
    );
    Ok(())
}
