//! The last resort: a new identity where nothing leads to the old one, and only then.

use anyhow::{Context, Result, ensure};
use lifeboat_tests::account::{AccountSpec, Defect, ServerBackup, TestAccount, Way};
use lifeboat_tests::proxy::{Fault, Proxy, Reply};
use lifeboat_tests::snapshot::snapshot_of;
use serde_json::json;

use super::{codes, is_whole, repair_at, set_up::new_key};

/// The two verified sessions are gone and the recovery key is lost; an unverified one looks on.
pub(super) async fn stranded() -> Result<TestAccount> {
    let mut account = AccountSpec::healthy(Way::Key)
        .with(Defect::UnverifiedSession)
        .build()
        .await?;
    let onlooker = account.sessions.pop().context("no session")?;
    for session in std::mem::take(&mut account.sessions) {
        session.sign_out().await?;
    }
    account.sessions.push(onlooker);
    Ok(account)
}

pub(super) const RESET: [&str; 6] = [
    "--lost-recovery-key",
    "--reset-identity",
    "--waive",
    "reset-identity",
    "--new-recovery-key",
    "new-key.txt",
];

async fn master_key(account: &TestAccount) -> Result<String> {
    let user = account.user_id.as_str();
    let answer = account
        .api()?
        .post("/_matrix/client/v3/keys/query", &json!({"device_keys": {user: []}}))
        .await?;
    Ok(answer["master_keys"][user]["keys"].to_string())
}

#[tokio::test]
async fn a_new_identity_is_made_when_nothing_else_helps() -> Result<()> {
    let account = stranded().await?;
    let url = account.homeserver.base_url.as_str();
    let (identity, backup) = (
        master_key(&account).await?,
        ServerBackup::active(account.api()?).await?.context("no backup")?,
    );
    let entries = backup.entries().await?;
    let offered = repair_at(&account, url, &[], &["--lost-recovery-key", "--dry-run"])?
        .run()
        .await?;
    ensure!(
        codes(&offered.json()?, "offers").contains(&"reset-identity".to_owned()),
        "{offered}"
    );

    let outcome = repair_at(
        &account,
        url,
        &[],
        &[&RESET[..], &["--yes", "--ark", "before.ark"]].concat(),
    )?
    .run()
    .await?;
    let document = outcome.json()?;
    let all = ["new-storage-key", "reset-identity", "set-default-key", "create-backup"];
    assert_eq!(codes(&document, "done"), all, "{outcome}");
    assert_eq!(document["new_recovery_key"]["proven"], true, "{outcome}");
    assert_eq!(outcome.code()?, 0, "{outcome}");
    is_whole(&outcome.home().join("before.ark"))?;
    ensure!(master_key(&account).await? != identity, "it is the old identity");
    // Nothing was deleted: whoever finds the old key can still open the old backup.
    assert_eq!(backup.entries().await?, entries);
    let key = new_key(&outcome)?;
    let again = repair_at(&account, url, &[&key], &["--yes", "--no-ark"])?.run().await?;
    assert_eq!((again.code()?, codes(&again.json()?, "plan")), (0, vec![]), "{again}");
    ensure!(account.first()?.runs(), "the session that looks on was ended");

    // The session that looks on is verified with the new key, and what only it holds comes into the new backup.
    let onlooker = account.first()?;
    onlooker.client().encryption().recovery().recover(&key).await?;
    onlooker.upload_room_keys().await?;
    Ok(())
}

#[tokio::test]
async fn while_something_helps_the_identity_stays() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let url = account.homeserver.base_url.as_str();
    let before = snapshot_of(&account).await?;
    let outcome = repair_at(&account, url, &[], &[&RESET[1..4], &["--yes"]].concat())?
        .run()
        .await?;
    assert_eq!(outcome.code()?, 10, "{outcome}");
    ensure!(
        outcome.json()?["refused"].to_string().contains("is not reset"),
        "{outcome}"
    );
    let without_waiver = repair_at(&account, url, &[], &["--reset-identity", "--yes"])?
        .run()
        .await?;
    assert_eq!(without_waiver.code()?, 2, "{without_waiver}");
    let without_ark = repair_at(&account, url, &[], &["--reset-identity", "--no-ark", "--yes"])?
        .run()
        .await?;
    assert_eq!(without_ark.code()?, 2, "{without_ark}");
    let other_word = repair_at(&account, url, &[], &["--reset-identity", "--waive", "all", "--yes"])?
        .run()
        .await?;
    assert_eq!(other_word.code()?, 2, "{other_word}");
    let differences = before.differences(&snapshot_of(&account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");
    Ok(())
}

#[tokio::test]
async fn a_password_that_is_refused_leaves_identity_and_backup() -> Result<()> {
    let account = stranded().await?;
    let identity = master_key(&account).await?;
    let backup = ServerBackup::active(account.api()?).await?.context("no backup")?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    proxy.intercept(|it| {
        let authenticated = String::from_utf8_lossy(&it.request_body).contains("m.login.password");
        let body = json!({
            "errcode": "M_FORBIDDEN", "error": "Invalid password", "session": "s", "params": {}, "completed": [],
            "flows": [{"stages": ["m.login.password"]}],
        });
        (it.path.ends_with("/device_signing/upload") && authenticated).then(|| Fault::Answer(Reply::json(401, &body)))
    });
    let outcome = repair_at(&account, &proxy.base_url(), &[], &[&RESET[..], &["--yes"]].concat())?
        .run()
        .await?;
    assert_eq!(outcome.code()?, 10, "{outcome}");
    ensure!(outcome.stderr.contains("does not take the password"), "{outcome}");
    ensure!(outcome.says("Done before that: new-storage-key."), "{outcome}");
    assert_eq!(master_key(&account).await?, identity);
    let after = ServerBackup::active(account.api()?).await?.context("no backup")?;
    assert_eq!(after.version, backup.version);
    Ok(())
}
