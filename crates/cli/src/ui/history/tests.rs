//! Tests of this module: every answer as it is shown.

use std::collections::BTreeMap;

use lifeboat_report::{
    Gap, HistoryProof,
    history::{After, Before, IdentityStanding, RoomProof, Unreadable},
    testing::{ACCOUNT, TAKEN_AT},
};

use super::render;

fn room(id: usize, name: Option<&str>, before: u64, causes: &[(Unreadable, u64)]) -> RoomProof {
    let lost = causes.iter().map(|(_, count)| count).sum();
    RoomProof {
        room_id: format!("!room{id}:example.org"),
        name: name.map(str::to_owned),
        before: Before {
            total: before + 1,
            readable: before,
            redacted: 0,
        },
        after: After {
            total: before + 1,
            readable: before - lost,
            unreadable: BTreeMap::from_iter(causes.iter().copied()),
            newest_unreadable_at: (lost > 0).then_some(TAKEN_AT - 86_400_000),
            complete: true,
            ..After::default()
        },
        lost,
    }
}

fn proof(rooms: Vec<RoomProof>) -> HistoryProof {
    HistoryProof {
        account: ACCOUNT.to_owned(),
        before_at: TAKEN_AT,
        after_at: TAKEN_AT + 300_000,
        identity: IdentityStanding::Same,
        forecast_complete: true,
        complete: rooms.iter().all(|it| it.after.complete),
        lost: rooms.iter().map(|it| it.lost).sum(),
        rooms,
    }
}

fn shown(proof: &HistoryProof) -> String {
    anstream::adapter::strip_str(&render(proof, 80)).to_string()
}

#[test]
fn everything_is_there() {
    let proof = proof(vec![
        room(1, Some("Hiking 2026"), 1_340, &[]),
        room(2, None, 53_085, &[]),
        room(3, Some("\u{202e}gnikiH"), 0, &[]),
    ]);
    insta::assert_snapshot!(shown(&proof));
}

#[test]
fn losses_are_named_with_their_causes() {
    let mut vanished = room(3, Some("Work"), 10, &[]);
    (vanished.lost, vanished.after.readable, vanished.after.total) = (4, 6, 6);
    let mut proof = proof(vec![
        room(1, Some("Hiking 2026"), 1_340, &[(Unreadable::NoRoomKey, 1_102)]),
        room(
            2,
            None,
            90,
            &[(Unreadable::StartsTooLate, 3), (Unreadable::DoesNotDecrypt, 2)],
        ),
        vanished,
        room(4, Some("Family"), 7, &[]),
    ]);
    proof.identity = IdentityStanding::Changed;
    insta::assert_snapshot!(shown(&proof));
}

#[test]
fn what_was_not_looked_at_is_said() {
    let (mut stopped, mut refused) = (room(1, Some("Hiking 2026"), 1_340, &[]), room(2, None, 90, &[]));
    (stopped.after.complete, stopped.after.readable) = (false, 300);
    (refused.after, refused.after.gap) = (After::default(), Some(Gap::Refused));
    let mut proof = proof(vec![stopped, refused]);
    proof.identity = IdentityStanding::Unknown;
    proof.forecast_complete = false;
    insta::assert_snapshot!(shown(&proof));
}

#[test]
fn many_rooms_are_summed_up() {
    let rooms = (0..20).map(|id| room(id, None, 100 + id as u64, &[(Unreadable::NoRoomKey, 1)]));
    insta::assert_snapshot!(shown(&proof(rooms.collect())));
}
