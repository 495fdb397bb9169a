//! Makes lawful key backups and messages from a seed, for tests and benches.
//!
//! Everything follows from the seed and a number, so any entry of any backup can be made alone and on any thread.

mod message;
mod seal;
mod session;

use std::ops::Range;

use aws_lc_rs::hkdf;
use vodozemac::{Curve25519PublicKey, Curve25519SecretKey, Ed25519SecretKey};

pub use self::{message::Place, seal::SealedText, session::Session};
use crate::{BackupKey, SessionId, base64};

/// The cryptography library or vodozemac refused something that should be lawful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the generator made something unlawful: {0}")]
pub struct GenerateError(pub(crate) &'static str);

/// Makes the room keys of one imaginary person, and the key backup that holds them.
#[derive(Debug)]
pub struct Generator {
    seed: hkdf::Prk,
    devices: Vec<Device>,
    public_key: [u8; BackupKey::LENGTH],
}

/// A session that the imaginary person gets room keys from.
#[derive(Debug)]
struct Device {
    curve25519: String,
    ed25519: String,
}

/// How large a backup is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupSize {
    /// How many room keys there are in all.
    pub entries: u64,
    /// In how many rooms; the first rooms may have one more than the last.
    pub rooms: u64,
}

impl Generator {
    /// How many devices send all the messages.
    const DEVICES: u64 = 40;

    /// Prepares everything that does not depend on the entries.
    ///
    /// # Errors
    ///
    /// Fails when the cryptography library does.
    pub fn new(seed: u64) -> Result<Self, GenerateError> {
        let seed = hkdf::Salt::new(hkdf::HKDF_SHA256, b"lifeboat generator").extract(&seed.to_be_bytes());
        let mut generator = Self {
            seed,
            devices: Vec::new(),
            public_key: [0; BackupKey::LENGTH],
        };
        generator.public_key =
            Curve25519PublicKey::from(&Curve25519SecretKey::from_slice(&generator.backup_key_bytes()?)).to_bytes();
        generator.devices = (0..Self::DEVICES)
            .map(|number| generator.device(number))
            .collect::<Result<_, _>>()?;
        Ok(generator)
    }

    /// Returns the private key that opens the backup.
    ///
    /// # Errors
    ///
    /// Fails when the cryptography library does.
    pub fn backup_key_bytes(&self) -> Result<[u8; BackupKey::LENGTH], GenerateError> {
        self.bytes("backup key", 0)
    }

    /// Returns the private key that opens the backup, ready for use.
    ///
    /// # Errors
    ///
    /// Fails when the cryptography library does.
    pub fn backup_key(&self) -> Result<BackupKey, GenerateError> {
        BackupKey::from_bytes(&self.backup_key_bytes()?).map_err(|_| GenerateError("backup key"))
    }

    /// Returns the id of a room.
    pub fn room_id(&self, number: u64) -> String {
        format!("!room{number:012}:example.org")
    }

    /// Makes the Megolm session with this number, which starts at message 0.
    ///
    /// # Errors
    ///
    /// Fails when the cryptography library does.
    pub fn session(&self, number: u64) -> Result<Session, GenerateError> {
        let device = number % Self::DEVICES;
        Ok(Session::new(
            self.bytes("ratchet", number)?,
            self.bytes("signing key", number)?,
            device as usize,
        ))
    }

    /// Returns the plaintext of an entry ("BackedUpSessionData") that holds this exported session key.
    pub fn room_key(&self, session: &Session, exported: &[u8]) -> String {
        let Some(Device { curve25519, ed25519 }) = self.devices.get(session.device) else {
            return String::new();
        };
        format!(
            r#"{{"algorithm":"m.megolm.v1.aes-sha2","sender_key":"{curve25519}","session_key":"{}","sender_claimed_keys":{{"ed25519":"{ed25519}"}},"forwarding_curve25519_key_chain":[],"m.shared_history":false}}"#,
            base64::encode(exported),
        )
    }

    /// Encrypts a plaintext to the backup key, with the ephemeral key that belongs to this number.
    ///
    /// # Errors
    ///
    /// Fails when the cryptography library does.
    pub fn seal(&self, plaintext: &[u8], number: u64) -> Result<SealedText, GenerateError> {
        SealedText::seal(plaintext, &self.public_key, &self.bytes("ephemeral key", number)?)
    }

    /// Makes the entry of a session from message 0 on, as the server lists it ("KeyBackupData").
    ///
    /// # Errors
    ///
    /// Fails when the cryptography library does.
    pub fn entry(&self, number: u64) -> Result<(SessionId, String), GenerateError> {
        let session = self.session(number)?;
        let sealed = self.seal(self.room_key(&session, &session.exported()).as_bytes(), number)?;
        Ok((session.id(), sealed.entry(0)))
    }

