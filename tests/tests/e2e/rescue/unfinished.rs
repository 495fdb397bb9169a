//! A rescue that fails once it has added room keys does not say that nothing was changed.

use std::fs;

use anyhow::{Context, Result, ensure};
use lifeboat_tests::account::{AccountSpec, ServerBackup, Way};
use lifeboat_tests::proxy::{Exchange, Fault, Proxy, Reply};
use matrix_sdk::reqwest::Method;

use super::command::{PASSPHRASE, ends_with, lifeboat_at};

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    /// Once the key is there, the backup cannot be looked at again.
    NoSecondLook,
    /// The server takes the key, and its answer is lost.
    AnswerLost,
}

impl Trouble {
    fn in_the_way(self, proxy: &Proxy) {
        let puts = |it: &Exchange| it.is(&Method::PUT, "/room_keys/keys");
        let mut put = false;
        proxy.intercept(move |it| {
            put |= puts(it);
            match self {
                Self::NoSecondLook if put && it.is(&Method::GET, "/room_keys/version") => {
                    Some(Fault::Answer(Reply::error(403, "M_FORBIDDEN", "Forbidden")))
                }
                Self::AnswerLost if puts(it) => Some(Fault::CutAfter),
                _ => None,
            }
        });
    }
}

#[tokio::test]
async fn a_rescue_that_fails_once_it_has_added_keys_says_so() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let backup = ServerBackup::active(account.api()?).await?.context("no backup")?;
    let room = account.rooms[0].room_id.clone();
    let id = account.rooms[0].session_ids().into_iter().next().context("no key")?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("keys.txt");
    let first = account.first()?.client().encryption();
    first.export_room_keys(file.clone(), PASSPHRASE, |_| true).await?;
    let text = fs::read(&file)?;
    let cases = [
        (Trouble::NoSecondLook, true, "the key backup was given 1 room key;"),
        (Trouble::NoSecondLook, false, "the key backup was given 1 room key;"),
        (
            Trouble::AnswerLost,
            true,
            "the key backup may have been given 1 room key;",
        ),
    ];
    for (trouble, from_file, words) in cases {
        backup.delete(&room, id).await?;
        let proxy = Proxy::start(&account.homeserver.base_url).await?;
        trouble.in_the_way(&proxy);
        let mut command = lifeboat_at(&proxy.base_url(), &account, "rescue")?.args(["--no-ark", "--wait", "30"]);
        if from_file {
            fs::write(command.home().join("keys.txt"), &text)?;
            command = command
                .args(["--key-file", "keys.txt", "--only-key-files"])
                .secret("--key-file-passphrase-file", PASSPHRASE)?;
        }
        let outcome = command.run().await?;
        let document = ends_with(&outcome, 10)?;
        ensure!(
            document["error"].as_str().is_some_and(|it| it.contains(words)),
            "{trouble:?}: {document:#}"
        );
        outcome.ensure_two_sentences()?;
        let entries = backup.entries().await?;
        ensure!(
            entries.get(&room).is_some_and(|it| it.contains_key(id)),
            "{trouble:?}: the key is not there"
        );
    }
    Ok(())
}
