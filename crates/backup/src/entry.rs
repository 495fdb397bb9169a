//! What can be wrong with one entry of a key backup.

mod listed;
mod opener;
mod plaintext;
mod point;
mod quick;
mod sealed;

pub use self::opener::{EXPORTED_KEY, ExportedKey, Judged, Opened, Opener};
#[cfg(feature = "generate")]
pub(crate) use self::sealed::Keys;

use std::fmt;

/// Says what is known about one entry after it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Decrypts to the room key it was listed as.
    Opens,
    /// Well formed as far as can be seen without the backup key.
    Sealed,
    /// Would not, or not fully, come back in a restore.
    Damaged(Damage),
}

/// Names the first thing found wrong with an entry, in the order in which a restore would stumble over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Damage {
    /// The same room key, or its whole room, is listed more than once: which one survives depends on the reader.
    ListedTwice,
    /// The room id is none, so that a client cannot even parse the answer.
    RoomIdInvalid,
    /// The listed session id is none that a Megolm session can have, or not the one inside the entry.
    SessionIdDiffers,
    /// The entry is larger than any room key can be and was not looked at.
    Oversized,
    /// The entry lacks a field of the specification or has one of another type.
    NotAnEntry,
    /// The ephemeral key is not base64, not of 32 bytes, or of low order.
    Ephemeral,
    /// The ciphertext is not base64 or not made of whole blocks.
    Ciphertext,
    /// The MAC is not base64 or not of 8 bytes.
    MacForm,
    /// The MAC belongs to another key: the entry was encrypted for another backup key, or its ephemeral key is damaged.
    MacWrong,
    /// The plaintext is not padded as PKCS#7 demands: the ciphertext is damaged.
    Padding,
    /// The plaintext is not JSON.
    NotJson,
    /// The plaintext is JSON, but not a room key.
    NotARoomKey,
    /// The room key is for an algorithm other than `m.megolm.v1.aes-sha2`.
    Algorithm,
    /// The session key inside is not base64, of another version or length, or its public key is no point of the curve.
    SessionKey,
    /// The room key starts later than its listing promises.
    FirstIndexLater,
}

impl Damage {
    /// Every kind of damage, in order.
    pub const ALL: [Self; 15] = [
        Self::ListedTwice,
        Self::RoomIdInvalid,
        Self::SessionIdDiffers,
        Self::Oversized,
        Self::NotAnEntry,
        Self::Ephemeral,
        Self::Ciphertext,
        Self::MacForm,
        Self::MacWrong,
        Self::Padding,
        Self::NotJson,
        Self::NotARoomKey,
        Self::Algorithm,
        Self::SessionKey,
        Self::FirstIndexLater,
    ];

    /// Returns the stable name for reports and scripts.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ListedTwice => "listed-twice",
            Self::RoomIdInvalid => "room-id-invalid",
            Self::SessionIdDiffers => "session-id-differs",
            Self::Oversized => "oversized",
            Self::NotAnEntry => "not-an-entry",
            Self::Ephemeral => "ephemeral-key",
            Self::Ciphertext => "ciphertext",
            Self::MacForm => "mac-form",
            Self::MacWrong => "mac-wrong",
            Self::Padding => "padding",
            Self::NotJson => "not-json",
            Self::NotARoomKey => "not-a-room-key",
            Self::Algorithm => "unknown-algorithm",
            Self::SessionKey => "session-key",
            Self::FirstIndexLater => "first-index-later",
        }
    }

    /// Tells whether the room key still comes back in a restore, from its real first index on.
    pub const fn leaves_a_key(self) -> bool {
        matches!(self, Self::FirstIndexLater)
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ListedTwice => "is listed more than once",
            Self::RoomIdInvalid => "is listed under an invalid room id",
            Self::SessionIdDiffers => "is listed under a session id that is not its own",
            Self::Oversized => "is larger than a room key can be",
            Self::NotAnEntry => "lacks a field or has one of the wrong type",
            Self::Ephemeral => "has an ephemeral key that is not one",
            Self::Ciphertext => "has a ciphertext that is not base64 or of a wrong length",
            Self::MacForm => "has a MAC that is not base64 or of a wrong length",
            Self::MacWrong => "has a wrong MAC: it was encrypted for another backup key or is damaged",
            Self::Padding => "decrypts to something with wrong padding",
            Self::NotJson => "decrypts to something that is not JSON",
            Self::NotARoomKey => "decrypts to JSON that is not a room key",
            Self::Algorithm => "holds a key for an unknown algorithm",
            Self::SessionKey => "holds a session key of a wrong version or length",
            Self::FirstIndexLater => "holds a key that starts later than listed",
        })
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod damage_tests {
    use std::collections::BTreeSet;

    use super::{Damage, State};

    #[test]
    fn codes_and_sentences_are_distinct() {
        let codes: BTreeSet<_> = Damage::ALL.iter().map(|damage| damage.code()).collect();
        let sentences: BTreeSet<_> = Damage::ALL.iter().map(ToString::to_string).collect();
        assert_eq!(codes.len(), Damage::ALL.len());
        assert_eq!(sentences.len(), Damage::ALL.len());
        assert!(
            codes
                .iter()
                .all(|code| code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'))
        );
        assert!(sentences.iter().all(|sentence| sentence.split(' ').count() > 2));
    }

    #[test]
    fn all_is_sorted() {
        assert!(Damage::ALL.is_sorted());
    }

    #[test]
    fn only_a_late_start_leaves_a_key() {
        let left: Vec<_> = Damage::ALL.into_iter().filter(|damage| damage.leaves_a_key()).collect();
        assert_eq!(left, [Damage::FirstIndexLater]);
    }

    #[test]
    fn a_state_fits_one_byte() {
        assert_eq!(size_of::<State>(), 1);
    }
}
