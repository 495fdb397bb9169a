//! Repairs on the screen: what will be changed, and what became of it.

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use lifeboat_report::{Facts, facts::DefaultKey, grouped};
use lifeboat_rescue::{Offer, Plan, Refusal, Repair};
use serde_json::{Value, json};

use super::{
    clean::{clean, clean_id, clean_sentence},
    page::Page,
    time,
};
use crate::{advice::CommandLine, exit::Exit, failure::Failure};

/// What came of a repair.
#[derive(Debug, Default)]
pub(crate) struct Mended {
    /// Everything that was planned, round by round.
    plan: Vec<Repair>,
    /// What was done.
    pub(crate) done: Vec<Repair>,
    /// Where the ark is.
    pub(crate) ark: Option<PathBuf>,
    /// Where the new recovery key is.
    pub(crate) new_recovery_key: Option<NewKey>,
    /// What would be planned now.
    last: Plan,
    /// Whether the new recovery key opens everything.
    proven: bool,
    /// Whether recovery keys were given and none of them opens the default storage key.
    in_vain: bool,
    /// When the account was last looked at.
    now: u64,
}

/// Where a new recovery key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NewKey {
    /// In a file.
    File(PathBuf),
    /// With the person, who has typed it back.
    Typed,
}

impl Mended {
    /// Adds what another round plans.
    pub(crate) fn planned(&mut self, repairs: &[Repair]) {
        let new = repairs.iter().filter(|it| !self.plan.contains(it));
        self.plan.extend(new.cloned().collect::<Vec<_>>());
    }

    /// Takes the last look at the account.
    pub(crate) fn end(&mut self, last: Plan, seen: &Facts) {
        self.last = last;
        self.now = time::now();
        let given = seen
            .key_trial
            .known()
            .map(|it| it.candidates.as_slice())
            .unwrap_or_default();
        let storage = seen.storage.known();
        let default = storage.is_some_and(|it| it.default_key != DefaultKey::NotSet);
        self.in_vain = default && !given.is_empty() && !given.iter().any(|it| it.opens_default);
        // The new key was tried last.
        let tried = seen.key_trial.known().and_then(|it| it.candidates.last());
        self.proven = tried.is_some_and(|it| {
            let backup = matches!(seen.backup.active.known(), Some(None));
            it.opens_default && (backup || it.opens_active_backup)
        });
    }

    /// Tells whether nothing is left to do, nothing was refused, a new recovery key opens everything, and one that was
    /// given opens the default storage key.
    pub(crate) fn is_complete(&self) -> bool {
        let key = self.new_recovery_key.is_none() || self.proven;
        self.last.repairs.is_empty() && self.last.refused.is_empty() && key && !self.in_vain
    }

    /// Says in a failure what was done before it: then it is no longer true that nothing was changed.
    pub(crate) fn told(&self, mut failure: Failure) -> Failure {
        if !self.done.is_empty() {
            let codes: Vec<_> = self.done.iter().map(Repair::code).collect();
            failure.wrong = format!("{} Done before that: {}.", failure.wrong, codes.join(", "));
            if failure.exit == Exit::Failed {
                failure.exit = Exit::Blocked;
            }
        }
        if let Some(NewKey::File(file)) = &self.new_recovery_key {
            failure.hint = format!(
                "{} Give the new recovery key then, too: --recovery-key-file {}",
                failure.hint,
                file.display()
            );
        }
        failure
    }

    /// Returns the one JSON document.
    pub(crate) fn document(&self) -> Value {
        let list = |repairs: &[Repair]| -> Vec<Value> {
            let one = |it: &Repair| json!({"code": it.code(), "effect": it.effect()});
            repairs.iter().map(one).collect()
        };
        let refused: Vec<String> = self.last.refused.iter().map(Refusal::to_string).collect();
        let offers: Vec<Value> = self.last.offers.iter().map(offer_document).collect();
        let key = self.new_recovery_key.as_ref().map(|it| {
            let file = match it {
                NewKey::File(file) => Some(file.display().to_string()),
                NewKey::Typed => None,
            };
            json!({"file": file, "proven": self.proven})
        });
        json!({
            "plan": list(&self.plan),
            "done": list(&self.done),
            "left": list(&self.last.repairs),
            "refused": refused,
            "offers": offers,
            "ark": self.ark.as_ref().map(|it| it.display().to_string()),
            "new_recovery_key": key,
            "recovery_key_fits": !self.in_vain,
        })
    }

    /// Renders what became of it.
    pub(crate) fn outcome(&self, account: &CommandLine, width: usize) -> String {
        let mut page = Page::new(width);
        let left = &self.last.repairs;
        match (self.plan.is_empty(), self.done.is_empty(), left.is_empty()) {
            (true, ..) => page.paragraph(
                " ",
                "There is nothing to mend that Lifeboat knows how to mend with what you gave it.",
            ),
            (false, true, _) => page.paragraph(" ", "Nothing was changed."),
            (false, false, true) => page.paragraph(" ", "Done, and a second look shows that it helped."),
            (false, false, false) => {
                page.paragraph(" ", "Done, but a second look shows that this is still to be mended:");
                left.iter()
                    .for_each(|it| page.paragraph("   - ", &clean_sentence(&it.effect())));
            }
        }
        match &self.new_recovery_key {
            Some(_) if !self.proven => page.paragraph(
                " ",
                "The new recovery key does not open everything yet: keep the old one, and run the command again with \
                 both.",
            ),
            Some(NewKey::File(file)) => page.paragraph(
                " ",
                &format!(
                    "Your new recovery key is in {}, and it was tried: it opens everything. Move it into your password \
                     manager.",
                    file.display()
                ),
            ),
            Some(NewKey::Typed) => page.paragraph(" ", "Your new recovery key was tried: it opens everything."),
            None => {}
        }
        if self.in_vain {
            page.paragraph(
                " ! ",
                "What you gave as recovery key or passphrase does not open the storage key that your apps use. Look for \
                 another one.",
            );
        }
        if let Some(ark) = &self.ark {
            page.paragraph(" ", &format!("The account as it was before is in {}.", ark.display()));
        }
        self.last.refused.iter().for_each(|it| {
            page.paragraph(" ! ", &clean_sentence(&it.to_string()));
        });
        offers(&mut page, &self.last.offers, account, self.now);
        page.finish()
    }
}

