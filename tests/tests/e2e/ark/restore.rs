//! What was destroyed comes back from the ark, and only what the plan names is touched.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, ServerBackup, TestAccount, Way},
    api::segment,
    lifeboat::{Lifeboat, Outcome},
    proxy::{Fault, Proxy},
    room_key::{BACKUP_ALGORITHM, BackupKey},
    snapshot::{Snapshot, snapshot_of},
    storage_key::StorageKey,
    truth::truth_about,
    wait,
};
use matrix_sdk::reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::{ark_of, save};

/// An account whose sessions sit still, and its ark.
struct Saved {
    account: TestAccount,
    before: Snapshot,
    outcome: Outcome,
}

async fn saved() -> Result<Saved> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    account.stop_sessions();
    let before = snapshot_of(&account).await?;
    let outcome = save(&account)?.run().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    Ok(Saved {
        account,
        before,
        outcome,
    })
}

impl Saved {
    fn ark(&self) -> PathBuf {
        ark_of(&self.outcome)
    }

    fn key(&self) -> Result<&str> {
        self.account.recovery.key().context("a key")
    }

    async fn restore(&self, extra: &[&str]) -> Result<Outcome> {
        let restore = restore_at(&self.account, &self.ark(), &self.account.homeserver.base_url, extra)?;
        restore.secret("--recovery-key-file", self.key()?)?.run().await
    }

    /// What is not as it was when the ark was taken. The version of the backup is left out: a new one has a new name.
    async fn differences(&self) -> Result<Vec<String>> {
        let mut differences = self.before.differences(&snapshot_of(&self.account).await?);
        differences.retain(|it| !it.starts_with("backup: "));
        Ok(differences)
    }

    async fn entries(&self) -> Result<usize> {
        let backup = ServerBackup::active(self.account.api()?).await?.context("no backup")?;
        Ok(backup.entries().await?.values().map(|room| room.len()).sum())
    }

    async fn account_data(&self, kind: &str) -> Result<Value> {
        self.account.api()?.get(&self.path(kind)).await
    }

    async fn set_account_data(&self, kind: &str, content: &Value) -> Result<()> {
        self.account.api()?.put(&self.path(kind), content).await.map(drop)
    }

    fn path(&self, kind: &str) -> String {
        let user = segment(self.account.user_id.as_str());
        format!("/_matrix/client/v3/user/{user}/account_data/{}", segment(kind))
    }

    async fn delete_backup(&self) -> Result<()> {
        let backup = ServerBackup::active(self.account.api()?).await?.context("no backup")?;
        let path = format!("/_matrix/client/v3/room_keys/version/{}", segment(&backup.version));
        self.account.api()?.delete(&path).await.map(drop)
    }
}

pub(crate) fn restore_at(account: &TestAccount, ark: &Path, base_url: &str, extra: &[&str]) -> Result<Lifeboat> {
    let user = account.user_id.as_str();
    let ark = ark.to_str().context("a plain path")?;
    let arguments = ["ark", "restore", user, ark, "--homeserver", base_url, "--json"];
    Lifeboat::new(arguments.iter().chain(extra))?.secret("--password-file", &account.password)
}

#[tokio::test]
async fn a_deleted_backup_comes_back_and_the_history_with_it() -> Result<()> {
    let mut saved = saved().await?;
    saved.delete_backup().await?;
    let planned = saved.restore(&["--dry-run"]).await?;
    let plan = &planned.json()?["backup"];
    ensure!(
        planned.code()? == 0 && plan["target"] == "new-version" && plan["missing"] == 8,
        "{planned}"
    );
    ensure!(
        ServerBackup::active(saved.account.api()?).await?.is_none(),
        "a dry run made a backup"
    );

    let restored = saved.restore(&["--yes"]).await?;
    let done = &restored.json()?["done"];
    ensure!(
        restored.code()? == 0 && done["entries"] == 8 && done["remaining"] == json!([]),
        "{restored}"
    );
    ensure!(saved.entries().await? == 8);
    let again = saved.restore(&["--yes"]).await?;
    ensure!(
        again.code()? == 0 && again.json()?["done"] == Value::Null,
        "nothing is left to do: {again}"
    );
    let differences = saved.differences().await?;
    ensure!(differences.is_empty(), "{differences:#?}");

    // The truth: no session lives, and a new one reads everything.
    saved.account.end_all_sessions().await?;
    let password = saved.account.password.clone();
    let (truth, _session) = truth_about(&saved.account, &password).await?;
    let unreadable: Vec<_> = truth.rooms.values().flat_map(|it| &it.unreadable).collect();
    ensure!(truth.entered && unreadable.is_empty(), "{unreadable:?}");
    let readable: usize = truth.rooms.values().map(|it| it.readable.len()).sum();
    ensure!(readable == 16, "{readable} messages are readable");
    Ok(())
}

