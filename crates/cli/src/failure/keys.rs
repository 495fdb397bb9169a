//! Failures around secret storage, the key backup and key files, with what to do.

use lifeboat_preflight::{BackupAccessError, SecretsAccessError, SettleError};
use lifeboat_rescue::{GossipError, HeldError, KeyFileError, RepairError, UploadError, VerifyError};

use super::{Failure, from::sentence};

const TRY_AGAIN: &str = "Run the command again: what was done before stays done, and nothing is done twice.";
const RIGHT_KEY: &str = "Look for the right one with lifeboat try-key, which says what each key opens.";

impl From<SettleError> for Failure {
    fn from(error: SettleError) -> Self {
        Self::failed(sentence(&error), TRY_AGAIN)
    }
}

impl From<GossipError> for Failure {
    fn from(error: GossipError) -> Self {
        match error {
            GossipError::Live(error) => error.into(),
            GossipError::NotUploaded(error) => error.into(),
            GossipError::Store(_) => Self::failed(sentence(&error), TRY_AGAIN),
        }
    }
}

impl From<UploadError> for Failure {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Live(error) => error.into(),
            UploadError::Replaced | UploadError::NotSealed => Self::failed(sentence(&error), TRY_AGAIN),
        }
    }
}

impl From<BackupAccessError> for Failure {
    fn from(error: BackupAccessError) -> Self {
        let hint = match &error {
            BackupAccessError::NoBackup => {
                "Turn it on in one of your sessions: in Element, Settings → Encryption → Key storage."
            }
            BackupAccessError::UnknownKind(_) => "A newer Lifeboat may know it.",
            BackupAccessError::WrongKey => RIGHT_KEY,
            BackupAccessError::Unknown(_) | BackupAccessError::SessionEnded => TRY_AGAIN,
        };
        Self::failed(sentence(&error), hint)
    }
}

impl From<RepairError> for Failure {
    fn from(error: RepairError) -> Self {
        match error {
            RepairError::Secrets(SecretsAccessError::WrongKey) => Self::failed(sentence(&error), RIGHT_KEY),
            RepairError::Backup(error) => error.into(),
            RepairError::Upload(error) => error.into(),
            RepairError::Unlock(error) => error.into(),
            RepairError::Gossip(error) => error.into(),
            RepairError::Live(error) => error.into(),
            RepairError::NotHandedOver(_) => Self::failed(
                sentence(&error),
                "Open the app of another verified session and leave it open, then run the command again.",
            ),
            RepairError::NeedsPassword => Self::failed(
                sentence(&error),
                "Give it with --password-file, or run the command on a terminal, which asks for it.",
            ),
            RepairError::PasswordRefused => {
                Self::failed(sentence(&error), "Check the password, and run the command again.")
            }
            RepairError::NeedsApproval(_) => Self::failed(
                sentence(&error),
                "Approve it there, then run the command again at once.",
            ),
            RepairError::NotOffered => Self::failed(
                sentence(&error),
                "Do it on your account’s own page, or in Element: Settings → Sessions.",
            ),
            RepairError::Changed | RepairError::Cipher | RepairError::Secrets(_) => {
                Self::failed(sentence(&error), TRY_AGAIN)
            }
        }
    }
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Self {
        let hint = match error {
            VerifyError::Holdings(error) => return error.into(),
            VerifyError::Live(error) => return error.into(),
            VerifyError::NoSuchSession => "lifeboat check lists your sessions with their ids.",
            VerifyError::TimedOut => "Open the app of that session first, and accept there when it asks.",
            VerifyError::Cancelled(_) => "Run the command again when both sides are ready.",
            VerifyError::Mismatch => {
                "Do not trust that session. Try another one, on another network, and tell your server’s administrators \
                 if it happens again."
            }
            VerifyError::NoEmoji | VerifyError::NoCode => "Take another session, such as Element.",
            VerifyError::ScannedByAnother => "Try again, and scan the code on this screen with your own app only.",
            VerifyError::OtherKey => {
                "Compare it with what that session shows as its session key. If it differs there too, sign the session \
                 out: it is not yours."
            }
            VerifyError::CannotSign => {
                "Give your recovery key with --ask-recovery-key, or compare with a session that holds it."
            }
            VerifyError::NotSigned => "Run lifeboat check, which looks at every signature, and try again.",
        };
        Self::failed(sentence(&error), hint)
    }
}

impl From<HeldError> for Failure {
    fn from(error: HeldError) -> Self {
        match error {
            HeldError::Store(_) => Self::failed(sentence(&error), "Make space for temporary files, and try again."),
            HeldError::File(error) => error.into(),
        }
    }
}

impl From<KeyFileError> for Failure {
    fn from(error: KeyFileError) -> Self {
        let hint = match error {
            KeyFileError::NotAKeyFile => {
                "A key file begins with “-----BEGIN MEGOLM SESSION DATA-----”. Element calls it “Export E2E room keys”."
            }
            KeyFileError::CutOff | KeyFileError::Damaged => "Copy it again from where it was saved.",
            KeyFileError::UnknownVersion(_) => "A newer Lifeboat may know it.",
            KeyFileError::AbsurdRounds(_) => "Do not trust it, and export the keys again.",
            KeyFileError::WrongPassphrase => {
                "Give the passphrase that was chosen when the file was exported; it is not your recovery key."
            }
            KeyFileError::Cipher => "Please report this.",
        };
        Self::usage(sentence(&error), hint)
    }
}
