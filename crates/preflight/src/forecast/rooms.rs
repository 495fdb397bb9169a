//! Which encrypted rooms the account has, and what they are called.

use std::{collections::BTreeMap, time::Duration};

use futures_util::{StreamExt, stream};
use lifeboat_report::Gap;
use matrix_sdk::{
    config::RequestConfig,
    ruma::{
        OwnedRoomId, OwnedUserId, RoomId,
        api::client::{
            filter::{Filter, FilterDefinition, LazyLoadOptions, RoomEventFilter},
            membership::joined_rooms,
            state::get_state_event_for_key,
            sync::sync_events,
        },
        events::{AnySyncStateEvent, StateEventType},
        presence::PresenceState,
        serde::Raw,
    },
};
use serde::Deserialize;

use super::{ForecastProgress, pace::Pace};
use crate::{Caller, gap::is_not_found, unhurried};

/// The encrypted rooms of an account at one moment.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    pub(super) rooms: Vec<Room>,
    /// Where in the server's stream of events that moment is, if it says so.
    pub(super) moment: Option<String>,
    /// Whether rooms are missing that should be here.
    pub(super) gap: Option<Gap>,
}

/// An encrypted room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) id: OwnedRoomId,
    pub(super) name: Option<String>,
    pub(super) left: bool,
}

/// A server collects the state of all rooms before it answers.
const PATIENCE: Duration = Duration::from_secs(180);
/// What a room is called after at most so many of its members.
const MAX_HEROES: usize = 3;

/// Asks for the encrypted rooms by one `GET /_matrix/client/v3/sync` that brings no messages
/// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3sync)), or where a server does not
/// understand that, room by room. Changes nothing, not even who is shown as online.
pub(super) async fn encrypted_rooms(
    caller: &Caller,
    pace: &Pace,
    progress: &ForecastProgress,
    left_rooms: bool,
) -> Result<Rooms, Gap> {
    let config = RequestConfig::new().disable_retry().timeout(unhurried(PATIENCE));
    let request = || {
        caller
            .client()
            .send(sync_request(left_rooms))
            .with_request_config(config)
    };
    match pace.ask(caller, progress, request).await {
        Ok(answer) => Ok(read(answer)),
        Err(Gap::Unsupported | Gap::Unreadable | Gap::Failed) => one_by_one(caller, pace, progress, left_rooms).await,
        Err(gap) => Err(gap),
    }
}

fn sync_request(left_rooms: bool) -> sync_events::v3::Request {
    let nothing = || {
        let mut filter = RoomEventFilter::ignore_all();
        // Synapse takes an empty list of types for no restriction where it decides what to load.
        filter.not_types = vec!["*".to_owned()];
        filter
    };
    let mut filter = FilterDefinition::default();
    filter.presence = Filter::ignore_all();
    filter.account_data = Filter::ignore_all();
    filter.room.account_data = nothing();
    filter.room.ephemeral = nothing();
    filter.room.timeline = nothing();
    filter.room.include_leave = left_rooms;
    filter.room.state.types = Some(
        ["m.room.encryption", "m.room.name", "m.room.canonical_alias"]
            .map(str::to_owned)
            .to_vec(),
    );
    // Members are not among the types; this makes the server name some of them in the summary.
    filter.room.state.lazy_load_options = LazyLoadOptions::Enabled {
        include_redundant_members: false,
    };
    let mut request = sync_events::v3::Request::new();
    request.filter = Some(sync_events::v3::Filter::FilterDefinition(filter));
    request.set_presence = PresenceState::Offline;
    request.timeout = Some(Duration::ZERO);
    request
}

fn read(answer: sync_events::v3::Response) -> Rooms {
    let joined = answer.rooms.join.into_iter().filter_map(|(id, room)| {
        let state = State::read(&room.state);
        state.encrypted.then(|| Room {
            id,
            name: state.name(&room.summary.heroes),
            left: false,
        })
    });
    let left = answer.rooms.leave.into_iter().filter_map(|(id, room)| {
        let state = State::read(&room.state);
        state.encrypted.then(|| Room {
            id,
            name: state.name(&[]),
            left: true,
        })
    });
    Rooms {
        rooms: joined.chain(left).collect(),
        moment: Some(answer.next_batch),
        gap: None,
    }
}

