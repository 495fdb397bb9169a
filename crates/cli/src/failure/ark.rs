//! What to do about an ark that cannot be written, read or put back.

use lifeboat_preflight::ark::ArkError;
use lifeboat_rescue::ArkRestoreError;

use super::{Failure, SUSPENDED, as_sentence};

impl From<ArkError> for Failure {
    fn from(error: ArkError) -> Self {
        let hint = match &error {
            ArkError::SessionEnded => "Run the command again; if you lent an access token, take a fresh one.",
            ArkError::NotGiven { .. } | ArkError::Listing { .. } => {
                "No ark was written: one that lacks something would be trusted with everything. Try again in a while."
            }
            ArkError::TooManyVersions { .. } => "Show this to the server’s administrators.",
            ArkError::Write(_) => "Make space, or give a file on another disk.",
            ArkError::Read(_) => "Check the disk, or give another copy of the file.",
            ArkError::NotAnArk => "Give a file that `lifeboat ark save` wrote.",
            ArkError::NewerFormat => "Update Lifeboat, or read the file with the version that wrote it.",
            ArkError::CutOff { .. } | ArkError::Damaged { .. } => {
                "Give another copy of it. As long as the account is unharmed, save a new one."
            }
        };
        Self::failed(as_sentence(&error.to_string()), hint)
    }
}

impl From<ArkRestoreError> for Failure {
    fn from(error: ArkRestoreError) -> Self {
        const AGAIN: &str = "Run the command again: it makes a new plan and goes on where it stopped.";
        let hint = match error {
            ArkRestoreError::Ark(error) => return error.into(),
            ArkRestoreError::BackupReplaced | ArkRestoreError::DataChanged { .. } => AGAIN.to_owned(),
            ArkRestoreError::NotSealed => "Please report this, with what -vv shows.".to_owned(),
            ArkRestoreError::SessionEnded => format!("{AGAIN} If you lent an access token, take a fresh one."),
            ArkRestoreError::Suspended => SUSPENDED.to_owned(),
            ArkRestoreError::Refused { .. } => {
                format!("{AGAIN} If it stays like this, show these words to the server’s administrators.")
            }
        };
        Self::failed(as_sentence(&error.to_string()), hint)
    }
}
