//! The room keys that a session holds itself.

use lifeboat_preflight::OwnSession;
use lifeboat_rescue::{HeldError, RoomKeys, held_room_keys};

/// Reads them, by way of a private folder for temporary files that is gone afterwards.
pub(super) async fn held(session: &OwnSession) -> Result<RoomKeys, HeldError> {
    let folder = tempfile::TempDir::with_prefix("lifeboat-").map_err(|error| HeldError::Store(error.to_string()))?;
    held_room_keys(session, folder.path()).await
}
