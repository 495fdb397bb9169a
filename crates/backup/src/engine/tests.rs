//! Checks whole proofs: with and without key, damaged, cut short, cancelled, on one thread and on many.

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    ops::ControlFlow,
    sync::{Arc, Mutex, mpsc},
    time::{Duration, Instant},
};

use super::{Engine, EngineOptions};
use crate::{
    BackupKey, Damage, DamagedEntry, Flaw, ListingError, MAX_ENTRY, Partial, PartialReason, Proof, SessionId, Standing,
    State,
    generate::{BackupSize, Generator},
};

const SIZE: BackupSize = BackupSize { entries: 300, rooms: 7 };

fn generator() -> Generator {
    Generator::new(11).unwrap()
}

fn key() -> Option<Arc<BackupKey>> {
    Some(Arc::new(generator().backup_key().unwrap()))
}

fn listing() -> String {
    generator().listing(SIZE, 0..SIZE.entries).unwrap()
}

fn prove(listing: &[u8], key: Option<Arc<BackupKey>>, threads: usize, piece: usize) -> Proof {
    let threads = NonZeroUsize::new(threads);
    let mut engine = Engine::start(EngineOptions {
        key,
        threads,
        visit: None,
    })
    .unwrap();
    for piece in listing.chunks(piece) {
        if engine.feed(piece).is_break() {
            break;
        }
    }
    engine.finish()
}

fn states(states: &[(State, u64)]) -> BTreeMap<State, u64> {
    states.iter().copied().collect()
}

#[test]
fn a_healthy_backup_is_flawless() {
    let listing = listing();
    let first = prove(listing.as_bytes(), key(), 1, usize::MAX);
    assert_eq!(first.states, states(&[(State::Opens, SIZE.entries)]));
    assert_eq!(
        (first.entries, first.opens(), first.sealed(), first.damaged()),
        (SIZE.entries, SIZE.entries, 0, 0)
    );
    assert_eq!((first.partial, first.bytes), (None, listing.len() as u64));
    assert_eq!(first.damaged_entries().next(), None);
    assert!(first.is_flawless());
    assert_eq!(first.coverage.len() as u64, SIZE.entries);
    assert_eq!(first.coverage.rooms().count() as u64, SIZE.rooms);
    for (threads, piece) in [(1, 1000), (2, 10), (3, usize::MAX), (8, 70_000)] {
        assert_eq!(prove(listing.as_bytes(), key(), threads, piece), first);
    }
}

#[test]
fn messages_are_covered_by_what_opens() {
    let proof = prove(listing().as_bytes(), key(), 2, usize::MAX);
    let generator = generator();
    for number in [0, 150, 299] {
        let session = generator.session(number).unwrap().id().to_string();
        let room = generator.room_id(SIZE.room_of(number));
        let message = generator
            .session(number)
            .unwrap()
            .sender()
            .unwrap()
            .encrypt("text")
            .to_base64();
        let index = crate::message_index(&message).unwrap();
        assert_eq!(proof.coverage.standing(&room, &session, index), Standing::Covered);
        assert_eq!(
            proof.coverage.standing(&generator.room_id(99), &session, index),
            Standing::NotInBackup
        );
    }
}

#[test]
fn without_a_key_entries_stay_sealed() {
    let listing = listing();
    let proof = prove(listing.as_bytes(), None, 2, 5000);
    assert_eq!(proof.states, states(&[(State::Sealed, SIZE.entries)]));
    assert_eq!((proof.opens(), proof.sealed(), proof.damaged()), (0, SIZE.entries, 0));
    assert!(!proof.is_flawless());
}

#[test]
fn another_key_opens_nothing() {
    let other = Arc::new(BackupKey::from_bytes(&[5; 32]).unwrap());
    let proof = prove(listing().as_bytes(), Some(other), 2, usize::MAX);
    assert_eq!(
        proof.states,
        states(&[(State::Damaged(Damage::MacWrong), SIZE.entries)])
    );
    assert_eq!(proof.damaged_entries().count() as u64, SIZE.entries);
}

