//! Secret storage, reduced.

use crate::Fact;
use crate::facts::{self, CheckData, Secret, SecretName, SecretStorage};

/// Secret storage and the secrets in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Storage {
    /// Not known.
    Unknown,
    /// Known.
    Known {
        /// The default key.
        default: DefaultKey,
        /// No key is derived with the passphrase parameters of some described key.
        absurd_passphrase: bool,
        /// What is wrong with the identity's three secrets.
        identity: IdentitySecrets,
        /// Where the backup key is.
        backup_key: Place,
    },
}

/// The default storage key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DefaultKey {
    /// There is neither a default key nor any other: no secret storage.
    NoStorage,
    /// It is named, or its name cannot be understood, and no key at all is described.
    Lost,
    /// Keys are described, and none of them is named as the default.
    Unset,
    /// It is named and described, and a typed key cannot be checked against the description.
    Unchecked,
    /// It is named and described, with check data.
    Checked,
}

/// What is wrong with any of the identity's three secrets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct IdentitySecrets {
    /// One was never stored.
    pub missing: bool,
    /// One was emptied.
    pub blanked: bool,
    /// The content of one cannot be understood.
    pub unreadable: bool,
    /// One is stored, but not under the default key.
    pub elsewhere: bool,
}

/// Where a secret is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// It was never stored.
    Missing,
    /// It was emptied.
    Blanked,
    /// Its content cannot be understood.
    Unreadable,
    /// Under the default key, which is described.
    UnderDefault,
    /// Under other keys only.
    Elsewhere,
}

impl Storage {
    /// Reduces what the account data says.
    pub fn of(fact: &Fact<SecretStorage>) -> Self {
        let Fact::Known(storage) = fact else {
            return Self::Unknown;
        };
        let identity = |place| SecretName::IDENTITY.iter().any(|it| Place::of(storage, *it) == place);
        Self::Known {
            default: DefaultKey::of(storage),
            absurd_passphrase: storage.absurd_passphrases().next().is_some(),
            identity: IdentitySecrets {
                missing: identity(Place::Missing),
                blanked: identity(Place::Blanked),
                unreadable: identity(Place::Unreadable),
                elsewhere: identity(Place::Elsewhere),
            },
            backup_key: Place::of(storage, SecretName::BackupKey),
        }
    }
}

impl DefaultKey {
    fn of(storage: &SecretStorage) -> Self {
        let described = storage.usable_default().and_then(|id| storage.keys.get(id));
        match (described, &storage.default_key) {
            (Some(key), _) if key.check == CheckData::Present => Self::Checked,
            (Some(_), _) => Self::Unchecked,
            (None, _) if !storage.keys.is_empty() => Self::Unset,
            (None, facts::DefaultKey::NotSet) => Self::NoStorage,
            (None, _) => Self::Lost,
        }
    }

    /// Tells whether the default key is named and described.
    pub fn is_usable(self) -> bool {
        matches!(self, Self::Unchecked | Self::Checked)
    }

    /// Tells whether any storage key is described.
    pub fn has_keys(self) -> bool {
        matches!(self, Self::Unset | Self::Unchecked | Self::Checked)
    }
}

impl Place {
    /// Finds where `storage` keeps `name`.
    pub(crate) fn of(storage: &SecretStorage, name: SecretName) -> Self {
        match storage.secret(name) {
            Secret::Missing => Self::Missing,
            Secret::Blanked => Self::Blanked,
            Secret::Unreadable => Self::Unreadable,
            Secret::StoredUnder(keys) => {
                let under_default = |id: &str| keys.iter().any(|it| it == id);
                if storage.usable_default().is_some_and(under_default) {
                    Self::UnderDefault
                } else {
                    Self::Elsewhere
                }
            }
        }
    }
}

impl SecretStorage {
    /// Returns the described keys for which no passphrase is tried: their parameters make no sense, or too many ask for too
    /// much.
    pub(crate) fn absurd_passphrases(&self) -> impl Iterator<Item = (&String, &facts::Passphrase)> {
        let derivable = self.derivable();
        let passphrases = self
            .keys
            .iter()
            .filter_map(|(id, key)| Some((id, key.passphrase.as_ref()?)));
        passphrases.filter(move |(id, _)| !derivable.contains(id.as_str()))
    }
}
