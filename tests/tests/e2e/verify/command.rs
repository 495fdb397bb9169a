//! `lifeboat verify` as a person runs it, on a terminal, and as a script does.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use lifeboat_tests::account::{AccountSpec, Defect, Recovery, TestAccount, Way};
use lifeboat_tests::lifeboat::Running;
use serde_json::json;

use super::code::{scan, with_a_camera};
use super::{Other, answer};
use crate::live::devices;
use crate::rescue::{ends_with, everything_survives, lifeboat};
use crate::terminal::{on_a_terminal, types};

/// Runs it with the password typed in.
async fn verify(account: &TestAccount, more: &str) -> Result<Running> {
    let (user, url) = (&account.user_id, &account.homeserver.base_url);
    let running = on_a_terminal(&format!("verify {user} --homeserver {url} {more}"))?.start()?;
    types(&running, "Password of", &format!("{}\n", account.password)).await?;
    Ok(running)
}

async fn is_signed(account: &TestAccount, device: &str) -> Result<bool> {
    let user = account.user_id.as_str();
    let query = json!({"device_keys": {user: []}});
    let keys = account.api()?.post("/_matrix/client/v3/keys/query", &query).await?;
    let signatures = keys["device_keys"][user][device]["signatures"][user].as_object();
    Ok(signatures.context("no such session")?.len() > 1)
}

#[tokio::test]
async fn a_person_chooses_a_session_compares_and_gets_a_new_recovery_key() -> Result<()> {
    let mut account = AccountSpec::healthy(Way::Key).build().await?;
    let mut shown = answer(account.first()?, Other::Agrees);
    let laptop = account.first()?.device_id().to_string();
    let running = verify(&account, "--new-recovery-key new.txt").await?;
    running
        .said("the list", |text| text.contains("Its number").then_some(()))
        .await?;
    types(&running, "Its number", "7\n").await?;
    let number = running
        .said("the laptop's number", |text| {
            let line = text.lines().find(|it| it.contains(&laptop))?;
            line.split_whitespace().next()?.parse::<u8>().ok()
        })
        .await?;
    types(&running, "from 1 to 2", &format!("{number}\n")).await?;
    let emoji = shown.recv().await.context("no emoji")?;
    // A slip of the finger is neither a yes nor a no.
    types(&running, "(yes or no)", "u\n").await?;
    types(&running, "Type yes or no", "yes\n").await?;
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    ensure!(
        emoji.iter().all(|it| outcome.stderr.contains(it.as_str())),
        "{emoji:?}\n{outcome}"
    );
    ensure!(outcome.stderr.contains("every secret of your identity"), "{outcome}");
    assert_eq!(devices(&account).await?.len(), 2);
    let key = std::fs::read_to_string(outcome.home().join("new.txt"))?;
    ensure!(!outcome.stderr.contains(key.trim()), "the key is on the screen");
    account.recovery = Recovery::Key(key.trim().to_owned());
    everything_survives(account).await
}

#[tokio::test]
async fn a_mismatch_a_refusal_and_a_long_wait_are_said_in_words() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::UnverifiedSession)
        .build()
        .await?;
    let [laptop, phone, old] = [0, 1, 2].map(|it| account.sessions[it].device_id().as_str());
    let _laptop = answer(&account.sessions[0], Other::Agrees);
    let _phone = answer(&account.sessions[1], Other::GivesUp);
    let before = devices(&account).await?;

    let running = verify(&account, &format!("--with {laptop}")).await?;
    types(&running, "(yes or no)", "no\n").await?;
    let outcome = running.outcome().await?;
    ensure!(
        outcome.code()? == 1 && outcome.stderr.contains("emoji were different"),
        "{outcome}"
    );

    // Ended at the other side while the question stands here: nobody needs to answer it any more.
    let outcome = verify(&account, &format!("--with {phone}")).await?.outcome().await?;
    ensure!(
        outcome.code()? == 1 && outcome.stderr.contains("its user declined"),
        "{outcome}"
    );

    account.sessions[1].stop();
    let outcome = verify(&account, &format!("--with {phone} --wait 2"))
        .await?
        .outcome()
        .await?;
    ensure!(
        outcome.code()? == 1 && outcome.stderr.contains("did not answer in time"),
        "{outcome}"
    );

    let outcome = verify(&account, "--with NOBODY").await?.outcome().await?;
    ensure!(
        outcome.code()? == 1 && outcome.stderr.contains("no session with the id NOBODY"),
        "{outcome}"
    );
    let outcome = verify(&account, &format!("--with {old}")).await?.outcome().await?;
    ensure!(
        outcome.code()? == 1 && outcome.stderr.contains("not verified itself"),
        "{outcome}"
    );

    let running = verify(&account, &format!("--with {laptop}")).await?;
    types(&running, "(yes or no)", "\u{3}").await?;
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 130, "{outcome}");
    assert_eq!(devices(&account).await?, before);
    Ok(())
}

