//! Compares the opener with the oracle, entry by entry.

mod oracle;
mod plaintexts;

use std::{cell::RefCell, collections::BTreeMap, sync::Arc};

use proptest::{prelude::*, sample::Index};
use vodozemac::megolm::{InboundGroupSession, SessionConfig};

use self::oracle::Opinion;
use super::{Damage, Opener, State};
use crate::{
    BackupKey, SessionId, base64,
    generate::{Generator, SealedText, Session},
};

thread_local! {
    /// For tests of many cases: making one takes longer than a case.
    static COURT: RefCell<Court> = RefCell::new(Court::new());
}

/// A generated person, an opener with their key, and how often each state was agreed on.
struct Court {
    generator: Generator,
    key: [u8; 32],
    opener: Opener,
    looker: Opener,
    agreed: BTreeMap<State, usize>,
}

impl Court {
    fn new() -> Self {
        let generator = Generator::new(7).unwrap();
        let key = generator.backup_key_bytes().unwrap();
        let opener = Opener::new(Some(Arc::new(generator.backup_key().unwrap())));
        Self {
            generator,
            key,
            opener,
            looker: Opener::new(None),
            agreed: BTreeMap::new(),
        }
    }

    /// Lets both judge and returns what they agree on.
    fn judge(&mut self, listed_as: SessionId, json: impl AsRef<[u8]>) -> State {
        let json = json.as_ref();
        let shown = || String::from_utf8_lossy(json);
        let expected = oracle::judge(&self.key, &listed_as.to_string(), json);
        let judged = self.opener.judge(listed_as, json);
        let session_key = judged.opened.map(|opened| opened.session_key().to_vec());
        let found = Opinion {
            state: judged.state,
            first_index: judged.first_index,
            session_key,
        };
        assert_eq!(found, expected, "{listed_as} {}", shown());
        let from_outside = self.looker.judge(listed_as, json).state;
        match found.state {
            State::Damaged(
                damage @ (Damage::NotAnEntry | Damage::Ephemeral | Damage::Ciphertext | Damage::MacForm),
            ) => {
                // A point of low order shows only when the agreement is computed.
                let low_order = damage == Damage::Ephemeral && from_outside == State::Sealed;
                assert!(low_order || from_outside == found.state, "{}", shown());
            }
            _ => assert_eq!(from_outside, State::Sealed, "{}", shown()),
        }
        *self.agreed.entry(found.state).or_default() += 1;
        found.state
    }

    /// Seals a plaintext lawfully and lets both judge it.
    fn judge_plaintext(&mut self, listed_as: SessionId, plaintext: impl AsRef<[u8]>) -> State {
        let sealed = self.generator.seal(plaintext.as_ref(), 1).unwrap();
        self.judge(listed_as, sealed.entry(0))
    }

    fn sample(&self) -> (Session, String, SealedText) {
        let session = self.generator.session(3).unwrap();
        let plaintext = self.generator.room_key(&session, &session.exported());
        let sealed = self.generator.seal(plaintext.as_bytes(), 3).unwrap();
        (session, plaintext, sealed)
    }

    /// The states that were agreed on at least once.
    fn states(&self) -> Vec<State> {
        self.agreed.keys().copied().collect()
    }
}

fn damaged(damages: impl IntoIterator<Item = Damage>) -> Vec<State> {
    damages.into_iter().map(State::Damaged).collect()
}

