//! What `Debug` shows of every type here that holds a secret: which it is, and nothing that opens a message.

use lifeboat_preflight::FreshKey;
use secrecy::SecretString;

use crate::{Downloaded, KeyFile, RoomKeys, key_file::tests::key, write_key_file};

#[test]
fn debug_shows_nothing_of_a_room_key() {
    let key = key(0, 0);
    let shown = format!(
        "RoomKey {{ room_id: \"!hiking:example.org\", session_id: {:?}, .. }}",
        key.session_id()
    );
    assert_eq!(format!("{key:?}"), shown);
    let mut keys = RoomKeys::default();
    assert!(keys.take(key.clone()));
    let told = format!("{:?}", Downloaded { keys, damaged: 0 });
    assert!(told.contains(&shown) && !told.contains(&key.session_key), "{told}");
}

#[test]
fn debug_shows_nothing_of_a_key_file() {
    let text = write_key_file(&RoomKeys::default(), &SecretString::from("mira's own words")).unwrap();
    let file = KeyFile::parse(text.as_bytes()).unwrap();
    assert_eq!(format!("{file:?}"), "KeyFile { rounds: 500000, .. }");
}

/// [`crate::Bench`] has no other fields that are secret.
#[test]
fn debug_shows_nothing_of_what_repairs_are_given() {
    let fresh = FreshKey::generate().unwrap();
    let shown = format!("FreshKey {{ id: {:?}, key: StorageKey {{ .. }} }}", fresh.id());
    assert_eq!(format!("{fresh:?}"), shown);
    let (typed, password) = ([fresh.recovery_key()], SecretString::from("hunter2"));
    let told = format!("{typed:?} {password:?}");
    assert_eq!(told, "[SecretBox<str>([REDACTED])] SecretBox<str>([REDACTED])");
}
