//! Odd, slow and broken servers: nothing loops, and nothing is called complete that is not.

use lifeboat_report::{Fact, Gap, forecast::AtRisk};
use serde_json::json;

use super::*;
use crate::forecast::ForecastProgress;

/// Nine messages in one room, all covered.
fn world() -> World {
    let mut world = World::new();
    let mut good = world.sender(0, 1);
    for _ in 0..9 {
        world.send(&mut good);
    }
    world.back_up(&good, 0);
    world
}

/// Serves `world` with other answers to requests for paths that end with `suffix`.
async fn spoiled(
    suffix: &'static str,
    answer: impl Fn(&Request, Answer) -> Answer + Send + Sync + 'static,
) -> CannedServer {
    let world = world();
    CannedServer::start(move |request| {
        let sound = world.answer(request)?;
        Some(if request.path.ends_with(suffix) {
            answer(request, sound)
        } else {
            sound
        })
    })
    .await
}

fn changed(sound: &Answer, change: impl FnOnce(&mut Value)) -> Answer {
    let mut body: Value = serde_json::from_slice(&sound.body).unwrap();
    change(&mut body);
    body.into()
}

async fn forecast_of(server: &CannedServer) -> Forecast {
    forecast(&outcome(server, Key::NotTyped, &ForecastOptions::default()).await).clone()
}

#[tokio::test]
async fn a_repeated_token_ends_the_room_and_says_so() {
    let server = spoiled("/messages", |_, sound| changed(&sound, |body| body["end"] = json!("6"))).await;
    let forecast = forecast_of(&server).await;
    assert_eq!(server.asked("/messages").len(), 2);
    assert_eq!(
        (forecast.events.total, forecast.complete, forecast.rooms[0].gap),
        (6, false, Some(Gap::Unreadable))
    );
}

#[tokio::test]
async fn the_same_page_under_ever_new_tokens_counts_once_and_ends() {
    let server = spoiled("/messages", |request, sound| {
        let next = request.get("from").map_or(0, |it| it.parse::<u64>().unwrap() + 1);
        changed(&sound, |body| {
            body["chunk"] = json!([]);
            body["end"] = json!(next.to_string());
        })
    })
    .await;
    let forecast = forecast_of(&server).await;
    assert_eq!((forecast.events.total, forecast.complete), (0, false));
    assert_eq!(server.asked("/messages").len(), 1_001);
}

#[tokio::test]
async fn empty_pages_in_between_are_passed_over() {
    let server = spoiled("/messages", |request, sound| match request.get("from") {
        None => json!({"start": "x", "end": "9", "chunk": []}).into(),
        Some(_) => sound,
    })
    .await;
    let forecast = forecast_of(&server).await;
    assert_eq!((forecast.events.total, forecast.complete), (9, true));
}

#[tokio::test]
async fn overlapping_pages_count_once() {
    let server = spoiled("/messages", |request, sound| match request.get("from") {
        Some("6") => changed(&sound, |body| {
            let first = body["chunk"][0].clone();
            body["chunk"].as_array_mut().unwrap().push(first);
        }),
        _ => sound,
    })
    .await;
    let forecast = forecast_of(&server).await;
    assert_eq!((forecast.events.total, forecast.complete), (9, true));
}

#[tokio::test]
async fn too_many_requests_are_waited_for() {
    let refused = Mutex::new(0);
    let server = spoiled("/messages", move |_, sound| {
        let mut refused = refused.lock().unwrap();
        *refused += 1;
        if *refused > 2 {
            return sound;
        }
        Answer {
            status: 429,
            ..json!({"errcode": "M_LIMIT_EXCEEDED", "error": "x", "retry_after_ms": 1}).into()
        }
    })
    .await;
    let forecast = forecast_of(&server).await;
    assert_eq!((forecast.events.total, forecast.complete), (9, true));
    assert_eq!(server.asked("/messages").len(), 6);
}

#[tokio::test]
async fn the_header_says_how_long_to_wait() {
    for suffix in ["/messages", "/room_keys/keys"] {
        let first = Mutex::new(true);
        let server = spoiled(suffix, move |_, sound| {
            if !std::mem::take(&mut *first.lock().unwrap()) {
                return sound;
            }
            Answer {
                retry_after: Some(1),
                ..Answer::error(429, "M_LIMIT_EXCEEDED")
            }
        })
        .await;
        let start = std::time::Instant::now();
        let forecast = forecast_of(&server).await;
        assert_eq!((forecast.events.covered, forecast.complete), (9, true), "{suffix}");
        assert!(start.elapsed() >= std::time::Duration::from_secs(1), "{suffix}");
    }
}

