//! One event of `/messages`, as far as a forecast looks at it.

use std::borrow::Cow;

use aws_lc_rs::digest::{SHA256, digest};
use lifeboat_backup::{SessionId, message_index};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

use crate::base64_text;

/// An encrypted event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Event<'a> {
    /// Stands for the event id: the start of its SHA-256.
    pub(super) id: u64,
    /// The event id itself; empty where it makes no sense.
    pub(super) event_id: Cow<'a, str>,
    pub(super) sender: Cow<'a, str>,
    /// When it was sent, in milliseconds since the Unix epoch, as its sender's server states it.
    pub(super) at: u64,
    pub(super) content: Content<'a>,
    pub(super) membership: Membership,
}

/// What an encrypted event holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Content<'a> {
    /// Nothing any more.
    Redacted,
    /// Something that no client can decrypt.
    Unreadable,
    /// A message of a Megolm session.
    Megolm {
        session: SessionId,
        index: u32,
        ciphertext: Cow<'a, str>,
    },
}

/// Where this account stood to the room when the event was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Membership {
    /// In it, invited, or not known: the keys may have been meant for this account.
    MayHaveKeys,
    /// Outside: the keys were not meant for this account.
    Outside,
}

#[derive(Deserialize)]
struct RawEvent<'a> {
    #[serde(borrow, rename = "type")]
    event_type: Cow<'a, str>,
    #[serde(borrow)]
    event_id: Cow<'a, str>,
    #[serde(borrow)]
    sender: Cow<'a, str>,
    #[serde(borrow)]
    origin_server_ts: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    unsigned: Option<&'a RawValue>,
}

/// As strict as clients are: one field of another type, and they cannot read the message.
#[derive(Deserialize)]
struct RawContent<'a> {
    #[serde(borrow)]
    algorithm: Option<Cow<'a, str>>,
    #[serde(borrow)]
    session_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    ciphertext: Option<&'a RawValue>,
    #[serde(borrow)]
    sender_key: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "device_id")]
    _device_id: Option<Cow<'a, str>>,
}

/// `unsigned.membership` is MSC4115, in the specification since version 1.11.
#[derive(Default, Deserialize)]
struct Unsigned<'a> {
    redacted_because: Option<IgnoredAny>,
    #[serde(borrow)]
    membership: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "io.element.msc4115.membership")]
    unstable_membership: Option<Cow<'a, str>>,
}

/// The only algorithm for messages in rooms.
const MEGOLM: &str = "m.megolm.v1.aes-sha2";

/// Reads an event; `None`: it is not an encrypted one.
///
/// What is malformed is read as far as possible: an encrypted event that makes no sense is one that nobody can read.
pub(super) fn read(json: &str) -> Option<Event<'_>> {
    let Ok(raw) = serde_json::from_str::<RawEvent<'_>>(json) else {
        let content = Content::Unreadable;
        let (sender, membership) = (Cow::Borrowed(""), Membership::MayHaveKeys);
        return Some(Event {
            id: id(json),
            event_id: Cow::Borrowed(""),
            sender,
            at: 0,
            content,
            membership,
        });
    };
    if raw.event_type != "m.room.encrypted" {
        return None;
    }
    let unsigned = raw
        .unsigned
        .and_then(|it| serde_json::from_str::<Unsigned<'_>>(it.get()).ok())
        .unwrap_or_default();
    let redacted = unsigned.redacted_because.is_some();
    let membership = match unsigned.membership.or(unsigned.unstable_membership).as_deref() {
        Some("leave" | "ban" | "knock") => Membership::Outside,
        _ => Membership::MayHaveKeys,
    };
    Some(Event {
        id: id(&raw.event_id),
        event_id: raw.event_id,
        at: raw.origin_server_ts.and_then(|it| it.get().parse().ok()).unwrap_or(0),
        content: if redacted {
            Content::Redacted
        } else {
            content(raw.content)
        },
        sender: raw.sender,
        membership,
    })
}

