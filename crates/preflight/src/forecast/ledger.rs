//! What is kept of a room's messages: a few bytes for each, no content.

use std::collections::{HashMap, HashSet};

use lifeboat_backup::SessionId;

use super::event::{Content, Event, Membership};

/// The messages of one room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ledger {
    pub(super) senders: Vec<Box<str>>,
    pub(super) keys: Vec<Key>,
    pub(super) rows: Vec<Row>,
}

/// A room key that some messages of one sender were encrypted with, or the lack of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) session: Option<SessionId>,
    /// The number of the sender in [`Ledger::senders`].
    pub(super) sender: u32,
    /// Stands for the entry with which its messages were decrypted as a test; 0: with none.
    pub(super) tested_with: u64,
}

/// One message, in 24 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Stands for the event id.
    pub(super) id: u64,
    /// The number of the room key in [`Ledger::keys`].
    pub(super) key: u32,
    /// The index of the message within its session.
    pub(super) index: u32,
    /// When it was sent, in seconds since the Unix epoch.
    pub(super) at: u32,
    pub(super) kind: Kind,
    pub(super) test: Test,
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// Encrypted, and the account may have got the key.
    Message,
    /// Encrypted while the account was not in the room.
    Outside,
    /// Without content.
    Redacted,
    /// Of no algorithm that anybody knows, or malformed.
    Unreadable,
}

/// What came of decrypting a message with nothing but what the key backup holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Test {
    /// Nobody tried.
    NotTried,
    /// It decrypts.
    Decrypts,
    /// It does not.
    Fails,
}

/// A ledger that is being filled.
#[derive(Debug, Default)]
pub(super) struct Entering {
    ledger: Ledger,
    senders: HashMap<Box<str>, u32>,
    keys: HashMap<(Option<SessionId>, u32), u32>,
    seen: HashSet<u64>,
}

impl Entering {
    /// Goes on with what an earlier run has entered.
    pub(super) fn resume(ledger: Ledger) -> Self {
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self {
            senders: ledger
                .senders
                .iter()
                .enumerate()
                .map(|(at, it)| (it.clone(), number(at)))
                .collect(),
            keys: ledger
                .keys
                .iter()
                .enumerate()
                .map(|(at, key)| ((key.session, key.sender), number(at)))
                .collect(),
            seen: ledger.rows.iter().map(|row| row.id).collect(),
            ledger,
        }
    }

    /// Enters an event; returns the number of its row, or `None` when it was there before.
    pub(super) fn enter(&mut self, event: &Event<'_>) -> Option<u32> {
        if !self.seen.insert(event.id) {
            return None;
        }
        let (session, index, kind) = match (&event.content, event.membership) {
            (Content::Megolm { session, index, .. }, Membership::MayHaveKeys) => {
                (Some(*session), *index, Kind::Message)
            }
            (Content::Megolm { session, index, .. }, Membership::Outside) => (Some(*session), *index, Kind::Outside),
            (Content::Redacted, _) => (None, 0, Kind::Redacted),
            (Content::Unreadable, _) => (None, 0, Kind::Unreadable),
        };
        let sender = self.sender(&event.sender);
        let key = self.key(session, sender);
        let at = u32::try_from(event.at / 1000).unwrap_or(u32::MAX);
        self.ledger.rows.push(Row {
            id: event.id,
            key,
            index,
            at,
            kind,
            test: Test::NotTried,
        });
        u32::try_from(self.ledger.rows.len() - 1).ok()
    }

    /// Takes the content of a message away, if it is entered.
    pub(super) fn redact(&mut self, id: u64) {
        // Redactions are few; an index of all messages would be large.
        let row = self
            .seen
            .contains(&id)
            .then(|| self.ledger.rows.iter_mut().find(|row| row.id == id));
        if let Some(row) = row.flatten() {
            row.kind = Kind::Redacted;
        }
    }

    /// How many messages are entered.
    pub(super) fn len(&self) -> usize {
        self.ledger.rows.len()
    }

    /// Returns the ledger in as little memory as it needs.
    pub(super) fn finish(mut self) -> Ledger {
        self.ledger.rows.shrink_to_fit();
        self.ledger.keys.shrink_to_fit();
        self.ledger
    }

    fn sender(&mut self, user_id: &str) -> u32 {
        if let Some(number) = self.senders.get(user_id) {
            return *number;
        }
        let number = u32::try_from(self.ledger.senders.len()).unwrap_or(u32::MAX);
        self.ledger.senders.push(user_id.into());
        self.senders.insert(user_id.into(), number);
        number
    }

    fn key(&mut self, session: Option<SessionId>, sender: u32) -> u32 {
        let ledger = &mut self.ledger;
        *self.keys.entry((session, sender)).or_insert_with(|| {
            ledger.keys.push(Key {
                session,
                sender,
                tested_with: 0,
            });
            u32::try_from(ledger.keys.len() - 1).unwrap_or(u32::MAX)
        })
    }
}

impl Ledger {
    /// Returns the room key of a row and who sent it.
    pub(super) fn key_of(&self, row: &Row) -> Option<&Key> {
        self.keys.get(row.key as usize)
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn event(id: u64, sender: &'static str, session: u8, index: u32) -> Event<'static> {
        Event {
            id,
            event_id: "".into(),
            sender: Cow::Borrowed(sender),
            at: 1_795_430_520_999,
            content: Content::Megolm {
                session: SessionId::from_bytes([session; 32]),
                index,
                ciphertext: "".into(),
            },
            membership: Membership::MayHaveKeys,
        }
    }

    #[test]
    fn a_row_takes_24_bytes() {
        assert_eq!(size_of::<Row>(), 24);
    }

    #[test]
    fn an_event_counts_once_also_in_a_later_run() {
        let mut entering = Entering::default();
        assert_eq!(entering.enter(&event(1, "@a:b", 1, 0)), Some(0));
        assert_eq!(entering.enter(&event(2, "@a:b", 1, 1)), Some(1));
        assert_eq!(entering.enter(&event(1, "@a:b", 1, 0)), None);
        let first = entering.finish();
        let mut again = Entering::resume(first.clone());
        assert_eq!(again.enter(&event(2, "@a:b", 1, 1)), None);
        assert_eq!(again.enter(&event(3, "@c:d", 1, 2)), Some(2));
        let second = again.finish();
        assert_eq!(second.rows[..2], first.rows);
        assert_eq!((second.keys.len(), second.senders.len()), (2, 2));
        assert_eq!(second.rows[2].at, 1_795_430_520);
    }

    #[test]
    fn what_has_no_key_still_has_a_sender() {
        let mut entering = Entering::default();
        let redacted = Event {
            content: Content::Redacted,
            ..event(1, "@a:b", 1, 0)
        };
        let outside = Event {
            membership: Membership::Outside,
            ..event(2, "@a:b", 1, 0)
        };
        entering.enter(&redacted);
        entering.enter(&outside);
        let ledger = entering.finish();
        let kinds: Vec<_> = ledger
            .rows
            .iter()
            .map(|row| (row.kind, ledger.key_of(row).unwrap().session))
            .collect();
        assert_eq!(
            kinds,
            [
                (Kind::Redacted, None),
                (Kind::Outside, Some(SessionId::from_bytes([1; 32]))),
            ]
        );
    }
}
