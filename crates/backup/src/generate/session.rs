//! Megolm sessions that follow from a few bytes.

use std::fmt;

use serde_json::json;
use vodozemac::{
    Ed25519SecretKey,
    megolm::{GroupSession, GroupSessionPickle, InboundGroupSession, SessionConfig},
};

use super::GenerateError;
use crate::{EXPORTED_KEY, SessionId};

/// A Megolm session that starts at message 0.
#[derive(Clone)]
pub struct Session {
    pub(super) device: usize,
    ratchet: Vec<u8>,
    signing_key: [u8; 32],
    id: SessionId,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("device", &self.device)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Session {
    pub(super) fn new(ratchet: [u8; 128], signing_key: [u8; 32], device: usize) -> Self {
        let public_key = Ed25519SecretKey::from_slice(&signing_key).public_key();
        let id = SessionId::from_bytes(*public_key.as_bytes());
        Self {
            device,
            ratchet: ratchet.to_vec(),
            signing_key,
            id,
        }
    }

    /// Returns the id of the session and of its room key.
    pub const fn id(&self) -> SessionId {
        self.id
    }

    /// Exports the room key from message 0 on.
    pub fn exported(&self) -> Vec<u8> {
        let mut exported = Vec::with_capacity(EXPORTED_KEY);
        exported.push(1);
        exported.extend_from_slice(&0_u32.to_be_bytes());
        exported.extend_from_slice(&self.ratchet);
        exported.extend_from_slice(self.id.as_bytes());
        exported
    }

    /// Exports the room key from a later message on.
    ///
    /// # Errors
    ///
    /// Fails when vodozemac refuses the session.
    pub fn exported_at(&self, first_index: u32) -> Result<Vec<u8>, GenerateError> {
        let session_key = self.sender()?.session_key();
        let exported = InboundGroupSession::new(&session_key, SessionConfig::version_1()).export_at(first_index);
        exported
            .map(|key| key.to_bytes())
            .ok_or(GenerateError("session export"))
    }

    /// Returns the sender's side, which encrypts message after message from 0 on.
    ///
    /// # Errors
    ///
    /// Fails when vodozemac refuses the session.
    pub fn sender(&self) -> Result<GroupSession, GenerateError> {
        let pickle = json!({
            "ratchet": {"inner": self.ratchet, "counter": 0},
            "signing_key": {"Normal": self.signing_key},
            "config": {"version": "V1"},
        });
        serde_json::from_value::<GroupSessionPickle>(pickle)
            .map(GroupSession::from_pickle)
            .map_err(|_| GenerateError("session pickle"))
    }
}

#[cfg(test)]
mod tests {
    use vodozemac::megolm::{ExportedSessionKey, InboundGroupSession, SessionConfig};

    use crate::generate::Generator;

    #[test]
    fn debug_shows_which_session_it_is_and_no_key() {
        let session = Generator::new(1).unwrap().session(2).unwrap();
        let expected = format!("Session {{ device: {}, id: {:?}, .. }}", session.device, session.id());
        assert_eq!(format!("{session:?}"), expected);
    }

    #[test]
    fn exports_are_those_of_vodozemac() {
        let session = Generator::new(1).unwrap().session(2).unwrap();
        assert_eq!(session.exported_at(0).unwrap(), session.exported());
        assert_eq!(session.sender().unwrap().session_id(), session.id().to_string());
    }

    #[test]
    fn a_late_export_decrypts_late_messages_only() {
        let session = Generator::new(1).unwrap().session(2).unwrap();
        let key = ExportedSessionKey::from_bytes(&session.exported_at(3).unwrap()).unwrap();
        let mut receiver = InboundGroupSession::import(&key, SessionConfig::version_1());
        let mut sender = session.sender().unwrap();
        for index in 0..6 {
            let decrypted = receiver.decrypt(&sender.encrypt("text"));
            assert_eq!(decrypted.is_ok(), index >= 3, "{index}");
        }
    }
}