/// The entry of the test `test_decrypt_key` of matrix-sdk-crypto.
#[test]
fn the_vector_of_the_sdk_opens() {
    let key = base64::decode("Ha9cklU/9NqFo9WKdVfGzmqUL/9wlkdxfEitbSIPVXw").unwrap();
    let entry = r#"{"first_message_index":0,"forwarded_count":0,"is_verified":false,"session_data":{
        "ephemeral":"HlLi76oV6wxHz3PCqE/bxJi6yF1HnYz5Dq3T+d/KpRw",
        "ciphertext":"MuM8E3Yc6TSAvhVGb77rQ++jE6p9dRepx63/3YPD2wACKAppkZHeFrnTH6wJ/HSyrmzo7HfwqVl6tKNpfooSTHqUf6x1LHz+h4B/Id5ITO1WYt16AaI40LOnZqTkJZCfSPuE2oxalwEHnCS3biWybutcnrBFPR3LMtaeHvvkb+k3ny9l5ZpsU9G7vCm3XoeYkWfLekWXvDhbqWrylXD0+CNUuaQJ/S527TzLd4XKctqVjjO/cCH7q+9utt9WJAfK8LGaWT/mZ3AeWjf5kiqOpKKf5Cn4n5SSil5p/pvGYmjnURvZSEeQIzHgvunIBEPtzK/MYEPOXe/P5achNGlCx+5N19Ftyp9TFaTFlTWCTi0mpD7ePfCNISrwpozAz9HZc0OhA8+1aSc7rhYFIeAYXFU326NuFIFHI5pvpSxjzPQlOA+mavIKmiRAtjlLw11IVKTxgrdT4N8lXeMr4ndCSmvIkAzFMo1uZA4fzjiAdQJE4/2WeXFNNpvdfoYmX8Zl9CAYjpSO5HvpwkAbk4/iLEH3hDfCVUwDfMh05PdGLnxeRpiEFWSMSsJNp+OWAA+5JsF41BoRGrxoXXT+VKqlUDONd+O296Psu8Q+d8/S618",
        "mac":"GtMrurhDTwo"}}"#;
    let id = SessionId::parse("GANPdMaXSBAV53UVAS2fZDWpPfmJNF97zVIY6cUms4w").unwrap();
    let other = SessionId::parse("gM8i47Xhu0q52xLfgUXzanCMpLinoyVyH7R58cBuVBU").unwrap();
    let mut opener = Opener::new(Some(Arc::new(BackupKey::from_bytes(&key).unwrap())));
    for (listed_as, state) in [(id, State::Opens), (other, State::Damaged(Damage::SessionIdDiffers))] {
        assert_eq!(opener.judge(listed_as, entry.as_bytes()).state, state);
        assert_eq!(
            oracle::judge(&key, &listed_as.to_string(), entry.as_bytes()).state,
            state
        );
    }
}

