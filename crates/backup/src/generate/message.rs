//! Encrypted messages, as a homeserver shows them.

use super::{GenerateError, Generator};
use crate::base64;

/// Where and when messages were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The room they name inside, too.
    pub room_id: &'a str,
    /// When the first one was sent, in milliseconds since the Unix epoch; each further one is a minute later.
    pub start: u64,
}

impl Generator {
    /// Encrypts the first messages of a session, the oldest first, into the `content` of their events.
    ///
    /// # Errors
    ///
    /// Fails when vodozemac refuses the session.
    pub fn contents(&self, place: Place<'_>, session: u64, count: u32) -> Result<Vec<String>, GenerateError> {
        let number = session;
        let session = self.session(number)?;
        let mut sender = session.sender()?;
        let device = self.devices.get(session.device).ok_or(GenerateError("device"))?;
        let (id, room_id, sender_key) = (session.id(), place.room_id, &device.curve25519);
        let content = |index| {
            let text = format!(
                r#"{{"type":"m.room.message","content":{{"msgtype":"m.text","body":"Message {index} of session {number}: as long as most, and no more to say.","m.mentions":{{}}}},"room_id":"{room_id}"}}"#
            );
            let ciphertext = sender.encrypt(text).to_base64();
            format!(
                r#"{{"algorithm":"m.megolm.v1.aes-sha2","sender_key":"{sender_key}","ciphertext":"{ciphertext}","session_id":"{id}","device_id":"DEVICE{:04}"}}"#,
                session.device
            )
        };
        Ok((0..count).map(content).collect())
    }

    /// Encrypts the first messages of a session, the oldest first, into events as `/messages` shows them.
    ///
    /// # Errors
    ///
    /// Fails when the cryptography library or vodozemac refuses something.
    pub fn events(&self, place: Place<'_>, session: u64, count: u32) -> Result<Vec<String>, GenerateError> {
        let (person, room_id) = (session % Self::DEVICES, place.room_id);
        let contents = self.contents(place, session, count)?.into_iter();
        let event = |(index, content)| {
            let id: [u8; 32] = self.bytes("event id", session << 32 | index)?;
            let id = base64::encode(&id).replace('+', "-").replace('/', "_");
            let at = place.start + index * 60_000;
            Ok(format!(
                r#"{{"type":"m.room.encrypted","sender":"@person{person}:example.org","content":{content},"origin_server_ts":{at},"unsigned":{{"membership":"join","age":1234567}},"event_id":"${id}","room_id":"{room_id}"}}"#
            ))
        };
        (0..).zip(contents).map(event).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;
    use vodozemac::megolm::{ExportedSessionKey, InboundGroupSession, MegolmMessage, SessionConfig};

    use super::Place;
    use crate::generate::Generator;

    const PLACE: Place<'_> = Place {
        room_id: "!a:example.org",
        start: 1_795_430_520_000,
    };

    #[test]
    fn events_decrypt_with_the_room_key_of_the_entry() {
        let generator = Generator::new(1).unwrap();
        let exported = ExportedSessionKey::from_bytes(&generator.session(3).unwrap().exported()).unwrap();
        let mut receiver = InboundGroupSession::import(&exported, SessionConfig::version_1());
        let mut ids = BTreeSet::new();
        for (index, event) in (0..).zip(generator.events(PLACE, 3, 5).unwrap()) {
            let event: Value = serde_json::from_str(&event).unwrap();
            let content = &event["content"];
            assert_eq!(content["session_id"], receiver.session_id());
            let message = MegolmMessage::from_base64(content["ciphertext"].as_str().unwrap()).unwrap();
            let decrypted = receiver.decrypt(&message).unwrap();
            assert_eq!(decrypted.message_index, index);
            let inside: Value = serde_json::from_slice(&decrypted.plaintext).unwrap();
            assert_eq!(inside["room_id"], PLACE.room_id);
            assert_eq!(event["origin_server_ts"], PLACE.start + u64::from(index) * 60_000);
            ids.insert(event["event_id"].to_string());
        }
        assert_eq!(ids.len(), 5);
    }

    #[test]
    fn events_of_all_sessions_differ_and_their_senders_take_turns() {
        let generator = Generator::new(1).unwrap();
        let mut ids = BTreeSet::new();
        for (session, person) in [(0, 0), (1, 1), (39, 39), (40, 0), (81, 1)] {
            for event in generator.events(PLACE, session, 3).unwrap() {
                let event: Value = serde_json::from_str(&event).unwrap();
                assert_eq!(event["sender"], format!("@person{person}:example.org"));
                ids.insert(event["event_id"].to_string());
            }
        }
        assert_eq!(ids.len(), 15);
    }

    #[test]
    fn the_same_seed_makes_the_same_events() {
        let events = |seed| Generator::new(seed).unwrap().events(PLACE, 3, 2).unwrap();
        assert_eq!(events(1), events(1));
        assert_ne!(events(1), events(2));
    }
}
