//! What to do about a session that cannot take part in encryption, or cannot be brought to read.

use lifeboat_preflight::{FetchError, LiveError, UnlockError};
use lifeboat_reset::history_proof::ProofError;

use super::{
    Failure, SUSPENDED,
    from::{TRY_LATER, sentence},
};

const RUN_AGAIN: &str = "Run the same command again.";

impl From<LiveError> for Failure {
    fn from(error: LiveError) -> Self {
        let hint = match &error {
            LiveError::Lent => "Give the password instead of an access token.",
            LiveError::SessionEnded => RUN_AGAIN,
            LiveError::Suspended => SUSPENDED,
            LiveError::NoKeysTaken => "Try again; if it stays like this, ask the server’s administrators.",
            LiveError::NoSync | LiveError::Server(_) => TRY_LATER,
            LiveError::Stays(_) => {
                "Its session may remain in your account: sign it out in Element, Settings → Sessions."
            }
        };
        Self::failed(sentence(&error), hint)
    }
}

impl From<UnlockError> for Failure {
    fn from(error: UnlockError) -> Self {
        let hint = match error {
            UnlockError::Live(error) => return error.into(),
            UnlockError::WrongKey => "Run `lifeboat try-key` to find out what it opens, or look for another one.",
            UnlockError::NoSecretStorage
            | UnlockError::StorageUnreadable
            | UnlockError::SecretDamaged(_)
            | UnlockError::SecretBlank(_)
            | UnlockError::OtherIdentity(_) => "Run `lifeboat check` with the same key: it says how to mend this.",
            UnlockError::NotSigned(_) | UnlockError::Unknown(_) => TRY_LATER,
            UnlockError::Store(_) => "Close what else uses Lifeboat’s folder, or make space, and run it again.",
        };
        Self::failed(sentence(&error), hint)
    }
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        let hint = match error {
            FetchError::Live(error) => return error.into(),
            FetchError::NotConnected => "Run `lifeboat check` with the recovery key: it says what is wrong.",
            FetchError::NotListed(_) => TRY_LATER,
            FetchError::OddRoom(_) => "Tell the server’s administrators.",
        };
        Self::failed(sentence(&error), hint)
    }
}

impl From<ProofError> for Failure {
    fn from(error: ProofError) -> Self {
        let hint = match &error {
            ProofError::NoForecast => "Give the file of a check that was made without --quick.",
            ProofError::NoNames => "Give a file that was written without --redact, by this version of Lifeboat.",
            ProofError::SessionEnded => RUN_AGAIN,
            ProofError::Rooms(_) => TRY_LATER,
        };
        Self::failed(sentence(&error), hint)
    }
}