#[tokio::test]
async fn lost_entries_come_back_into_the_same_version() -> Result<()> {
    let saved = saved().await?;
    let backup = ServerBackup::active(saved.account.api()?).await?.context("no backup")?;
    let before = backup.entries().await?;
    let rooms: Vec<_> = before.keys().collect();
    backup.delete_room(rooms[0]).await?;
    // An entry that starts later than the archived one.
    let (session_id, entry) = before[rooms[1]].iter().next().context("an entry")?;
    let mut late = entry.clone();
    late["first_message_index"] = json!(1);
    backup.replace(rooms[1], session_id, &late).await?;
    let lost = before[rooms[0]].len();
    ensure!(saved.entries().await? == 8 - lost);

    let restored = saved.restore(&["--yes"]).await?;
    let document = restored.json()?;
    ensure!(restored.code()? == 0, "{restored}");
    ensure!(
        document["backup"]["target"] == "same-key" && document["backup"]["missing"] == lost,
        "{restored}"
    );
    ensure!(document["done"]["new_version"] == Value::Null, "{restored}");
    let after = backup.entries().await?;
    ensure!(after[rooms[0]] == before[rooms[0]], "the entries are not as they were");
    Ok(())
}

#[tokio::test]
async fn secret_storage_comes_back_piece_by_piece() -> Result<()> {
    let saved = saved().await?;
    for kind in [
        "m.cross_signing.self_signing",
        "m.megolm_backup.v1",
        "m.secret_storage.default_key",
    ] {
        saved.set_account_data(kind, &json!({})).await?;
    }
    ensure!(
        saved.differences().await?.len() == 3,
        "{:?}",
        saved.differences().await?
    );
    let one = saved.restore(&["--yes", "--part", "m.megolm_backup.v1"]).await?;
    ensure!(
        one.code()? == 0 && one.json()?["done"]["account_data"] == json!(["m.megolm_backup.v1"]),
        "{one}"
    );
    ensure!(saved.differences().await?.len() == 2);
    let rest = saved.restore(&["--yes"]).await?;
    let expected = json!(["m.cross_signing.self_signing", "m.secret_storage.default_key"]);
    ensure!(
        rest.code()? == 0 && rest.json()?["done"]["account_data"] == expected,
        "{rest}"
    );
    let differences = saved.differences().await?;
    ensure!(differences.is_empty(), "{differences:#?}");
    Ok(())
}

#[tokio::test]
async fn what_is_there_in_another_form_is_replaced_only_by_name() -> Result<()> {
    let saved = saved().await?;
    let other = json!({"encrypted": {"somekey": {"iv": "AA", "ciphertext": "AA", "mac": "AA"}}});
    saved.set_account_data("m.cross_signing.user_signing", &other).await?;
    let all = saved.restore(&["--yes"]).await?;
    ensure!(all.code()? == 0 && all.json()?["done"] == Value::Null, "{all}");
    ensure!(saved.account_data("m.cross_signing.user_signing").await? == other);
    let named = saved
        .restore(&["--yes", "--part", "m.cross_signing.user_signing"])
        .await?;
    ensure!(named.code()? == 0, "{named}");
    let differences = saved.differences().await?;
    ensure!(differences.is_empty(), "{differences:#?}");
    let unknown = saved.restore(&["--yes", "--part", "m.cross_signing.nothing"]).await?;
    ensure!(
        unknown.code()? == 2 && unknown.json()?["hint"].to_string().contains("m.cross_signing.master"),
        "{unknown}"
    );
    Ok(())
}

#[tokio::test]
async fn into_a_backup_with_another_key_entries_go_encrypted_anew() -> Result<()> {
    let saved = saved().await?;
    saved.delete_backup().await?;
    let key = BackupKey::random()?;
    let auth_data = json!({"public_key": key.public()});
    let version = json!({"algorithm": BACKUP_ALGORITHM, "auth_data": auth_data});
    saved
        .account
        .api()?
        .post("/_matrix/client/v3/room_keys/version", &version)
        .await?;
    // Nobody who could be trusted holds its key: nothing goes into it.
    let refused = saved.restore(&["--yes"]).await?;
    ensure!(refused.json()?["backup"]["why"] == "target-not-opened", "{refused}");
    ensure!(saved.entries().await? == 0);

    let default = saved.account_data("m.secret_storage.default_key").await?;
    let id = default["key"].as_str().context("no default key")?;
    let storage = StorageKey::from_recovery_key(id, saved.key()?)?;
    let sealed = storage.encrypt("m.megolm_backup.v1", key.to_base64().as_bytes())?;
    saved
        .set_account_data("m.megolm_backup.v1", &json!({"encrypted": {id: sealed}}))
        .await?;
    let restored = saved.restore(&["--yes"]).await?;
    let document = restored.json()?;
    ensure!(restored.code()? == 0 && document["done"]["entries"] == 8, "{restored}");
    ensure!(document["backup"]["target"] == "other-key", "{restored}");
    ensure!(
        document["done"]["account_data"] == json!([]),
        "the old backup key stays where it is: {restored}"
    );
    // Every entry opens with the new key: a new ark of the account is proven by the recovery key.
    let second = save(&saved.account)?.run().await?;
    let verified = super::verify(&ark_of(&second), &[saved.key()?]).await?;
    ensure!(
        verified.code()? == 0 && verified.json()?["proven"] == true,
        "{verified}"
    );
    Ok(())
}