/// The part of a room's state that matters.
#[derive(Debug, Default)]
struct State {
    encrypted: bool,
    name: Option<String>,
    alias: Option<String>,
}

#[derive(Deserialize)]
struct StateEvent {
    #[serde(rename = "type")]
    event_type: String,
    state_key: String,
    #[serde(default)]
    content: BTreeMap<String, serde_json::Value>,
}

impl State {
    fn read(state: &sync_events::v3::State) -> Self {
        let events = match state {
            sync_events::v3::State::Before(state) | sync_events::v3::State::After(state) => &state.events[..],
            _ => &[],
        };
        let mut read = Self::default();
        events.iter().for_each(|event| read.take(event));
        read
    }

    fn take(&mut self, event: &Raw<AnySyncStateEvent>) {
        let Ok(event) = serde_json::from_str::<StateEvent>(event.json().get()) else {
            return;
        };
        if !event.state_key.is_empty() {
            return;
        }
        let text = |field: &str| {
            let text = event.content.get(field).and_then(serde_json::Value::as_str);
            text.filter(|it| !it.trim().is_empty()).map(str::to_owned)
        };
        match event.event_type.as_str() {
            // Whatever it says: a room never becomes unencrypted again.
            "m.room.encryption" => self.encrypted = true,
            "m.room.name" => self.name = text("name"),
            "m.room.canonical_alias" => self.alias = text("alias"),
            _ => {}
        }
    }

    /// Returns what the room is called: by its name, its alias, or who is in it.
    fn name(self, heroes: &[OwnedUserId]) -> Option<String> {
        let heroes: Vec<&str> = heroes.iter().take(MAX_HEROES).map(|it| it.as_str()).collect();
        self.name
            .or(self.alias)
            .or_else(|| (!heroes.is_empty()).then(|| heroes.join(", ")))
    }
}

/// Asks which rooms are joined, and each of them whether it is encrypted and what it is called
/// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3joined_rooms)).
async fn one_by_one(caller: &Caller, pace: &Pace, progress: &ForecastProgress, left_rooms: bool) -> Result<Rooms, Gap> {
    let request = || caller.client().send(joined_rooms::v3::Request::new());
    let joined = pace.ask(caller, progress, request).await?.joined_rooms;
    let asked = stream::iter(joined).map(|id| async move {
        let encrypted = has_state(caller, pace, progress, &id, StateEventType::RoomEncryption).await;
        let name = match encrypted {
            Ok(Some(_)) => has_state(caller, pace, progress, &id, StateEventType::RoomName)
                .await
                .ok()
                .flatten(),
            _ => None,
        };
        (id, encrypted, name)
    });
    // Rooms that were left cannot be listed this way.
    let mut found = Rooms {
        gap: left_rooms.then_some(Gap::Unsupported),
        ..Rooms::default()
    };
    let mut asked = std::pin::pin!(asked.buffered(super::pace::AT_ONCE));
    while let Some((id, encrypted, name)) = asked.next().await {
        match encrypted {
            Ok(Some(_)) => {
                let name = name.as_ref().and_then(|it| it.get("name")?.as_str()).map(str::to_owned);
                found.rooms.push(Room { id, name, left: false });
            }
            Ok(None) => {}
            Err(gap) => found.gap = Some(gap),
        }
    }
    Ok(found)
}

/// Returns the content of a state event; `None`: there is none.
async fn has_state(
    caller: &Caller,
    pace: &Pace,
    progress: &ForecastProgress,
    room: &RoomId,
    event_type: StateEventType,
) -> Result<Option<serde_json::Value>, Gap> {
    let request = || async {
        let request = get_state_event_for_key::v3::Request::new(room.to_owned(), event_type.clone(), String::new());
        match caller.client().send(request).await {
            Err(error) if is_not_found(&error) => Ok(None),
            other => other.map(Some),
        }
    };
    let answer = pace.ask(caller, progress, request).await?;
    Ok(answer.map(|it| serde_json::from_str(it.event_or_content.get()).unwrap_or_default()))
}
