//! Checks the reader with listings cut into every kind of pieces.

mod properties;

use std::ops::ControlFlow;

use super::{Body, Flaw, Item, ListingError, MAX_ENTRY, Reader, lexer::MAX_DEPTH};

/// An item with its own copy of what it borrows.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Read {
    Room(String),
    Entry(String, String),
    Other(String),
    Oversized(String),
}

fn keep(item: &Item<'_>) -> Read {
    match *item {
        Item::Room(id) => Read::Room(id.to_owned()),
        Item::Entry {
            session_id,
            body: Body::Object(json),
        } => Read::Entry(session_id.to_owned(), String::from_utf8(json.to_vec()).unwrap()),
        Item::Entry {
            session_id,
            body: Body::Other,
        } => Read::Other(session_id.to_owned()),
        Item::Entry {
            session_id,
            body: Body::Oversized,
        } => Read::Oversized(session_id.to_owned()),
    }
}

/// Feeds pieces to the end or to the first flaw.
fn read_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Read>, Result<(), ListingError>) {
    let mut reader = Reader::new();
    let mut items = Vec::new();
    for piece in pieces {
        let flow = reader.feed(piece, |item| {
            items.push(keep(&item));
            ControlFlow::Continue(())
        });
        if let Err(error) = flow {
            assert_eq!(reader.feed(b"{}", |_| panic!("nothing follows a flaw")), Err(error));
            assert_eq!(reader.offset(), error.offset);
            assert_eq!(reader.finish(), Err(error));
            return (items, Err(error));
        }
    }
    (items, reader.finish())
}

fn read(listing: &str) -> (Vec<Read>, Result<(), ListingError>) {
    read_pieces([listing.as_bytes()])
}

fn flaw(offset: usize, flaw: Flaw) -> Result<(), ListingError> {
    Err(ListingError {
        offset: offset as u64,
        flaw,
    })
}

fn room(id: &str) -> Read {
    Read::Room(id.to_owned())
}

fn entry(session_id: &str, json: &str) -> Read {
    Read::Entry(session_id.to_owned(), json.to_owned())
}

const LISTING: &str = r#" { "etag" : [ 1 , -2.5e+3 , { "rooms" : { "!x" : { "sessions" : { "y" : { } } } } } ] ,
  "rooms" : { "!a:b" : { "n" : null , "sessions" : { "S1" : {"a":{"b":["}"]}} , "S2" : { } } , "t" : true } ,
              "!c" : { } , "!\u00e9\"" : { "sessions" : { "S\/3" : { "x" : "é\\" } , "S4" : 5 , "S5" : [ { } ] , "S6" : "{" } } } ,
  "more" : false } "#;

