//! Servers and disks that fail: no ark is better than half of one.

use lifeboat_report::Gap;

use super::*;

async fn refused(path_end: &'static str, answer: fn() -> Answer) -> (ArkError, Vec<u8>) {
    let world = World::new();
    let server = CannedServer::start(move |request| {
        if request.path.ends_with(path_end) {
            Some(answer())
        } else {
            world.answer(request)
        }
    })
    .await;
    let shelf = Shelf::default();
    let error = save_to(&server, shelf.clone()).await.unwrap_err();
    (error, shelf.bytes())
}

#[tokio::test]
async fn a_part_that_does_not_come_is_no_part_left_out() {
    for path in [
        "/devices",
        "/keys/query",
        "/sync",
        "/room_keys/version",
        "/version/1",
        "/room_keys/keys",
    ] {
        let (error, bytes) = refused(path, || Answer::error(403, "M_FORBIDDEN")).await;
        assert!(
            matches!(error, ArkError::NotGiven { gap: Gap::Refused, .. }),
            "{path}: {error}"
        );
        assert!(read(Cursor::new(bytes), |_| Ok(())).is_err(), "{path}");
    }
}

#[tokio::test]
async fn a_listing_that_breaks_off_is_no_listing() {
    let (error, bytes) = refused("/room_keys/keys", || Answer {
        body: br#"{"rooms":{"!a:example.org":{"sessions":{"#.to_vec(),
        ..json!({}).into()
    })
    .await;
    assert!(matches!(error, ArkError::Listing { .. }), "{error}");
    assert!(read(Cursor::new(bytes), |_| Ok(())).is_err());

    let (error, _) = refused("/room_keys/keys", || Answer {
        promised: Some(1000),
        body: br#"{"rooms":{"#.to_vec(),
        ..json!({}).into()
    })
    .await;
    assert!(matches!(error, ArkError::NotGiven { gap: Gap::Offline, .. }), "{error}");
}

#[tokio::test]
async fn answers_that_make_no_sense_are_not_filed() {
    let (error, _) = refused("/devices", || Answer {
        body: b"<html>".to_vec(),
        ..json!({}).into()
    })
    .await;
    assert!(
        matches!(
            error,
            ArkError::NotGiven {
                gap: Gap::Unreadable,
                ..
            }
        ),
        "{error}"
    );
    let (error, _) = refused("/room_keys/version", || json!({"version": "9007199254740993"}).into()).await;
    assert!(matches!(error, ArkError::TooManyVersions { .. }), "{error}");
}

#[tokio::test]
async fn a_session_that_ended_is_said() {
    let world = World::new();
    let server = CannedServer::start(move |request| match request.path.as_str() {
        // The check asks for no entries, so it has come to its end before.
        "/_matrix/client/v3/room_keys/keys" => Some(Answer::error(401, "M_UNKNOWN_TOKEN")),
        _ => world.answer(request),
    })
    .await;
    let error = save_to(&server, Shelf::default()).await.unwrap_err();
    assert!(matches!(error, ArkError::SessionEnded), "{error}");
}

/// A disk with room for so many bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        match self.0.checked_sub(piece.len()) {
            Some(left) => self.0 = left,
            None => return Err(io::ErrorKind::StorageFull.into()),
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_full_disk_is_said() {
    for room in [0, 5000] {
        let world = World::new();
        let server = CannedServer::start(move |request| world.answer(request)).await;
        let error = save_to(&server, Full(room)).await.unwrap_err();
        let full = matches!(&error, ArkError::Write(error) if error.kind() == io::ErrorKind::StorageFull);
        assert!(full, "{error}");
    }
}
