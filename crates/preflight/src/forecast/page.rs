//! One page of a room's history, also from a server that takes no filters.

use std::sync::atomic::{AtomicBool, Ordering};

use lifeboat_report::Gap;
use matrix_sdk::ruma::{
    OwnedRoomId, UInt,
    api::{
        Direction,
        client::{
            filter::RoomEventFilter,
            message::get_message_events::v3::{Request, Response},
        },
    },
};

use super::{ForecastProgress, pace::Pace};
use crate::Caller;

/// The most that servers give at a time; a hundred takes a third longer in all.
const PAGE: u32 = 1_000;

/// Asks for pages with a filter for what matters, until the server was found to refuse filters.
#[derive(Debug, Default)]
pub(super) struct Pages {
    unfiltered: AtomicBool,
}

impl Pages {
    /// Asks for the page that begins at `from`: `GET /_matrix/client/v3/rooms/ROOM/messages`
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3roomsroomidmessages)).
    ///
    /// A server may pass the filter over: whoever reads the page does not rely on it.
    pub(super) async fn ask(
        &self,
        (caller, pace, progress): (&Caller, &Pace, &ForecastProgress),
        room: &OwnedRoomId,
        direction: Direction,
        from: Option<&str>,
    ) -> Result<Response, Gap> {
        let send = async |filter: RoomEventFilter| {
            let ask = || {
                let mut request = Request::new(room.clone(), direction);
                request.from = from.map(str::to_owned);
                request.limit = UInt::from(PAGE);
                request.filter = filter.clone();
                caller.client().send(request)
            };
            pace.ask(caller, progress, ask).await
        };
        if self.unfiltered.load(Ordering::Relaxed) {
            return send(RoomEventFilter::default()).await;
        }
        match send(filter(direction)).await {
            // The room may be the reason, or the place, or the filter: only the last is mended by leaving it out.
            Err(Gap::Refused) => {
                let page = send(RoomEventFilter::default()).await?;
                self.unfiltered.store(true, Ordering::Relaxed);
                Ok(page)
            }
            answer => answer,
        }
    }
}

fn filter(direction: Direction) -> RoomEventFilter {
    // Without lazy loading of members servers add no state at all.
    let mut filter = RoomEventFilter::default();
    let mut types = vec!["m.room.encrypted".to_owned()];
    // Messages that were read by an earlier run may have lost their content since.
    types.extend((direction == Direction::Forward).then(|| "m.room.redaction".to_owned()));
    filter.types = Some(types);
    filter
}