#[tokio::test]
async fn events_out_of_order_are_judged_one_by_one() {
    let server = spoiled("/messages", |_, sound| {
        changed(&sound, |body| body["chunk"].as_array_mut().unwrap().reverse())
    })
    .await;
    let outcome = outcome(&server, Key::Typed, &ForecastOptions::default()).await;
    let forecast = forecast(&outcome);
    assert_eq!((forecast.events.covered, forecast.complete), (9, true));
    assert_eq!(forecast.event_proof.as_ref().unwrap().decrypted, 9);
}

#[tokio::test]
async fn without_history_no_room_is_complete_and_nothing_is_counted() {
    let server = spoiled("/messages", |_, _| Answer::error(404, "M_UNRECOGNIZED")).await;
    let forecast = forecast_of(&server).await;
    assert_eq!((forecast.events.total, forecast.complete), (0, false));
    assert_eq!(forecast.rooms[0].gap, Some(Gap::Unsupported));
    assert_eq!(server.asked("/messages").len(), 1);
}

#[tokio::test]
async fn a_room_that_is_refused_is_named_and_the_rest_is_read() {
    let mut world = world();
    let mut other = world.sender(1, 2);
    world.send(&mut other);
    let server = CannedServer::start(move |request| {
        if request.path.contains("room000000000000") && request.path.ends_with("/messages") {
            return Some(Answer::error(403, "M_FORBIDDEN"));
        }
        world.answer(request)
    })
    .await;
    let forecast = forecast_of(&server).await;
    assert_eq!((forecast.events.total, forecast.complete), (1, false));
    let gaps: Vec<_> = forecast.rooms.iter().map(|it| it.gap).collect();
    assert_eq!(gaps, [None, Some(Gap::Refused)]);
}

#[tokio::test]
async fn a_listing_that_breaks_off_judges_nothing_beyond_it() {
    let mut world = world();
    let (mut second, mut late) = (world.sender(1, 2), world.sender(0, 3));
    world.send(&mut second);
    world.send(&mut late);
    world.send(&mut late);
    world.back_up(&late, 1);
    world.back_up(&second, 0);
    let server = CannedServer::start(move |request| {
        let mut answer = world.answer(request)?;
        if request.path.ends_with("/room_keys/keys") {
            answer.promised = Some(answer.body.len());
            answer.body.truncate(answer.body.len() - 20);
        }
        Some(answer)
    })
    .await;
    let outcome = outcome(&server, Key::Typed, &ForecastOptions::default()).await;
    let forecast = forecast(&outcome);
    let events = &forecast.events;
    assert_eq!(
        (events.total, events.covered, events.at_risk, events.not_judged),
        (11, 10, 1, 1)
    );
    assert_eq!(causes(forecast), [(AtRisk::StartsTooLate, 1)]);
    assert_eq!(
        (forecast.complete, forecast.scope.listing_gap),
        (false, Some(Gap::Offline))
    );
    let proof = outcome.proof.known().unwrap();
    assert_eq!((proof.entries, proof.open, proof.complete), (2, 2, false));
}

#[tokio::test]
async fn a_listing_with_a_flaw_is_partial() {
    let server = spoiled("/room_keys/keys", |_, mut sound| {
        sound.body.truncate(10);
        sound.body.extend_from_slice(b"<html>");
        sound
    })
    .await;
    let outcome = outcome(&server, Key::Typed, &ForecastOptions::default()).await;
    assert_eq!(forecast(&outcome).events.not_judged, 9);
    assert_eq!(forecast(&outcome).scope.listing_gap, Some(Gap::Unreadable));
    assert!(!outcome.proof.known().unwrap().complete);
}

#[tokio::test]
async fn without_a_listing_there_is_no_forecast() {
    let server = spoiled("/room_keys/keys", |_, _| Answer::error(404, "M_UNRECOGNIZED")).await;
    let outcome = outcome(&server, Key::Typed, &ForecastOptions::default()).await;
    assert_eq!(outcome.forecast, Fact::Unknown(Gap::Unsupported));
    assert_eq!(outcome.proof, Fact::Unknown(Gap::Unsupported));
}

