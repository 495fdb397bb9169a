//! What each finding says is the case.

mod backup;
mod people;
mod phrase;
mod recovery_key;
mod storage;

use crate::words::list;
use crate::{Code, Evidence};
use phrase::unknown;

/// Says in one sentence what is the case.
///
/// Total over every evidence: what an evidence lacks is left out of the sentence. Texts of somebody else's making are
/// made harmless, see [`plain`](crate::plain).
pub(crate) fn sentence(code: Code, evidence: &Evidence) -> String {
    match code {
        Code::CoverageAtRisk => backup::at_risk(evidence),
        Code::CoveragePartial => backup::partial(evidence),
        Code::CoverageUnknown => unknown("which encrypted messages the key backup covers", evidence),

        Code::NoKeyBackup => "This account has no key backup.".into(),
        Code::BackupUnknown => unknown("whether there is a key backup", evidence),
        Code::BackupAlgorithmUnknown => backup::unknown_algorithm(evidence),
        Code::BackupKeyOfOtherVersion => recovery_key::of_other_version(evidence),
        Code::BackupKeyNotInStorage => backup::key_not_in_storage(evidence),
        Code::BackupDamaged => backup::damaged(evidence),
        Code::BackupNotProven => backup::not_proven(evidence),
        Code::BackupUnsigned => backup::unsigned(evidence),
        Code::BackupNotTrusted => backup::not_trusted(evidence),
        Code::BackupSwitchedOff => "The key backup was switched off on purpose.".into(),
        Code::OffSwitchUnknown => unknown("whether the key backup was switched off", evidence),

        Code::RecoveryKeyNotTested => recovery_key::not_tested(evidence),
        Code::RecoveryKeyOpensNothing => recovery_key::opens_nothing(evidence),
        Code::RecoveryKeyOpensOtherKey => recovery_key::opens_other_key(evidence),
        Code::RecoveryKeyIsBackupKey => recovery_key::is_backup_key(evidence),
        Code::SecretsDoNotFit => recovery_key::secrets_do_not_fit(evidence),

        Code::NoSecretStorage => "This account has no secret storage.".into(),
        Code::NoDefaultKey => storage::no_default_key(evidence),
        Code::StorageUnknown => unknown("whether there is secret storage", evidence),
        Code::StorageKeyUnchecked => storage::unchecked(evidence),
        Code::PassphraseParametersAbsurd => storage::absurd_passphrase(evidence),
        Code::SecretMissing => storage::missing(evidence),
        Code::SecretBlanked => storage::blanked(evidence),
        Code::SecretUnreadable => storage::unreadable(evidence),
        Code::SecretUnderOtherKey => storage::under_other_key(evidence),

        Code::NoIdentity => "This account has no identity: no cross-signing key is published.".into(),
        Code::IdentityIncomplete => people::incomplete(evidence),
        Code::IdentityBadlySigned => people::badly_signed(evidence),
        Code::IdentityUnknown => unknown("whether there is an identity", evidence),

        Code::OnlySession => "No other session of this account can hold room keys.".into(),
        Code::SessionStale => people::stale(evidence),
        Code::SessionSilent => people::silent(evidence),
        Code::SessionNotSigned => people::not_signed(evidence),
        Code::SessionKeyless => people::keyless(evidence),
        Code::DehydratedSession => people::dehydrated(evidence),
        Code::SessionsUnknown => people::sessions_unknown(evidence),

        Code::PasswordChangeDisabled => "This server does not let its users change their password in a client.".into(),
        Code::AccountsDelegated => people::delegated(evidence),
        Code::NoPasswordSignIn => "Nobody signs in with a password on this server.".into(),
        Code::SignsInElsewhere => people::signs_in_elsewhere(evidence),
        Code::AccountRestricted => people::restricted(evidence),
        Code::ServerUnknown => unknown(&facts(evidence), evidence),
        Code::NoEmail => "No e-mail address is confirmed for this account.".into(),
        Code::EmailUnknown => unknown("which e-mail addresses can reset the password", evidence),
        Code::RateLimited => {
            format!(
                "The server asked to come back later when it was asked about {}.",
                facts(evidence)
            )
        }
    }
}

/// Names the facts that are not known.
fn facts(evidence: &Evidence) -> String {
    list(evidence.gaps.iter().map(|it| it.fact.words()))
}
