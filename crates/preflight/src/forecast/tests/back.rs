//! Reading a room back from one of its messages: nothing newer, nothing twice, and nothing called read that is not.

use std::{
    ops::ControlFlow,
    sync::atomic::{AtomicU32, Ordering},
};

use lifeboat_report::Gap;
use matrix_sdk::ruma::{EventId, RoomId};
use serde_json::json;

use super::*;
use crate::forecast::{ForecastProgress, HistoryKind, HistoryReader};

/// Nine messages in one room, the second without content, the third sent while the account was outside.
fn world() -> World {
    let mut world = World::new();
    let mut sender = world.sender(0, 1);
    for number in 0..9 {
        let event = world.send(&mut sender);
        match number {
            1 => event["content"] = json!({}),
            2 => event["unsigned"] = json!({"membership": "leave"}),
            _ => {}
        }
    }
    world
}

/// Serves it with other answers to some requests.
async fn serve(answer: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static) -> CannedServer {
    let world = world();
    CannedServer::start(move |request| answer(request).or_else(|| world.answer(request))).await
}

/// A place after `$5`, as a sound server names it.
fn context(request: &Request) -> Option<Answer> {
    let asked = request.path.contains("/context/") && request.path.ends_with("5");
    asked.then(|| json!({"start": "5", "end": "6", "event": {}, "state": []}).into())
}

/// Reads back from a message; returns the ids of the messages in order, and how the reading ended.
async fn read_back(
    server: &CannedServer,
    newest: &str,
    progress: &ForecastProgress,
    most: usize,
) -> (Vec<String>, Result<(), Gap>) {
    let (_, session) = server.enter().await;
    let room = RoomId::parse(Generator::new(7).unwrap().room_id(0)).unwrap();
    let reader = HistoryReader::new(session.caller(), progress, 1);
    let mut seen = Vec::new();
    let newest = EventId::parse(newest).unwrap();
    let read = reader.read_back(&room, &newest, async |page| {
        for event in page {
            let id: String = event.raw.get_field("event_id").unwrap().unwrap();
            let expected = match id.as_str() {
                "$1" => HistoryKind::Redacted,
                "$2" => HistoryKind::Outside,
                _ => HistoryKind::Message,
            };
            assert_eq!(event.kind, expected, "{id}");
            seen.push(id);
        }
        if seen.len() >= most {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    let read = read.await;
    assert_eq!(progress.rooms_done(), 1);
    (seen, read)
}

async fn all(server: &CannedServer, newest: &str) -> (Vec<String>, Result<(), Gap>) {
    let progress = ForecastProgress::default();
    let read = read_back(server, newest, &progress, usize::MAX).await;
    assert_eq!(progress.events(), read.0.len() as u64);
    read
}

const FROM_FIVE: [&str; 6] = ["$5", "$4", "$3", "$2", "$1", "$0"];

#[tokio::test]
async fn it_begins_at_the_message_and_ends_at_the_start() {
    let server = serve(context).await;
    let (seen, read) = all(&server, "$5").await;
    assert_eq!((seen.as_slice(), read), (&FROM_FIVE.map(str::to_owned)[..], Ok(())));
    // Not one page of what is newer was asked for.
    assert_eq!(server.asked("/messages")[0].get("from"), Some("6"));
    assert!(
        server
            .asked("/$5")
            .iter()
            .chain(&server.asked("/%245"))
            .all(|it| it.get("limit") == Some("0"))
    );
}

#[tokio::test]
async fn where_no_place_is_named_newer_messages_are_passed_over() {
    for status in [404, 400, 500] {
        let server = serve(move |request| {
            request
                .path
                .contains("/context/")
                .then(|| Answer::error(status, "M_UNKNOWN"))
        })
        .await;
        let (seen, read) = all(&server, "$5").await;
        assert_eq!(
            (seen.as_slice(), read),
            (&FROM_FIVE.map(str::to_owned)[..], Ok(())),
            "{status}"
        );
    }
}

#[tokio::test]
async fn a_message_that_is_not_found_proves_nothing() {
    let server = serve(|_| None).await;
    assert_eq!(all(&server, "$99").await, (Vec::new(), Err(Gap::Unreadable)));
}

#[tokio::test]
async fn enough_is_enough() {
    let server = serve(context).await;
    let (seen, read) = read_back(&server, "$5", &ForecastProgress::default(), 3).await;
    assert_eq!((seen.len(), read, server.asked("/messages").len()), (3, Ok(()), 1));
}

#[tokio::test]
async fn a_circle_ends_and_is_said() {
    let server = serve(|request| {
        let turned = request.path.ends_with("/messages") && request.get("from") == Some("3");
        let page = json!({"start": "3", "end": "6", "chunk": []});
        context(request).or_else(|| turned.then(|| page.into()))
    })
    .await;
    let (seen, read) = all(&server, "$5").await;
    assert_eq!((seen.len(), read), (3, Err(Gap::Unreadable)));
}

#[tokio::test]
async fn a_busy_server_is_waited_for_and_a_refusal_is_said() {
    let busy = AtomicU32::new(0);
    let server = serve(move |request| {
        let second = request.path.ends_with("/messages") && request.get("from") == Some("3");
        let refusal = json!({"errcode": "M_LIMIT_EXCEEDED", "error": "no", "retry_after_ms": 10});
        let mut refusal = Answer::from(refusal);
        refusal.status = 429;
        let too_many = second && busy.fetch_add(1, Ordering::Relaxed) < 2;
        context(request).or_else(|| too_many.then_some(refusal))
    })
    .await;
    let (seen, read) = all(&server, "$5").await;
    assert_eq!((seen.len(), read), (6, Ok(())));
    let server = serve(|request| {
        let second = request.path.ends_with("/messages") && request.get("from") == Some("3");
        context(request).or_else(|| second.then(|| Answer::error(403, "M_FORBIDDEN")))
    })
    .await;
    let (seen, read) = all(&server, "$5").await;
    assert_eq!((seen.len(), read), (3, Err(Gap::Refused)));
}

#[tokio::test]
async fn a_stopped_reading_says_that_it_was_stopped() {
    let server = serve(context).await;
    let progress = ForecastProgress::default();
    progress.stop();
    let (seen, read) = read_back(&server, "$5", &progress, usize::MAX).await;
    assert_eq!((seen, read), (Vec::new(), Err(Gap::NotAsked)));
}
