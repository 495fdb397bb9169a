//! Signs another session of the account with the identity.

use lifeboat_preflight::{LiveError, LiveSession, UnlockError};
use matrix_sdk::{
    encryption::identities::{Device, ManualVerifyError},
    ruma::DeviceId,
};

use super::VerifyError;

/// The public key of a session, as apps show it in groups of four: "Session key".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionKey(String);

impl SessionKey {
    /// Takes what a person copied: blanks do not count.
    pub fn typed(text: &str) -> Self {
        Self(
            text.split_whitespace()
                .collect::<String>()
                .trim_end_matches('=')
                .to_owned(),
        )
    }

    /// Returns it in groups of four.
    pub fn in_groups(&self) -> String {
        let letters: Vec<char> = self.0.chars().collect();
        let groups: Vec<String> = letters.chunks(4).map(|it| it.iter().collect()).collect();
        groups.join(" ")
    }
}

/// How often the server is asked whether a signature is there.
const LOOKS: usize = 3;

/// Returns the key of the session `device`, whose signature by the session itself was checked.
pub async fn session_key(live: &LiveSession, device: &DeviceId) -> Result<SessionKey, VerifyError> {
    key_of(&other(live, device).await?)
}

/// Signs the session `device`, whose key must be `key`, or only looks whether it is signed where no key is given.
///
/// `POST /_matrix/client/v3/keys/signatures/upload`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3keyssignaturesupload)). `live` must hold
/// the self-signing key. That the signature is there is seen in a fresh answer of the server.
pub async fn vouch_for(live: &LiveSession, device: &DeviceId, key: Option<&SessionKey>) -> Result<(), VerifyError> {
    if let Some(key) = key {
        let session = other(live, device).await?;
        if key_of(&session)? != *key {
            return Err(VerifyError::OtherKey);
        }
        session.verify().await.map_err(|error| match error {
            ManualVerifyError::Http(error) => LiveError::from(error).into(),
            ManualVerifyError::Signature(_) => VerifyError::CannotSign,
        })?;
    }
    for look in 0..LOOKS {
        if look > 0 {
            // A signature after a comparison waits for the next turn of a sync to be sent.
            live.sync().await?;
        }
        if other(live, device).await?.is_cross_signed_by_owner() {
            return Ok(());
        }
    }
    Err(VerifyError::NotSigned)
}

fn key_of(session: &Device) -> Result<SessionKey, VerifyError> {
    let key = session.ed25519_key().ok_or(VerifyError::NoSuchSession)?;
    Ok(SessionKey(key.to_base64()))
}

/// Returns another session of the account as the server shows it now.
async fn other(live: &LiveSession, device: &DeviceId) -> Result<Device, VerifyError> {
    let encryption = live.client().encryption();
    let user = live.own().user_id();
    let identity = encryption.request_user_identity(user).await;
    identity.map_err(LiveError::from)?;
    let session = encryption.get_device(user, device).await;
    let session = session.map_err(|error| UnlockError::Store(error.to_string()))?;
    session.ok_or(VerifyError::NoSuchSession)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_key_is_the_same_in_groups_and_without() {
        let key = SessionKey::typed(" AbCd efgh\tIJkl 1=\n");
        assert_eq!(key, SessionKey::typed("AbCdefghIJkl1"));
        assert_eq!(key.in_groups(), "AbCd efgh IJkl 1");
        assert_ne!(key, SessionKey::typed("abcdefghIJkl1"));
    }
}
