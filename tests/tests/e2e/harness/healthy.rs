//! Healthy accounts.

use anyhow::{Context, Result};
use lifeboat_tests::account::{AccountSpec, Defect, History, Recovery, Secret, TestAccount, Way};
use lifeboat_tests::server::Profile;
use lifeboat_tests::snapshot::snapshot_of;
use lifeboat_tests::storage_key::StorageKey;

use super::{account_data, backup_of, default_key_id, identity_signatures, own_keys};

/// What is true of every healthy account, whichever way its secret storage opens.
async fn assert_healthy(account: &TestAccount) -> Result<()> {
    let user_id = account.user_id.as_str();
    let keys = own_keys(account).await?;
    for kind in ["master_keys", "self_signing_keys", "user_signing_keys"] {
        assert!(keys[kind][user_id].is_object(), "{kind}: {keys}");
    }
    assert_eq!(identity_signatures(account).await?, [1, 1]);

    let key_id = default_key_id(account).await?;
    let key = StorageKey::from_recovery_key(&key_id, account.recovery.key().context("no recovery key")?)?;
    let secrets = account.secrets.as_ref().context("no secrets")?;
    for secret in Secret::ALL {
        let content = account_data(account, secret.event_type()).await?.ok("a secret")?;
        let text = key.decrypt(secret.event_type(), &content["encrypted"][&key_id])?;
        assert_eq!(Some(std::str::from_utf8(&text)?), secrets.get(secret), "{secret:?}");
    }

    let backup = backup_of(account).await?;
    assert_eq!(backup.info["auth_data"]["public_key"], secrets.backup_key()?.public());
    let signatures = backup.info["auth_data"]["signatures"][user_id]
        .as_object()
        .context("no signatures")?;
    assert_eq!(signatures.len(), 2, "one by the first session, one by the master key");
    let entries = backup.entries().await?;
    for room in &account.rooms {
        let held: Vec<&str> = entries[&room.room_id].keys().map(String::as_str).collect();
        assert_eq!(held, room.session_ids().into_iter().collect::<Vec<_>>());
    }

    let addresses = account.api()?.get("/_matrix/client/v3/account/3pid").await?;
    assert_eq!(addresses["threepids"][0]["address"].as_str(), account.email.as_deref());
    Ok(())
}

#[tokio::test]
async fn a_healthy_account_by_passphrase() -> Result<()> {
    let account = AccountSpec::healthy(Way::Passphrase).build().await?;
    assert!(matches!(account.recovery, Recovery::Passphrase { .. }));
    assert_healthy(&account).await?;
    let key_id = default_key_id(&account).await?;
    let key = account_data(&account, &format!("m.secret_storage.key.{key_id}"))
        .await?
        .body;
    assert_eq!(key["passphrase"]["iterations"], 500_000);
    // Two rooms, two senders, two room keys each.
    assert_eq!(backup_of(&account).await?.count(), 8);
    Ok(())
}

#[tokio::test]
async fn a_healthy_account_by_key() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    assert!(matches!(account.recovery, Recovery::Key(_)));
    assert_healthy(&account).await?;
    let key_id = default_key_id(&account).await?;
    let key = account_data(&account, &format!("m.secret_storage.key.{key_id}"))
        .await?
        .body;
    assert!(key["passphrase"].is_null(), "{key}");
    Ok(())
}

#[tokio::test]
async fn a_healthy_account_by_a_passphrase_of_few_rounds() -> Result<()> {
    let history = History {
        rooms: 1,
        messages_each: 6,
        messages_per_key: 3,
    };
    let account = AccountSpec::healthy(Way::PassphraseOfRounds(1_000))
        .history(history)
        .build()
        .await?;
    assert_healthy(&account).await?;
    let Recovery::Passphrase { passphrase, key } = &account.recovery else {
        anyhow::bail!("no passphrase")
    };
    let key_id = default_key_id(&account).await?;
    let description = account_data(&account, &format!("m.secret_storage.key.{key_id}"))
        .await?
        .body;
    let salt = description["passphrase"]["salt"].as_str().context("no salt")?;
    assert_eq!(StorageKey::derive_from(passphrase, salt, 1_000)?.recovery_key(), *key);
    let indices: Vec<u32> = account.rooms[0].events.iter().map(|event| event.index).collect();
    assert_eq!(indices, [0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2]);
    Ok(())
}

#[tokio::test]
async fn an_account_left_alone_stays_as_it_is() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let before = snapshot_of(&account).await?;
    let after = snapshot_of(&account).await?;
    assert_eq!(before.differences(&after), [""; 0]);
    assert_eq!(before.part("backup").context("no backup")?["count"], 8);

    account
        .homeserver
        .sign_in(account.localpart(), &account.password)
        .await?;
    let later = snapshot_of(&account).await?;
    assert_eq!(before.differences(&later).len(), 1, "a session more is seen");
    Ok(())
}

#[tokio::test]
async fn every_server_takes_an_account_with_one_session_and_counts_no_sign_in() -> Result<()> {
    let nothing_written = History {
        rooms: 0,
        ..History::default()
    };
    for profile in [Profile::Default, Profile::Limits, Profile::Policy, Profile::ShortLink] {
        let spec = AccountSpec::healthy(Way::Key)
            .with(Defect::OneSession)
            .history(nothing_written);
        let account = spec.on(profile).build().await.with_context(|| format!("{profile:?}"))?;
        assert_eq!(identity_signatures(&account).await?, [1], "{profile:?}");
        assert_eq!(backup_of(&account).await?.count(), 0, "{profile:?}");
    }
    Ok(())
}