#[tokio::test]
async fn without_a_fitting_key_and_for_another_account_nothing_goes_back() -> Result<()> {
    let saved = saved().await?;
    saved.delete_backup().await?;
    let url = &saved.account.homeserver.base_url;
    let stranger = StorageKey::random()?.recovery_key();
    let without = restore_at(&saved.account, &saved.ark(), url, &["--yes"])?;
    let without = without.secret("--recovery-key-file", &stranger)?.run().await?;
    ensure!(without.json()?["backup"]["why"] == "not-opened", "{without}");
    ensure!(ServerBackup::active(saved.account.api()?).await?.is_none());

    let nobody = restore_at(&saved.account, &saved.ark(), url, &[])?.run().await?;
    ensure!(nobody.code()? == 2 && nobody.stderr.contains("--dry-run"), "{nobody}");

    let other = AccountSpec::healthy(Way::Key).build().await?;
    let before = snapshot_of(&other).await?;
    let foreign = restore_at(&other, &saved.ark(), url, &["--yes"])?.run().await?;
    ensure!(
        foreign.code()? == 2 && foreign.stderr.contains("This is the ark of"),
        "{foreign}"
    );
    let differences = before.differences(&snapshot_of(&other).await?);
    ensure!(differences.is_empty(), "{differences:#?}");
    Ok(())
}

#[tokio::test]
async fn killed_in_the_middle_and_run_again_it_comes_to_the_same_end() -> Result<()> {
    let saved = saved().await?;
    saved.delete_backup().await?;
    saved.set_account_data("m.cross_signing.master", &json!({})).await?;
    for path_end in ["/room_keys/keys", "/m.cross_signing.master"] {
        let proxy = Proxy::start(&saved.account.homeserver.base_url).await?;
        let putting = move |it: &lifeboat_tests::proxy::Exchange| it.is(&Method::PUT, path_end);
        proxy.intercept(move |it| putting(it).then_some(Fault::Late(Duration::from_secs(60))));
        let restore = restore_at(&saved.account, &saved.ark(), &proxy.base_url(), &["--yes"])?;
        let running = restore.secret("--recovery-key-file", saved.key()?)?.start()?;
        let asks = async || Ok(proxy.log().iter().any(putting).then_some(()));
        wait::until("the restore writes", asks).await?;
        running.signal(Signal::KILL)?;
        ensure!(running.outcome().await?.status.code().is_none());
    }
    let again = saved.restore(&["--yes"]).await?;
    ensure!(again.code()? == 0, "{again}");
    ensure!(saved.entries().await? == 8);
    let mut differences = saved.differences().await?;
    // Killed, Lifeboat could not sign its sessions out.
    differences.retain(|it| !it.starts_with("device "));
    ensure!(differences.is_empty(), "{differences:#?}");
    Ok(())
}

#[tokio::test]
async fn what_changed_since_the_plan_is_not_overwritten() -> Result<()> {
    let saved = saved().await?;
    saved.set_account_data("m.cross_signing.master", &json!({})).await?;
    let proxy = Proxy::start(&saved.account.homeserver.base_url).await?;
    let other = json!({"encrypted": {"newkey": {"iv": "AA", "ciphertext": "AA", "mac": "AA"}}});
    let shown = other.clone();
    // Another session writes between the plan and the restore: the server now answers with its content.
    proxy.intercept(move |it| {
        let reads = it.is(&Method::GET, "/m.cross_signing.master");
        reads.then(|| Fault::Answer(lifeboat_tests::proxy::Reply::json(200, &shown)))
    });
    let restore = restore_at(&saved.account, &saved.ark(), &proxy.base_url(), &["--yes"])?;
    let outcome = restore.secret("--recovery-key-file", saved.key()?)?.run().await?;
    ensure!(
        outcome.code()? == 21 && outcome.stderr.contains("was changed by another session"),
        "{outcome}"
    );
    ensure!(
        !proxy
            .log()
            .iter()
            .any(|it| it.is(&Method::PUT, "/m.cross_signing.master")),
        "it was overwritten"
    );
    ensure!(saved.account_data("m.cross_signing.master").await? == json!({}));
    Ok(())
}
