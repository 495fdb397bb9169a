//! Reads the encrypted messages of rooms backwards, for whoever looks at them one by one.

use std::{collections::HashSet, ops::ControlFlow};

use lifeboat_report::Gap;
use matrix_sdk::ruma::{
    EventId, OwnedRoomId, UInt,
    api::{
        Direction,
        client::{context::get_context, filter::LazyLoadOptions},
    },
    events::AnyTimelineEvent,
    serde::Raw,
};

use super::{
    ForecastProgress,
    event::{self, Content, Membership},
    pace::{self, Pace},
    page::Pages,
    pager::{Pager, Turn},
};
use crate::Caller;

/// Reads rooms, several at a time, within common limits. Changes nothing.
#[derive(Debug)]
pub struct HistoryReader<'a> {
    caller: &'a Caller,
    progress: &'a ForecastProgress,
    pace: Pace,
    pages: Pages,
}

/// An encrypted message.
#[derive(Clone, Debug)]
pub struct HistoryEvent {
    /// When it was sent, in milliseconds since the Unix epoch, as its sender's server states it.
    pub at: u64,
    /// What it holds.
    pub kind: HistoryKind,
    /// The event as the server sent it.
    pub raw: Raw<AnyTimelineEvent>,
}

/// What an encrypted message holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryKind {
    /// A message whose key the account may have got.
    Message,
    /// A message that was sent while the account was outside the room.
    Outside,
    /// Nothing any more.
    Redacted,
    /// Something that no client can decrypt.
    Unreadable,
}

/// What was seen of a room.
struct Seen<'a> {
    /// Nothing before it is visited: that is newer.
    newest: &'a str,
    begun: bool,
    ids: HashSet<u64>,
}

impl<'a> HistoryReader<'a> {
    /// How many rooms are worth being read at the same time.
    pub const AT_ONCE: usize = pace::AT_ONCE;

    /// Makes a reader for `rooms` rooms that shows its progress, and that is stopped by it.
    pub fn new(caller: &'a Caller, progress: &'a ForecastProgress, rooms: usize) -> Self {
        progress.expect_rooms(rooms);
        Self {
            caller,
            progress,
            pace: Pace::new(),
            pages: Pages::default(),
        }
    }

    /// Reads a room from the message `newest` back to its start or until `visit` breaks off, page by page.
    ///
    /// `GET /_matrix/client/v3/rooms/ROOM/context/EVENT`
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3roomsroomidcontexteventid)), then
    /// `GET …/messages` ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3roomsroomidmessages)).
    /// No message is visited twice.
    ///
    /// # Errors
    ///
    /// Where something is missing: what the server has to do with it, or [`Gap::NotAsked`] when the reading was stopped.
    pub async fn read_back(
        &self,
        room: &OwnedRoomId,
        newest: &EventId,
        visit: impl AsyncFnMut(Vec<HistoryEvent>) -> ControlFlow<()>,
    ) -> Result<(), Gap> {
        let read = self.read(room, newest, visit).await;
        self.progress.room_done();
        read
    }

    async fn read(
        &self,
        room: &OwnedRoomId,
        newest: &EventId,
        mut visit: impl AsyncFnMut(Vec<HistoryEvent>) -> ControlFlow<()>,
    ) -> Result<(), Gap> {
        let mut pager = Pager::starting(self.place_after(room, newest).await?);
        let mut seen = Seen {
            newest: newest.as_str(),
            begun: false,
            ids: HashSet::new(),
        };
        loop {
            let line = (self.caller, &self.pace, self.progress);
            let page = self.pages.ask(line, room, Direction::Backward, pager.from()).await?;
            let (length, before) = (page.chunk.len(), seen.ids.len());
            let events: Vec<_> = page.chunk.into_iter().filter_map(|raw| seen.take(raw)).collect();
            self.progress.read_events(events.len() as u64);
            if visit(events).await.is_break() {
                return Ok(());
            }
            match pager.turn(page.end, length, seen.ids.len() - before) {
                Turn::GoOn => {}
                Turn::Complete if seen.begun => return Ok(()),
                Turn::Complete | Turn::Lost => return Err(Gap::Unreadable),
            }
        }
    }

    /// Returns a place in the history just after `event`; `None` where the server does not know one: then the reading
    /// begins at the end of the timeline.
    ///
    /// The place before it would not do: Synapse leaves out there what was sent at the same time by others.
    async fn place_after(&self, room: &OwnedRoomId, event: &EventId) -> Result<Option<String>, Gap> {
        let request = || {
            let mut request = get_context::v3::Request::new(room.clone(), event.to_owned());
            request.limit = UInt::from(0_u32);
            // Otherwise the answer brings every member of the room.
            request.filter.lazy_load_options = LazyLoadOptions::Enabled {
                include_redundant_members: false,
            };
            self.caller.client().send(request)
        };
        match self.pace.ask(self.caller, self.progress, request).await {
            Ok(context) => Ok(context.end),
            Err(Gap::Unsupported | Gap::Unreadable | Gap::Failed | Gap::Refused) => Ok(None),
            Err(gap) => Err(gap),
        }
    }
}

impl Seen<'_> {
    /// Takes an event that is encrypted, not too new and not known yet.
    fn take(&mut self, raw: Raw<AnyTimelineEvent>) -> Option<HistoryEvent> {
        let event = event::read(raw.json().get())?;
        let is_new = self.ids.insert(event.id);
        self.begun |= event.event_id == self.newest;
        if !is_new || !self.begun {
            return None;
        }
        let kind = match (&event.content, event.membership) {
            (Content::Megolm { .. }, Membership::MayHaveKeys) => HistoryKind::Message,
            (Content::Megolm { .. }, Membership::Outside) => HistoryKind::Outside,
            (Content::Redacted, _) => HistoryKind::Redacted,
            (Content::Unreadable, _) => HistoryKind::Unreadable,
        };
        Some(HistoryEvent {
            at: event.at,
            kind,
            raw: raw.clone(),
        })
    }
}
