//! Who is connected to the key backup: asks the account's sessions, and writes their answers into the facts.

use std::{collections::BTreeSet, time::Duration};

use lifeboat_preflight::{LiveSession, ruma::OwnedDeviceId};
use lifeboat_report::{Fact, Facts, facts::BackupKeyAnswer};
use lifeboat_rescue::{KeyHolders, backup_key_holders};

use crate::failure::Failure;

/// How long sessions have to answer.
const PATIENCE: Duration = Duration::from_secs(4);

/// Asks every other session; `live` must be signed, or nobody answers.
pub(crate) async fn ask(live: &LiveSession, facts: &Facts) -> Result<KeyHolders, Failure> {
    let others = facts.sessions.known().into_iter().flatten();
    let others: BTreeSet<OwnedDeviceId> = others
        .filter(|it| it.is_trusted_other())
        .map(|it| it.device_id.as_str().into())
        .collect();
    Ok(backup_key_holders(live, &others, PATIENCE).await?)
}

/// Writes who answered and who did not.
pub(crate) fn note(holders: &KeyHolders, facts: &mut Facts) {
    let Fact::Known(sessions) = &mut facts.sessions else {
        return;
    };
    for session in sessions.iter_mut().filter(|it| it.may_hold_room_keys()) {
        let answered = holders.answered.iter().any(|it| it.as_str() == session.device_id);
        session.backup_key = if answered {
            BackupKeyAnswer::Answered
        } else {
            BackupKeyAnswer::NoAnswer
        };
    }
}