#[tokio::test]
async fn a_code_on_the_terminal_is_read_by_a_camera() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let laptop = account.first()?;
    let mut requests = with_a_camera(laptop);
    let running = verify(&account, &format!("--with {}", laptop.device_id())).await?;
    let request = requests.recv().await.context("no request")?;
    let bytes = running
        .said("the code", |text| {
            text.contains("Scan this code").then(|| read_code(text))
        })
        .await??;
    scan(&request, &bytes).await?;
    types(&running, "The code was scanned", "yes\n").await?;
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    ensure!(outcome.stderr.contains("every secret of your identity"), "{outcome}");
    Ok(())
}

/// Takes the picture of the code from the screen and reads it as any camera does.
pub(crate) fn read_code(screen: &str) -> Result<Vec<u8>> {
    const COLOURS: &str = "\u{1b}[30m\u{1b}[107m";
    const SCALE: usize = 4;
    let lines: Vec<Vec<char>> = screen
        .lines()
        .filter_map(|it| it.split_once(COLOURS)?.1.split_once('\u{1b}'))
        .map(|(line, _)| line.chars().collect())
        .collect();
    let width = lines.first().context("no code on the screen")?.len();
    let is_dark = |x: usize, y: usize| {
        let half = lines[y / 2][x];
        half == '█' || half == if y.is_multiple_of(2) { '▀' } else { '▄' }
    };
    let (pixels, rows) = (width * SCALE, lines.len() * 2 * SCALE);
    let mut image = rqrr::PreparedImage::prepare_from_bitmap(pixels, rows, |x, y| is_dark(x / SCALE, y / SCALE));
    let grid = image.detect_grids().pop().context("no code in the picture")?;
    let mut bytes = Vec::new();
    grid.decode_to(&mut bytes)?;
    Ok(bytes)
}

#[tokio::test]
async fn a_script_makes_a_session_trusted_with_its_key_and_only_with_that() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::UnverifiedSession)
        .build()
        .await?;
    let old = &account.sessions[2];
    let key = old.client().encryption().ed25519_key().await.context("no key")?;
    let with = |key: &str| -> Result<_> {
        let session = ["--session", old.device_id().as_str(), "--session-key", key];
        Ok(lifeboat(&account, "verify")?.args(session))
    };
    let refused = ends_with(&with("AAAA BBBB")?.run().await?, 1)?;
    ensure!(
        refused["error"]
            .as_str()
            .is_some_and(|it| it.contains("not the one that you gave")),
        "{refused:#}"
    );
    ensure!(!is_signed(&account, old.device_id().as_str()).await?, "it was signed");
    let document = ends_with(&with(&key)?.run().await?, 0)?;
    assert_eq!(document["session_verified"], old.device_id().as_str());
    ensure!(
        is_signed(&account, old.device_id().as_str()).await?,
        "it was not signed"
    );
    // What needs a person does not begin without one.
    let alone = lifeboat(&account, "verify")?
        .args(["--session", old.device_id().as_str()])
        .run()
        .await?;
    ensure!(alone.code()? == 2 && Path::new(alone.home()).exists(), "{alone}");
    Ok(())
}

#[tokio::test]
async fn a_rescue_without_a_recovery_key_lets_a_session_vouch() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::EntriesDeleted(1))
        .build()
        .await?;
    let _shown = answer(account.first()?, Other::Agrees);
    let (user, url) = (&account.user_id, &account.homeserver.base_url);
    let line = format!(
        "rescue {user} --homeserver {url} --with {}",
        account.first()?.device_id()
    );
    let running = on_a_terminal(&line)?.start()?;
    types(&running, "Password of", &format!("{}\n", account.password)).await?;
    types(&running, "(yes or no)", "yes\n").await?;
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    ensure!(outcome.stderr.contains("1 of 1 room key arrived"), "{outcome}");
    everything_survives(account).await
}
