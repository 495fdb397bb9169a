//! A million entries pass through a small memory.

use std::time::Duration;

use anyhow::{Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, Way},
    counts,
    proxy::{Fault, Proxy},
};

use super::save_at;

const ENTRIES: u64 = 1_000_000;
const IN_A_PIECE: u64 = 1000;
/// What is promised of the program that is handed out, in KiB.
const MOST_MEMORY: u64 = 64 * 1024;

/// A piece of a listing in which every entry is another one.
fn piece(number: u64) -> Option<Vec<u8>> {
    let last = ENTRIES / IN_A_PIECE;
    let entry = |it: u64| {
        let comma = if it == 0 { "" } else { "," };
        format!(
            "{comma}\"{it:043}\":{{\"first_message_index\":0,\"forwarded_count\":0,\"is_verified\":true,\
             \"session_data\":{{\"ephemeral\":\"{it:043}\",\"ciphertext\":\"{it:0100}\",\"mac\":\"AAAAAAAAAAA\"}}}}"
        )
    };
    match number {
        0 => Some(b"{\"rooms\":{\"!room:example.org\":{\"sessions\":{".to_vec()),
        it if it <= last => Some(
            ((it - 1) * IN_A_PIECE..it * IN_A_PIECE)
                .map(entry)
                .collect::<String>()
                .into(),
        ),
        it if it == last + 1 => Some(b"}}}}".to_vec()),
        _ => None,
    }
}

#[tokio::test]
async fn a_million_entries_need_little_memory() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    proxy.intercept(|it| it.path.ends_with("/room_keys/keys").then(|| Fault::pieces(piece)));
    let save = save_at(&account, &proxy.base_url())?.deadline(Duration::from_secs(300));
    let outcome = save.run().await?;
    let peak = outcome.memory.own;
    ensure!(outcome.code()? == 0, "{outcome}");
    ensure!(outcome.json()?["backups"][0]["entries"] == ENTRIES, "{outcome}");
    counts::tell(format_args!(
        "an ark of {ENTRIES} entries took {:?} and {} MiB",
        outcome.took,
        peak / 1024
    ))?;
    ensure!(peak > 0 && peak <= MOST_MEMORY, "{peak} KiB");
    Ok(())
}