/// Returns what stands for the event that a redaction takes the content from; `None`: it is no redaction.
///
/// `redacts` moved into the content with room version 11.
pub(super) fn redacts(json: &str) -> Option<u64> {
    #[derive(Deserialize)]
    struct Redaction<'a> {
        #[serde(borrow, rename = "type")]
        event_type: Cow<'a, str>,
        #[serde(borrow)]
        redacts: Option<Cow<'a, str>>,
        #[serde(borrow)]
        content: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Inside<'a> {
        #[serde(borrow)]
        redacts: Cow<'a, str>,
    }
    let redaction: Redaction<'_> = serde_json::from_str(json).ok()?;
    let inside = || {
        serde_json::from_str::<Inside<'_>>(redaction.content?.get())
            .ok()
            .map(|it| id(&it.redacts))
    };
    (redaction.event_type == "m.room.redaction").then(|| inside().or(redaction.redacts.as_deref().map(id)))?
}

fn content(raw: Option<&RawValue>) -> Content<'_> {
    let parsed = raw.and_then(|it| serde_json::from_str::<RawContent<'_>>(it.get()).ok());
    match parsed {
        // What redaction leaves of this type: nothing. Some servers do not say why.
        Some(RawContent {
            algorithm: None,
            session_id: None,
            ciphertext: None,
            ..
        }) => Content::Redacted,
        Some(RawContent {
            algorithm: Some(algorithm),
            session_id: Some(session),
            ciphertext: Some(ciphertext),
            sender_key,
            ..
        }) if algorithm == MEGOLM && sender_key.as_deref().is_none_or(is_key) => {
            megolm(&session, ciphertext.get()).unwrap_or(Content::Unreadable)
        }
        _ => Content::Unreadable,
    }
}

/// Tells whether `text` is a Curve25519 key in base64.
fn is_key(text: &str) -> bool {
    matches!(text.len(), 43 | 44) && base64_text::decode(text).is_some_and(|it| it.len() == 32)
}