#[test]
fn an_empty_backup_is_flawless() {
    let proof = prove(br#"{"rooms":{}}"#, key(), 2, usize::MAX);
    assert!(proof.is_flawless() && proof.coverage.is_empty());
    assert_eq!((proof.entries, proof.states), (0, BTreeMap::new()));
}

/// Builds a listing from rooms with ready-made entries.
fn listing_of(rooms: &[(&str, &[(&str, &str)])]) -> String {
    let rooms: Vec<String> = rooms
        .iter()
        .map(|(room, entries)| {
            let entries: Vec<String> = entries.iter().map(|(id, json)| format!(r#""{id}":{json}"#)).collect();
            format!(r#""{room}":{{"sessions":{{{}}}}}"#, entries.join(","))
        })
        .collect();
    format!(r#"{{"rooms":{{{}}}}}"#, rooms.join(","))
}

#[test]
fn every_damage_is_counted_and_named() {
    let generator = generator();
    let entries: Vec<(SessionId, String)> = (0..8).map(|number| generator.entry(number).unwrap()).collect();
    let ids: Vec<String> = entries.iter().map(|(id, _)| id.to_string()).collect();
    let json: Vec<&str> = entries.iter().map(|(_, json)| json.as_str()).collect();
    let late = generator.session(6).unwrap();
    let late = generator.room_key(&late, &late.exported_at(4).unwrap());
    let late = generator.seal(late.as_bytes(), 6).unwrap();
    let large = format!(r#"{{"x":"{}"}}"#, "x".repeat(MAX_ENTRY));
    let listing = listing_of(&[
        (
            "!z:a",
            &[
                (&ids[0], json[0]),
                (&ids[1], json[0]),
                ("odd", json[2]),
                (&ids[2], "null"),
                (&ids[3], &large),
            ],
        ),
        ("no room", &[(&ids[0], json[0]), ("odder", "5"), (&ids[1], "{}")]),
        (
            "!y:a",
            &[
                (&ids[4], json[4]),
                (&ids[5], json[5]),
                (&ids[4], json[4]),
                (&ids[6], &late.entry(2)),
            ],
        ),
        ("!x:a", &[(&ids[0], json[0])]),
        ("!w:a", &[(&ids[7], json[7])]),
        ("!x:a", &[(&ids[1], json[1])]),
    ]);
    let damaged = |damage, count| (State::Damaged(damage), count);
    let proof = prove(listing.as_bytes(), key(), 2, 100);
    assert_eq!(
        proof.states,
        states(&[
            (State::Opens, 3),
            damaged(Damage::ListedTwice, 4),
            damaged(Damage::RoomIdInvalid, 3),
            damaged(Damage::SessionIdDiffers, 2),
            damaged(Damage::Oversized, 1),
            damaged(Damage::NotAnEntry, 1),
            damaged(Damage::FirstIndexLater, 1),
        ])
    );
    assert_eq!((proof.entries, proof.damaged(), proof.partial), (15, 12, None));
    let mut named: Vec<(String, String, Damage)> = proof
        .damaged_entries()
        .map(
            |DamagedEntry {
                 room_id,
                 session_id,
                 damage,
             }| (room_id.to_owned(), session_id, damage),
        )
        .collect();
    assert_eq!(
        named.pop(),
        Some(("no room".to_owned(), "odder".to_owned(), Damage::RoomIdInvalid))
    );
    assert_eq!(
        named.pop(),
        Some(("!z:a".to_owned(), "odd".to_owned(), Damage::SessionIdDiffers))
    );
    assert!(named.is_sorted_by_key(|(room, session, _)| (room.clone(), SessionId::parse(session))));
    let mut expected: Vec<_> = [
        ("!x:a", 0, Damage::ListedTwice),
        ("!x:a", 1, Damage::ListedTwice),
        ("!y:a", 4, Damage::ListedTwice),
        ("!y:a", 6, Damage::FirstIndexLater),
        ("!z:a", 1, Damage::SessionIdDiffers),
        ("!z:a", 2, Damage::NotAnEntry),
        ("!z:a", 3, Damage::Oversized),
        ("no room", 0, Damage::RoomIdInvalid),
        ("no room", 1, Damage::RoomIdInvalid),
    ]
    .map(|(room, id, damage)| (room.to_owned(), ids[id].clone(), damage))
    .to_vec();
    expected.sort();
    named.sort();
    assert_eq!(named, expected);

    let standing = |room, id: usize, index| proof.coverage.standing(room, &ids[id], index);
    assert_eq!(standing("!z:a", 0, 0), Standing::Covered);
    assert_eq!(standing("!z:a", 1, 0), Standing::Damaged(Damage::SessionIdDiffers));
    assert_eq!(standing("!z:a", 3, 0), Standing::Damaged(Damage::Oversized));
    assert_eq!(standing("!y:a", 4, 0), Standing::Damaged(Damage::ListedTwice));
    assert_eq!(standing("!y:a", 6, 4), Standing::Covered);
    assert_eq!(standing("!y:a", 6, 3), Standing::StartsTooLate { by: 1 });
    assert_eq!(standing("!y:a", 7, 0), Standing::NotInBackup);
}

#[test]
fn the_real_index_counts_where_it_is_known() {
    let generator = generator();
    let (id, json) = generator.entry(0).unwrap();
    let modest = json.replace(r#""first_message_index":0"#, r#""first_message_index":9"#);
    assert_ne!(modest, json);
    let listing = listing_of(&[("!a", &[(&id.to_string(), &modest)])]);
    let opened = prove(listing.as_bytes(), key(), 1, usize::MAX);
    let looked_at = prove(listing.as_bytes(), None, 1, usize::MAX);
    assert_eq!(opened.coverage.standing("!a", &id.to_string(), 0), Standing::Covered);
    assert_eq!(
        looked_at.coverage.standing("!a", &id.to_string(), 0),
        Standing::StartsTooLate { by: 9 }
    );
}

#[test]
fn impossible_ids_are_counted_without_limit_and_named_with_one() {
    let entries: Vec<(String, &str)> = (0..10_100).map(|number| (format!("odd{number}"), "{}")).collect();
    let entries: Vec<(&str, &str)> = entries.iter().map(|(id, json)| (id.as_str(), *json)).collect();
    let proof = prove(listing_of(&[("!a", &entries)]).as_bytes(), None, 1, usize::MAX);
    assert_eq!(
        proof.states,
        states(&[(State::Damaged(Damage::SessionIdDiffers), 10_100)])
    );
    assert_eq!(proof.damaged_entries().count(), 10_000);
}

#[test]
fn endless_ids_are_shortened() {
    let long = "y".repeat(MAX_ENTRY);
    let listing = listing_of(&[(&long, &[(&long, "{}")])]);
    let proof = prove(listing.as_bytes(), None, 1, usize::MAX);
    let shown = format!("{}…", &long[..255]);
    let expected = DamagedEntry {
        room_id: &shown,
        session_id: shown.clone(),
        damage: Damage::RoomIdInvalid,
    };
    assert_eq!(proof.damaged_entries().collect::<Vec<_>>(), [expected]);
}

#[test]
fn a_listing_cut_short_is_partial_and_keeps_what_came_before() {
    let listing = listing();
    let cut = listing.len() / 2;
    let proof = prove(&listing.as_bytes()[..cut], key(), 2, 3000);
    let error = ListingError {
        offset: cut as u64,
        flaw: Flaw::Truncated,
    };
    assert_eq!(
        proof.partial,
        Some(Partial {
            offset: cut as u64,
            reason: PartialReason::Listing(error)
        })
    );
    assert!(!proof.is_flawless());
    assert_eq!(proof.opens(), proof.entries);
    let whole = listing[..cut].matches(r#""mac":"#).count() as u64;
    assert!(
        (whole - 1..=whole).contains(&proof.entries),
        "{} of {whole}",
        proof.entries
    );
}

#[test]
fn a_flaw_ends_the_feeding() {
    let listing = listing();
    let cut = listing.len() / 2;
    let spoiled = [&listing.as_bytes()[..cut], b"\n"].concat();
    let mut engine = Engine::start(EngineOptions {
        key: key(),
        ..EngineOptions::default()
    })
    .unwrap();
    assert_eq!(engine.feed(&spoiled[..cut]), ControlFlow::Continue(()));
    assert_eq!(engine.feed(&spoiled[cut..]), ControlFlow::Break(()));
    assert_eq!(engine.feed(listing.as_bytes()), ControlFlow::Break(()));
    let proof = engine.finish();
    let error = ListingError {
        offset: cut as u64,
        flaw: Flaw::Malformed,
    };
    assert_eq!(
        proof.partial,
        Some(Partial {
            offset: cut as u64,
            reason: PartialReason::Listing(error)
        })
    );
    assert!(proof.opens() > 100);
}

#[test]
fn progress_counts_entries_and_bytes() {
    let listing = listing();
    let engine = Engine::start(EngineOptions {
        key: key(),
        ..EngineOptions::default()
    });
    let mut engine = engine.unwrap();
    let progress = engine.progress();
    assert_eq!(
        (progress.entries(), progress.bytes(), progress.is_cancelled()),
        (0, 0, false)
    );
    let (first, second) = listing.as_bytes().split_at(10_000);
    let _ = engine.feed(first);
    assert_eq!(progress.bytes(), 10_000);
    let _ = engine.feed(second);
    let _ = engine.feed(b" ");
    assert_eq!(progress.bytes(), listing.len() as u64 + 1);
    let proof = engine.finish();
    assert_eq!(progress.entries(), proof.entries);
    let odd = listing_of(&[(
        "!a",
        &[("odd", "{}"), ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "5")],
    )]);
    let mut engine = Engine::start(EngineOptions::default()).unwrap();
    let _ = engine.feed(odd.as_bytes());
    assert_eq!(engine.progress().entries(), 2);
    assert_eq!(engine.finish().entries, 2);
}

#[test]
fn a_cancelled_engine_stops_early() {
    let listing = listing();
    let mut engine = Engine::start(EngineOptions {
        key: key(),
        ..EngineOptions::default()
    })
    .unwrap();
    let (first, second) = listing.as_bytes().split_at(1000);
    assert_eq!(engine.feed(first), ControlFlow::Continue(()));
    engine.progress().cancel();
    assert!(engine.progress().is_cancelled());
    assert_eq!(engine.feed(second), ControlFlow::Break(()));
    let proof = engine.finish();
    let offset = proof.bytes;
    assert_eq!(
        proof.partial,
        Some(Partial {
            offset,
            reason: PartialReason::Cancelled
        })
    );
    assert_eq!(proof.entries, 0);
}

#[test]
fn a_cancelled_engine_wants_no_more_even_between_two_entries() {
    let mut engine = Engine::start(EngineOptions::default()).unwrap();
    assert_eq!(engine.feed(b"{"), ControlFlow::Continue(()));
    engine.progress().cancel();
    assert_eq!(engine.feed(b"\"rooms\""), ControlFlow::Break(()));
}

#[test]
fn every_opened_key_is_shown_with_its_room() {
    let listing = listing();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&seen);
    let visit: Box<super::Visit> = Box::new(move |room, opened| {
        into.lock()
            .unwrap()
            .push((room.to_owned(), opened.session_id(), opened.session_key().to_vec()));
    });
    let mut engine = Engine::start(EngineOptions {
        key: key(),
        threads: NonZeroUsize::new(3),
        visit: Some(visit),
    })
    .unwrap();
    assert!(
        listing
            .as_bytes()
            .chunks(777)
            .all(|piece| engine.feed(piece).is_continue())
    );
    assert!(engine.finish().is_flawless());
    let mut seen = std::mem::take(&mut *seen.lock().unwrap());
    seen.sort();
    let generator = generator();
    let mut expected: Vec<_> = (0..SIZE.entries)
        .map(|number| {
            let session = generator.session(number).unwrap();
            (
                generator.room_id(SIZE.room_of(number)),
                session.id(),
                session.exported(),
            )
        })
        .collect();
    expected.sort();
    assert!(seen == expected);
}

#[test]
fn a_lost_thread_is_not_hidden() {
    let listing = listing();
    let visit: Box<super::Visit> = Box::new(|_, _| panic!("on purpose"));
    let mut engine = Engine::start(EngineOptions {
        key: key(),
        visit: Some(visit),
        threads: None,
    })
    .unwrap();
    let _ = engine.feed(listing.as_bytes());
    let proof = engine.finish();
    assert_eq!(
        proof.partial.map(|partial| partial.reason),
        Some(PartialReason::ThreadLost)
    );
    assert!(!proof.is_flawless());
}

#[test]
fn feeding_waits_for_the_threads() {
    let (release, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let visit: Box<super::Visit> = Box::new(move |_, _| {
        // Ends at once when the other side is gone.
        let _ = gate.lock().unwrap().recv();
    });
    let mut engine = Engine::start(EngineOptions {
        key: key(),
        visit: Some(visit),
        threads: None,
    })
    .unwrap();
    let progress = engine.progress();
    let size = BackupSize {
        entries: 1000,
        rooms: 1,
    };
    let listing = generator().listing(size, 0..size.entries).unwrap();
    let feeder = std::thread::spawn(move || {
        for piece in listing.as_bytes().chunks(4096) {
            let _ = engine.feed(piece);
        }
        engine.finish()
    });
    // One batch is being opened, one is queued and one waits for its place, of 96 KiB each: the reader cannot be much further.
    let deadline = Instant::now() + Duration::from_secs(60);
    while progress.bytes() < 100_000 {
        assert!(Instant::now() < deadline, "the first batches are taken");
        std::thread::yield_now();
    }
    for _ in 0..1000 {
        std::thread::yield_now();
        assert!(progress.bytes() < 400_000, "{}", progress.bytes());
    }
    drop(release);
    assert!(feeder.join().unwrap().is_flawless());
}
