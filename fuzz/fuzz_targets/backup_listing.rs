//! The listing of a key backup: the same however it is cut, and never taken for one when serde_json sees no JSON in it.

#![no_main]

use std::ops::ControlFlow;

use libfuzzer_sys::fuzz_target;
use lifeboat_backup::{Body, Item, ListingError, Reader};
use serde::de::IgnoredAny;

/// What a reader found, with copies of what it lent.
#[derive(Debug, Default, PartialEq, Eq)]
struct Read {
    items: Vec<(String, Option<Vec<u8>>)>,
    end: Option<ListingError>,
}

fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Read {
    let (mut reader, mut read) = (Reader::new(), Read::default());
    for piece in pieces {
        let fed = reader.feed(piece, |item| {
            read.items.push(match item {
                Item::Room(id) => (id.to_owned(), None),
                Item::Entry {
                    session_id,
                    body: Body::Object(json),
                } => (session_id.to_owned(), Some(json.to_vec())),
                Item::Entry { session_id, .. } => (session_id.to_owned(), Some(Vec::new())),
            });
            ControlFlow::Continue(())
        });
        if fed.is_err() {
            break;
        }
    }
    read.end = reader.finish().err();
    read
}

fuzz_target!(|data: &[u8]| {
    let Some((cut, listing)) = data.split_first() else {
        return;
    };
    let whole = read(std::iter::once(listing));
    let pieces = read(listing.chunks(usize::from(*cut).max(1)));
    assert_eq!(pieces, whole);
    for (_, entry) in &whole.items {
        let json = entry.as_deref().filter(|it| !it.is_empty());
        assert!(json.is_none_or(|it| serde_json::from_slice::<IgnoredAny>(it).is_ok()));
    }
    let is_text = std::str::from_utf8(listing).is_ok();
    // The other way round they differ: serde_json does not look closely at what it passes over.
    if whole.end.is_none() {
        let json = is_text && serde_json::from_slice::<IgnoredAny>(listing).is_ok();
        assert!(json, "no JSON, and taken for a listing");
    }
});
