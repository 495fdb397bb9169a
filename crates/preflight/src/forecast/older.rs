//! What older versions of the key backup are worth beside the newest one.

use lifeboat_report::{Fact, Gap, facts::OlderBackup};

use super::{ForecastProgress, Ground, Seen, judge};
use crate::{
    older::OlderVersion,
    proof::{self, Opening},
};

/// Lists an older version, opens its entries where the key is there, and counts the messages it would bring back.
pub(super) async fn look_at(
    OlderVersion { backup, key }: &OlderVersion,
    ground: &Ground<'_>,
    progress: &ForecastProgress,
    seen: Option<&Seen>,
) -> OlderBackup {
    let opening = Opening {
        key: key.clone(),
        visit: None,
    };
    let listing = match backup.is_readable() {
        true => proof::list(ground.caller, ground.homeserver, &backup.version, opening, progress).await,
        false => Fact::Unknown(Gap::Unreadable),
    };
    let would_cover = listing
        .known()
        .zip(seen)
        .map(|(older, seen)| judge::would_cover(&seen.history.rooms, seen.entries.coverage(), older.coverage()));
    OlderBackup {
        version: backup.version.clone(),
        count: backup.count,
        public_key: backup.public_key().map(|it| it.trim_end_matches('=').to_owned()),
        proof: match key {
            Some(_) => listing.as_ref().map(|it| it.sum_up(&backup.version)),
            None => Fact::Unknown(Gap::NotAsked),
        },
        would_cover,
    }
}
