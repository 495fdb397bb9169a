//! Running programs as `lifeboat` is run.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use lifeboat_tests::lifeboat::Lifeboat;
use lifeboat_tests::wait::until;
use rustix::process::Signal;

/// A shell in the program's place.
fn shell(script: &str) -> Result<Lifeboat> {
    Lifeboat::of(Path::new("/bin/sh"), ["-c", script])
}

#[tokio::test]
async fn output_and_status_are_kept() -> Result<()> {
    let outcome = shell("echo '{\"a\": 1}'; echo words >&2; exit 11")?.run().await?;
    assert_eq!(outcome.code()?, 11);
    assert_eq!(outcome.json()?["a"], 1);
    assert_eq!(outcome.stderr, "words\n");
    Ok(())
}

#[tokio::test]
async fn there_is_no_terminal_no_input_and_no_environment() -> Result<()> {
    let outcome = shell("cat; (: < /dev/tty) 2>/dev/null && echo terminal; env | cut -d= -f1 | sort")?
        .env("LANG", "C")
        .run()
        .await?;
    let names: Vec<&str> = outcome
        .stdout
        .lines()
        .filter(|name| !["_", "OLDPWD", "SHLVL"].contains(name))
        .collect();
    let wanted = [
        "HOME",
        "LANG",
        "PATH",
        "PWD",
        "TMPDIR",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_RUNTIME_DIR",
        "XDG_STATE_HOME",
    ];
    assert_eq!(names, wanted);
    Ok(())
}

#[tokio::test]
async fn secrets_lie_in_files_for_their_owner_alone() -> Result<()> {
    let outcome = shell("stat -c %a \"$2\" && cat \"$2\"")?
        .arg("sh")
        .secret("", "secret")?
        .run()
        .await?;
    assert_eq!(outcome.stdout, "600\nsecret", "{outcome}");
    Ok(())
}

#[tokio::test]
async fn signals_reach_it_and_the_deadline_ends_it() -> Result<()> {
    let mut running = shell("trap 'exit 130' INT; touch ready; while :; do sleep 0.01; done")?.start()?;
    let ready = running.home().join("ready");
    until("the trap", async || Ok(ready.exists().then_some(()))).await?;
    assert!(running.runs()?);
    running.signal(Signal::INT)?;
    assert_eq!(running.outcome().await?.code()?, 130);

    let late = shell("while :; do sleep 0.01; done")?
        .deadline(Duration::from_millis(100))
        .run()
        .await;
    assert!(late.err().context("it ended")?.to_string().contains("did not end"));
    Ok(())
}
