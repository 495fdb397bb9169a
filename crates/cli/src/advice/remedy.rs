//! Which remedy a finding calls for.

use lifeboat_report::{
    Code, Facts, Finding, Gap, Severity,
    facts::{Candidate, Session},
};

use super::mend;

/// Something to do, from the least to the most destructive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Remedy {
    /// Ask the server again.
    CheckAgain,
    /// Wait, then ask the server again.
    CheckLater,
    /// Check again with the recovery key.
    TestRecoveryKey,
    /// Look for the right recovery key.
    FindRecoveryKey,
    /// Open the sessions that have not been used for a while.
    OpenSessions,
    /// Save the room keys of every session into files.
    ExportKeys,
    /// Have the identity vouch for the sessions it does not vouch for.
    VerifySessions,
    /// Let Lifeboat carry out what it would plan.
    Mend,
    /// Enter the recovery key where Element asks for it.
    EnterRecoveryKey,
    /// Say that a key backup is wanted after all.
    SwitchBackupOn,
    /// Turn the key backup on.
    TurnOnKeyStorage,
    /// Make a recovery key where there is none.
    SetUpRecovery,
    /// Let a session that still has the secrets store them again under a new recovery key.
    ChangeRecoveryKey,
    /// Add an e-mail address.
    AddEmail,
    /// Change the password where the accounts are kept.
    UseAccountPage,
    /// Sign unneeded sessions out.
    TidySessions,
    /// Ask the people who run the server.
    AskAdministrators,
    /// Make a new backup in place of one that nobody can open.
    RenewKeyStorage,
    /// Make a new identity.
    ResetIdentity,
}

impl Remedy {
    /// Returns the remedies that do this one's work as well, if they are advised anyway.
    pub(super) fn covered_by(self) -> &'static [Self] {
        match self {
            Self::CheckAgain => &[Self::CheckLater, Self::TestRecoveryKey],
            _ => &[],
        }
    }
}

/// Returns the remedy for `finding`, if there is anything to do about it.
pub(super) fn of(finding: &Finding, facts: &Facts) -> Option<Remedy> {
    let tested = facts.key_trial.known().is_some();
    if finding.severity > Severity::Note && mend::helps(finding.code, &mend::planned(facts)) {
        return Some(Remedy::Mend);
    }
    Some(match finding.code {
        Code::CoverageAtRisk | Code::CoveragePartial | Code::CoverageUnknown => return export(facts),

        Code::NoKeyBackup => Remedy::TurnOnKeyStorage,
        Code::BackupSwitchedOff => Remedy::SwitchBackupOn,
        Code::BackupUnknown
        | Code::OffSwitchUnknown
        | Code::StorageUnknown
        | Code::IdentityUnknown
        | Code::SessionsUnknown
        | Code::ServerUnknown
        | Code::EmailUnknown
        | Code::RateLimited => return after_gaps(finding),
        Code::BackupAlgorithmUnknown => Remedy::RenewKeyStorage,
        Code::BackupKeyOfOtherVersion | Code::BackupKeyNotInStorage => Remedy::ChangeRecoveryKey,
        Code::BackupDamaged => return export(facts),
        // A test of every entry is not offered by a command of its own: it comes with the check.
        Code::BackupNotProven => return None,
        Code::BackupUnsigned if finding.severity == Severity::Note => return None,
        Code::BackupUnsigned | Code::BackupNotTrusted if !tested => Remedy::TestRecoveryKey,
        Code::BackupUnsigned | Code::BackupNotTrusted => Remedy::EnterRecoveryKey,

        Code::RecoveryKeyNotTested => Remedy::TestRecoveryKey,
        Code::RecoveryKeyOpensNothing => Remedy::FindRecoveryKey,
        Code::RecoveryKeyOpensOtherKey | Code::RecoveryKeyIsBackupKey => another_key(facts),
        Code::SecretsDoNotFit => Remedy::ChangeRecoveryKey,

        Code::NoSecretStorage => Remedy::SetUpRecovery,
        Code::NoDefaultKey | Code::PassphraseParametersAbsurd => Remedy::ChangeRecoveryKey,
        Code::StorageKeyUnchecked if !tested => Remedy::TestRecoveryKey,
        Code::StorageKeyUnchecked if finding.severity == Severity::Note => return None,
        Code::StorageKeyUnchecked => Remedy::ChangeRecoveryKey,
        Code::SecretMissing | Code::SecretBlanked | Code::SecretUnreadable | Code::SecretUnderOtherKey => {
            Remedy::ChangeRecoveryKey
        }

        Code::NoIdentity => Remedy::SetUpRecovery,
        Code::IdentityIncomplete | Code::IdentityBadlySigned => Remedy::ResetIdentity,

        Code::OnlySession => return None,
        Code::SessionStale | Code::SessionSilent => Remedy::OpenSessions,
        Code::SessionNotSigned => Remedy::VerifySessions,
        Code::SessionKeyless => Remedy::TidySessions,
        Code::DehydratedSession => return None,

        Code::PasswordChangeDisabled => Remedy::AskAdministrators,
        Code::AccountsDelegated => Remedy::UseAccountPage,
        Code::NoPasswordSignIn | Code::SignsInElsewhere => return None,
        Code::AccountRestricted => Remedy::AskAdministrators,
        Code::NoEmail => Remedy::AddEmail,
    })
}

/// Only other sessions have something to save.
fn export(facts: &Facts) -> Option<Remedy> {
    let none = facts
        .sessions
        .known()
        .is_some_and(|all| !all.iter().any(Session::may_hold_room_keys));
    (!none).then_some(Remedy::ExportKeys)
}

/// A key that opens the active backup is good enough to make a new one with; otherwise the right one is to be found.
fn another_key(facts: &Facts) -> Remedy {
    let opens = |it: &Candidate| it.opens_active_backup;
    if facts
        .key_trial
        .known()
        .is_some_and(|it| it.candidates.iter().any(opens))
    {
        Remedy::ChangeRecoveryKey
    } else {
        Remedy::FindRecoveryKey
    }
}

/// Asking again helps against gaps that pass; against the others only the people who run the server do.
fn after_gaps(finding: &Finding) -> Option<Remedy> {
    let remedy = |gap: Gap| match gap {
        Gap::NotAsked | Gap::Offline => Remedy::CheckAgain,
        Gap::RateLimited | Gap::Failed => Remedy::CheckLater,
        Gap::Refused | Gap::Unsupported | Gap::Unreadable => Remedy::AskAdministrators,
    };
    finding.evidence.gaps.iter().map(|it| remedy(it.gap)).max()
}
