//! Checks what counts as a loss.

use std::collections::BTreeMap;

use super::{After, HistoryProof, IdentityStanding, Moments, Unreadable};
use crate::{
    Fact, Gap,
    facts::{CrossSigningKey, Identity, Signature},
    forecast::{EventCounts, Forecast, RoomForecast},
};

fn room(id: &str, covered: u64, at_risk: u64, redacted: u64) -> RoomForecast {
    RoomForecast {
        room_id: id.to_owned(),
        events: EventCounts {
            total: covered + at_risk,
            covered,
            readable: Some(covered),
            at_risk,
            redacted,
            ..EventCounts::default()
        },
        complete: true,
        ..RoomForecast::default()
    }
}

fn after(readable: u64, unreadable: u64, redacted: u64) -> After {
    let mut after = After {
        redacted,
        complete: true,
        ..After::default()
    };
    (0..readable).for_each(|_| after.count_readable());
    (0..unreadable).for_each(|at| after.count_unreadable(Unreadable::NoRoomKey, at));
    after
}

fn identity(master: &str) -> Fact<Identity> {
    Fact::Known(Identity {
        master: Some(master.to_owned()),
        self_signing: Some(CrossSigningKey {
            public_key: "self".to_owned(),
            by_master: Signature::Valid,
        }),
        ..Identity::default()
    })
}

fn proof(rooms: impl IntoIterator<Item = (RoomForecast, Option<After>)>) -> HistoryProof {
    let (mut before, mut now) = (Forecast::default(), BTreeMap::new());
    before.complete = true;
    for (room, after) in rooms {
        now.extend(after.map(|it| (room.room_id.clone(), it)));
        before.rooms.push(room);
    }
    let identity = identity("master");
    let moments = Moments {
        account: "@mira:example.org",
        before_at: 1,
        after_at: 2,
        identity_before: &identity,
        identity_after: &identity,
    };
    HistoryProof::of(&moments, &before, now)
}

fn lost(before: RoomForecast, after: After) -> u64 {
    proof([(before, Some(after))]).lost
}

#[test]
fn what_is_as_readable_as_before_is_no_loss() {
    let proof = proof([
        (room("!a", 5, 0, 0), Some(after(5, 0, 0))),
        (room("!b", 5, 3, 1), Some(after(5, 3, 1))),
        (room("!c", 5, 3, 1), Some(after(8, 0, 1))),
    ]);
    assert!(proof.holds() && proof.losses().next().is_none());
    assert_eq!((proof.before().readable, proof.after().readable), (15, 18));
    assert_eq!((proof.before().total, proof.after().total), (21, 21));
}

#[test]
fn losses_are_named_the_largest_first() {
    let proof = proof([
        (room("!a", 5, 0, 0), Some(after(4, 1, 0))),
        (room("!b", 5, 2, 0), Some(after(2, 5, 0))),
        (room("!c", 5, 0, 0), Some(after(5, 0, 0))),
    ]);
    let losses: Vec<_> = proof
        .losses()
        .map(|it| (it.room.room_id.as_str(), it.lost, it.cause))
        .collect();
    let cause = Some(Unreadable::NoRoomKey);
    assert_eq!(losses, [("!b", 3, cause), ("!a", 1, cause)]);
    assert!(!proof.holds());
    assert_eq!(proof.after().newest_unreadable_at, Some(4));
}

#[test]
fn removed_content_is_no_loss_and_vanished_messages_are() {
    assert_eq!(lost(room("!a", 5, 0, 1), after(4, 0, 2)), 0);
    assert_eq!(lost(room("!a", 5, 0, 1), after(3, 1, 2)), 1);
    let vanished = proof([(room("!a", 5, 0, 0), Some(after(3, 0, 0)))]);
    assert_eq!(
        vanished.losses().map(|it| (it.lost, it.cause)).collect::<Vec<_>>(),
        [(2, None)]
    );
}

#[test]
fn where_nobody_tried_a_key_the_covered_messages_count() {
    let mut before = room("!a", 5, 0, 0);
    before.events.readable = None;
    assert_eq!(lost(before.clone(), after(4, 1, 0)), 1);
    before.events.readable = Some(0);
    assert_eq!(lost(before, after(4, 1, 0)), 0);
}

