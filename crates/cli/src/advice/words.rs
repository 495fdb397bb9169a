//! The remedies in words.

use lifeboat_report::{
    Code, Report,
    facts::{Session, Support},
};

use super::{Advice, CommandLine, Remedy, mend, sessions_of};
use crate::ui::{
    clean::{clean, clean_id},
    time,
};

/// Longest name of a session or address in a sentence.
const LONGEST: usize = 60;

/// Puts a remedy into words for one account.
pub(super) fn advice(remedy: Remedy, report: &Report, account: &CommandLine) -> Advice {
    let what = match remedy {
        Remedy::CheckAgain => "Check again: the server did not answer everything.".to_owned(),
        Remedy::CheckLater => {
            "Wait ten minutes, then check again: the server was too busy to answer everything.".to_owned()
        }
        Remedy::TestRecoveryKey => {
            "Check again with your recovery key or passphrase. Look for it in your password manager, or for a file \
             element-recovery-key.txt; Element called it Security Key until 2025. It never leaves this machine."
                .to_owned()
        }
        Remedy::FindRecoveryKey => {
            "Look for the right recovery key, and try each one you find: 12 groups of 4 characters, in your password \
             manager, on paper, or in a file element-recovery-key.txt. If a session still shows your old messages and \
             none of your keys fits, make a new one there: Settings → Encryption → Change recovery key."
                .to_owned()
        }
        Remedy::OpenSessions => format!(
            "Open Element on {}, and leave it open until it is quiet: keys may wait there that nobody else has, or \
             wait on the server for it. Then check again.",
            stale(report)
        ),
        Remedy::ExportKeys => format!(
            "Bring the keys that only your sessions hold into the backup: open each of them{}, and let Lifeboat ask \
             them. What no session answers you can save in it into a key file, and give that to Lifeboat with \
             --key-file.",
            holders(report)
        ),
        Remedy::VerifySessions => format!(
            "Verify {}, or sign it out if it is not yours. Until then it may not get the keys of new messages, and \
             its keys may not reach the backup.",
            unsigned(report)
        ),
        Remedy::Mend => mend::words(&mend::planned(&report.facts)).0,
        Remedy::SwitchBackupOn => {
            "Switch the key backup on again: somebody has switched it off in your account data, and apps may have \
             stopped using it."
                .to_owned()
        }
        Remedy::EnterRecoveryKey => {
            "Let Lifeboat sign the backup with your identity, once your recovery key has proven that it is yours; or \
             enter your recovery key in a session that shows “Your key storage is out of sync”."
                .to_owned()
        }
        Remedy::SetUpRecovery => {
            "Make a recovery key in the session that shows the most of your old messages, and keep it in your password \
             manager. Leave Element open until it has backed everything up."
                .to_owned()
        }
        Remedy::ChangeRecoveryKey => {
            "Make a new recovery key with the help of a verified session that still shows your old messages: \
             everything is stored again under the new key. The old recovery key stops working."
                .to_owned()
        }
        Remedy::TurnOnKeyStorage => {
            "Turn key storage on in the session that shows the most of your old messages, and leave Element open until \
             it has backed everything up. Turning it off again would delete the backup."
                .to_owned()
        }
        Remedy::AddEmail => {
            "Add an e-mail address to your account: without one, only your server’s administrators can \
             reset your password."
                .to_owned()
        }
        Remedy::UseAccountPage => format!(
            "Change your password on your account’s own page{}.",
            account_page(report)
        ),
        Remedy::TidySessions => {
            "Sign out the sessions that you do not know or no longer use, if they show none of your old messages."
                .to_owned()
        }
        Remedy::AskAdministrators => {
            format!(
                "Ask the people who run your server{}. Show them this screen.",
                contacts(report)
            )
        }
        Remedy::RenewKeyStorage => {
            "Save your keys first, as above. Then turn key storage off and on again in a verified session: this \
             deletes what the server holds, backup and recovery, and stores it anew; set up recovery afterwards."
                .to_owned()
        }
        Remedy::ResetIdentity => {
            "As the last resort, and only after you have saved your keys: reset your identity. Every session and \
             every person you know has to be verified again, and history that is stored only on the server is lost."
                .to_owned()
        }
    };
    Advice {
        remedy,
        what,
        command: command(remedy, report, account),
        in_element: in_element(remedy),
    }
}

fn command(remedy: Remedy, report: &Report, account: &CommandLine) -> Option<CommandLine> {
    match remedy {
        Remedy::CheckAgain | Remedy::CheckLater => Some(account.command("check", [])),
        Remedy::TestRecoveryKey => Some(account.command("check", ["--ask-recovery-key"])),
        Remedy::OpenSessions => Some(account.command("check", [])),
        Remedy::FindRecoveryKey => Some(account.command("try-key", [])),
        Remedy::ExportKeys => Some(account.command("rescue", [])),
        Remedy::Mend => {
            let (_, flags) = mend::words(&mend::planned(&report.facts));
            Some(account.command_with("repair", &flags))
        }
        Remedy::SwitchBackupOn => Some(account.command("repair", ["--switch-backup-on"])),
        Remedy::VerifySessions => one_of(report, Code::SessionNotSigned, "--sign-session", account),
        Remedy::TidySessions => one_of(report, Code::SessionKeyless, "--sign-out-session", account),
        Remedy::EnterRecoveryKey => Some(account.command("repair", [])),
        Remedy::SetUpRecovery => Some(account.command("repair", ["--new-recovery-key", "recovery-key.txt"])),
        Remedy::ResetIdentity => Some(account.command("repair", ["--reset-identity", "--dry-run"])),
        Remedy::ChangeRecoveryKey => Some(account.command("verify", ["--new-recovery-key", "recovery-key.txt"])),
        _ => None,
    }
}

