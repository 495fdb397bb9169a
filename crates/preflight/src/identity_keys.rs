//! The private keys of an identity, and what is published of them.

use std::{collections::BTreeMap, fmt};

use lifeboat_report::facts::SecretName;
use serde_json::{Value, json};
use vodozemac::Ed25519SecretKey;
use zeroize::Zeroizing;

use crate::signed_json;

/// The three private keys of an identity.
pub struct IdentityKeys(BTreeMap<SecretName, Zeroizing<[u8; 32]>>);

/// What is published of an identity, signed by its master key
/// ([spec](https://spec.matrix.org/latest/client-server-api/#cross-signing)).
#[derive(Clone, Debug, PartialEq)]
pub struct PublicIdentity {
    /// The master key.
    pub master: Value,
    /// The self-signing key.
    pub self_signing: Value,
    /// The user-signing key.
    pub user_signing: Value,
}

impl fmt::Debug for IdentityKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityKeys").finish_non_exhaustive()
    }
}

impl IdentityKeys {
    /// Makes new ones, but takes each that `there` has; `None` when this machine's random numbers fail.
    pub fn complete(there: impl Fn(SecretName) -> Option<Zeroizing<[u8; 32]>>) -> Option<Self> {
        let mut keys = BTreeMap::new();
        for name in SecretName::IDENTITY {
            let key = match there(name) {
                Some(stored) => stored,
                None => {
                    let mut key = Zeroizing::new([0; 32]);
                    aws_lc_rs::rand::fill(&mut key[..]).ok()?;
                    key
                }
            };
            keys.insert(name, key);
        }
        Some(Self(keys))
    }

    /// Returns each with its name.
    pub fn iter(&self) -> impl Iterator<Item = (SecretName, &[u8; 32])> {
        self.0.iter().map(|(name, key)| (*name, &**key))
    }

    /// Returns what is to be published; `None` when something cannot be signed.
    pub fn publish(&self, user: &str) -> Option<PublicIdentity> {
        let master = self.0.get(&SecretName::Master)?;
        let signed = |name, usage| {
            let public = Ed25519SecretKey::from_slice(self.0.get(&name)?)
                .public_key()
                .to_base64();
            let mut object = json!({
                "user_id": user,
                "usage": [usage],
                "keys": {format!("ed25519:{public}"): public},
            });
            signed_json::sign(&mut object, user, master)?;
            Some(object)
        };
        Some(PublicIdentity {
            master: signed(SecretName::Master, "master")?,
            self_signing: signed(SecretName::SelfSigning, "self_signing")?,
            user_signing: signed(SecretName::UserSigning, "user_signing")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use lifeboat_report::facts::Signature;
    use matrix_sdk::ruma::user_id;

    use super::*;
    use crate::probe::published::PublishedKeys;

    #[test]
    fn what_is_published_holds_and_what_was_there_stays() {
        let user = user_id!("@mira:example.org");
        let first = IdentityKeys::complete(|_| None).unwrap();
        let again = IdentityKeys::complete(|name| first.0.get(&name).cloned()).unwrap();
        let public = first.publish(user.as_str()).unwrap();
        assert_eq!(public, again.publish(user.as_str()).unwrap());
        let answer = json!({
            "master_keys": {user.as_str(): public.master},
            "self_signing_keys": {user.as_str(): public.self_signing},
            "user_signing_keys": {user.as_str(): public.user_signing},
        });
        let identity = PublishedKeys::read_answer(user, &answer).identity;
        assert!(identity.master.is_some());
        for key in [identity.self_signing, identity.user_signing] {
            assert_eq!(key.unwrap().by_master, Signature::Valid);
        }
    }

    #[test]
    fn debug_shows_no_key() {
        let keys = IdentityKeys::complete(|_| Some(Zeroizing::new([7; 32]))).unwrap();
        assert_eq!(format!("{keys:?}"), "IdentityKeys { .. }");
    }
}
