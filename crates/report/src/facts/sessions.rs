//! Facts about the account's sessions.

use serde::{Deserialize, Serialize};

use crate::Fact;

/// One session of the account: a `device` in the specification's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Session {
    /// The device id.
    pub device_id: String,
    /// The name its owner or its client gave it.
    pub name: Option<String>,
    /// When the server last heard from it.
    pub last_seen_at: Option<u64>,
    /// Its encryption keys and whether the identity vouches for them; a gap when they could not be asked for.
    pub keys: Fact<DeviceKeys>,
    /// Whether it is a dehydrated device: one that only collects keys for a later session (MSC3814).
    pub dehydrated: bool,
    /// Whether it is the session this report was made with.
    pub this: bool,
    /// What it answered when it was asked for the backup key.
    #[serde(default, skip_serializing_if = "BackupKeyAnswer::is_not_asked")]
    pub backup_key: BackupKeyAnswer,
}

/// What a session answered when it was asked for the backup key. An answer shows that it is connected to the backup.
///
/// There is no "no": a session that does not answer may be off, or may not trust who asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum BackupKeyAnswer {
    /// It was not asked.
    #[default]
    NotAsked,
    /// It was asked and did not answer: whether it holds a backup key is unknown.
    NoAnswer,
    /// It answered: it holds one.
    Answered,
}

impl BackupKeyAnswer {
    fn is_not_asked(&self) -> bool {
        *self == Self::NotAsked
    }
}

/// What `POST /_matrix/client/v3/keys/query` shows of a session's keys, checked locally.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum DeviceKeys {
    /// It has no encryption keys: it cannot read or hold encrypted messages.
    None,
    /// It has keys, and the identity's self-signing key has not signed them.
    Unsigned,
    /// It has keys with a valid signature by the identity's self-signing key.
    Signed,
    /// It has keys whose own signature or ids do not hold: they cannot be its.
    Invalid,
}

impl Session {
    /// Tells whether it is another session that can hold room keys: not this one, not dehydrated, not without keys.
    pub fn may_hold_room_keys(&self) -> bool {
        !self.this && !self.dehydrated && !self.keys.is(&DeviceKeys::None)
    }

    /// Tells whether it is another session that can hold room keys and that the identity vouches for: it receives the
    /// keys of new messages, and it answers when it is asked for secrets or to vouch for a session. Not known is no.
    pub fn is_trusted_other(&self) -> bool {
        self.may_hold_room_keys() && self.keys.is(&DeviceKeys::Signed)
    }
}
