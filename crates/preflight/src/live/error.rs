//! Why a session could not do what was asked of it.

use matrix_sdk::{
    Error, HttpError, IdParseError,
    encryption::{backups::futures::SteadyStateError, secret_storage::SecretStorageError},
    ruma::api::error::ErrorKind,
};

use lifeboat_report::{Gap, facts::SecretName};

/// Why a session does not take part in encryption.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// It was lent: its owner's client would lose its keys.
    #[error("a session that was lent by its access token cannot take part in encryption.")]
    Lent,
    /// The server or another session has ended it.
    #[error("this session was ended by the server or by another session.")]
    SessionEnded,
    /// An administrator has suspended the account: its sessions read on, and what they were to change was refused
    /// ([spec](https://spec.matrix.org/latest/client-server-api/#account-suspension)).
    #[error("this account is suspended.")]
    Suspended,
    /// The server does not show the keys that were uploaded.
    #[error("the server did not take the keys of this session.")]
    NoKeysTaken,
    /// The server answers no request for what is new.
    #[error("the server does not tell this session what is new.")]
    NoSync,
    /// The server could not be asked, or refused.
    #[error("the server could not be asked: {0}.")]
    Server(#[source] Box<Error>),
    /// It failed, as the sentence says, and could not be signed out either.
    #[error("{0}")]
    Stays(String),
}

impl From<Error> for LiveError {
    fn from(error: Error) -> Self {
        if is_end(&error) {
            Self::SessionEnded
        } else if is_suspended(error.client_api_error_kind()) {
            Self::Suspended
        } else {
            Self::Server(Box::new(error))
        }
    }
}

impl From<HttpError> for LiveError {
    fn from(error: HttpError) -> Self {
        Error::from(error).into()
    }
}

/// Why secret storage was not opened. Nothing on the account has changed; the own session may have been signed.
#[derive(Debug, thiserror::Error)]
pub enum UnlockError {
    /// What was typed is neither the default key of secret storage nor its passphrase.
    #[error("this recovery key or passphrase does not open secret storage.")]
    WrongKey,
    /// There is no secret storage, or its default key is not described.
    #[error("this account has no secret storage that could be opened.")]
    NoSecretStorage,
    /// Its description is of a kind that nobody knows, or damaged.
    #[error("the description of this account's secret storage cannot be understood.")]
    StorageUnreadable,
    /// A secret in it is not what its name says.
    #[error("{} in secret storage is damaged.", .0.event_type())]
    SecretDamaged(SecretName),
    /// A secret of the identity was emptied; the SDK takes none of the others then.
    #[error("{} in secret storage is blank.", .0.event_type())]
    SecretBlank(SecretName),
    /// A secret in it belongs to another identity than the published one.
    #[error("{} in secret storage does not belong to this account's identity.", .0.event_type())]
    OtherIdentity(SecretName),
    /// The own session could not be signed.
    #[error("this session could not be signed: {0}.")]
    NotSigned(String),
    /// The local store failed.
    #[error("the store of this session cannot be used: {0}.")]
    Store(String),
    /// The session is over, or the server could not be asked.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// Some question to the server taught nothing.
    #[error("the server could not be asked about secret storage: {}.", .0.words())]
    Unknown(Gap),
}

impl From<SecretStorageError> for UnlockError {
    fn from(error: SecretStorageError) -> Self {
        use matrix_sdk::encryption::{identities::ManualVerifyError, secret_storage::ImportError};
        match error {
            SecretStorageError::Sdk(error) => LiveError::from(error).into(),
            SecretStorageError::Json(_) => Self::StorageUnreadable,
            SecretStorageError::SecretStorageKey(_) => Self::WrongKey,
            SecretStorageError::MissingKeyInfo { .. } => Self::NoSecretStorage,
            SecretStorageError::ImportError { name, error } => match (error, secret_name(&name)) {
                (ImportError::Sdk(error), _) => LiveError::from(error).into(),
                (ImportError::MismatchedPublicKeys, Some(name)) => Self::OtherIdentity(name),
                (ImportError::Json(_) | ImportError::Key(_) | ImportError::Decryption(_), Some(name)) => {
                    Self::SecretDamaged(name)
                }
                (_, None) => Self::StorageUnreadable,
            },
            SecretStorageError::Storage(error) => Self::Store(error.to_string()),
            SecretStorageError::Verification(ManualVerifyError::Http(error)) => LiveError::from(error).into(),
            SecretStorageError::Verification(error) => Self::NotSigned(error.to_string()),
            SecretStorageError::Decryption(_) => Self::WrongKey,
            SecretStorageError::InconsistentBackupDecryptionKey
            | SecretStorageError::MissingOrInvalidBackupDecryptionKey => Self::SecretDamaged(SecretName::BackupKey),
        }
    }
}

fn secret_name(name: &impl AsRef<str>) -> Option<SecretName> {
    SecretName::ALL.into_iter().find(|it| it.event_type() == name.as_ref())
}

/// Why room keys could not be fetched. Those that came before are in the session.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The session is not connected to the key backup.
    #[error("this session is not connected to the key backup.")]
    NotConnected,
    /// The backup could not be listed.
    #[error("the key backup could not be listed: {}.", .0.words())]
    NotListed(Gap),
    /// The server lists a room under an impossible id.
    #[error("the key backup names an impossible room: {0}.")]
    OddRoom(#[from] IdParseError),
    /// The session is over, or the server could not be asked.
    #[error(transparent)]
    Live(#[from] LiveError),
}

/// Why not every room key of this session is in the backup.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// The session is not connected to the key backup, or the backup was replaced meanwhile.
    #[error("this session is not connected to the key backup any more.")]
    NotConnected,
    /// The server could not be reached, or took too long.
    #[error("the room keys could not be uploaded.")]
    NotUploaded,
}

impl From<SteadyStateError> for SettleError {
    fn from(error: SteadyStateError) -> Self {
        match error {
            SteadyStateError::BackupDisabled => Self::NotConnected,
            SteadyStateError::Connection | SteadyStateError::Lagged => Self::NotUploaded,
        }
    }
}

/// Tells whether the server refused because the account is suspended (403 `M_USER_SUSPENDED`). The session goes on.
pub fn is_suspended(kind: Option<&ErrorKind>) -> bool {
    matches!(kind, Some(ErrorKind::UserSuspended))
}

/// Tells whether the server said that the session is over.
pub(super) fn is_end(error: &Error) -> bool {
    matches!(error, Error::AuthenticationRequired)
        || matches!(
            error.client_api_error_kind(),
            Some(ErrorKind::UnknownToken { .. } | ErrorKind::MissingToken | ErrorKind::UserDeactivated)
        )
}
