//! Sound servers: every class of message, with and without the backup key.

use std::collections::BTreeSet;

use base64::{Engine as _, prelude::BASE64_STANDARD_NO_PAD as STANDARD_NO_PAD};
use lifeboat_report::{Fact, Gap, forecast::AtRisk};
use matrix_sdk::ruma::RoomId;
use serde_json::json;

use super::*;
use crate::{
    OlderVersions,
    forecast::{EventProofWish, LeftRooms},
};

/// Ten covered messages, and some of every other class.
fn world() -> World {
    let mut world = World::new();
    let (mut good, mut late, mut lost) = (world.sender(0, 1), world.sender(0, 2), world.sender(1, 3));
    for _ in 0..10 {
        world.send(&mut good);
    }
    world.back_up(&good, 0);
    for _ in 0..4 {
        world.send(&mut late);
    }
    world.back_up(&late, 3);
    world.send(&mut lost);
    world.send(&mut lost)["sender"] = json!("@eve:example.org");
    let mut early = world.sender(1, 4);
    world.send(&mut early)["unsigned"] = json!({"membership": "leave"});
    world.send(&mut good)["unsigned"] = json!({"membership": "leave"});
    let room = good.room;
    world.push(&room, json!({}))["unsigned"] = json!({"redacted_because": {}});
    world.push(&room, json!({"algorithm": "m.megolm.v9"}));
    world
}

#[tokio::test]
async fn every_message_is_in_its_class() {
    let (server, _) = world().serve().await;
    let outcome = outcome(&server, Key::NotTyped, &ForecastOptions::default()).await;
    let forecast = forecast(&outcome);
    let events = &forecast.events;
    assert_eq!((events.total, events.covered, events.at_risk), (17, 12, 5));
    assert_eq!(causes(forecast), [(AtRisk::NotInBackup, 2), (AtRisk::StartsTooLate, 3)]);
    assert_eq!(
        (events.never_yours, events.redacted, events.unknown_algorithm),
        (1, 1, 1)
    );
    assert_eq!(
        (events.starts_late_by, events.not_judged, events.readable),
        (3, 0, None)
    );
    assert!(forecast.complete && forecast.event_proof.is_none());
    assert_eq!(outcome.proof, Fact::Unknown(Gap::NotAsked));
    assert_eq!(forecast.newest_at_risk_at, Some(START + 15 * 60_000));
    assert_eq!(forecast.newest_event_at, Some(START + 19 * 60_000));
    assert_eq!(forecast.senders["@eve:example.org"].at_risk, 1);
    assert_eq!(forecast.senders["@ben:example.org"].total, 16);
    assert_eq!(forecast.months.keys().collect::<Vec<_>>(), ["2026-11"]);
    assert_eq!(forecast.months["2026-11"], *events);
    let rooms: Vec<_> = forecast
        .rooms
        .iter()
        .map(|it| (it.events.at_risk, it.complete, it.name.is_some()))
        .collect();
    assert_eq!(rooms, [(3, true, true), (2, true, true)]);
    let newest: Vec<_> = forecast.rooms.iter().map(|it| it.newest_event_id.as_deref()).collect();
    assert_eq!(newest, [Some("$19"), Some("$16")]);
    assert_eq!((forecast.scope.rooms, forecast.scope.rooms_complete), (2, 2));
    // Without a key and a limit nothing else is asked.
    assert_eq!(server.asked("/room_keys/keys").len(), 1);
    assert!(
        server
            .asked("/messages")
            .iter()
            .all(|it| it.get("filter").unwrap().contains("m.room.encrypted"))
    );
}

