//! The names of everything that can be found.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Declares the codes once: the variant, its stable name, what it says.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// The stable name of a finding.
        ///
        /// Its kebab-case form is a promise: it stands in status files, in the documentation's anchors and in scripts.
        /// The order is the order in which findings of one severity are shown.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum Code {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $variant,)+
        }

        impl Code {
            /// Every code, in the order in which findings of one severity are shown.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Returns the kebab-case name.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

codes! {
    /// Some encrypted messages are not covered by the key backup.
    CoverageAtRisk = "coverage-at-risk",

    /// There is no key backup.
    NoKeyBackup = "no-key-backup",
    /// It is not known whether there is a key backup.
    BackupUnknown = "backup-unknown",
    /// The key backup is encrypted in a way that Lifeboat cannot open.
    BackupAlgorithmUnknown = "backup-algorithm-unknown",
    /// The stored backup key does not open the active backup version.
    BackupKeyOfOtherVersion = "backup-key-of-other-version",
    /// The backup key is not in secret storage.
    BackupKeyNotInStorage = "backup-key-not-in-storage",

    /// There is a recovery key, and nobody tested it.
    RecoveryKeyNotTested = "recovery-key-not-tested",
    /// What was typed opens nothing that is in use.
    RecoveryKeyOpensNothing = "recovery-key-opens-nothing",
    /// What was typed opens a storage key, but not the default one.
    RecoveryKeyOpensOtherKey = "recovery-key-opens-other-key",
    /// What was typed opens the key backup itself instead of secret storage.
    RecoveryKeyIsBackupKey = "recovery-key-is-backup-key",
    /// The secrets in secret storage do not fit the published identity.
    SecretsDoNotFit = "secrets-do-not-fit",

    /// There is no secret storage.
    NoSecretStorage = "no-secret-storage",
    /// Secret storage has no default key that can be used.
    NoDefaultKey = "no-default-key",
    /// It is not known whether there is secret storage.
    StorageUnknown = "storage-unknown",
    /// The default storage key cannot be checked against a typed key.
    StorageKeyUnchecked = "storage-key-unchecked",
    /// No key is derived with the passphrase parameters of a storage key.
    PassphraseParametersAbsurd = "passphrase-parameters-absurd",
    /// A private key of the identity is not in secret storage.
    SecretMissing = "secret-missing",
    /// A secret was emptied.
    SecretBlanked = "secret-blanked",
    /// A secret's content cannot be understood.
    SecretUnreadable = "secret-unreadable",
    /// A secret is stored, but not under the default storage key.
    SecretUnderOtherKey = "secret-under-other-key",

    /// Not every encrypted room was read to its start.
    CoveragePartial = "coverage-partial",
    /// It is not known which messages the key backup covers.
    CoverageUnknown = "coverage-unknown",
    /// Some entries of the key backup do not open.
    BackupDamaged = "backup-damaged",
    /// Nobody tested whether every entry of the key backup opens.
    BackupNotProven = "backup-not-proven",
    /// The key backup carries no signature.
    BackupUnsigned = "backup-unsigned",
    /// Nobody whom the identity vouches for signed the key backup.
    BackupNotTrusted = "backup-not-trusted",
    /// The key backup was switched off on purpose.
    BackupSwitchedOff = "backup-switched-off",
    /// It is not known whether the key backup was switched off.
    OffSwitchUnknown = "off-switch-unknown",

    /// There is no identity.
    NoIdentity = "no-identity",
    /// The identity lacks one or two of its three keys.
    IdentityIncomplete = "identity-incomplete",
    /// The master key has not signed a key of the identity.
    IdentityBadlySigned = "identity-badly-signed",
    /// It is not known whether there is an identity.
    IdentityUnknown = "identity-unknown",

    /// No other session can hold room keys.
    OnlySession = "only-session",
    /// Another session was last active before the newest encrypted message was sent.
    SessionStale = "session-stale",
    /// Another session did not answer when it was asked for the backup key.
    SessionSilent = "session-silent",
    /// The identity does not vouch for another session.
    SessionNotSigned = "session-not-signed",
    /// Another session has no encryption keys.
    SessionKeyless = "session-keyless",
    /// A dehydrated device collects keys for a later session.
    DehydratedSession = "dehydrated-session",
    /// The sessions, or the keys of some of them, are not known.
    SessionsUnknown = "sessions-unknown",

    /// The password cannot be changed over the API.
    PasswordChangeDisabled = "password-change-disabled",
    /// Another server keeps the accounts.
    AccountsDelegated = "accounts-delegated",
    /// Nobody signs in with a password on this server.
    NoPasswordSignIn = "no-password-sign-in",
    /// An identity provider signs the person in.
    SignsInElsewhere = "signs-in-elsewhere",
    /// Administrators have restricted the account.
    AccountRestricted = "account-restricted",
    /// It is not known how a password is changed on this server.
    ServerUnknown = "server-unknown",
    /// No e-mail address is confirmed.
    NoEmail = "no-email",
    /// The e-mail addresses are not known.
    EmailUnknown = "email-unknown",
    /// The server asked to come back later.
    RateLimited = "rate-limited",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
