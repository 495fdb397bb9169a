//! Keys that were withheld, sessions that slept, and what is asked for by name and not there.

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, Defect, TestAccount, Way},
    api::segment,
    lifeboat::Lifeboat,
    name,
    proxy::{Fault, Proxy, Reply},
};
use matrix_sdk::encryption::vodozemac::megolm::{GroupSession, SessionConfig};
use matrix_sdk::reqwest::Method;
use serde_json::{Map, Value, json};

use super::{check, compare, number, truth_after_the_end};

/// As long as nobody forgets a session on purpose.
const TWENTY_DAYS: u64 = 20 * 24 * 3_600_000;

/// The friend sends a message and tells every session of the account that it does not get the key
/// (`m.room_key.withheld`).
async fn withhold(account: &TestAccount) -> Result<()> {
    let room = account.rooms.first().context("rooms")?;
    let friend = account.friend.as_ref().context("friend")?.api();
    let mut session = GroupSession::new(SessionConfig::version_1());
    let text =
        json!({"type": "m.room.message", "room_id": room.room_id, "content": {"msgtype": "m.text", "body": "psst"}});
    let content = json!({
        "algorithm": "m.megolm.v1.aes-sha2", "session_id": session.session_id(),
        "ciphertext": session.encrypt(text.to_string()).to_base64(),
    });
    let (room_id, transaction) = (segment(room.room_id.as_str()), name::fresh("t")?);
    let path = format!("/_matrix/client/v3/rooms/{room_id}/send/m.room.encrypted/{transaction}");
    friend.put(&path, &content).await?;
    let withheld = json!({
        "algorithm": "m.megolm.v1.aes-sha2", "room_id": room.room_id, "session_id": session.session_id(),
        "sender_key": "CbwIHkrUM3wcSu2w9OG6oJ7gvBfJEaIkJjMlR1wO1yY", "code": "m.blacklisted", "reason": "Not for you",
    });
    let sessions = account
        .sessions
        .iter()
        .map(|it| (it.device_id().to_string(), withheld.clone()));
    let messages = json!({"messages": {account.user_id.as_str(): sessions.collect::<Map<_, _>>()}});
    let path = format!("/_matrix/client/v3/sendToDevice/m.room_key.withheld/{transaction}");
    friend.put(&path, &messages).await?;
    Ok(())
}

#[tokio::test]
async fn a_key_that_was_withheld_is_missing_in_the_backup_and_nobody_is_told_more() -> Result<()> {
    let mut account = AccountSpec::healthy(Way::Key).build().await?;
    withhold(&account).await?;
    let outcome = check(&account)?.run().await?;
    let truth = truth_after_the_end(&mut account).await?;
    let document = compare(&outcome, &truth)?;
    let events = &document["forecast"]["events"];
    ensure!(events["at_risk_by_cause"] == json!({"not-in-backup": 1}), "{events:#}");
    ensure!(number(events, "readable")? == 16 && outcome.code()? == 10, "{outcome}");
    Ok(())
}

#[tokio::test]
async fn a_server_that_refuses_filters_gets_the_same_verdict() -> Result<()> {
    let account = crate::reset::healthy().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    proxy.intercept(|it| {
        let filtered = it.path.ends_with("/messages") && it.query.contains("filter=");
        filtered.then(|| Fault::Answer(Reply::error(400, "M_INVALID_PARAM", "no filters here")))
    });
    let outcome = Lifeboat::new([
        "check",
        account.user_id.as_str(),
        "--homeserver",
        &proxy.base_url(),
        "--json",
    ])?
    .secret("--password-file", &account.password)?
    .secret("--recovery-key-file", account.recovery.text().context("a key")?)?
    .run()
    .await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    let document = outcome.json()?;
    ensure!(document["forecast"]["complete"] == true, "{document:#}");
    let asked = proxy.log().into_iter().filter(|it| it.path.ends_with("/messages"));
    let (filtered, plain): (Vec<_>, Vec<_>) = asked.partition(|it| it.query.contains("filter="));
    ensure!(!filtered.is_empty() && !plain.is_empty(), "{filtered:?} {plain:?}");
    Ok(())
}

#[tokio::test]
async fn a_session_that_slept_since_the_newest_message_is_to_be_opened_first() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::EntriesDeleted(1))
        .build()
        .await?;
    let sleeper = account.sessions.get(1).context("two sessions")?.device_id().to_string();
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    let asleep = sleeper.clone();
    proxy.intercept(move |it| {
        let asleep = asleep.clone();
        let put_to_sleep = move |mut answer: Value| {
            for device in answer["devices"].as_array_mut().into_iter().flatten() {
                if device["device_id"] == asleep.as_str() {
                    // Synapse writes down now and then who was active: not yet, perhaps.
                    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
                    let now = u64::try_from(now.unwrap_or_default().as_millis()).unwrap_or_default();
                    device["last_seen_ts"] = json!(now - TWENTY_DAYS);
                }
            }
            answer
        };
        it.is(&Method::GET, "/devices").then(|| Fault::rewrite(put_to_sleep))
    });
    let arguments = ["check", account.user_id.as_str(), "--homeserver", &proxy.base_url()];
    let lifeboat = Lifeboat::new(arguments)?
        .secret("--password-file", &account.password)?
        .secret(
            "--recovery-key-file",
            account.recovery.text().context("a recovery key")?,
        )?;
    let outcome = lifeboat.arg("--status-file").arg("status.json").run().await?;
    let status = std::fs::read_to_string(outcome.home().join("status.json"))?;
    let status: Value = serde_json::from_str(&status)?;
    let findings = status["findings"].as_array().context("findings")?;
    let stale: Vec<&Value> = findings.iter().filter(|it| it["code"] == "session-stale").collect();
    ensure!(!stale.is_empty(), "{status:#}");
    let evidence = &stale[0]["evidence"];
    ensure!(
        evidence.to_string().contains(&sleeper) && evidence["sessions"].as_array().map(Vec::len) == Some(1),
        "{evidence:#}"
    );
    ensure!(
        outcome.says("1 Open Element on “Phone” (seen 20 days ago)"),
        "{outcome}"
    );
    Ok(())
}

#[tokio::test]
async fn a_version_is_looked_at_by_its_name_and_what_is_not_there_is_said() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::BackupKeyOfOlderVersion)
        .build()
        .await?;
    let older = check(&account)?.arg("--all-versions").run().await?.json()?;
    let version = older["facts"]["backup"]["older"][0]["version"]
        .as_str()
        .context("an older version")?
        .to_owned();
    let outcome = check(&account)?
        .args(["--version", &version, "--version", "999"])
        .args(["--room", "!nowhere:example.org"])
        .run()
        .await?;
    let backup = &outcome.json()?["facts"]["backup"];
    ensure!(backup["older"].as_array().map(Vec::len) == Some(1), "{backup:#}");
    ensure!(backup["older"][0]["proof"]["known"]["open"] == 8, "{backup:#}");
    for words in [
        "The server showed no version “999” of the key backup.",
        "!nowhere:example.org is none of this account’s encrypted rooms.",
    ] {
        ensure!(outcome.stderr.contains(words), "{words}: {outcome}");
    }
    ensure!(!outcome.stderr.contains(&format!("“{version}”")), "{outcome}");
    Ok(())
}
