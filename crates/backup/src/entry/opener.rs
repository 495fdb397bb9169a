//! Opens entries one after the other with one key and one set of buffers.

use std::{fmt, sync::Arc};

use zeroize::Zeroizing;

use super::{Damage, State, listed::Listed, plaintext, plaintext::KnownDevices, sealed::Sealed};
use crate::{BackupKey, SessionId};

/// How many bytes an exported session key has.
pub const EXPORTED_KEY: usize = 165;

/// An exported session key: version, index (big endian), ratchet, public key ("Session export format").
pub type ExportedKey = [u8; EXPORTED_KEY];

/// Holds the room key of an entry that opened, as the 165 bytes of Megolm's session export format, version 1.
///
/// Those bytes are a secret: they decrypt messages. They lie in the [`Opener`] until the next entry is opened and are
/// wiped with it; `Debug` shows nothing of them.
#[derive(Clone, Copy)]
pub struct Opened<'a>(pub(super) &'a ExportedKey);

impl<'a> Opened<'a> {
    /// Where the public key begins: after the version, the index and the ratchet.
    const PUBLIC_KEY: usize = 1 + 4 + 128;

    /// Returns the exported session key, as `vodozemac::megolm::ExportedSessionKey::from_bytes` takes it.
    pub const fn session_key(self) -> &'a ExportedKey {
        self.0
    }

    /// Returns the index of the first message that the room key decrypts.
    pub const fn first_index(self) -> u32 {
        let [_, a, b, c, d, ..] = *self.0;
        u32::from_be_bytes([a, b, c, d])
    }

    /// Returns the id that follows from the key itself.
    pub fn session_id(self) -> SessionId {
        let mut id = [0; 32];
        id.copy_from_slice(&self.0[Self::PUBLIC_KEY..]);
        SessionId::from_bytes(id)
    }
}

impl fmt::Debug for Opened<'_> {
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
    session_key: Box<Zeroizing<ExportedKey>>,
    devices: KnownDevices,
}

/// What an [`Opener`] found out about one entry.
#[derive(Debug)]
pub struct Judged<'a> {
    /// What the entry is worth.
    pub state: State,
    /// The index of the first message that it decrypts: the real one if the entry opened, else the listed one.
    pub first_index: u32,
    /// The room key, if the entry opened.
    pub opened: Option<Opened<'a>>,
}

impl Opener {
    /// Prepares to open entries, or only to look at them when there is no key.
    pub fn new(key: Option<Arc<BackupKey>>) -> Self {
        let session_key = Box::new(Zeroizing::new([0; EXPORTED_KEY]));
        Self {
            key,
            buffer: Zeroizing::default(),
            session_key,
            devices: KnownDevices::default(),
        }
    }

    /// Judges one entry by its JSON ("KeyBackupData") and the session id under which it is listed.
    pub fn judge(&mut self, listed_as: SessionId, json: &[u8]) -> Judged<'_> {
        let Some(listed) = Listed::parse(json) else {
            return Judged {
                state: State::Damaged(Damage::NotAnEntry),
                first_index: u32::MAX,
                opened: None,
            };
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
        Judged {
            state,
            first_index: opened.map_or(listed_index, Opened::first_index),
            opened,
        }
    }

    fn open(&mut self, listed_as: SessionId, listed: &Listed<'_>) -> Result<Option<Opened<'_>>, Damage> {
        let sealed = Sealed::decode(&listed.session_data, &mut self.buffer)?;
        let Some(key) = &self.key else { return Ok(None) };
        let plaintext = sealed.open(key)?;
        plaintext::read(plaintext, &mut self.devices, &mut self.session_key)?;
        let opened = Opened(&self.session_key);
        if opened.session_id() != listed_as {
            return Err(Damage::SessionIdDiffers);
        }
        Ok(Some(opened))
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Opener")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
