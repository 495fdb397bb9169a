//! Opens entries one after the other with one key and one set of buffers.

use std::{fmt, sync::Arc};

use zeroize::Zeroizing;

use super::{Damage, State, listed::Listed, plaintext, plaintext::KnownDevices, sealed::Sealed};
use crate::{BackupKey, SessionId};

/// Holds the room key of an entry that opened, as the 165 bytes of Megolm's session export format, version 1.
///
/// Those bytes are a secret: they decrypt messages. They are wiped on drop and `Debug` shows nothing of them.
pub struct Opened {
    pub(super) session_key: Zeroizing<[u8; Self::LENGTH]>,
}

impl Opened {
    /// How many bytes an exported session key has.
    pub const LENGTH: usize = 165;

    /// Returns the exported session key, as `vodozemac::megolm::ExportedSessionKey::from_bytes` takes it.
    pub fn session_key(&self) -> &[u8; Self::LENGTH] {
        &self.session_key
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Opened(..)")
    }
}

/// Judges entries one by one, with the backup key or without.
///
/// An opener belongs to one thread: it keeps the buffers, which hold plaintext and are wiped on drop.
pub struct Opener {
    key: Option<Arc<BackupKey>>,
    buffer: Zeroizing<Vec<u8>>,
    devices: KnownDevices,
}

/// What an [`Opener`] found out about one entry.
#[derive(Debug)]
pub struct Judged {
    /// What the entry is worth.
    pub state: State,
    /// The index of the first message that it decrypts: the real one if the entry opened, else the listed one.
    pub first_index: u32,
    /// The room key, if the entry opened.
    pub opened: Option<Opened>,
}

impl Opener {
    /// Prepares to open entries, or only to look at them when there is no key.
    pub fn new(key: Option<Arc<BackupKey>>) -> Self {
        Self { key, buffer: Zeroizing::default(), devices: KnownDevices::new() }
    }

    /// Judges one entry by its JSON ("KeyBackupData") and the session id under which it is listed.
    pub fn judge(&mut self, listed_as: SessionId, json: &[u8]) -> Judged {
        let Some(listed) = Listed::parse(json) else {
            return Judged { state: State::Damaged(Damage::NotAnEntry), first_index: u32::MAX, opened: None };
        };
        let listed_index = listed.first_message_index;
        let (state, opened) = match self.open(listed_as, &listed) {
            Ok(Some(opened)) if opened.first_index() > listed_index => {
                (State::Damaged(Damage::FirstIndexLater), Some(opened))
            }
            Ok(Some(opened)) => (State::Opens, Some(opened)),
            Ok(None) => (State::Sealed, None),
            Err(damage) => (State::Damaged(damage), None),
        };
        Judged { state, first_index: opened.as_ref().map_or(listed_index, Opened::first_index), opened }
    }

    fn open(&mut self, listed_as: SessionId, listed: &Listed<'_>) -> Result<Option<Opened>, Damage> {
        let sealed = Sealed::decode(&listed.session_data, &mut self.buffer)?;
        let Some(key) = &self.key else { return Ok(None) };
        let plaintext = sealed.open(key, &mut self.buffer)?;
        plaintext::read(plaintext, listed_as, &mut self.devices).map(Some)
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Opener").field("key", &self.key).finish_non_exhaustive()
    }
}