/// The command for the first session that a finding is about; the others follow one by one.
fn one_of(report: &Report, code: Code, flag: &str, account: &CommandLine) -> Option<CommandLine> {
    let session = sessions_of(report, code).next()?;
    let id = clean_id(&session.device_id);
    Some(account.command("repair", [flag, &id]))
}

/// The names are those of Element Web and Desktop at the end of 2025.
fn in_element(remedy: Remedy) -> Option<&'static str> {
    match remedy {
        Remedy::ExportKeys => Some("Settings → Encryption → Advanced → Export keys"),
        Remedy::VerifySessions => Some("Settings → Encryption → Verify this device, in that session"),
        Remedy::EnterRecoveryKey => Some("Settings → Encryption → Recovery → Enter recovery key"),
        Remedy::SetUpRecovery => Some("Settings → Encryption → Recovery → Set up recovery"),
        Remedy::ChangeRecoveryKey => Some("Settings → Encryption → Recovery → Change recovery key"),
        Remedy::TurnOnKeyStorage | Remedy::SwitchBackupOn | Remedy::RenewKeyStorage => {
            Some("Settings → Encryption → Allow key storage")
        }
        Remedy::AddEmail => Some("Settings → Account → Email addresses"),
        Remedy::UseAccountPage => Some("Settings → Account → Manage account"),
        Remedy::TidySessions => Some("Settings → Sessions"),
        Remedy::ResetIdentity => Some("Settings → Encryption → Advanced → Reset cryptographic identity"),
        Remedy::CheckAgain
        | Remedy::CheckLater
        | Remedy::TestRecoveryKey
        | Remedy::FindRecoveryKey
        | Remedy::Mend
        | Remedy::OpenSessions
        | Remedy::AskAdministrators => None,
    }
}

/// Names the sessions that can hold keys, the most recently seen first.
fn holders(report: &Report) -> String {
    let mut sessions: Vec<&Session> = report
        .facts
        .sessions
        .known()
        .into_iter()
        .flatten()
        .filter(|it| it.may_hold_room_keys())
        .collect();
    sessions.sort_by_key(|it| (std::cmp::Reverse(it.last_seen_at), it.device_id.clone()));
    if sessions.is_empty() {
        String::new()
    } else {
        format!(": {}", names(sessions, report.taken_at))
    }
}

fn unsigned(report: &Report) -> String {
    let sessions: Vec<_> = sessions_of(report, Code::SessionNotSigned).collect();
    match sessions.len() {
        0 => "the session that your identity does not vouch for".to_owned(),
        _ => names(sessions, report.taken_at),
    }
}

fn stale(report: &Report) -> String {
    let mut sessions: Vec<&Session> = sessions_of(report, Code::SessionStale).collect();
    for silent in sessions_of(report, Code::SessionSilent) {
        if !sessions.iter().any(|it| it.device_id == silent.device_id) {
            sessions.push(silent);
        }
    }
    match sessions.len() {
        0 => "the sessions that you have not used for a while".to_owned(),
        _ => names(sessions, report.taken_at),
    }
}

/// `“Pixel 8” (9 days ago), “Firefox” (just now) and 3 more`
fn names<'a>(sessions: impl IntoIterator<Item = &'a Session>, now: u64) -> String {
    let all: Vec<String> = sessions
        .into_iter()
        .map(|it| {
            let name = session_name(it);
            it.last_seen_at.map_or_else(
                || name.clone(),
                |seen| format!("{name} (seen {})", time::ago(seen, now)),
            )
        })
        .collect();
    match all.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] if all.len() <= 3 => format!("{} and {last}", first.join(", ")),
        [first, second, rest @ ..] => format!("{first}, {second} and {} more", rest.len()),
    }
}

/// Returns a session's name in quotes, or its id where it has none.
fn session_name(session: &Session) -> String {
    match session.name.as_deref().map(|it| clean(it, LONGEST)) {
        Some(name) if !name.is_empty() => format!("“{name}”"),
        _ => format!("the session {}", clean_id(&session.device_id)),
    }
}

fn account_page(report: &Report) -> String {
    let oauth = report.facts.server.oauth.known().and_then(Option::as_ref);
    match oauth.and_then(|it| it.account_management_uri.as_deref()) {
        Some(page) => format!(": {}", clean_id(page)),
        None => String::new(),
    }
}

/// `: @admin:example.org, help@example.org, https://example.org/help`, at most three of them.
fn contacts(report: &Report) -> String {
    let Some(Support { contacts, support_page }) = report.facts.server.support.known().and_then(Option::as_ref) else {
        return String::new();
    };
    let people = contacts
        .iter()
        .flat_map(|it| [&it.matrix_id, &it.email_address])
        .flatten();
    let all: Vec<String> = people.chain(support_page).map(|it| clean_id(it)).take(3).collect();
    if all.is_empty() {
        String::new()
    } else {
        format!(": {}", all.join(", "))
    }
}