#[test]
fn what_was_not_looked_at_proves_nothing() {
    let missing = proof([(room("!a", 5, 0, 0), None)]);
    assert!(!missing.holds() && !missing.complete);
    assert_eq!(missing.lost, 0);
    let mut partial = after(2, 1, 0);
    partial.complete = false;
    let partial = proof([(room("!a", 5, 0, 0), Some(partial))]);
    assert_eq!((partial.lost, partial.complete), (1, false));
}

#[test]
fn the_identity_has_to_be_known_and_the_same() {
    let unknown = Fact::Unknown(Gap::Offline);
    let none = Fact::Known(Identity::default());
    for (before, now, expected) in [
        (identity("a"), identity("a"), IdentityStanding::Same),
        (none.clone(), none.clone(), IdentityStanding::Same),
        (identity("a"), identity("b"), IdentityStanding::Changed),
        (identity("a"), none.clone(), IdentityStanding::Changed),
        (none, identity("a"), IdentityStanding::Changed),
        (identity("a"), unknown.clone(), IdentityStanding::Unknown),
        (unknown, identity("a"), IdentityStanding::Unknown),
    ] {
        assert_eq!(IdentityStanding::of(&before, &now), expected);
    }
    let mut signed_otherwise = identity("a");
    if let Fact::Known(Identity {
        self_signing: Some(key),
        ..
    }) = &mut signed_otherwise
    {
        key.by_master = Signature::Invalid;
    }
    let standing = IdentityStanding::of(&identity("a"), &signed_otherwise);
    assert_eq!(
        standing,
        IdentityStanding::Same,
        "public keys are compared, not signatures"
    );
    for identity in [IdentityStanding::Changed, IdentityStanding::Unknown] {
        let fine = proof([(room("!a", 5, 0, 0), Some(after(5, 0, 0)))]);
        assert!(!HistoryProof { identity, ..fine }.holds());
    }
}

#[test]
fn the_sums_are_those_of_all_rooms() {
    let of = |number: u64, gap| After {
        total: number,
        readable: 2 * number,
        unreadable: [(Unreadable::NoRoomKey, 3 * number), (Unreadable::NotInRoom, 4 * number)].into(),
        newest_unreadable_at: Some(5 * number),
        never_yours: 6 * number,
        redacted: 7 * number,
        unknown_algorithm: 8 * number,
        gap,
        complete: true,
    };
    let mut proof = proof([
        (room("!a", 10, 20, 30), Some(of(1, None))),
        (room("!b", 40, 50, 60), Some(of(100, Some(Gap::Failed)))),
    ]);
    proof.complete = true;
    let sum = After {
        newest_unreadable_at: Some(500),
        ..of(101, Some(Gap::Failed))
    };
    assert_eq!(proof.after(), sum);
    let before = proof.before();
    assert_eq!((before.total, before.readable, before.redacted), (120, 50, 90));
    proof.complete = false;
    assert!(!proof.after().complete);
}

#[test]
fn it_comes_back_from_json() {
    let mut proof = proof([(room("!a", 5, 0, 0), Some(after(4, 1, 0)))]);
    proof.rooms[0].name = Some("Hiking".to_owned());
    let json = serde_json::to_string(&proof).unwrap();
    assert_eq!(serde_json::from_str::<HistoryProof>(&json).unwrap(), proof);
    assert!(json.contains(r#""unreadable":{"no-room-key":1}"#), "{json}");
    proof.forget_names();
    assert!(!serde_json::to_string(&proof).unwrap().contains("Hiking"));
}

#[cfg(feature = "schema")]
#[test]
fn the_schema_describes_every_field() {
    let schema = serde_json::to_value(super::history_proof_schema()).unwrap();
    let proof = serde_json::to_value(proof([])).unwrap();
    for name in proof.as_object().unwrap().keys() {
        let property = &schema["properties"][name];
        assert!(
            property["description"].is_string() || property["$ref"].is_string(),
            "{name}"
        );
    }
}
