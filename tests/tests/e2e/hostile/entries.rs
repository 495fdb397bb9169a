//! Lies about the entries of the key backup: a check with the recovery key opens each, and decrypts the messages.

use anyhow::{Context as _, Result};
use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine as _};
use lifeboat_tests::account::ServerBackup;
use lifeboat_tests::counts;
use lifeboat_tests::proxy::{Exchange, Fault};
use lifeboat_tests::room_key::BackupKey;
use matrix_sdk::reqwest::Method;
use serde_json::{Value, json};

use super::{Attack, attack, change};

const LISTING: &str = "/room_keys/keys";

/// Changes the entry of one room key in the listing.
fn change_entry(
    (room, id): (String, String),
    edit: impl Fn(&mut Value) + Clone + Send + Sync + 'static,
) -> impl FnMut(&Exchange) -> Option<Fault> + Send {
    change(Method::GET, LISTING, move |it| {
        edit(&mut it["rooms"][&room]["sessions"][&id])
    })
}

#[tokio::test]
async fn entries_that_are_not_what_they_are_listed_as() -> Result<()> {
    let account = super::account().await?;
    let key = || account.secrets.as_ref().context("no secrets")?.backup_key();
    let backup = ServerBackup::active(account.api()?).await?.context("no backup")?;
    let room = &account.rooms[0];
    let (here, there) = (room.room_id.to_string(), account.rooms[1].room_id.to_string());
    let mut ids = room.session_ids().into_iter().map(str::to_owned);
    let (id, other) = (ids.next().context("no key")?, ids.next().context("no other key")?);
    let place = (here.clone(), id.clone());
    let entry = backup.entry(&room.room_id, &id).await?;
    let opened = key()?.open(&entry["session_data"])?;

    // The ratchet of the server's choice under the same signing key: the id fits, and no message opens.
    let mut forged = opened.clone();
    let exported = forged["session_key"].as_str().context("no session key")?;
    let mut bytes = BASE64_STANDARD_NO_PAD.decode(exported)?;
    bytes[5..133].fill(7);
    forged["session_key"] = json!(BASE64_STANDARD_NO_PAD.encode(bytes));
    let forged = key()?.close(&forged)?;
    // AES-CBC under a MAC that covers nothing: a flipped bit here changes a letter of the next block.
    let mut malleated = entry["session_data"].clone();
    let mut bytes = BASE64_STANDARD_NO_PAD.decode(malleated["ciphertext"].as_str().context("no ciphertext")?)?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    malleated["ciphertext"] = json!(BASE64_STANDARD_NO_PAD.encode(bytes));
    let replayed = BackupKey::random()?.close(&opened)?;

    let attacks = vec![
        Attack::new(
            "listed under another room",
            {
                let (here, there, id) = (here.clone(), there.clone(), id.clone());
                change(Method::GET, LISTING, move |it| {
                    let entry = it["rooms"][&here]["sessions"]
                        .as_object_mut()
                        .and_then(|it| it.remove(&id));
                    it["rooms"][&there]["sessions"][&id] = entry.unwrap_or_default();
                })
            },
            &["coverage-at-risk"],
        ),
        Attack::new(
            "listed under another session",
            {
                let (here, id, other) = (here.clone(), id.clone(), other.clone());
                change(Method::GET, LISTING, move |it| {
                    let sessions = &mut it["rooms"][&here]["sessions"];
                    let taken = sessions[&id].take();
                    sessions[&id] = sessions[&other].take();
                    sessions[&other] = taken;
                })
            },
            &["backup-damaged", "coverage-at-risk"],
        ),
        Attack::new(
            "the same under two sessions",
            {
                let (here, id, other) = (here.clone(), id.clone(), other.clone());
                change(Method::GET, LISTING, move |it| {
                    let sessions = &mut it["rooms"][&here]["sessions"];
                    sessions[&other] = sessions[&id].clone();
                })
            },
            &["backup-damaged", "coverage-at-risk"],
        ),
        Attack::new(
            "also under another room",
            {
                let (here, there, id) = (here.clone(), there.clone(), id.clone());
                change(Method::GET, LISTING, move |it| {
                    it["rooms"][&there]["sessions"][&id] = it["rooms"][&here]["sessions"][&id].clone();
                })
            },
            &[],
        ),
        Attack::new(
            "replayed from a version with another key",
            change_entry(place.clone(), move |it| it["session_data"] = replayed.clone()),
            &["backup-damaged", "coverage-at-risk"],
        ),
        Attack::new(
            "ciphertext malleated",
            change_entry(place.clone(), move |it| it["session_data"] = malleated.clone()),
            &["backup-damaged", "coverage-at-risk"],
        ),
        Attack::new(
            "another ratchet under the same id",
            change_entry(place.clone(), move |it| it["session_data"] = forged.clone()),
            &["coverage-at-risk"],
        ),
        Attack::new(
            "an index lower than it is",
            change_entry(place.clone(), |it| it["first_message_index"] = json!(-1)),
            &["backup-damaged", "coverage-at-risk"],
        ),
        Attack::new(
            "an index beyond all numbers",
            change_entry(place.clone(), |it| it["first_message_index"] = json!(1e300)),
            &["backup-damaged", "coverage-at-risk"],
        ),
        Attack::new(
            "left out",
            {
                let (here, id) = place.clone();
                change(Method::GET, LISTING, move |it| {
                    it["rooms"][&here]["sessions"]
                        .as_object_mut()
                        .and_then(|it| it.remove(&id));
                })
            },
            &["backup-not-proven", "coverage-at-risk"],
        ),
        Attack::new(
            "all left out",
            change(Method::GET, LISTING, |it| it["rooms"] = json!({})),
            &["backup-not-proven", "coverage-at-risk"],
        ),
        Attack::new(
            "the rooms twice",
            |it: &Exchange| it.is(&Method::GET, LISTING).then_some(Fault::Twice),
            &["backup-not-proven", "coverage-partial"],
        ),
    ];
    let number = attack(&account, attacks, &["--no-cache"]).await?;
    Ok(counts::tell(format_args!(
        "hostile servers: {number} attacks on entries"
    ))?)
}
