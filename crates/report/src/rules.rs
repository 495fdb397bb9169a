//! The rules: one small pure function for each code.
//!
//! A rule says how much its finding weighs in a situation under a fate, or that there is nothing to find. What several
//! of them share is below, so that it reads the same everywhere: a blocker is only for what threatens readable
//! history, or may threaten it for all that is known. Where the whole history was read and is empty, what is known to
//! be broken is a note and what is not known stays a caution, because an unknown never counts as good.

mod backup;
mod coverage;
mod identity;
mod recovery_key;
mod secrets;
mod server;
mod sessions;
mod storage;

use crate::situation::Coverage;
use crate::{Code, Fate, Severity, Situation};

/// Says how much a finding weighs in a situation under a fate; `None`: it is not the case.
pub(crate) type Rule = fn(&Situation, Fate) -> Option<Severity>;

/// Every rule, one for each code, in the order of [`Code::ALL`].
pub(crate) const RULES: &[(Code, Rule)] = &[
    (Code::CoverageAtRisk, coverage::at_risk),
    (Code::NoKeyBackup, backup::absent),
    (Code::BackupUnknown, backup::unknown),
    (Code::BackupAlgorithmUnknown, backup::unknown_algorithm),
    (Code::BackupKeyOfOtherVersion, recovery_key::reaches_wrong_backup_key),
    (Code::BackupKeyNotInStorage, secrets::backup_key_missing),
    (Code::RecoveryKeyNotTested, recovery_key::not_tested),
    (Code::RecoveryKeyOpensNothing, recovery_key::opens_nothing),
    (Code::RecoveryKeyOpensOtherKey, recovery_key::opens_other_key),
    (Code::RecoveryKeyIsBackupKey, recovery_key::is_backup_key),
    (Code::SecretsDoNotFit, recovery_key::secrets_do_not_fit),
    (Code::NoSecretStorage, storage::absent),
    (Code::NoDefaultKey, storage::no_default_key),
    (Code::StorageUnknown, storage::unknown),
    (Code::StorageKeyUnchecked, storage::unchecked),
    (Code::PassphraseParametersAbsurd, storage::absurd_passphrase),
    (Code::SecretMissing, secrets::missing),
    (Code::SecretBlanked, secrets::blanked),
    (Code::SecretUnreadable, secrets::unreadable),
    (Code::SecretUnderOtherKey, secrets::under_other_key),
    (Code::CoveragePartial, coverage::partial),
    (Code::CoverageUnknown, coverage::unknown),
    (Code::BackupDamaged, backup::damaged),
    (Code::BackupNotProven, backup::not_proven),
    (Code::BackupUnsigned, backup::unsigned),
    (Code::BackupNotTrusted, backup::not_trusted),
    (Code::BackupSwitchedOff, backup::switched_off),
    (Code::OffSwitchUnknown, backup::off_switch_unknown),
    (Code::NoIdentity, identity::absent),
    (Code::IdentityIncomplete, identity::incomplete),
    (Code::IdentityBadlySigned, identity::badly_signed),
    (Code::IdentityUnknown, identity::unknown),
    (Code::OnlySession, sessions::only),
    (Code::SessionStale, sessions::stale),
    (Code::SessionSilent, sessions::silent),
    (Code::SessionNotSigned, sessions::not_signed),
    (Code::SessionKeyless, sessions::keyless),
    (Code::DehydratedSession, sessions::dehydrated),
    (Code::SessionsUnknown, sessions::unknown),
    (Code::PasswordChangeDisabled, server::password_change_disabled),
    (Code::AccountsDelegated, server::accounts_delegated),
    (Code::NoPasswordSignIn, server::no_password_sign_in),
    (Code::SignsInElsewhere, server::signs_in_elsewhere),
    (Code::AccountRestricted, server::account_restricted),
    (Code::ServerUnknown, server::unknown),
    (Code::NoEmail, server::no_email),
    (Code::EmailUnknown, server::email_unknown),
    (Code::RateLimited, server::rate_limited),
];

impl Situation {
    /// Weighs something known that makes history unreadable once no session is left.
    fn costs_history(&self, fate: Fate) -> Severity {
        match (self.coverage, fate) {
            (Coverage::NoHistory, _) => Severity::Note,
            (_, Fate::SessionsEnded) => Severity::Blocker,
            (_, Fate::SessionsKept) => Severity::Caution,
        }
    }

    /// Weighs something known that makes history unreadable once no session is left, unless a tested key opens the
    /// key backup all the same.
    fn costs_history_unless_opened(&self, fate: Fate) -> Severity {
        if self.trial.opens_backup() {
            self.caution_if_history()
        } else {
            self.costs_history(fate)
        }
    }

    /// Weighs something not known on which readable history may depend.
    fn may_cost_history(&self, fate: Fate) -> Severity {
        self.costs_history(fate).max(Severity::Caution)
    }

    /// Weighs something known that matters only to an account with a history.
    fn caution_if_history(&self) -> Severity {
        match self.coverage {
            Coverage::NoHistory => Severity::Note,
            _ => Severity::Caution,
        }
    }

    /// Tells whether ended sessions cost nothing: all history is covered, and a tested key opens the key backup.
    fn is_safe_without_sessions(&self) -> bool {
        self.coverage.is_whole() && self.trial.opens_backup()
    }
}

/// Weighs a weakness that threatens no readable history by itself.
const CAUTION: Option<Severity> = Some(Severity::Caution);
/// Weighs something that is only worth knowing.
const NOTE: Option<Severity> = Some(Severity::Note);