#[test]
fn lawful_entries_open() {
    let mut court = Court::new();
    for number in 0..50 {
        let session = court.generator.session(number).unwrap();
        let first_index = (number % 5) as u32 * 3;
        let exported = session.exported_at(first_index).unwrap();
        let plaintext = court.generator.room_key(&session, &exported);
        let sealed = court.generator.seal(plaintext.as_bytes(), number).unwrap();
        assert_eq!(court.judge(session.id(), sealed.entry(first_index)), State::Opens);
        assert_eq!(court.judge(session.id(), sealed.entry(first_index + 1)), State::Opens);
        if let Some(earlier) = first_index.checked_sub(1) {
            assert_eq!(
                court.judge(session.id(), sealed.entry(earlier)),
                State::Damaged(Damage::FirstIndexLater)
            );
        }
        let padded = sealed.entry(first_index).replace(r#"","#, r#"=","#);
        court.judge(session.id(), padded.replace(r#""}}"#, r#"="}}"#));
        court.judge(session.id(), padded);
    }
}

#[test]
fn what_opens_decrypts_messages() {
    let generator = Generator::new(7).unwrap();
    let mut opener = Opener::new(Some(Arc::new(generator.backup_key().unwrap())));
    let (id, entry) = generator.entry(4).unwrap();
    let opened = opener.judge(id, entry.as_bytes()).opened.unwrap();
    let exported = vodozemac::megolm::ExportedSessionKey::from_bytes(opened.session_key()).unwrap();
    let mut session = InboundGroupSession::import(&exported, SessionConfig::version_1());
    let message = generator.session(4).unwrap().sender().unwrap().encrypt("text");
    assert_eq!(session.decrypt(&message).unwrap().plaintext, b"text");
    assert_eq!(format!("{opened:?}"), "Opened(..)");
    assert_eq!(format!("{opener:?}"), "Opener { key: Some(BackupKey(..)), .. }");
}

#[test]
fn every_flipped_bit_of_an_entry_is_judged_alike() {
    let mut court = Court::new();
    let (session, _, sealed) = court.sample();
    let entry = sealed.entry(0).into_bytes();
    for at in 0..entry.len() {
        for bit in 0..8 {
            let mut spoiled = entry.clone();
            spoiled[at] ^= 1 << bit;
            court.judge(session.id(), &spoiled);
        }
    }
    let expected = [
        vec![State::Opens],
        damaged([
            Damage::NotAnEntry,
            Damage::Ephemeral,
            Damage::Ciphertext,
            Damage::MacForm,
            Damage::MacWrong,
            Damage::Padding,
            Damage::NotJson,
        ]),
    ];
    assert_eq!(court.states(), expected.concat());
}

#[test]
fn every_flipped_bit_of_the_parts_is_judged_alike() {
    let mut court = Court::new();
    let (session, _, sealed) = court.sample();
    for bit in 0..256 {
        let mut spoiled = sealed.clone();
        spoiled.ephemeral[bit / 8] ^= 1 << (bit % 8);
        court.judge(session.id(), spoiled.entry(0));
    }
    for bit in 0..64 {
        let mut spoiled = sealed.clone();
        spoiled.mac[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            court.judge(session.id(), spoiled.entry(0)),
            State::Damaged(Damage::MacWrong)
        );
    }
    for at in 0..sealed.ciphertext.len() {
        let mut spoiled = sealed.clone();
        spoiled.ciphertext[at] ^= 0x11;
        assert_ne!(
            court.judge(session.id(), spoiled.entry(0)),
            State::Damaged(Damage::MacWrong)
        );
    }
    // The highest bit of a Curve25519 public key is ignored by everyone.
    assert!(court.agreed.contains_key(&State::Opens));
}

#[test]
fn every_truncation_is_judged_alike() {
    let mut court = Court::new();
    let (session, plaintext, sealed) = court.sample();
    let entry = sealed.entry(0);
    for length in 0..entry.len() {
        assert_eq!(
            court.judge(session.id(), &entry[..length]),
            State::Damaged(Damage::NotAnEntry)
        );
    }
    for length in 0..sealed.ciphertext.len() {
        let mut spoiled = sealed.clone();
        spoiled.ciphertext.truncate(length);
        assert_ne!(court.judge(session.id(), spoiled.entry(0)), State::Opens);
    }
    for length in 0..40 {
        let mut spoiled = sealed.clone();
        spoiled.mac.resize(length, 0);
        let opens = court.judge(session.id(), spoiled.entry(0)) == State::Opens;
        assert_eq!(opens, length == 8);
    }
    for length in 0..plaintext.len() {
        let state = court.judge_plaintext(session.id(), &plaintext[..length]);
        assert_eq!(state, State::Damaged(Damage::NotJson));
    }
}

#[test]
fn every_flipped_bit_of_the_plaintext_is_judged_alike() {
    let mut court = Court::new();
    let (session, plaintext, _) = court.sample();
    for at in 0..plaintext.len() {
        for bit in 0..8 {
            let mut spoiled = plaintext.clone().into_bytes();
            spoiled[at] ^= 1 << bit;
            court.judge_plaintext(session.id(), &spoiled);
        }
    }
    let expected = [
        vec![State::Opens],
        damaged([
            Damage::SessionIdDiffers,
            Damage::NotJson,
            Damage::NotARoomKey,
            Damage::Algorithm,
            Damage::SessionKey,
            Damage::FirstIndexLater,
        ]),
    ];
    assert_eq!(court.states(), expected.concat());
}

#[test]
fn keys_of_low_order_and_other_spellings_of_keys_are_judged_alike() {
    let mut court = Court::new();
    let (session, _, sealed) = court.sample();
    let order_eight = "4Ot6fDtBuK4WVuP68Z/EatoJjeucMrH9hmIFFl9JuAA";
    let order_eight_too = "X5yVvKNQjCSx0LFVnIPvWwREXMRYHI6G2CJO3dCfEVc";
    let mut ephemeral: Vec<[u8; 32]> = [order_eight, order_eight_too]
        .into_iter()
        .filter_map(base64::decode)
        .collect();
    for low in [0xec_u8, 0xed, 0xee, 0x00, 0x01, 0x02, 0xff] {
        for middle in [0x00, 0xff] {
            for high in [0x00, 0x7f, 0x80, 0xff] {
                let mut key = [middle; 32];
                (key[0], key[31]) = (low, high);
                ephemeral.push(key);
            }
        }
    }
    for mut key in ephemeral {
        for _ in 0..2 {
            let state = court.judge(
                session.id(),
                SealedText {
                    ephemeral: key,
                    ..sealed.clone()
                }
                .entry(0),
            );
            assert!(damaged([Damage::Ephemeral, Damage::MacWrong]).contains(&state));
            key[31] ^= 0x80;
        }
    }
    assert!(
        court.agreed[&State::Damaged(Damage::Ephemeral)] >= 10,
        "{:?}",
        court.agreed
    );
}

#[test]
fn another_backup_key_is_a_wrong_mac() {
    let mut court = Court::new();
    let (id, entry) = Generator::new(8).unwrap().entry(0).unwrap();
    assert_eq!(court.judge(id, entry), State::Damaged(Damage::MacWrong));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn spoiled_entries_are_judged_alike(
        number in 0_u64..1000,
        listed in any::<u32>(),
        edits in prop::collection::vec((0..5_u8, any::<Index>(), any::<u8>()), 0..4),
    ) {
        let (session, plaintext) = COURT.with_borrow(|court| {
            let session = court.generator.session(number).unwrap();
            let plaintext = court.generator.room_key(&session, &session.exported());
            (session, plaintext)
        });
        let mut plaintext = plaintext.into_bytes();
        for (_, place, byte) in edits.iter().filter(|(kind, ..)| *kind == 0) {
            let at = place.index(plaintext.len());
            plaintext[at] = *byte;
        }
        let mut sealed = COURT.with_borrow(|court| court.generator.seal(&plaintext, number).unwrap());
        for (kind, place, byte) in &edits {
            match kind {
                1 => sealed.ephemeral[place.index(32)] = *byte,
                2 => {
                    let at = place.index(sealed.ciphertext.len());
                    sealed.ciphertext[at] = *byte;
                }
                3 => sealed.mac[place.index(8)] = *byte,
                _ => {}
            }
        }
        let mut entry = sealed.entry(listed).into_bytes();
        for (_, place, byte) in edits.iter().filter(|(kind, ..)| *kind == 4) {
            let at = place.index(entry.len());
            entry[at] = *byte;
        }
        COURT.with_borrow_mut(|court| court.judge(session.id(), &entry));
    }

    #[test]
    fn any_plaintext_is_judged_alike(plaintext: Vec<u8>) {
        COURT.with_borrow_mut(|court| court.judge_plaintext(SessionId::from_bytes([0; 32]), plaintext));
    }

    #[test]
    fn any_bytes_are_judged_alike(json: Vec<u8>) {
        let state = COURT.with_borrow_mut(|court| court.judge(SessionId::from_bytes([0; 32]), json));
        prop_assert_eq!(state, State::Damaged(Damage::NotAnEntry));
    }
}
