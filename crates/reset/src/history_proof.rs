//! Reads the messages of an earlier forecast again, with nothing but the room keys that a session holds itself.

use std::{collections::BTreeMap, ops::ControlFlow};

use futures_util::{StreamExt, stream};
use lifeboat_preflight::{Caller, ForecastProgress, HistoryEvent, HistoryKind, HistoryReader, now, published_identity};
use lifeboat_report::{
    Fact, Forecast, Gap, HistoryProof, StatusFile,
    facts::Identity,
    forecast::{EventCounts, RoomForecast},
    history::{After, Moments, Unreadable},
};
use matrix_sdk::{
    Room, RoomDisplayName,
    config::{SyncSettings, SyncToken},
    deserialized_responses::{TimelineEventKind, UnableToDecryptReason},
    ruma::{
        EventId, OwnedEventId, OwnedRoomId, RoomId,
        api::client::filter::{FilterDefinition, LazyLoadOptions, RoomEventFilter},
        presence::PresenceState,
    },
};

/// What there was before: an earlier forecast, and whose it is.
#[derive(Clone, Copy, Debug)]
pub struct Earlier<'a> {
    /// The user id.
    pub account: &'a str,
    /// When the forecast was made, in milliseconds since the Unix epoch.
    pub taken_at: u64,
    /// The identity at that time.
    pub identity: &'a Fact<Identity>,
    /// The forecast.
    pub forecast: &'a Forecast,
}

/// Why a history cannot be proven at all.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The status file is from a check that looked at no messages.
    #[error("the earlier status file holds no forecast.")]
    NoForecast,
    /// The status file is redacted, or from a program that did not write down where a room's history ends.
    #[error("the earlier status file does not name its rooms and messages.")]
    NoNames,
    /// The session is not signed in any more.
    #[error("the session was ended by the server or by another session.")]
    SessionEnded,
    /// The session could not learn of its rooms.
    #[error("the server could not be asked for the rooms: {0}.")]
    Rooms(#[source] Box<matrix_sdk::Error>),
}

impl<'a> Earlier<'a> {
    /// Takes what there was before from a status file.
    pub fn of(file: &'a StatusFile) -> Result<Self, ProofError> {
        let forecast = file.forecast.as_ref().ok_or(ProofError::NoForecast)?;
        places(forecast)?;
        Ok(Self {
            account: &file.account,
            taken_at: file.taken_at,
            identity: &file.facts.identity,
            forecast,
        })
    }
}

/// Reads every message of `earlier` again and compares, room by room. Changes nothing on the server.
///
/// `caller`'s session takes part in encryption and has fetched its room keys before; nothing is asked of the key
/// backup here. The reading shows in `progress` and can be stopped there: the proof is partial then.
pub async fn prove(
    caller: &Caller,
    earlier: &Earlier<'_>,
    progress: &ForecastProgress,
) -> Result<HistoryProof, ProofError> {
    let places = places(earlier.forecast)?;
    know_rooms(caller, &places).await?;
    let reader = HistoryReader::new(caller, progress, places.len());
    let reading = stream::iter(&places).map(async |place| {
        let after = read_room(caller, &reader, place).await;
        (place.room_id.to_string(), after)
    });
    let mut after: BTreeMap<String, After> = reading.buffer_unordered(HistoryReader::AT_ONCE).collect().await;
    for room in empty_rooms(earlier.forecast) {
        after.insert(room.room_id.clone(), nothing());
    }
    let identity = match caller.client().user_id() {
        Some(user) => published_identity(caller, user).await,
        None => Fact::Unknown(Gap::NotAsked),
    };
    if caller.session_ended() {
        return Err(ProofError::SessionEnded);
    }
    let moments = Moments {
        account: earlier.account,
        before_at: earlier.taken_at,
        after_at: now(),
        identity_before: earlier.identity,
        identity_after: &identity,
    };
    let mut proof = HistoryProof::of(&moments, earlier.forecast, after);
    for room in &mut proof.rooms {
        room.name = name(caller, &room.room_id).await.or(room.name.take());
    }
    Ok(proof)
}

/// Returns what a room is called by whoever is in it; text from the server.
async fn name(caller: &Caller, room_id: &str) -> Option<String> {
    let room = caller.client().get_room(&RoomId::parse(room_id).ok()?)?;
    match room.display_name().await.ok()? {
        RoomDisplayName::Empty => None,
        name => Some(name.to_string()),
    }
}

/// Where the history of a room ended, and how much of it was looked at.
struct Place {
    room_id: OwnedRoomId,
    newest: OwnedEventId,
    /// How many messages were looked at, where that was not all of them.
    most: Option<u64>,
    since: u64,
}

fn places(forecast: &Forecast) -> Result<Vec<Place>, ProofError> {
    let place = |room: &RoomForecast| {
        let newest = room.newest_event_id.as_deref()?;
        Some(Place {
            room_id: RoomId::parse(&room.room_id).ok()?,
            newest: EventId::parse(newest).ok()?,
            most: (!room.complete).then(|| looked_at(&room.events)),
            since: forecast.scope.since.unwrap_or(0),
        })
    };
    let read = forecast.rooms.iter().filter(|room| looked_at(&room.events) > 0);
    read.map(|room| place(room).ok_or(ProofError::NoNames)).collect()
}

fn empty_rooms(forecast: &Forecast) -> impl Iterator<Item = &RoomForecast> {
    forecast.rooms.iter().filter(|room| looked_at(&room.events) == 0)
}

/// What there is to read in a room without messages.
fn nothing() -> After {
    After {
        complete: true,
        ..After::default()
    }
}