fn listing_items() -> Vec<Read> {
    vec![
        room("!a:b"),
        entry("S1", r#"{"a":{"b":["}"]}}"#),
        entry("S2", "{ }"),
        room("!é\""),
        entry("S/3", r#"{ "x" : "é\\" }"#),
        Read::Other("S4".to_owned()),
        Read::Other("S5".to_owned()),
        Read::Other("S6".to_owned()),
    ]
}

#[test]
fn reads_whatever_surrounds_the_entries() {
    assert_eq!(read(LISTING), (listing_items(), Ok(())));
}

#[test]
fn every_two_pieces_give_the_same() {
    let bytes = LISTING.as_bytes();
    for cut in 0..=bytes.len() {
        let (first, second) = bytes.split_at(cut);
        assert_eq!(read_pieces([first, second]), (listing_items(), Ok(())), "cut at {cut}");
    }
    assert_eq!(read_pieces(bytes.chunks(1)), (listing_items(), Ok(())));
}

#[test]
fn a_truncated_listing_keeps_what_came_before() {
    let all = listing_items();
    for cut in 0..LISTING.len() - 2 {
        let (items, end) = read_pieces([&LISTING.as_bytes()[..cut]]);
        assert_eq!(end, flaw(cut, Flaw::Truncated));
        assert!(all.starts_with(&items), "cut at {cut}");
    }
}

#[test]
fn names_the_byte_that_is_wrong() {
    for (listing, offset, expected) in [
        ("", 0, Flaw::Truncated),
        ("\u{feff}{}", 0, Flaw::Malformed),
        ("x", 0, Flaw::Malformed),
        ("null", 0, Flaw::NotAnObject),
        (" [", 1, Flaw::NotAnObject),
        ("{}", 2, Flaw::NoRooms),
        (r#"{"errcode":"M_NOT_FOUND"}"#, 25, Flaw::NoRooms),
        ("{]", 1, Flaw::Malformed),
        ("{,", 1, Flaw::Malformed),
        (r#"{"a"}"#, 4, Flaw::Malformed),
        (r#"{"a":}"#, 5, Flaw::Malformed),
        (r#"{"a":1,}"#, 7, Flaw::Malformed),
        (r#"{"a":1 2}"#, 7, Flaw::Malformed),
        (r#"{"a":[1,]}"#, 8, Flaw::Malformed),
        (r#"{"a":[}"#, 6, Flaw::Malformed),
        (r#"{"a":[1}"#, 7, Flaw::Malformed),
        (r#"{"a":{]"#, 6, Flaw::Malformed),
        (r#"{"a":{"b":1]"#, 11, Flaw::Malformed),
        (r#"{"a":tru}"#, 8, Flaw::Malformed),
        (r#"{"a":nul1"#, 8, Flaw::Malformed),
        (r#"{"a":falsé"#, 9, Flaw::Malformed),
        (r#"{"a":01}"#, 6, Flaw::Malformed),
        (r#"{"a":-}"#, 6, Flaw::Malformed),
        (r#"{"a":+1}"#, 5, Flaw::Malformed),
        (r#"{"a":.5}"#, 5, Flaw::Malformed),
        (r#"{"a":1.}"#, 7, Flaw::Malformed),
        (r#"{"a":1.5.}"#, 8, Flaw::Malformed),
        (r#"{"a":1e}"#, 7, Flaw::Malformed),
        (r#"{"a":1e+}"#, 8, Flaw::Malformed),
        (r#"{"a":1e5e}"#, 8, Flaw::Malformed),
        (r#"{"a":0x}"#, 6, Flaw::Malformed),
        (r#"{"a":"\x"}"#, 7, Flaw::Malformed),
        (r#"{"a":"\u00g0"}"#, 10, Flaw::Malformed),
        (r#"{"a":"\u000"}"#, 11, Flaw::Malformed),
        ("{\"a\":\"\n\"}", 6, Flaw::Malformed),
        ("{\"a\":\"\u{1f}\"}", 6, Flaw::Malformed),
        (r#"{"rooms":{}}x"#, 12, Flaw::Malformed),
        (r#"{"rooms":{}},"#, 12, Flaw::Malformed),
        (r#"{"rooms":{}}}"#, 12, Flaw::Malformed),
        (r#"{"rooms":{}}]"#, 12, Flaw::Malformed),
        (r#"{"rooms":[]}"#, 9, Flaw::NotAnObject),
        (r#"{"rooms": null}"#, 10, Flaw::NotAnObject),
        (r#"{"rooms":{"!a":1}}"#, 15, Flaw::NotAnObject),
        (r#"{"rooms":{"!a":{"sessions":"x"}}}"#, 27, Flaw::NotAnObject),
        (r#"{"rooms":{},"rooms":{}}"#, 13, Flaw::RoomsTwice),
        (r#"{"rooms":{},"r\u006foms":{}}"#, 13, Flaw::RoomsTwice),
        (r#"{"rooms":{"\ud800":{}}}"#, 11, Flaw::Malformed),
        (r#"{"rooms":{"!a":{"sessions":{"s":{"a":\}}}}}"#, 37, Flaw::Malformed),
    ] {
        for size in [1, 3, listing.len().max(1)] {
            let (_, end) = read_pieces(listing.as_bytes().chunks(size));
            assert_eq!(end, flaw(offset, expected), "{listing}");
        }
    }
}

#[test]
fn the_smallest_listing_is_complete() {
    assert_eq!(read(r#"{"rooms":{}}"#), (vec![], Ok(())));
    assert_eq!(read("{\"rooms\":{}}\r\n\t "), (vec![], Ok(())));
    assert_eq!(read(r#"{"rooms":{"!a":{"sessions":{}}}}"#), (vec![room("!a")], Ok(())));
}

#[test]
fn other_levels_are_not_mistaken() {
    let listing =
        r#"{"sessions":{"a":{}},"rooms":{"sessions":{"rooms":{"b":{}},"sessions":{"c":{"sessions":{"d":{}}}}}}}"#;
    assert_eq!(
        read(listing),
        (vec![room("sessions"), entry("c", r#"{"sessions":{"d":{}}}"#)], Ok(()))
    );
}

#[test]
fn what_is_listed_twice_comes_twice() {
    let listing = r#"{"rooms":{"!a":{"sessions":{"s":{},"s":{}},"sessions":{"t":{}}},"!a":{"sessions":{"u":{}}}}}"#;
    let expected = [
        room("!a"),
        entry("s", "{}"),
        entry("s", "{}"),
        room("!a"),
        entry("t", "{}"),
        room("!a"),
        entry("u", "{}"),
    ];
    assert_eq!(read(listing), (expected.to_vec(), Ok(())));
}

#[test]
fn bytes_that_are_no_utf8_are_found() {
    for bytes in [&b"\xff"[..], b"\x80", b"\xc3\"", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"] {
        for (before, after) in [
            (r#"{"rooms":{"!a":{"sessions":{"s":{"x":""#, r#""}}}}}"#),
            (r#"{""#, r#"":1}"#),
        ] {
            let listing = [before.as_bytes(), bytes, after.as_bytes()].concat();
            let valid = std::str::from_utf8(bytes).unwrap_err();
            let offset = before.len()
                + usize::from(valid.error_len() == Some(1) && bytes.len() == 2)
                + usize::from(bytes.len() > 2);
            assert_eq!(read_pieces([&listing[..]]).1, flaw(offset, Flaw::NotUtf8), "{bytes:?}");
            assert_eq!(
                read_pieces(listing.chunks(1)).1,
                flaw(offset, Flaw::NotUtf8),
                "{bytes:?}"
            );
        }
    }
}

#[test]
fn depth_is_limited() {
    let nested = |depth: u32| {
        let depth = depth as usize;
        format!(r#"{{"a":{}{},"rooms":{{}}}}"#, "[".repeat(depth), "]".repeat(depth))
    };
    assert_eq!(read(&nested(MAX_DEPTH - 1)).1, Ok(()));
    assert_eq!(
        read(&nested(MAX_DEPTH)).1,
        flaw(5 + MAX_DEPTH as usize - 1, Flaw::TooDeep)
    );
    let mixed = r#"{"a":[{"b":[{"c":[[],{}]}]}],"rooms":{}}"#;
    assert_eq!(read(mixed).1, Ok(()));
}

#[test]
fn an_entry_may_be_so_large_and_no_larger() {
    let listing = |text: usize| {
        let json = format!(r#"{{"x":"{}"}}"#, "y".repeat(text - 8));
        assert_eq!(json.len(), text);
        (
            format!(r#"{{"rooms":{{"!a":{{"sessions":{{"s":{json},"t":{{}}}}}}}}}}"#),
            json,
        )
    };
    assert_eq!(MAX_ENTRY, 65_536, "64 KiB");
    for size in [1000, MAX_ENTRY, usize::MAX] {
        let (fits, json) = listing(MAX_ENTRY);
        let (items, end) = read_pieces(fits.as_bytes().chunks(size));
        assert_eq!(
            (items, end),
            (vec![room("!a"), entry("s", &json), entry("t", "{}")], Ok(()))
        );
        for large in [MAX_ENTRY + 1, MAX_ENTRY * 3] {
            let (large, _) = listing(large);
            let (items, end) = read_pieces(large.as_bytes().chunks(size));
            assert_eq!(
                (items, end),
                (
                    vec![room("!a"), Read::Oversized("s".to_owned()), entry("t", "{}")],
                    Ok(())
                )
            );
        }
    }
}

#[test]
fn what_is_kept_is_bounded() {
    let mut reader = Reader::new();
    let mut feed = |piece: &[u8]| {
        let _ = reader.feed(piece, |_| ControlFlow::Continue(())).unwrap();
        assert!(reader.held.capacity() <= 2 * MAX_ENTRY);
    };
    feed(br#"{"skipped":""#);
    (0..100).for_each(|_| feed(&[b'x'; 5000]));
    feed(br#"","rooms":{"!a":{"sessions":{"s":{"x":""#);
    (0..100).for_each(|_| feed(&[b'x'; 5000]));
    feed(br#""}}}}}"#);
    assert_eq!(reader.finish(), Ok(()));
}

#[test]
fn a_key_may_be_so_long_and_no_longer() {
    let listing = |length: usize, rest: &str| format!(r#"{{"rooms":{{"{}{rest}"#, "k".repeat(length));
    let start = r#"{"rooms":{""#.len();
    for size in [1000, MAX_ENTRY, usize::MAX] {
        let end = |listing: String| read_pieces(listing.as_bytes().chunks(size)).1;
        assert_eq!(end(listing(MAX_ENTRY, r#"":{}}}"#)), Ok(()));
        for rest in [r#"":{}}}"#, "", "\n"] {
            assert_eq!(
                end(listing(MAX_ENTRY + 1, rest)),
                flaw(start + MAX_ENTRY, Flaw::KeyTooLong),
                "{rest:?}"
            );
        }
        assert_eq!(
            end(listing(MAX_ENTRY * 2, "")),
            flaw(start + MAX_ENTRY, Flaw::KeyTooLong)
        );
        assert_eq!(end(listing(MAX_ENTRY, "")), flaw(start + MAX_ENTRY, Flaw::Truncated));
        assert_eq!(end(listing(MAX_ENTRY, "\n")), flaw(start + MAX_ENTRY, Flaw::Malformed));
    }
}

#[test]
fn the_sink_may_break_off() {
    let mut reader = Reader::new();
    let mut items = 0;
    let flow = reader.feed(LISTING.as_bytes(), |_| {
        items += 1;
        if items == 2 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert_eq!((flow, items), (Ok(ControlFlow::Break(())), 2));
    assert_eq!(reader.offset() as usize, LISTING.find(r#" , "S2""#).unwrap());
}