    /// Makes a part of the answer of `GET /_matrix/client/v3/room_keys/keys`: these entries of a backup of this size,
    /// with whatever has to stand before and after them. All parts in order make the whole.
    ///
    /// # Errors
    ///
    /// Fails when the cryptography library does.
    pub fn listing(&self, size: BackupSize, part: Range<u64>) -> Result<String, GenerateError> {
        let mut json = String::new();
        if part.start == 0 {
            json.push_str(r#"{"rooms":{"#);
        }
        for number in part.clone() {
            let room = size.room_of(number);
            let (id, entry) = self.entry(number)?;
            json.push_str(&match number.checked_sub(1).map(|before| size.room_of(before)) {
                None => format!(r#""{}":{{"sessions":{{"#, self.room_id(room)),
                Some(before) if before != room => format!(r#"}}}},"{}":{{"sessions":{{"#, self.room_id(room)),
                Some(_) => ",".to_owned(),
            });
            json.push_str(&format!(r#""{id}":{entry}"#));
        }
        if part.end >= size.entries {
            json.push_str(if size.entries == 0 { "}}" } else { "}}}}" });
        }
        Ok(json)
    }

    fn device(&self, number: u64) -> Result<Device, GenerateError> {
        let curve25519 = Curve25519SecretKey::from_slice(&self.bytes("device curve25519", number)?);
        let ed25519 = Ed25519SecretKey::from_slice(&self.bytes("device ed25519", number)?);
        Ok(Device {
            curve25519: Curve25519PublicKey::from(&curve25519).to_base64(),
            ed25519: ed25519.public_key().to_base64(),
        })
    }

    /// Derives `N` bytes for one purpose.
    fn bytes<const N: usize>(&self, purpose: &str, number: u64) -> Result<[u8; N], GenerateError> {
        struct Length(usize);
        impl hkdf::KeyType for Length {
            fn len(&self) -> usize {
                self.0
            }
        }
        let mut bytes = [0; N];
        self.seed
            .expand(&[purpose.as_bytes(), &number.to_be_bytes()], Length(N))
            .and_then(|expanded| expanded.fill(&mut bytes))
            .map_err(|_| GenerateError("derivation"))?;
        Ok(bytes)
    }
}

impl BackupSize {
    /// Which room an entry lies in.
    pub fn room_of(self, number: u64) -> u64 {
        let (entries, rooms) = (u128::from(self.entries.max(1)), u128::from(self.rooms));
        (u128::from(number) * rooms / entries) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::{BackupSize, Generator};
    use crate::{Opener, SessionId, State};

    #[test]
    fn the_same_seed_makes_the_same() {
        let [first, again, other] = [1, 1, 2].map(|seed| Generator::new(seed).unwrap().entry(5).unwrap());
        assert_eq!(first, again);
        assert_ne!(first, other);
        let generator = Generator::new(1).unwrap();
        assert_ne!(generator.entry(4).unwrap().0, first.0);
    }

    #[test]
    fn the_devices_take_turns() {
        let generator = Generator::new(1).unwrap();
        let devices = [0, 1, 39, 40, 81].map(|number| generator.session(number).unwrap().device);
        assert_eq!(devices, [0, 1, 39, 0, 1]);
    }

    #[test]
    fn entries_are_as_large_as_real_ones() {
        let (id, entry) = Generator::new(1).unwrap().entry(0).unwrap();
        let bytes = id.to_string().len() + entry.len() + r#""":,"#.len();
        assert!((850..920).contains(&bytes), "{bytes}");
    }

    #[test]
    fn parts_make_the_whole() {
        let generator = Generator::new(1).unwrap();
        for (entries, rooms) in [(0, 0), (1, 1), (7, 3), (6, 6)] {
            let size = BackupSize { entries, rooms };
            let whole = generator.listing(size, 0..entries).unwrap();
            let json: serde_json::Value = serde_json::from_str(&whole).unwrap();
            let listed = json["rooms"].as_object().unwrap();
            assert_eq!(listed.len() as u64, rooms);
            let sessions = listed.values().map(|room| room["sessions"].as_object().unwrap().len());
            assert_eq!(sessions.sum::<usize>() as u64, entries);
            let parts: String = (0..entries)
                .map(|number| generator.listing(size, number..number + 1).unwrap())
                .collect();
            assert!(entries == 0 || parts == whole);
        }
    }

    #[test]
    fn entries_open_with_their_key() {
        let generator = Generator::new(3).unwrap();
        let mut opener = Opener::new(Some(generator.backup_key().unwrap().into()));
        let (id, entry) = generator.entry(9).unwrap();
        let judged = opener.judge(id, entry.as_bytes());
        assert_eq!((judged.state, judged.first_index), (State::Opens, 0));
        assert_eq!(judged.opened.unwrap().session_id(), id);
        assert_ne!(id, SessionId::from_bytes([0; 32]));
    }
}
