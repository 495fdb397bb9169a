//! A second run reads only what is new.

use lifeboat_report::forecast::AtRisk;
use serde_json::json;

use super::*;
use crate::forecast::ForecastMemory;

/// Five covered messages in one room, one that is not in another.
fn world() -> World {
    let mut world = World::new();
    let (mut good, mut lost) = (world.sender(0, 1), world.sender(1, 2));
    for _ in 0..5 {
        world.send(&mut good);
    }
    world.back_up(&good, 0);
    world.send(&mut lost);
    world
}

async fn with_memory(server: &CannedServer, key: Key, memory: Option<ForecastMemory>) -> (Forecast, ForecastMemory) {
    let options = ForecastOptions {
        memory,
        ..ForecastOptions::default()
    };
    let outcome = outcome(server, key, &options).await;
    (forecast(&outcome).clone(), outcome.memory.unwrap())
}

/// What was asked of histories since the first `before` times.
fn histories(server: &CannedServer, before: usize) -> Vec<(String, String)> {
    let asked = server.asked("/messages").split_off(before);
    let text = |request: &Request, name| request.get(name).unwrap_or_default().to_owned();
    asked
        .iter()
        .map(|request| (text(request, "dir"), text(request, "from")))
        .collect()
}

#[tokio::test]
async fn only_new_messages_are_asked_for_and_the_result_is_the_same() {
    let (server, world) = world().serve().await;
    let (first, memory) = with_memory(&server, Key::NotTyped, None).await;
    assert_eq!((first.events.covered, first.events.at_risk, memory.len()), (5, 1, 6));
    let before = server.asked("/messages").len();
    {
        let mut world = world.lock().unwrap();
        let mut newer = world.sender(0, 3);
        world.back_up(&newer, 1);
        world.send(&mut newer);
        world.send(&mut newer);
    }
    let (second, again) = with_memory(&server, Key::NotTyped, Some(memory)).await;
    let asked = histories(&server, before);
    assert_eq!(
        asked,
        [
            ("f".to_owned(), "s6".to_owned()),
            ("f".to_owned(), "s6".to_owned()),
            ("f".to_owned(), "s8".to_owned())
        ]
    );
    assert_eq!((second.events.covered, second.events.at_risk, again.len()), (6, 2, 8));
    assert!(second.complete);
    // The same as a run that reads everything says.
    let (anew, _) = with_memory(&server, Key::NotTyped, None).await;
    assert_eq!(second, anew);
    // And where nothing is new, the memory stays as it is but for the moment.
    let (third, _) = with_memory(&server, Key::NotTyped, Some(again)).await;
    assert_eq!(third, anew);
}

#[tokio::test]
async fn a_key_that_reached_the_backup_meanwhile_covers_what_is_remembered() {
    let (server, world) = world().serve().await;
    let (first, memory) = with_memory(&server, Key::NotTyped, None).await;
    assert_eq!(causes(&first), [(AtRisk::NotInBackup, 1)]);
    {
        let mut world = world.lock().unwrap();
        let lost = world.sender(1, 2);
        world.back_up(&lost, 0);
    }
    let (second, _) = with_memory(&server, Key::NotTyped, Some(memory)).await;
    assert_eq!((second.events.covered, second.events.at_risk), (6, 0));
}

#[tokio::test]
async fn what_was_redacted_meanwhile_is_gone() {
    let (server, world) = world().serve().await;
    let (_, memory) = with_memory(&server, Key::NotTyped, None).await;
    {
        let mut world = world.lock().unwrap();
        let room = world.generator.room_id(0);
        let redaction = world.push(&room, json!({"redacts": "$2"}));
        redaction["type"] = json!("m.room.redaction");
    }
    let (second, _) = with_memory(&server, Key::NotTyped, Some(memory)).await;
    assert_eq!((second.events.covered, second.events.redacted), (4, 1));
}

#[tokio::test]
async fn decrypted_messages_stay_decrypted_until_their_entry_changes() {
    let (server, world) = world().serve().await;
    // The first run has no key: the second one decrypts everything, and for that reads it again.
    let (_, memory) = with_memory(&server, Key::NotTyped, None).await;
    let (second, memory) = with_memory(&server, Key::Typed, Some(memory)).await;
    let proof = second.event_proof.unwrap();
    assert_eq!((proof.decrypted, proof.complete), (5, true));
    // The third one believes the second.
    let before = server.asked("/messages").len();
    let (third, memory) = with_memory(&server, Key::Typed, Some(memory)).await;
    let proof = third.event_proof.unwrap();
    assert_eq!((proof.decrypted, proof.complete), (5, true));
    assert!(histories(&server, before).iter().all(|(direction, _)| direction == "f"));
    // Another entry for the same session: what was decrypted has to be decrypted again.
    {
        let mut world = world.lock().unwrap();
        let good = world.sender(0, 1);
        world.back_up(&good, 2);
    }
    let before = server.asked("/messages").len();
    let (fourth, _) = with_memory(&server, Key::Typed, Some(memory)).await;
    let proof = fourth.event_proof.unwrap();
    assert_eq!((proof.decrypted, proof.complete, fourth.events.at_risk), (3, true, 3));
    assert!(histories(&server, before).iter().any(|(direction, _)| direction == "b"));
}

#[tokio::test]
async fn a_place_that_the_server_forgot_is_read_anew() {
    let world = world();
    let server = CannedServer::start(move |request| {
        if request.get("dir") == Some("f") {
            return Some(Answer::error(400, "M_INVALID_PARAM"));
        }
        world.answer(request)
    })
    .await;
    let (first, memory) = with_memory(&server, Key::NotTyped, None).await;
    let (second, _) = with_memory(&server, Key::NotTyped, Some(memory)).await;
    assert_eq!(first, second);
}

#[tokio::test]
async fn limits_neither_use_nor_change_the_memory() {
    let (server, _) = world().serve().await;
    let (_, memory) = with_memory(&server, Key::NotTyped, None).await;
    let options = ForecastOptions {
        max_events: Some(2),
        memory: Some(memory),
        ..ForecastOptions::default()
    };
    let limited = outcome(&server, Key::NotTyped, &options).await;
    assert_eq!(limited.memory, None);
    assert_eq!(forecast(&limited).events.total, 2);
}