fn looked_at(events: &EventCounts) -> u64 {
    events.total + events.never_yours + events.redacted + events.unknown_algorithm + events.not_judged
}

/// Makes the session know its rooms, also those that it has left, where it does not yet: nothing is decrypted for a
/// room that it does not know. One `GET /_matrix/client/v3/sync` without messages
/// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3sync)).
async fn know_rooms(caller: &Caller, places: &[Place]) -> Result<(), ProofError> {
    let client = caller.client();
    if places.iter().all(|it| client.get_room(&it.room_id).is_some()) {
        return Ok(());
    }
    let mut filter = FilterDefinition::default();
    filter.room.include_leave = true;
    filter.room.timeline = RoomEventFilter::ignore_all();
    filter.room.state.lazy_load_options = LazyLoadOptions::Enabled {
        include_redundant_members: false,
    };
    // From the beginning: a server names rooms that were left only there.
    let settings = SyncSettings::new().filter(filter.into()).token(SyncToken::NoToken);
    let settings = settings.set_presence(PresenceState::Offline);
    match client.sync_once(settings).await {
        Ok(_) => Ok(()),
        Err(_) if caller.session_ended() => Err(ProofError::SessionEnded),
        Err(error) => Err(ProofError::Rooms(Box::new(error))),
    }
}

async fn read_room(caller: &Caller, reader: &HistoryReader<'_>, place: &Place) -> After {
    let room = caller.client().get_room(&place.room_id);
    let mut after = After::default();
    let mut left = place.most.unwrap_or(u64::MAX);
    let visit = async |page: Vec<HistoryEvent>| {
        for event in page.into_iter().filter(|it| it.at >= place.since) {
            if left == 0 {
                return ControlFlow::Break(());
            }
            left -= 1;
            count(&mut after, room.as_ref(), event).await;
        }
        if left == 0 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    match reader.read_back(&place.room_id, &place.newest, visit).await {
        Ok(()) => after.complete = true,
        Err(Gap::NotAsked) => {}
        Err(gap) => after.gap = Some(gap),
    }
    after
}

async fn count(after: &mut After, room: Option<&Room>, event: HistoryEvent) {
    let outside = match event.kind {
        HistoryKind::Redacted => return after.redacted += 1,
        HistoryKind::Unreadable => return after.unknown_algorithm += 1,
        HistoryKind::Outside => true,
        HistoryKind::Message => false,
    };
    let problem = match room {
        Some(room) => decrypt(room, &event).await,
        None => Some(Unreadable::NotInRoom),
    };
    match problem {
        None => after.count_readable(),
        Some(_) if outside => after.never_yours += 1,
        Some(cause) => after.count_unreadable(cause, event.at),
    }
}

/// Decrypts an event and drops what it says; `None`: it decrypts.
async fn decrypt(room: &Room, event: &HistoryEvent) -> Option<Unreadable> {
    let decrypted = room.decrypt_event(event.raw.cast_ref_unchecked(), None).await;
    let Ok(decrypted) = decrypted else {
        return Some(Unreadable::DoesNotDecrypt);
    };
    match decrypted.kind {
        TimelineEventKind::Decrypted(_) => None,
        TimelineEventKind::UnableToDecrypt { utd_info, .. } => Some(match utd_info.reason {
            UnableToDecryptReason::MissingMegolmSession { .. } => Unreadable::NoRoomKey,
            UnableToDecryptReason::UnknownMegolmMessageIndex => Unreadable::StartsTooLate,
            _ => Unreadable::DoesNotDecrypt,
        }),
        TimelineEventKind::PlainText { .. } => Some(Unreadable::DoesNotDecrypt),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(newest: Option<&str>, covered: u64) -> RoomForecast {
        RoomForecast {
            room_id: "!a:example.org".to_owned(),
            newest_event_id: newest.map(str::to_owned),
            events: EventCounts {
                total: covered,
                covered,
                redacted: 1,
                ..EventCounts::default()
            },
            complete: true,
            ..RoomForecast::default()
        }
    }

    fn forecast(room: RoomForecast) -> Forecast {
        Forecast {
            rooms: vec![room],
            ..Forecast::default()
        }
    }

    #[test]
    fn a_room_is_read_from_its_newest_message_to_its_start() {
        let forecast = forecast(room(Some("$1"), 5));
        let places = places(&forecast).unwrap();
        assert_eq!(
            (places[0].newest.as_str(), places[0].most, places[0].since),
            ("$1", None, 0)
        );
        assert_eq!(empty_rooms(&forecast).count(), 0);
    }

    #[test]
    fn what_was_left_out_before_is_left_out_again() {
        let mut forecast = forecast(RoomForecast {
            complete: false,
            ..room(Some("$1"), 5)
        });
        forecast.scope.since = Some(7);
        let places = places(&forecast).unwrap();
        assert_eq!((places[0].most, places[0].since), (Some(6), 7));
    }

    #[test]
    fn names_are_needed_where_there_is_something_to_read() {
        for spoiled in [
            room(None, 5),
            room(Some("no event id"), 5),
            RoomForecast {
                room_id: "a1b2c3".to_owned(),
                ..room(Some("$1"), 5)
            },
        ] {
            assert!(matches!(places(&forecast(spoiled)), Err(ProofError::NoNames)));
        }
        let mut empty = room(None, 0);
        empty.events.redacted = 0;
        let forecast = forecast(empty);
        assert!(places(&forecast).unwrap().is_empty());
        assert_eq!(empty_rooms(&forecast).count(), 1);
    }
}