#[tokio::test]
async fn with_the_key_every_entry_and_every_message_is_opened() {
    let mut world = world();
    let mut swapped = world.sender(1, 5);
    for _ in 0..3 {
        world.send(&mut swapped);
    }
    world.back_up(&swapped, 0);
    // Somebody else's ciphertext under the session's name: the listing sees nothing, decrypting does.
    let mut other = world.sender(1, 6);
    let content = world.send(&mut other)["content"].take();
    let room = swapped.room.clone();
    world.rooms.get_mut(&room).unwrap().pop();
    world.push(&room, content)["content"]["session_id"] = json!(swapped.session.id().to_string());
    // An entry for another backup key.
    let mut foreign = world.sender(1, 7);
    world.send(&mut foreign);
    world.back_up(&foreign, 0);
    let entry = world
        .backup
        .get_mut(&room)
        .unwrap()
        .get_mut(&foreign.session.id().to_string())
        .unwrap();
    entry["session_data"]["mac"] = json!("AAAAAAAAAAA");
    let (server, _) = world.serve().await;
    let outcome = outcome(&server, Key::Typed, &ForecastOptions::default()).await;
    let forecast = forecast(&outcome);
    assert_eq!(
        causes(forecast),
        [
            (AtRisk::NotInBackup, 2),
            (AtRisk::StartsTooLate, 3),
            (AtRisk::EntryDamaged, 1),
            (AtRisk::DoesNotDecrypt, 1)
        ]
    );
    assert_eq!((forecast.events.total, forecast.events.covered), (22, 15));
    let exam = forecast.event_proof.as_ref().unwrap();
    assert_eq!((exam.decrypted, exam.failed, exam.complete), (15, 1, true));
    let proof = outcome.proof.known().unwrap();
    assert_eq!((proof.entries, proof.open, proof.complete), (4, 3, true));
    assert_eq!(
        proof.damaged.iter().collect::<Vec<_>>(),
        [(&"mac-wrong".to_owned(), &1)]
    );
    assert_eq!(server.asked("/room_keys/keys").len(), 1);
}

#[tokio::test]
async fn a_message_whose_signature_is_damaged_does_not_decrypt() {
    let mut world = world();
    let mut swapped = world.sender(1, 5);
    world.send(&mut swapped);
    let event = world.send(&mut swapped);
    // The signature is the end of a message: listing, index and MAC are as they were.
    let ciphertext = event["content"]["ciphertext"].as_str().unwrap();
    let mut bytes = STANDARD_NO_PAD.decode(ciphertext).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    event["content"]["ciphertext"] = json!(STANDARD_NO_PAD.encode(bytes));
    world.back_up(&swapped, 0);
    let (server, _) = world.serve().await;
    let with_key = outcome(&server, Key::Typed, &ForecastOptions::default()).await;
    let with_key = forecast(&with_key);
    assert_eq!(causes(with_key).last(), Some(&(AtRisk::DoesNotDecrypt, 1)));
    assert_eq!(with_key.event_proof.as_ref().unwrap().failed, 1);
    let without = outcome(&server, Key::NotTyped, &ForecastOptions::default()).await;
    assert_eq!(forecast(&without).events.covered, with_key.events.covered + 1);
}

#[tokio::test]
async fn messages_are_decrypted_only_on_request() {
    let (server, _) = world().serve().await;
    let options = ForecastOptions {
        event_proof: EventProofWish::Never,
        ..ForecastOptions::default()
    };
    let outcome = outcome(&server, Key::Typed, &options).await;
    assert_eq!(forecast(&outcome).event_proof, None);
    assert!(outcome.proof.known().is_some());
}

#[tokio::test]
async fn limits_leave_a_partial_forecast() {
    let (server, _) = world().serve().await;
    let first = Generator::new(7).unwrap().room_id(0);
    let chosen = BTreeSet::from([RoomId::parse(first).unwrap()]);
    for (options, total) in [
        (
            ForecastOptions {
                since: Some(START + 12 * 60_000),
                ..ForecastOptions::default()
            },
            5,
        ),
        (
            ForecastOptions {
                since: Some(START + 9 * 60_000),
                ..ForecastOptions::default()
            },
            8,
        ),
        (
            ForecastOptions {
                rooms: Some(chosen),
                ..ForecastOptions::default()
            },
            15,
        ),
        (
            ForecastOptions {
                rooms: Some(BTreeSet::new()),
                ..ForecastOptions::default()
            },
            0,
        ),
    ] {
        let outcome = outcome(&server, Key::NotTyped, &options).await;
        let forecast = forecast(&outcome);
        assert_eq!(
            (forecast.events.total, forecast.complete),
            (total, false),
            "{options:?}"
        );
        assert!(forecast.rooms.iter().all(|it| it.gap.is_none()));
    }
    let outcome = outcome(
        &server,
        Key::NotTyped,
        &ForecastOptions {
            max_events: Some(4),
            ..Default::default()
        },
    )
    .await;
    let forecast = forecast(&outcome);
    let events = &forecast.events;
    assert_eq!(
        events.total + events.redacted + events.unknown_algorithm + events.never_yours,
        4
    );
    assert!(!forecast.complete);
}

