//! Sessions: signed, renamed and signed out by name, and never one that may hold keys at risk.

use anyhow::{Context, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, Defect, TestAccount, Way},
    proxy::{Fault, Proxy, Reply},
};
use matrix_sdk::reqwest::Method;

use super::{codes, goes_on, is_clear, repair, repair_at};
use crate::live::devices;
use crate::rescue::everything_survives;

pub(super) async fn named(account: &TestAccount, name: &str) -> Result<String> {
    let all = devices(account).await?;
    let found = all.into_iter().find(|it| it.1.as_deref() == Some(name));
    Ok(found.with_context(|| format!("no session {name}"))?.0)
}

#[tokio::test]
async fn a_session_is_signed_renamed_and_trusted_from_then_on() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::UnverifiedSession)
        .build()
        .await?;
    let id = named(&account, "Old phone").await?;
    let offered = repair(&account, &["--dry-run"])?.run().await?;
    assert_eq!(codes(&offered.json()?, "offers"), ["sign-session"], "{offered}");
    let rename = format!("{id}=Kitchen");
    let flags = ["--sign-session", &id, "--rename-session", &rename, "--yes", "--no-ark"];
    let outcome = repair(&account, &flags)?.run().await?;
    assert_eq!(outcome.code()?, 0, "{outcome}");
    assert_eq!(
        codes(&outcome.json()?, "done"),
        ["sign-session", "rename-session"],
        "{outcome}"
    );
    assert_eq!(named(&account, "Kitchen").await?, id);

    // The others see the signature, and it says the same to them as to us.
    let laptop = account.first()?;
    laptop
        .wait_until("the signature to be seen", async |client| {
            let user = laptop.user_id();
            client.encryption().request_user_identity(user).await?;
            let device = client.encryption().get_device(user, id.as_str().into()).await?;
            Ok(device.is_some_and(|it| it.is_cross_signed_by_owner()))
        })
        .await?;
    let again = repair(&account, &flags)?.run().await?;
    assert_eq!((again.code()?, codes(&again.json()?, "plan")), (0, vec![]), "{again}");
    goes_on(&account).await?;
    is_clear(&account, &[account.recovery.text().context("no key")?]).await?;
    everything_survives(account).await
}

#[tokio::test]
async fn a_suspended_account_is_named_where_a_change_is_refused() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::UnverifiedSession)
        .build()
        .await?;
    let id = named(&account, "Old phone").await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    // What is only read is answered as ever.
    proxy.intercept(|it| {
        let renames = it.method == Method::PUT && it.path.contains("/devices/");
        renames.then(|| Fault::Answer(Reply::error(403, "M_USER_SUSPENDED", "Suspended")))
    });
    let rename = format!("{id}=Kitchen");
    let flags = ["--rename-session", &rename, "--yes", "--no-ark"];
    let keys = [account.recovery.text().context("no key")?];
    let outcome = repair_at(&account, &proxy.base_url(), &keys, &flags)?.run().await?;
    ensure!(outcome.code()? != 0, "{outcome}");
    ensure!(outcome.says("This account is suspended."), "{outcome}");
    ensure!(outcome.says("until they lift it you can read"), "{outcome}");
    assert_eq!(named(&account, "Old phone").await?, id);
    Ok(())
}

#[tokio::test]
async fn a_ghost_goes_and_who_holds_keys_at_risk_stays() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::KeylessSession)
        .with(Defect::EntriesDeleted(1))
        .build()
        .await?;
    let all = devices(&account).await?;
    let ours: Vec<_> = account.sessions.iter().map(|it| it.device_id().to_string()).collect();
    let ghost = all
        .iter()
        .find(|it| !ours.contains(&it.0))
        .context("no ghost")?
        .0
        .clone();
    // Without the sessions' help the backup stays as it is: they do not answer.
    account.stop_sessions();
    let flags = [
        "--sign-out-session",
        &ghost,
        "--sign-out-session",
        &ours[0],
        "--yes",
        "--no-ark",
        "--wait",
        "1",
    ];
    let outcome = repair(&account, &flags)?.run().await?;
    let document = outcome.json()?;
    assert_eq!(outcome.code()?, 10, "{outcome}");
    ensure!(
        codes(&document, "done").contains(&"sign-out-session".to_owned()),
        "{outcome}"
    );
    let refused = document["refused"][0].as_str().context("nothing was refused")?;
    ensure!(refused.contains(&ours[0]) && refused.contains("only keys"), "{outcome}");
    let left: Vec<_> = devices(&account).await?.into_iter().map(|it| it.0).collect();
    ensure!(
        !left.contains(&ghost) && ours.iter().all(|it| left.contains(it)),
        "{left:?}"
    );

    account.sessions.iter().for_each(|it| it.start());
    let filled = repair(&account, &["--yes", "--no-ark"])?.run().await?;
    assert_eq!(codes(&filled.json()?, "done"), ["fill-backup"], "{filled}");
    let flags = ["--sign-out-session", &ours[1], "--yes", "--no-ark"];
    let outcome = repair(&account, &flags)?.run().await?;
    assert_eq!(
        (outcome.code()?, codes(&outcome.json()?, "done")),
        (0, vec!["sign-out-session".to_owned()]),
        "{outcome}"
    );
    is_clear(&account, &[account.recovery.text().context("no key")?]).await?;
    everything_survives(account).await
}

#[tokio::test]
async fn who_is_not_there_or_has_no_keys_is_told_apart() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::KeylessSession)
        .build()
        .await?;
    let all = devices(&account).await?;
    let ours: Vec<_> = account.sessions.iter().map(|it| it.device_id().to_string()).collect();
    let ghost = all
        .iter()
        .find(|it| !ours.contains(&it.0))
        .context("no ghost")?
        .0
        .clone();
    for (flag, id, words) in [
        ("--sign-session", "NOBODY", "has no session NOBODY"),
        ("--sign-out-session", "NOBODY", "has no session NOBODY"),
        ("--sign-session", ghost.as_str(), "no keys that could be signed"),
    ] {
        let outcome = repair(&account, &[flag, id, "--yes", "--no-ark"])?.run().await?;
        assert_eq!(outcome.code()?, 10, "{outcome}");
        let refused = outcome.json()?["refused"].to_string();
        ensure!(refused.contains(words), "{outcome}");
    }
    let odd = repair(&account, &["--rename-session", "no-equals-sign", "--yes"])?
        .run()
        .await?;
    assert_eq!(odd.code()?, 2, "{odd}");
    Ok(())
}
