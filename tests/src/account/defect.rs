//! Everything that can be wrong with an account, each as a switch.

/// One thing that is wrong, or out of the ordinary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Defect {
    /// There is no key backup.
    NoKeyBackup,
    /// There is no secret storage; the owner holds no recovery key.
    NoSecretStorage,
    /// The backup key was never put into secret storage.
    BackupKeyNotStored,
    /// A secret was blanked: its account data is `{}`.
    SecretBlanked(Secret),
    /// The active backup version is a newer one than the key in secret storage opens; the older one still exists.
    BackupKeyOfOlderVersion,
    /// The `auth_data` of the backup carries no signature.
    BackupUnsigned,
    /// Account data says that the backup is switched off, though it is there.
    BackupSwitchedOff(OffSwitch),
    /// A further session was never verified; it has keys.
    UnverifiedSession,
    /// A further session never uploaded keys.
    KeylessSession,
    /// There is one session only.
    OneSession,
    /// There is no identity. Secret storage holds the backup key alone.
    NoIdentity,
    /// The account was just made: one session, no identity, no secret storage, no backup, no messages.
    BrandNew,
    /// There are two storage keys: the secrets are under the old one, which the owner holds; the default is the new one.
    SecretsUnderOldKey,
    /// The description of the storage key has no check data.
    StorageKeyUnchecked,
    /// There is no secret storage; the recovery key is the backup key itself.
    LegacyBackupKey,
    /// There is no secret storage; the backup key is derived from a passphrase, as its `auth_data` tells.
    LegacyPassphrase,
    /// There is no e-mail address.
    NoEmail,
    /// There is a dehydrated device, signed by the identity.
    DehydratedDevice,
    /// This many entries were deleted from the backup, one per room key of the first room.
    EntriesDeleted(usize),
    /// The last of the plain rooms never reached the backup.
    RoomNotBackedUp,
    /// The entry of one room key starts at its second message.
    EntryStartsLate,
    /// The entry of one room key is encrypted to another key.
    EntryForAnotherKey,
    /// One more room, joined when messages had been sent already.
    RoomJoinedLate,
    /// One more room, left again.
    RoomLeft,
    /// The first event of the first room was redacted.
    EventRedacted,
}

/// A secret that a healthy account keeps in secret storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Secret {
    /// The private master key.
    Master,
    /// The private self-signing key.
    SelfSigning,
    /// The private user-signing key.
    UserSigning,
    /// The backup key.
    BackupKey,
}

/// The account data by which people say that they want no backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OffSwitch {
    /// `m.key_backup`, MSC4287.
    Stable,
    /// `m.org.matrix.custom.backup_disabled`, Element's older one.
    Unstable,
}

impl Secret {
    /// All of them, in the order of the specification.
    pub const ALL: [Self; 4] = [Self::Master, Self::SelfSigning, Self::UserSigning, Self::BackupKey];

    /// The type of its account data.
    pub fn event_type(self) -> &'static str {
        match self {
            Self::Master => "m.cross_signing.master",
            Self::SelfSigning => "m.cross_signing.self_signing",
            Self::UserSigning => "m.cross_signing.user_signing",
            Self::BackupKey => "m.megolm_backup.v1",
        }
    }
}

impl OffSwitch {
    /// The type of its account data.
    pub fn event_type(self) -> &'static str {
        match self {
            Self::Stable => "m.key_backup",
            Self::Unstable => "m.org.matrix.custom.backup_disabled",
        }
    }
}
