//! What holds for any listing, spoiled or not, however it is cut.

use std::collections::BTreeMap;

use proptest::{prelude::*, sample::Index};
use serde::de::IgnoredAny;

use super::{LISTING, Read, read, read_pieces};
use crate::{Flaw, ListingError};

/// Any JSON value, spaced out, of any text.
fn value() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("1e999".to_owned()),
        Just("-0.5E-3".to_owned()),
        Just("123456789012345678901234567890".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        text(),
    ];
    scalar.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|values| format!("[{}]", values.join(" ,\n"))),
            prop::collection::vec((text(), inner), 0..4).prop_map(|fields| object(&fields)),
        ]
    })
}

/// Any text in quotes, with escapes of both kinds.
fn text() -> impl Strategy<Value = String> {
    (any::<String>(), "(\\\\u[0-9a-fA-F]{3}[1-9]|\\\\/|\\\\n){0,2}")
        .prop_map(|(text, escapes)| {
            format!(
                "{}{escapes}\"",
                serde_json::to_string(&text).unwrap().trim_end_matches('"')
            )
        })
        .prop_filter("lone surrogates", |text| serde_json::from_str::<String>(text).is_ok())
}

fn object(fields: &[(String, String)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(key, value)| format!("{key} :{value}")).collect();
    format!("{{ {}}}", fields.join(","))
}

/// A lawful listing of any ids and entries among unknown fields.
fn listing() -> impl Strategy<Value = String> {
    let name = |name: &str| {
        let quoted = format!("\"{name}\"");
        text().prop_filter("another name", move |text| *text != quoted)
    };
    let sessions = prop::collection::vec((text(), value()), 0..4).prop_map(|fields| object(&fields));
    let room = (
        prop::collection::vec((name("sessions"), value()), 0..2),
        sessions,
        0..3_usize,
    )
        .prop_map(|(mut fields, sessions, at)| {
            fields.insert(at.min(fields.len()), ("\"sessions\"".to_owned(), sessions));
            object(&fields)
        });
    let rooms = prop::collection::vec((text(), room), 0..4).prop_map(|fields| object(&fields));
    (prop::collection::vec((name("rooms"), value()), 0..3), rooms, 0..4_usize).prop_map(|(mut fields, rooms, at)| {
        fields.insert(at.min(fields.len()), ("\"rooms\"".to_owned(), rooms));
        object(&fields)
    })
}

/// Cuts bytes at the given places.
fn cut<'a>(bytes: &'a [u8], places: &[Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = places.iter().map(|place| place.index(bytes.len() + 1)).collect();
    places.sort_unstable();
    let starts = std::iter::once(0).chain(places.iter().copied());
    let ends = places.iter().copied().chain([bytes.len()]);
    starts.zip(ends).map(|(start, end)| &bytes[start..end]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_split_of_the_bytes_gives_the_same(listing in listing(), places: [Index; 6]) {
        let whole = read(&listing);
        prop_assert_eq!(whole.1, Ok(()));
        prop_assert_eq!(read_pieces(cut(listing.as_bytes(), &places)), whole.clone());
        prop_assert_eq!(read_pieces(listing.as_bytes().chunks(1)), whole);
    }

    #[test]
    fn entries_are_those_that_a_json_library_finds(listing in listing()) {
        let (items, _) = read(&listing);
        let json: serde_json::Value = serde_json::from_str(&listing.replace("1e999", "1e99")).unwrap();
        let mut room = None;
        let mut last = BTreeMap::new();
        for item in items {
            let (session_id, json) = match item {
                Read::Room(id) => {
                    room = Some(id);
                    continue;
                }
                Read::Entry(session_id, json) => (session_id, Some(json)),
                Read::Other(session_id) | Read::Oversized(session_id) => (session_id, None),
            };
            last.insert((room.clone().unwrap(), session_id), json);
        }
        let mut expected = BTreeMap::new();
        for (room, fields) in json["rooms"].as_object().unwrap() {
            for (session_id, entry) in fields["sessions"].as_object().unwrap() {
                expected.insert((room.clone(), session_id.clone()), entry.is_object().then(|| entry.clone()));
            }
        }
        let last_room_only = expected.keys().map(|(room, _)| room.clone()).collect::<Vec<_>>();
        for (key, entry) in expected {
            let found = last.get(&key).cloned().flatten();
            let found = found.map(|json| serde_json::from_str::<serde_json::Value>(&json.replace("1e999", "1e99")).unwrap());
            prop_assert_eq!(found, entry, "{:?} {:?}", key, last_room_only);
        }
    }

    #[test]
    fn the_named_byte_is_the_first_wrong_one(
        listing in listing(),
        spoils in prop::collection::vec((any::<Index>(), any::<u8>(), 0..3_u8), 1..4),
        places: [Index; 3],
    ) {
        let mut bytes = listing.into_bytes();
        for (place, byte, kind) in spoils {
            let at = place.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => bytes.truncate(at.max(1)),
            }
        }
        let whole = read_pieces([&bytes[..]]);
        prop_assert_eq!(read_pieces(cut(&bytes, &places)), whole.clone());
        let json = |bytes: &[u8]| serde_json::from_slice::<IgnoredAny>(bytes).map(|_| ());
        // The library calls an unfinished number a syntax error.
        let unfinished = |bytes: &[u8]| {
            bytes.last().is_some_and(|last| b"-+.eE".contains(last)) || json(bytes).is_err_and(|error| error.is_eof())
        };
        match whole.1 {
            Ok(()) | Err(ListingError { flaw: Flaw::NoRooms, .. }) => {
                prop_assert!(json(&bytes).is_ok() && std::str::from_utf8(&bytes).is_ok());
            }
            Err(ListingError { offset, flaw: Flaw::Truncated }) => {
                prop_assert_eq!(offset as usize, bytes.len());
                prop_assert!(unfinished(&bytes));
            }
            Err(ListingError { offset, flaw: Flaw::NotUtf8 }) => {
                let error = std::str::from_utf8(&bytes).unwrap_err();
                prop_assert!(error.valid_up_to() <= offset as usize);
                prop_assert!(std::str::from_utf8(&bytes[..=offset as usize]).unwrap_err().error_len().is_some());
            }
            Err(ListingError { offset, flaw: Flaw::Malformed }) => {
                let offset = offset as usize;
                prop_assert!(json(&bytes[..offset]).is_ok() || unfinished(&bytes[..offset]));
                // The library reads the four digits of an escape at once.
                let with = json(&[&bytes[..=offset], b"   "].concat());
                let surrogate = bytes.get(offset..).is_some_and(|rest| rest.windows(3).any(|window| window[..2] == *b"\\u"));
                prop_assert!(surrogate || with.is_err_and(|error| error.is_syntax()));
            }
            Err(ListingError { flaw, .. }) => {
                prop_assert!(matches!(flaw, Flaw::NotAnObject | Flaw::RoomsTwice), "{:?}", flaw);
            }
        }
    }

    #[test]
    fn garbage_is_read_without_panic(bytes: Vec<u8>, start in 0..LISTING.len()) {
        let start = LISTING.as_bytes()[..start].to_vec();
        let garbage = [start, bytes].concat();
        let whole = read_pieces([&garbage[..]]);
        prop_assert_eq!(read_pieces(garbage.chunks(1)), whole);
    }
}