#[tokio::test]
async fn where_sync_is_not_understood_rooms_are_asked_one_by_one() {
    let world = world();
    let room = world.generator.room_id(0);
    let server = CannedServer::start(move |request| {
        let path = request.path.replace("%3A", ":").replace("%21", "!");
        if path.ends_with("/sync") {
            return Some(Answer::error(404, "M_UNRECOGNIZED"));
        }
        if path.ends_with("/joined_rooms") {
            return Some(json!({"joined_rooms": [room, "!plain:example.org"]}).into());
        }
        if path.contains(&room) && path.contains("/state/m.room.encryption") {
            return Some(json!({"algorithm": "m.megolm.v1.aes-sha2"}).into());
        }
        if path.contains("/state/") {
            return Some(Answer::error(404, "M_NOT_FOUND"));
        }
        world.answer(request)
    })
    .await;
    let forecast = forecast_of(&server).await;
    assert_eq!(
        (forecast.events.total, forecast.complete, forecast.rooms.len()),
        (9, true, 1)
    );
}

/// What a room without a filter shows, too.
fn unfiltered(sound: &Answer) -> Answer {
    changed(sound, |body| {
        let between = |at: usize| json!({"type": "m.room.message", "event_id": format!("$clear{at}"), "content": {}});
        let events = body["chunk"].as_array().unwrap().clone();
        let all = (0..).zip(events).flat_map(|(at, event)| [between(at), event]);
        body["chunk"] = all.collect();
    })
}

#[tokio::test]
async fn a_server_that_passes_filters_over_is_read_as_well() {
    let server = spoiled("/messages", |_, sound| unfiltered(&sound)).await;
    let forecast = forecast_of(&server).await;
    assert_eq!(
        (forecast.events.total, forecast.events.covered, forecast.complete),
        (9, 9, true)
    );
}

#[tokio::test]
async fn a_server_that_refuses_filters_is_asked_without_one() {
    for (status, code) in [(400, "M_INVALID_PARAM"), (403, "M_FORBIDDEN")] {
        let server = spoiled("/messages", move |request, sound| match request.get("filter") {
            Some(_) => Answer::error(status, code),
            None => unfiltered(&sound),
        })
        .await;
        let forecast = forecast_of(&server).await;
        assert_eq!(
            (forecast.events.total, forecast.events.covered, forecast.complete),
            (9, 9, true)
        );
        // It is refused once, and not tried again.
        let asked = server.asked("/messages");
        assert_eq!(asked.iter().filter(|it| it.get("filter").is_some()).count(), 1);
    }
    // A room that nobody may read is a gap, with a filter and without one.
    let server = spoiled("/messages", |_, _| Answer::error(403, "M_FORBIDDEN")).await;
    let forecast = forecast_of(&server).await;
    assert_eq!((forecast.complete, forecast.rooms[0].gap), (false, Some(Gap::Refused)));
    assert_eq!(server.asked("/messages").len(), 2);
}

#[tokio::test]
async fn a_forecast_that_was_stopped_is_partial() {
    let progress = ForecastProgress::default();
    let stopping = progress.clone();
    let server = spoiled("/messages", move |_, sound| {
        stopping.stop();
        sound
    })
    .await;
    let options = ForecastOptions {
        progress: progress.clone(),
        ..ForecastOptions::default()
    };
    let outcome = outcome(&server, Key::NotTyped, &options).await;
    let forecast = forecast(&outcome);
    assert!(!forecast.complete && forecast.scope.stopped && forecast.rooms[0].gap.is_none());
    assert!(forecast.events.total <= 3, "{}", forecast.events.total);
    assert_eq!((progress.rooms(), progress.rooms_done()), (1, 1));
}

#[tokio::test]
async fn an_ended_session_is_noticed_while_listing() {
    let server = spoiled("/room_keys/keys", |_, _| Answer::error(401, "M_UNKNOWN_TOKEN")).await;
    let (homeserver, session) = server.enter().await;
    let backup = newest_backup(session.caller()).await;
    let ground = Ground {
        caller: session.caller(),
        homeserver: &homeserver,
        backup: &backup,
        key: None,
        older: Vec::new(),
    };
    run(ground, &ForecastOptions::default()).await;
    assert!(session.caller().session_ended());
}
