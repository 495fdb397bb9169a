//! Accounts as people have them: with sessions that run, keys, rooms with messages, and the defect a test asks for.

mod backup;
mod build;
mod dated;
mod defect;
mod dehydrated;
mod history;
mod keys;
mod spec;
mod spoil;

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use matrix_sdk::ruma::{OwnedEventId, OwnedRoomId, OwnedUserId};

pub use self::backup::ServerBackup;
pub use self::dated::Dates;
use self::dated::Dating;
pub use self::defect::{Defect, OffSwitch, Secret};
pub use self::keys::{Recovery, Secrets};
pub use self::spec::{AccountSpec, History, Way};
use crate::api::Api;
use crate::server::Homeserver;
use crate::session::Session;

/// An account on the homeserver, with all that its owner knows.
#[derive(Debug)]
pub struct TestAccount {
    /// Where it lives.
    pub homeserver: Homeserver,
    /// Its full id.
    pub user_id: OwnedUserId,
    /// Its password.
    pub password: String,
    /// Its confirmed address.
    pub email: Option<String>,
    /// What its owner wrote down to get the keys back.
    pub recovery: Recovery,
    /// The recovery key of a second storage key, where the defect made one: the account's default.
    pub new_recovery_key: Option<String>,
    /// Its sessions in the order of their sign-ins: two verified ones, then what defects add.
    pub sessions: Vec<Session>,
    /// The session of the other user in the rooms.
    pub friend: Option<Session>,
    /// The encrypted rooms.
    pub rooms: Vec<TestRoom>,
    /// Private keys as the sessions hold them; none without an identity.
    pub secrets: Option<Secrets>,
    /// What stands between the sessions and the server where messages are of earlier days.
    dating: Option<Dating>,
}

/// An encrypted room.
#[derive(Clone, Debug)]
pub struct TestRoom {
    /// Its id.
    pub room_id: OwnedRoomId,
    /// Every encrypted event in it, oldest first, as the server lists them to the account.
    pub events: Vec<TestEvent>,
    /// How many of the oldest events the account never had the key of.
    pub unreadable: usize,
    /// What is special about it.
    pub kind: RoomKind,
}

/// What happened in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoomKind {
    /// The account made it and both users wrote into it.
    Plain,
    /// The account joined when messages had been sent already.
    JoinedLate,
    /// The account left it.
    Left,
}

/// An encrypted event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestEvent {
    /// Its id.
    pub event_id: OwnedEventId,
    /// Who sent it.
    pub sender: OwnedUserId,
    /// The room key it was encrypted with.
    pub session_id: String,
    /// Its place in the order of messages encrypted with this room key.
    pub index: u32,
}

impl TestAccount {
    /// The first session, the one that made the keys.
    pub fn first(&self) -> Result<&Session> {
        self.sessions.first().context("the account has no session any more")
    }

    /// Stops every session without signing it out: the server and the test have less to do.
    pub fn stop_sessions(&self) {
        self.sessions.iter().for_each(Session::stop);
    }

    /// Sends requests as the first session.
    pub fn api(&self) -> Result<&Api> {
        Ok(self.first()?.api())
    }

    /// The user id without the server.
    pub fn localpart(&self) -> &str {
        self.user_id.localpart()
    }

    /// Ends every session, as a reset that ends sessions does.
    pub async fn end_all_sessions(&mut self) -> Result<()> {
        self.api()?
            .post("/_matrix/client/v3/logout/all", &serde_json::json!({}))
            .await?;
        self.sessions.clear();
        Ok(())
    }
}

impl TestRoom {
    /// The events that the account has received the key of; in a room joined late not those from before.
    pub fn readable(&self) -> impl Iterator<Item = &TestEvent> {
        self.events.iter().skip(self.unreadable)
    }

    /// The room keys that its events need.
    pub fn session_ids(&self) -> BTreeSet<&str> {
        self.events.iter().map(|event| event.session_id.as_str()).collect()
    }
}
