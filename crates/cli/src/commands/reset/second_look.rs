//! What the second status file is to say of the messages: the same that the first one said.

use lifeboat_preflight::{
    EventProofWish, ForecastOptions, ForecastProgress, ForecastQuestion, LeftRooms, OlderVersions,
    ruma::{OwnedUserId, RoomId},
};
use lifeboat_report::StatusFile;

use crate::memory::MemoryFile;

/// Looks at what `before` looked at; messages that were read then are not read again.
pub(crate) fn question(before: &StatusFile, user: &OwnedUserId) -> ForecastQuestion {
    let Some(forecast) = &before.forecast else {
        return ForecastQuestion::Quick;
    };
    let scope = &forecast.scope;
    let rooms = forecast.rooms.iter().filter_map(|it| RoomId::parse(&it.room_id).ok());
    ForecastQuestion::Run(ForecastOptions {
        since: scope.since,
        rooms: scope.chosen_rooms.then(|| rooms.collect()),
        max_events: scope.max_events,
        left_rooms: if scope.left_rooms {
            LeftRooms::Include
        } else {
            LeftRooms::LeaveOut
        },
        // The history proof has decrypted them.
        event_proof: EventProofWish::Never,
        older: OlderVersions::None,
        progress: ForecastProgress::default(),
        memory: MemoryFile::of(user).and_then(|it| it.read()),
    })
}