fn megolm<'a>(session: &str, ciphertext: &'a str) -> Option<Content<'a>> {
    let session = SessionId::parse(session)?;
    let Text(ciphertext) = serde_json::from_str(ciphertext).ok()?;
    let index = message_index(&ciphertext).ok()?;
    Some(Content::Megolm {
        session,
        index,
        ciphertext,
    })
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Stands for an event id in eight bytes, the same on every machine.
fn id(event_id: &str) -> u64 {
    let digest = digest(&SHA256, event_id.as_bytes());
    digest
        .as_ref()
        .iter()
        .take(8)
        .fold(0, |id, byte| id << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD as STANDARD_NO_PAD};
    use serde_json::{Value, json};

    use super::*;

    const SESSION: &str = "gM8i47Xhu0q52xLfgUXzanCMpLinoyVyH7R58cBuVBU";

    /// A message with index 5: version, index, a ciphertext of no bytes, MAC and signature.
    fn ciphertext() -> String {
        STANDARD_NO_PAD.encode([&[3, 0x08, 5, 0x12, 0][..], &[9; 72]].concat())
    }

    fn event() -> Value {
        json!({
            "type": "m.room.encrypted", "event_id": "$1", "sender": "@ben:example.org",
            "origin_server_ts": 1_795_430_520_000_u64, "room_id": "!a:example.org",
            "content": {"algorithm": MEGOLM, "session_id": SESSION, "ciphertext": ciphertext(), "device_id": "X"},
            "unsigned": {"age": 5, "membership": "join"},
        })
    }

    fn spoiled(pointer: &str, value: Value) -> Option<(Content<'static>, Membership)> {
        let mut event = event();
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        let parent = event.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Value::Null => parent.remove(field),
            value => parent.insert(field.to_owned(), value),
        };
        let text = event.to_string();
        let read = read(&text)?;
        let content = match read.content {
            Content::Megolm { session, index, .. } => Content::Megolm {
                session,
                index,
                ciphertext: Cow::Borrowed(""),
            },
            Content::Redacted => Content::Redacted,
            Content::Unreadable => Content::Unreadable,
        };
        Some((content, read.membership))
    }

    #[test]
    fn an_event_is_read() {
        let text = event().to_string();
        let read = read(&text).unwrap();
        assert_eq!((read.sender.as_ref(), read.at), ("@ben:example.org", 1_795_430_520_000));
        let session = SessionId::parse(SESSION).unwrap();
        assert_eq!(
            read.content,
            Content::Megolm {
                session,
                index: 5,
                ciphertext: ciphertext().into()
            }
        );
        assert_eq!(read.membership, Membership::MayHaveKeys);
    }

    #[test]
    fn what_nobody_can_read_is_no_message_at_risk() {
        for (pointer, value) in [
            ("/content/algorithm", json!("m.olm.v1.curve25519-aes-sha2")),
            ("/content/algorithm", Value::Null),
            ("/content/algorithm", json!(7)),
            ("/content/session_id", Value::Null),
            ("/content/session_id", json!("short")),
            ("/content/ciphertext", json!({"a": 1})),
            ("/content/sender_key", json!("")),
            ("/content/device_id", json!(1)),
            ("/content/ciphertext", json!("AAAA")),
            ("/content", json!([])),
            ("/content", Value::Null),
            ("/event_id", Value::Null),
        ] {
            assert_eq!(
                spoiled(pointer, value.clone()).unwrap().0,
                Content::Unreadable,
                "{pointer} {value}"
            );
        }
    }

    #[test]
    fn what_is_deprecated_may_be_missing_or_right() {
        for (pointer, value) in [
            ("/content/device_id", Value::Null),
            ("/content/sender_key", json!(SESSION)),
        ] {
            assert!(
                matches!(spoiled(pointer, value).unwrap().0, Content::Megolm { .. }),
                "{pointer}"
            );
        }
    }

    #[test]
    fn redacted_events_are_told_by_their_reason_or_their_emptiness() {
        assert_eq!(
            spoiled("/unsigned/redacted_because", json!({"type": "x"})).unwrap().0,
            Content::Redacted
        );
        assert_eq!(spoiled("/content", json!({})).unwrap().0, Content::Redacted);
    }

    #[test]
    fn membership_counts_only_where_it_says_outside() {
        for (membership, expected) in [
            (json!("leave"), Membership::Outside),
            (json!("ban"), Membership::Outside),
            (json!("knock"), Membership::Outside),
            (json!("join"), Membership::MayHaveKeys),
            (json!("invite"), Membership::MayHaveKeys),
            (json!("something"), Membership::MayHaveKeys),
            (json!(7), Membership::MayHaveKeys),
            (Value::Null, Membership::MayHaveKeys),
        ] {
            assert_eq!(
                spoiled("/unsigned/membership", membership.clone()).unwrap().1,
                expected,
                "{membership}"
            );
        }
        assert_eq!(spoiled("/unsigned", json!("x")).unwrap().1, Membership::MayHaveKeys);
        let both = json!({"membership": "leave", "io.element.msc4115.membership": "leave"});
        assert_eq!(spoiled("/unsigned", both).unwrap().1, Membership::Outside);
        let unstable = json!({"io.element.msc4115.membership": "leave"});
        assert_eq!(spoiled("/unsigned", unstable).unwrap().1, Membership::Outside);
    }

    #[test]
    fn redactions_name_their_event_inside_or_outside() {
        let of = |redaction: Value| redacts(&redaction.to_string());
        assert_eq!(
            of(json!({"type": "m.room.redaction", "redacts": "$1", "content": {}})),
            Some(id("$1"))
        );
        assert_eq!(
            of(json!({"type": "m.room.redaction", "content": {"redacts": "$1"}})),
            Some(id("$1"))
        );
        assert_eq!(of(json!({"type": "m.room.redaction", "content": {}})), None);
        assert_eq!(of(json!({"type": "m.room.encrypted", "redacts": "$1"})), None);
    }

    #[test]
    fn other_events_are_left_out_and_odd_moments_are_zero() {
        assert_eq!(spoiled("/type", json!("m.room.message")), None);
        let mut odd = event();
        odd["origin_server_ts"] = json!("yesterday");
        assert_eq!(read(&odd.to_string()).unwrap().at, 0);
        odd["origin_server_ts"] = json!(-5);
        assert_eq!(read(&odd.to_string()).unwrap().at, 0);
    }
}
