//! The secrets that a session holds, and asking other sessions for those that it does not.

use std::{collections::BTreeMap, fmt, time::Duration};

use lifeboat_report::{
    Fact, Gap,
    facts::{SecretName, SecretTrial},
};
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::{LiveError, LiveSession, UnlockError};
use crate::{
    key_trial::{self, OpenedSecret},
    probe::{backup::newest_backup, published::published_keys},
};

/// Private keys that a session holds and whose public halves are the published ones.
#[derive(Default)]
pub struct HeldSecrets(pub(crate) BTreeMap<SecretName, Zeroizing<[u8; 32]>>);

impl fmt::Debug for HeldSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HeldSecrets").field(&self.0.keys()).finish()
    }
}

impl HeldSecrets {
    /// Returns one of them.
    pub fn get(&self, name: SecretName) -> Option<&[u8; 32]> {
        self.0.get(&name).map(|it| &**it)
    }
}

/// How often the question is repeated: a session that does not trust the asking one yet drops it without a word.
const AGAIN: Duration = Duration::from_secs(2);
/// Between two looks at what has come.
const GLANCE: Duration = Duration::from_millis(200);

impl LiveSession {
    /// Returns the private keys that this session holds, each compared with what is published now. Changes nothing.
    pub async fn secrets(&self) -> Result<HeldSecrets, UnlockError> {
        let caller = self.own().caller();
        let machine = self.own().machine().await.map_err(UnlockError::Store)?;
        let store = |error: &dyn fmt::Display| UnlockError::Store(error.to_string());
        let keys = machine.export_cross_signing_keys().await.map_err(|it| store(&it))?;
        let backup = machine.store().load_backup_keys().await.map_err(|it| store(&it))?;
        let (published, newest) =
            futures_util::join!(published_keys(caller, self.own().user_id()), newest_backup(caller));
        let unknown = |gap: Gap| match caller.session_ended() {
            true => UnlockError::Live(LiveError::SessionEnded),
            false => UnlockError::Unknown(gap),
        };
        let (published, newest) = match (published, newest) {
            (Fact::Known(published), Fact::Known(newest)) => (published, newest),
            (Fact::Unknown(gap), _) | (_, Fact::Unknown(gap)) => return Err(unknown(gap)),
        };
        let mut texts: BTreeMap<SecretName, Zeroizing<String>> = BTreeMap::new();
        let mut take = |name, text: Option<String>| texts.extend(text.map(|it| (name, Zeroizing::new(it))));
        if let Some(keys) = keys {
            take(SecretName::Master, keys.master_key.clone());
            take(SecretName::SelfSigning, keys.self_signing_key.clone());
            take(SecretName::UserSigning, keys.user_signing_key.clone());
        }
        take(SecretName::BackupKey, backup.decryption_key.map(|it| it.to_base64()));
        let mut held = HeldSecrets::default();
        for (name, text) in texts {
            let Some(key) = key_trial::private_key(text.as_bytes()) else {
                continue;
            };
            let secret = OpenedSecret::Key(key);
            let fits = key_trial::compare(name, &secret, Some(&published), newest.as_ref()) == SecretTrial::Fits;
            if let (OpenedSecret::Key(key), true) = (secret, fits) {
                held.0.insert(name, key);
            }
        }
        Ok(held)
    }

    /// Asks the account's other sessions for every secret that this one does not hold, until those of `wanted` are there
    /// or `patience` is over; returns what it holds then.
    ///
    /// `m.secret.request` and `m.secret.send` ([spec](https://spec.matrix.org/latest/client-server-api/#sharing)).
    /// Sessions answer to sessions of their own user that the identity vouches for, so this one must be signed; the SDK
    /// takes an answer only when it has asked, and from a session that the identity vouches for.
    pub async fn ask_for_secrets(&self, wanted: &[SecretName], patience: Duration) -> Result<HeldSecrets, UnlockError> {
        let end = Instant::now() + patience;
        let mut held = self.secrets().await?;
        let mut next = Instant::now();
        while wanted.iter().any(|it| held.get(*it).is_none()) && Instant::now() < end {
            if Instant::now() >= next {
                let machine = self.own().machine().await.map_err(UnlockError::Store)?;
                let asked = machine.query_missing_secrets_from_other_sessions().await;
                asked.map_err(|error| UnlockError::Store(error.to_string()))?;
                next = Instant::now() + AGAIN;
                // The SDK sends its requests at the turn of a sync.
                self.sync().await?;
            }
            tokio::time::sleep(GLANCE).await;
            held = self.secrets().await?;
        }
        Ok(held)
    }
}
