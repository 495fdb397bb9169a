//! Key files of ours open in the SDK and the other way round, and every kind of damage is told.

use lifeboat_backup::generate::Generator;
use matrix_sdk::ruma::{OwnedRoomId, room_id};
use matrix_sdk_crypto::{decrypt_room_key_export, encrypt_room_key_export, olm::ExportedRoomKey};
use serde_json::Value;

use super::*;

const PASSPHRASE: &str = "mira's own words";

fn room() -> OwnedRoomId {
    room_id!("!hiking:example.org").to_owned()
}

/// A lawful room key that starts at `index`.
pub(crate) fn key(number: u64, index: u32) -> RoomKey {
    let generator = Generator::new(7).unwrap();
    let session = generator.session(number).unwrap();
    let text = generator.room_key(&session, &session.exported_at(index).unwrap());
    let mut content: Value = serde_json::from_str(&text).unwrap();
    content["room_id"] = room().as_str().into();
    content["session_id"] = session.id().to_string().into();
    serde_json::from_value(content).unwrap()
}

fn some_keys(count: u64) -> RoomKeys {
    let mut keys = RoomKeys::default();
    for number in 0..count {
        assert!(keys.take(key(number, 0)));
    }
    keys
}

fn read(text: &str) -> Result<KeyFileContent, KeyFileError> {
    read_key_file(
        text.as_bytes(),
        &SecretString::from(PASSPHRASE),
        &mut RoomKeys::default(),
    )
}

fn write(count: u64) -> String {
    write_key_file(&some_keys(count), &SecretString::from(PASSPHRASE)).unwrap()
}

#[test]
fn the_sdk_opens_what_we_write() {
    let text = write(3);
    let theirs = decrypt_room_key_export(text.as_bytes(), PASSPHRASE).unwrap();
    assert_eq!(theirs.len(), 3);
    assert!(theirs.iter().all(|it| it.room_id == room()));
    assert!(text.lines().all(|line| line.len() <= 96));
}

#[test]
fn we_open_what_the_sdk_writes() {
    let keys: Vec<ExportedRoomKey> = some_keys(3)
        .iter()
        .map(|(_, _, key)| serde_json::from_value(serde_json::to_value(key).unwrap()).unwrap())
        .collect();
    let text = encrypt_room_key_export(&keys, PASSPHRASE, 1000).unwrap();
    assert_eq!(read(&text), Ok(KeyFileContent { keys: 3, odd: 0 }));
    // As other clients and editors leave them.
    let windows = format!("\u{feff}\r\n{}\r\n\r\n", text.replace('\n', "\r\n"));
    assert_eq!(read(&windows), Ok(KeyFileContent { keys: 3, odd: 0 }));
}

#[test]
fn every_kind_of_damage_is_told() {
    let text = write(1);
    assert_eq!(read("hello"), Err(KeyFileError::NotAKeyFile));
    assert_eq!(read(""), Err(KeyFileError::NotAKeyFile));
    assert_eq!(read(&text[..text.len() / 2]), Err(KeyFileError::CutOff));
    let (first, rest) = text.split_once('\n').unwrap();
    assert_eq!(read(&format!("{first}\n*{rest}")), Err(KeyFileError::Damaged));
    assert_eq!(read(&format!("{HEADER}\n{FOOTER}\n")), Err(KeyFileError::Damaged));
    let framed = |payload: &[u8]| format!("{HEADER}\n{}\n{FOOTER}", BASE64_STANDARD.encode(payload));
    assert_eq!(read(&framed(&[2; 80])), Err(KeyFileError::UnknownVersion(2)));
    assert_eq!(read(&framed(&[1; 60])), Err(KeyFileError::Damaged));
    for rounds in [0, u32::MAX] {
        let mut payload = vec![1; 80];
        payload[33..37].copy_from_slice(&rounds.to_be_bytes());
        assert_eq!(read(&framed(&payload)), Err(KeyFileError::AbsurdRounds(rounds)));
    }
    let other = read_key_file(text.as_bytes(), &SecretString::from("x"), &mut RoomKeys::default());
    assert_eq!(other, Err(KeyFileError::WrongPassphrase));
}

#[test]
fn entries_that_are_no_room_keys_are_counted() {
    let [good, other] = [key(0, 0), key(1, 0)];
    let mut wrong = serde_json::to_value(&other).unwrap();
    wrong["algorithm"] = "m.other".into();
    let list = serde_json::json!([good, {}, wrong, 7]).to_string();
    let mut keys = RoomKeys::default();
    let content = read_list(list.as_bytes(), &mut keys);
    assert_eq!(content, Ok(KeyFileContent { keys: 1, odd: 3 }));
    assert_eq!(keys.len(), 1);
}

#[test]
fn the_counter_has_room_for_implementations_of_64_bits() {
    let ivs: Vec<_> = (0..64).map(|_| fresh_iv().unwrap()).collect();
    assert!(ivs.iter().all(|iv| iv[8] < 0x80));
    assert!(ivs.iter().any(|iv| iv[8] != ivs[0][8]), "at random");
}

#[test]
fn debug_shows_no_key() {
    let key = key(0, 0);
    for shown in [format!("{key:?}"), format!("{:?}", some_keys(1))] {
        assert!(!shown.contains(&key.session_key));
        assert!(shown.contains("!hiking:example.org") && shown.contains(&key.session_id));
    }
}

/// See `fixtures/README.md`.
#[test]
fn files_of_other_programs_open() {
    let files = [
        include_str!("fixtures/element.txt"),
        include_str!("fixtures/element-engine.txt"),
        include_str!("fixtures/matrix-nio.txt"),
        include_str!("fixtures/nheko.txt"),
    ];
    for file in files {
        let mut keys = RoomKeys::default();
        // Two of them leave the last line break out.
        let read = read_key_file(file.trim_end().as_bytes(), &SecretString::from(PASSPHRASE), &mut keys);
        assert_eq!(read, Ok(KeyFileContent { keys: 3, odd: 0 }), "{file}");
        let wanted = [key(0, 0), key(1, 3), key(2, 0)];
        for wanted in wanted {
            let found = keys.iter().find(|(_, _, it)| it.session_id == wanted.session_id);
            assert_eq!(
                found.map(|(_, _, it)| &it.session_key),
                Some(&wanted.session_key),
                "{file}"
            );
        }
    }
}