/// Renders the plan of one round.
pub(crate) fn round(plan: &Plan, seen: &Facts, width: usize) -> String {
    let mut page = Page::new(width);
    page.heading("What will be changed");
    for (number, repair) in (1..).zip(&plan.repairs) {
        page.paragraph(&format!("{number:>4}  "), &clean_sentence(&repair.effect()));
    }
    page.gap();
    let ends = |it: &Repair| matches!(it, Repair::SignOutSession { .. });
    page.paragraph(
        " ",
        match plan.repairs.iter().any(ends) {
            false => "Nothing is deleted, and no session is signed out.",
            true => "Nothing else is deleted, and no other session is signed out.",
        },
    );
    if plan.repairs.iter().any(|it| matches!(it, Repair::ResetIdentity { .. })) {
        lost(&mut page, seen);
    }
    page.finish()
}

/// What a new identity costs.
fn lost(page: &mut Page, seen: &Facts) {
    page.heading("What a new identity costs");
    let messages = match seen.coverage.known() {
        Some(coverage) if coverage.complete => format!(
            "{} encrypted messages are in your rooms. New sessions read none of them, unless a key file, a session that \
             still holds their keys, or the old recovery key turns up.",
            grouped(coverage.total)
        ),
        _ => "New sessions read none of your encrypted messages, unless a key file, a session that still holds their \
              keys, or the old recovery key turns up."
            .to_owned(),
    };
    page.paragraph("   - ", &messages);
    let sessions = seen.sessions.known().into_iter().flatten();
    let sessions = sessions.filter(|it| it.may_hold_room_keys()).count();
    page.paragraph(
        "   - ",
        &format!(
            "Every session has to be verified again ({sessions} now), and everybody who has verified you sees a warning \
             and has to do it again."
        ),
    );
    page.paragraph(
        "   - ",
        "It cannot be taken back. The key backup and secret storage of now stay on the server, and in the ark.",
    );
    page.gap();
}

fn offers(page: &mut Page, offers: &[Offer], account: &CommandLine, now: u64) {
    if offers.is_empty() {
        return;
    }
    if offers.contains(&Offer::ResetIdentity) {
        page.paragraph(
            " ",
            "Nothing that Lifeboat knows leads to your identity any more: no recovery key that you gave, and no verified \
             session. Look for an old recovery key, a key file, or a device that is switched off before you give up.",
        );
    }
    page.heading("Done only when you ask for it");
    for offer in offers {
        let (what, flags) = words(offer, now);
        page.paragraph("   - ", &what);
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        page.command(7, &account.command_with("repair", &flags).to_string());
    }
}

fn words(offer: &Offer, now: u64) -> (String, Vec<String>) {
    let flags = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect();
    match offer {
        Offer::NewRecoveryKey => (
            "If your recovery key is lost: make a new one with the help of a verified session.".to_owned(),
            flags(&["--lost-recovery-key"]),
        ),
        Offer::SwitchBackupOn => (
            "Somebody has switched the key backup off. If you want it:".to_owned(),
            flags(&["--switch-backup-on"]),
        ),
        Offer::SignSession(session) => (
            format!(
                "Your identity does not vouch for {}. If it is yours and at hand:",
                name(session, now)
            ),
            flags(&["--sign-session", &session.device_id]),
        ),
        Offer::TidySession(session) => (
            format!("{} looks unused. If you do not need it any more:", name(session, now)),
            flags(&["--sign-out-session", &session.device_id]),
        ),
        Offer::ResetIdentity => (
            "The last resort, a new identity. It costs history; the plan says how much:".to_owned(),
            flags(&["--reset-identity", "--dry-run"]),
        ),
    }
}

fn name(session: &lifeboat_report::facts::Session, now: u64) -> String {
    let name = clean(session.name.as_deref().unwrap_or("(no name)"), 40);
    let seen = session
        .last_seen_at
        .map_or_else(|| "not known".to_owned(), |at| time::ago(at, now));
    format!("“{name}” ({}), last seen: {seen}", clean_id(&session.device_id))
}

fn offer_document(offer: &Offer) -> Value {
    match offer {
        Offer::NewRecoveryKey => json!({"code": "new-recovery-key"}),
        Offer::SwitchBackupOn => json!({"code": "switch-backup-on"}),
        Offer::SignSession(session) => json!({"code": "sign-session", "session": session.device_id}),
        Offer::TidySession(session) => json!({"code": "sign-out-session", "session": session.device_id}),
        Offer::ResetIdentity => json!({"code": "reset-identity"}),
    }
}
