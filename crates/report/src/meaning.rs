//! What each finding means for the person.

use crate::{Code, Fate, Finding, Severity};

/// There is no history that could be lost.
const NOTHING_TO_LOSE: &str = "You have no encrypted messages yet, so there is nothing to lose.";
/// What a blocker for ended sessions means while they are kept.
const SESSIONS_ALONE: &str = "Your encrypted messages stay readable only as long as one of your sessions lives.";
/// What a gap means to an account without history.
const LATER_MESSAGES: &str =
    "You have no encrypted messages to lose yet, but nothing shows that later ones will be safe.";
/// What a gap means while sessions are kept.
const PERHAPS_SESSIONS_ALONE: &str =
    "Your encrypted messages may stay readable only as long as one of your sessions lives.";

/// Which fates a finding is about.
enum About {
    /// Only what happens when every session ends.
    Ended,
    /// Only what happens when sessions are kept.
    Kept,
    /// Both alike.
    Both,
}

/// Says in one or two sentences what `finding` means for the person whose account it is.
///
/// Where a finding threatens history when sessions end, it says something else for the fate in which they are kept,
/// and something else again where nothing is threatened under either.
pub(crate) fn meaning(finding: &Finding) -> &'static str {
    let about = match finding.fates.as_slice() {
        [Fate::SessionsKept] => About::Kept,
        [Fate::SessionsEnded] => About::Ended,
        _ => About::Both,
    };
    match (finding.code, finding.severity, about) {
        (Code::CoverageAtRisk, Severity::Blocker, _) => {
            "Once every session has ended nobody can read these messages again, whatever key is found."
        }
        (Code::CoverageAtRisk, ..) => "They stay readable only as long as a session lives that has their keys.",
        (Code::CoveragePartial, Severity::Blocker, _) => {
            "Nothing shows that the messages not looked at stay readable once every session has ended."
        }
        (Code::CoverageUnknown, Severity::Blocker, _) => {
            "Nothing shows that your messages stay readable once every session has ended."
        }
        (Code::CoveragePartial | Code::CoverageUnknown, ..) => PERHAPS_SESSIONS_ALONE,

        (Code::NoKeyBackup, Severity::Blocker, _) => {
            "The room keys exist only in your sessions: when those end, your encrypted messages cannot be read again."
        }
        (Code::BackupUnknown, Severity::Blocker, _) => {
            "Nothing shows that your encrypted messages can be restored once every session has ended."
        }
        (Code::BackupAlgorithmUnknown, Severity::Blocker, _) => {
            "Lifeboat can neither check nor restore this backup: do not count on it once every session has ended."
        }
        (Code::BackupKeyOfOtherVersion, Severity::Blocker, _) => {
            "A new session finds a backup key that does not fit: it cannot restore your messages once every other \
             session has ended."
        }
        (Code::BackupKeyNotInStorage, Severity::Blocker, _) => {
            "The recovery key does not lead to the key backup: once every session has ended, a new one cannot restore \
             your messages."
        }
        (Code::BackupKeyNotInStorage, Severity::Caution, About::Both) => {
            "What you tested opens the key backup without it, but clients look for the backup key in secret storage \
             and do not find it."
        }
        (Code::BackupDamaged, Severity::Caution, _) => {
            "The room keys in these entries cannot be restored; if no other copy is found, their messages are lost \
             with your sessions."
        }
        (Code::BackupDamaged, Severity::Note, About::Kept) => {
            "The room keys in these entries cannot be restored, but a session that has them keeps them."
        }
        (Code::BackupNotProven, Severity::Note, _) => {
            "An entry that does not open costs nothing as long as a session lives that has its room key."
        }
        (Code::BackupNotProven, ..) => {
            "An entry that does not open would be noticed only when the sessions that had its room key have ended."
        }
        (Code::BackupUnsigned, Severity::Note, _) => {
            "A key that you tested opens it, so it is your own; clients may still refuse to use it until it is signed."
        }
        (Code::BackupUnsigned, ..) => {
            "Nothing shows that this backup is your own, and clients may refuse to use it: new room keys may not \
             reach it."
        }
        (Code::BackupNotTrusted, ..) => {
            "Clients do not trust such a backup by themselves: new room keys may not reach it."
        }
        (Code::BackupSwitchedOff, ..) => {
            "Your sessions may have stopped storing room keys, so that newer messages are not backed up."
        }
        (Code::OffSwitchUnknown, ..) => {
            "If it was, your sessions have stopped storing room keys, and newer messages are not backed up."
        }

        (Code::RecoveryKeyNotTested, Severity::Blocker, _) => {
            "If the one you have is not the right one, nothing can be restored once every session has ended, and then \
             it is too late to find out."
        }
        (Code::RecoveryKeyNotTested, Severity::Caution, About::Kept) => {
            "If the one you have is not the right one, your encrypted messages stay readable only as long as one of \
             your sessions lives."
        }
        (Code::RecoveryKeyNotTested, ..) => {
            "You have no encrypted messages to lose yet, but without the right one your identity cannot be recovered."
        }
        (Code::RecoveryKeyOpensNothing, Severity::Blocker, _) => {
            "What you have does not bring your messages back once every session has ended."
        }
        (Code::RecoveryKeyOpensOtherKey, Severity::Blocker, _) => {
            "Clients ask for the default storage key alone: what you have does not bring your messages back once \
             every session has ended."
        }
        (Code::RecoveryKeyOpensOtherKey, Severity::Caution, About::Both) => {
            "It opens the key backup all the same, but clients ask for the default storage key alone and do not \
             accept it."
        }
        (Code::RecoveryKeyIsBackupKey, ..) => {
            "It brings your messages back, but not your identity; clients that ask for a recovery key may not accept \
             it."
        }
        (Code::SecretsDoNotFit, ..) => {
            "A recovery would not bring back the identity that your contacts and sessions know."
        }

        (Code::NoSecretStorage, Severity::Blocker, _) => {
            "There is no recovery key: once every session has ended, nothing brings the backup key back."
        }
        (Code::NoSecretStorage, Severity::Caution, About::Both) => {
            "What you tested opens the key backup, but your identity cannot be recovered once every session has ended."
        }
        (Code::NoDefaultKey, Severity::Blocker, _) => {
            "Clients act as if there were no secret storage: once every session has ended, they do not even ask for \
             the recovery key."
        }
        (Code::NoDefaultKey, Severity::Caution, About::Both) => {
            "What you tested opens the key backup, but clients act as if there were no secret storage."
        }
        (Code::StorageUnknown, Severity::Blocker, _) => {
            "Nothing shows that a recovery key brings your messages back once every session has ended."
        }
        (Code::StorageKeyUnchecked, Severity::Note, _) => {
            "What you tested was proven by the secrets it opens, so it is the right one; a typing error would not be \
             noticed, though."
        }
        (Code::StorageKeyUnchecked, ..) => {
            "A wrong recovery key looks like the right one until a secret is opened with it."
        }
        (Code::PassphraseParametersAbsurd, ..) => {
            "A recovery passphrase cannot open these storage keys; the recovery key itself still can."
        }
        (Code::SecretMissing, ..) => {
            "A recovery would not bring back your whole identity: sessions or contacts would have to be verified anew."
        }
        (Code::SecretBlanked, Severity::Blocker, _) => {
            "The backup key was emptied out of secret storage: once every session has ended, the recovery key no \
             longer leads to your messages."
        }
        (Code::SecretBlanked, Severity::Caution, About::Both) => {
            "It was there once and was emptied: a recovery does not bring it back."
        }
        (Code::SecretUnreadable, Severity::Blocker, _) => {
            "The backup key cannot be had from secret storage: once every session has ended, the recovery key does \
             not lead to your messages."
        }
        (Code::SecretUnreadable, Severity::Caution, About::Both) => {
            "Clients cannot use what they do not understand: a recovery does not bring it back."
        }
        (Code::SecretUnderOtherKey, Severity::Blocker, _) => {
            "Clients open the default storage key alone: once every session has ended, the recovery key does not lead \
             to your messages."
        }
        (Code::SecretUnderOtherKey, Severity::Caution, About::Both) => {
            "Clients open the default storage key alone: a recovery does not bring it back."
        }

        (Code::NoIdentity, Severity::Note, _) => {
            "You have no encrypted messages yet, so there is nothing that an identity would have to protect."
        }
        (Code::NoIdentity, ..) => {
            "Nothing vouches for your sessions: a stranger's looks like yours, and other people's clients may refuse \
             to send room keys to them."
        }
        (Code::IdentityIncomplete, ..) => "Some of your sessions or contacts cannot be verified until it is complete.",
        (Code::IdentityBadlySigned, ..) => {
            "Clients do not accept what such a key signs: sessions or contacts verified with it count as unverified."
        }
        (Code::IdentityUnknown, ..) => "Nothing shows that anybody vouches for your sessions.",

        (Code::OnlySession, Severity::Note, About::Both) => "No session is needed to bring your messages back.",
        (Code::OnlySession, Severity::Note, _) => {
            "Ending the sessions destroys no other copy of your room keys: there is none."
        }
        (Code::OnlySession, ..) => {
            "Keeping sessions keeps nothing: none of them could bring back what the key backup does not."
        }
        (Code::SessionStale, Severity::Note, _) => {
            "Room keys may wait for it on the server. Nothing is known to be missing without them."
        }
        (Code::SessionStale, ..) => {
            "It may have room keys that no other copy exists of, or such keys wait for it on the server: open it first."
        }
        (Code::SessionSilent, Severity::Note, _) => {
            "Whether it is connected to the key backup is unknown: it may be switched off, or may not trust who asked. \
             Nothing is known to be missing without it."
        }
        (Code::SessionSilent, ..) => {
            "Whether it is connected to the key backup is unknown: it may be switched off, or may not trust who asked. \
             It may hold room keys that nobody else has."
        }
        (Code::SessionNotSigned, ..) => {
            "It was never verified, or it is not yours. Other sessions and other people's clients may refuse to send \
             room keys to it."
        }
        (Code::SessionKeyless, ..) => {
            "It cannot read encrypted messages and holds no room keys: there is nothing in it to lose or to rescue."
        }
        (Code::DehydratedSession, ..) => {
            "It receives room keys while none of your sessions is signed in, and is deleted with what it has received \
             when every session is signed out."
        }
        (Code::SessionsUnknown, ..) => {
            "A session that was not looked at may hold the only copy of some room keys, or may not be yours."
        }

        (Code::PasswordChangeDisabled, ..) => {
            "A password cannot be changed the usual way here: the server's administrators decide how it is done."
        }
        (Code::AccountsDelegated, ..) => {
            "Your password belongs to that server: it is changed on its account page, unless this server takes the change \
             itself. A change there ends no session."
        }
        (Code::NoPasswordSignIn, ..) => {
            "There is no password to reset here. Whoever signs you in keeps it, and a change there ends no session."
        }
        (Code::SignsInElsewhere, ..) => {
            "A new password here does not change the one at the provider; the account may have none here at all."
        }
        (Code::AccountRestricted, ..) => {
            "A new password does not lift that: until an administrator does, the person may not get in or may not be heard."
        }
        (Code::ServerUnknown, ..) => "Nothing shows which way to a new password this server offers.",
        (Code::NoEmail, ..) => {
            "The password cannot be reset by e-mail: without the old one, the server's administrators have to help."
        }
        (Code::EmailUnknown, ..) => "Nothing shows whether the password can be reset by e-mail.",
        (Code::RateLimited, ..) => "Part of the picture is missing, and a reset right now may be turned away as well.",

        // What is left threatens history under the other fate, or would if there were any.
        (Code::BackupUnknown | Code::StorageUnknown, _, About::Both) => LATER_MESSAGES,
        (Code::BackupUnknown | Code::StorageUnknown, ..) => PERHAPS_SESSIONS_ALONE,
        (_, Severity::Note, _) => NOTHING_TO_LOSE,
        (_, Severity::Caution | Severity::Blocker, _) => SESSIONS_ALONE,
    }
}