#[tokio::test]
async fn a_limit_that_leaves_nothing_out_is_none() {
    let (server, _) = world().serve().await;
    let options = ForecastOptions {
        since: Some(START),
        max_events: Some(21),
        ..ForecastOptions::default()
    };
    let outcome = outcome(&server, Key::NotTyped, &options).await;
    assert_eq!(
        (forecast(&outcome).events.total, forecast(&outcome).complete),
        (17, true)
    );
}

#[tokio::test]
async fn rooms_that_were_left_are_read_on_request() {
    let mut world = world();
    let room = world.generator.room_id(1);
    world.left.push(room.clone());
    let (server, _) = world.serve().await;
    let without = outcome(&server, Key::NotTyped, &ForecastOptions::default()).await;
    assert_eq!(forecast(&without).rooms.len(), 1);
    let options = ForecastOptions {
        left_rooms: LeftRooms::Include,
        ..ForecastOptions::default()
    };
    let with = outcome(&server, Key::NotTyped, &options).await;
    let left: Vec<_> = forecast(&with)
        .rooms
        .iter()
        .filter(|it| it.left)
        .map(|it| &it.room_id)
        .collect();
    assert_eq!(left, [&room]);
}

#[tokio::test]
async fn without_a_backup_every_message_is_at_risk() {
    let world = world();
    let server = CannedServer::start(move |request| {
        if request.path.ends_with("/room_keys/version") {
            return Some(Answer::error(404, "M_NOT_FOUND"));
        }
        world.answer(request)
    })
    .await;
    let outcome = outcome(&server, Key::NotTyped, &ForecastOptions::default()).await;
    assert_eq!(
        (forecast(&outcome).events.covered, forecast(&outcome).events.at_risk),
        (0, 16)
    );
    assert!(server.asked("/room_keys/keys").is_empty());
}

#[tokio::test]
async fn older_versions_are_listed_proven_and_compared() {
    let mut world = world();
    // What the newest version lacks or has late, the older one has.
    let (good, late, lost) = (world.sender(0, 1), world.sender(0, 2), world.sender(1, 3));
    let newest = std::mem::take(&mut world.backup);
    world.back_up(&good, 0);
    world.back_up(&late, 1);
    world.back_up(&lost, 0);
    world.older = std::mem::replace(&mut world.backup, newest);
    let (server, _) = world.serve().await;
    for older in [
        OlderVersions::All,
        OlderVersions::These(["2".to_owned(), "3".to_owned()].into()),
    ] {
        let options = ForecastOptions {
            older,
            ..ForecastOptions::default()
        };
        let with = outcome(&server, Key::Typed, &options).await;
        let [older] = with.older.as_slice() else {
            panic!("{:?}", with.older)
        };
        assert_eq!(
            (older.version.as_str(), older.count, older.would_cover),
            ("2", 9, Some(4))
        );
        let proof = older.proof.known().map(|it| (it.entries, it.open, it.complete));
        assert_eq!(proof, Some((3, 3, true)));
        // It changes nothing about what the newest one covers.
        assert_eq!(forecast(&with).events.at_risk, 5);
        let without = outcome(&server, Key::NotTyped, &options).await;
        assert_eq!(without.older[0].proof, Fact::Unknown(Gap::NotAsked));
        assert_eq!(without.older[0].would_cover, Some(4));
    }
}
