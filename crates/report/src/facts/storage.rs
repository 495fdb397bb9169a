//! Facts about secret storage.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Secret storage: account data encrypted to a key that only the user holds.
///
/// [Secrets](https://spec.matrix.org/latest/client-server-api/#secrets), MSC1946, MSC2472.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SecretStorage {
    /// What `m.secret_storage.default_key` says.
    pub default_key: DefaultKey,
    /// Every key description (`m.secret_storage.key.*`), by key id; blanked ones are left out.
    pub keys: BTreeMap<String, StorageKey>,
    /// Every secret that Lifeboat knows, and under which keys it is stored.
    pub secrets: BTreeMap<SecretName, Secret>,
}

/// What the account data says about the default key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum DefaultKey {
    /// There is no default key, or it was blanked.
    NotSet,
    /// It names a key; whether that key is described is told by [`SecretStorage::keys`].
    Named(String),
    /// Its content cannot be understood.
    Unreadable,
}

/// One description of a storage key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StorageKey {
    /// The algorithm, `m.secret_storage.v1.aes-hmac-sha2` being the one there is.
    pub algorithm: String,
    /// How the key is derived from a passphrase; `null`: there is only a key.
    pub passphrase: Option<Passphrase>,
    /// Whether the description lets a typed key be checked.
    pub check: CheckData,
}

/// Whether a key description carries the data (`iv` and `mac`) against which a typed key is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CheckData {
    /// It does.
    Present,
    /// It does not: any key looks right until a secret is decrypted with it.
    Absent,
    /// It carries some that cannot be understood.
    Unreadable,
}

/// How a key is derived from a passphrase (`m.pbkdf2`: PBKDF2 with SHA-512).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Passphrase {
    /// `m.pbkdf2` being the one there is.
    pub algorithm: String,
    /// Rounds of PBKDF2.
    pub iterations: u64,
    /// Length of the derived key in bits.
    pub bits: u64,
    /// Length of the salt in bytes.
    pub salt_length: u64,
}

impl Passphrase {
    /// More rounds than this are refused: a hostile description would keep the machine busy for hours.
    pub const MAX_ITERATIONS: u64 = 10_000_000;
    /// All keys of an account together get at most so many, for the same reason: a minute or two.
    pub const MAX_ITERATIONS_TOGETHER: u64 = 100_000_000;

    /// Tells whether a key can sensibly be derived with these parameters: `m.pbkdf2`, 1 to 10 000 000 rounds,
    /// 128 to 512 bits in whole bytes, a salt.
    pub fn is_sane(&self) -> bool {
        self.algorithm == "m.pbkdf2"
            && (1..=Self::MAX_ITERATIONS).contains(&self.iterations)
            && (128..=512).contains(&self.bits)
            && self.bits.is_multiple_of(8)
            && self.salt_length > 0
    }
}

/// The secrets that a recovery needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum SecretName {
    /// The private half of the master key.
    #[serde(rename = "m.cross_signing.master")]
    Master,
    /// The private half of the self-signing key.
    #[serde(rename = "m.cross_signing.self_signing")]
    SelfSigning,
    /// The private half of the user-signing key.
    #[serde(rename = "m.cross_signing.user_signing")]
    UserSigning,
    /// The backup key.
    #[serde(rename = "m.megolm_backup.v1")]
    BackupKey,
}

impl SecretName {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Master, Self::SelfSigning, Self::UserSigning, Self::BackupKey];
    /// The three of the identity.
    pub const IDENTITY: [Self; 3] = [Self::Master, Self::SelfSigning, Self::UserSigning];

    /// Returns the account data type.
    pub fn event_type(self) -> &'static str {
        match self {
            Self::Master => "m.cross_signing.master",
            Self::SelfSigning => "m.cross_signing.self_signing",
            Self::UserSigning => "m.cross_signing.user_signing",
            Self::BackupKey => "m.megolm_backup.v1",
        }
    }
}

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Secret {
    /// It was never stored.
    Missing,
    /// It was stored once and is blank now: account data cannot be deleted, only emptied.
    Blanked,
    /// It is encrypted under these storage keys, sorted by id.
    StoredUnder(Vec<String>),
    /// Its content cannot be understood.
    Unreadable,
}

impl SecretStorage {
    /// Returns the id of the default key if that key is described.
    pub fn usable_default(&self) -> Option<&str> {
        match &self.default_key {
            DefaultKey::Named(id) if self.keys.contains_key(id) => Some(id),
            _ => None,
        }
    }

    /// Returns the ids of the keys that are derived from a passphrase: those whose parameters [are
    /// sane](Passphrase::is_sane), the default key first, then those with the fewest rounds, as long as all of them together
    /// stay within [`Passphrase::MAX_ITERATIONS_TOGETHER`].
    pub fn derivable(&self) -> BTreeSet<&str> {
        let mut sane: Vec<(&str, u64)> = self
            .keys
            .iter()
            .filter_map(|(id, key)| {
                Some((
                    id.as_str(),
                    key.passphrase.as_ref().filter(|it| it.is_sane())?.iterations,
                ))
            })
            .collect();
        let default = self.usable_default();
        sane.sort_by_key(|(id, iterations)| (Some(*id) != default, *iterations));
        let mut together = 0;
        sane.into_iter()
            .take_while(|(_, iterations)| {
                together += iterations;
                together <= Passphrase::MAX_ITERATIONS_TOGETHER
            })
            .map(|(id, _)| id)
            .collect()
    }

    /// Returns where `name` is; a secret nobody looked for counts as missing.
    pub fn secret(&self, name: SecretName) -> &Secret {
        self.secrets.get(&name).unwrap_or(&Secret::Missing)
    }
}
