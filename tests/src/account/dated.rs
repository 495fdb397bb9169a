//! Messages of earlier days.
//!
//! A server dates what it is sent by its own clock, unless an application service sends it ("Timestamp massaging" of the
//! Application Service API), which is how conversations are brought over from elsewhere. So what sessions send goes through
//! a proxy here, which hands it in as such a service, in the sender's name and with a date.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use matrix_sdk::reqwest::Method;

use crate::api::segment;
use crate::proxy::{Fault, Proxy};
use crate::server::Homeserver;
use crate::session::Session;

/// Says when a message was sent, in milliseconds since the Unix epoch: by the number of its room, and its own there.
pub type Dates = fn(usize, usize) -> u64;

/// Stands between sessions and their server.
#[derive(Debug)]
pub(super) struct Dating {
    proxy: Proxy,
    token: String,
    dates: Dates,
}

/// What was sent so far.
struct Calendar {
    dates: Dates,
    /// Each room with its messages, by their paths, in the order of their first coming.
    rooms: Vec<(String, Vec<String>)>,
}

impl Dating {
    /// Takes the place of the server for whoever asks `homeserver` where it is.
    pub(super) async fn in_front_of(homeserver: &mut Homeserver, dates: Dates) -> Result<Self> {
        let proxy = Proxy::start(&homeserver.base_url).await?;
        homeserver.base_url = proxy.base_url();
        let token = homeserver.service_token().to_owned();
        Ok(Self { proxy, token, dates })
    }

    /// Dates every encrypted message of these sessions from now on.
    pub(super) fn begin<'a>(&self, sessions: impl IntoIterator<Item = &'a Session>) -> Result<()> {
        let mut senders = BTreeMap::new();
        for session in sessions {
            let token = session.api().token().context("a session without a token")?;
            senders.insert(token.to_owned(), segment(session.user_id().as_str()));
        }
        let service = self.token.clone();
        let mut calendar = Calendar {
            dates: self.dates,
            rooms: Vec::new(),
        };
        self.proxy.intercept(move |it| {
            let (_, message) = it.path.split_once("/rooms/").filter(|_| it.method == Method::PUT)?;
            let (room, _) = message.split_once("/send/m.room.encrypted/")?;
            let sender = senders.get(it.token.as_deref()?)?;
            let at = calendar.date_of(room, message);
            Some(Fault::Disguised {
                token: service.clone(),
                query: format!("user_id={sender}&ts={at}"),
            })
        });
        Ok(())
    }

    /// Leaves the dates to the server again.
    pub(super) fn end(&self) {
        self.proxy.let_through();
    }
}

impl Calendar {
    /// Dates a message; what is sent again has the same date.
    fn date_of(&mut self, room: &str, message: &str) -> u64 {
        let known = self.rooms.iter().position(|(it, _)| it == room);
        let number = known.unwrap_or(self.rooms.len());
        if known.is_none() {
            self.rooms.push((room.to_owned(), Vec::new()));
        }
        let sent = &mut self.rooms[number].1;
        let before = sent.iter().position(|it| it == message);
        let place = before.unwrap_or(sent.len());
        if before.is_none() {
            sent.push(message.to_owned());
        }
        (self.dates)(number, place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_counted_in_their_rooms_and_once() {
        let mut calendar = Calendar {
            dates: |room, message| 100 * room as u64 + message as u64,
            rooms: Vec::new(),
        };
        let sent = [
            ("a", "a/1"),
            ("a", "a/2"),
            ("b", "b/1"),
            ("a", "a/1"),
            ("a", "a/3"),
            ("b", "b/2"),
        ];
        let dates = sent.map(|(room, message)| calendar.date_of(room, message));
        assert_eq!(dates, [0, 1, 100, 0, 2, 101]);
    }
}
