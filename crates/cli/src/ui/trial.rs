//! What recovery keys and passphrases open, for people.

#[cfg(test)]
mod tests;

use lifeboat_preflight::Understanding;
use lifeboat_report::{
    Fact, Facts,
    facts::{BackupOpening, BackupVersion, Candidate, CandidateForm, SecretName},
    grouped,
};
use serde_json::{Value, json};

use super::{
    clean::{clean, clean_id},
    page::Page,
    screen::{secret_name, trial_words},
    style::Tone,
    table::Table,
};
use crate::{
    advice::CommandLine,
    candidates::{Origin, Typed, is_plausible},
};

/// What became of one candidate.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// Where it comes from.
    pub(crate) origin: Origin,
    /// What it is, as far as could be told offline.
    pub(crate) understanding: Understanding,
    /// What it opens; nothing when it was not tried.
    pub(crate) opened: Option<Candidate>,
}

impl Answer {
    /// Makes one for a candidate that was not tried.
    pub(crate) fn offline(typed: Typed) -> Self {
        Self::tried(typed, None)
    }

    /// Makes one for a candidate that was tried.
    pub(crate) fn tried(typed: Typed, opened: Option<Candidate>) -> Self {
        Self {
            origin: typed.origin,
            understanding: typed.understanding,
            opened,
        }
    }

    /// Tells whether it was worth trying.
    pub(crate) fn is_plausible(&self) -> bool {
        is_plausible(&self.understanding)
    }
}

/// Puts the answers into a document for programs.
pub(crate) fn document(answers: &[Answer], passed: bool) -> Value {
    let answers: Vec<Value> = answers
        .iter()
        .map(|it| {
            let file = match &it.origin {
                Origin::Prompt => None,
                Origin::File(file) => Some(file.display().to_string()),
            };
            let word = match &it.understanding {
                Understanding::RecoveryKey => "recovery-key",
                Understanding::MistypedRecoveryKey(_) => "mistyped-recovery-key",
                Understanding::LooksLike(_) => "something-else",
                Understanding::Passphrase => "passphrase",
                Understanding::Empty => "empty",
            };
            json!({
                "file": file,
                "understood": word,
                "sentence": it.understanding.to_string(),
                "opened": it.opened,
            })
        })
        .collect();
    json!({ "format": 1, "passed": passed, "candidates": answers })
}

/// Tells what each candidate opens; `facts` are those of the account it was tried on.
pub(crate) fn render(answers: &[Answer], facts: Option<&Facts>, width: usize) -> String {
    let mut page = Page::new(width);
    for answer in answers {
        page.gap();
        if let Origin::File(file) = &answer.origin {
            page.line(&format!(
                " {}",
                Tone::Strong.paint(&clean(&file.display().to_string(), 200))
            ));
        }
        match (&answer.opened, facts) {
            (Some(opened), Some(facts)) => tell(&mut page, opened, facts),
            _ => page.paragraph(" ", &offline(&answer.understanding)),
        }
    }
    page.finish()
}

fn offline(understanding: &Understanding) -> String {
    let next = match understanding {
        Understanding::MistypedRecoveryKey(_) => {
            " It was not tried: compare it with where you noted it, and type it again."
        }
        Understanding::LooksLike(_) | Understanding::Empty => " It was not tried.",
        Understanding::RecoveryKey | Understanding::Passphrase => "",
    };
    format!("{understanding}{next}")
}

fn tell(page: &mut Page, opened: &Candidate, facts: &Facts) {
    for sentence in sentences(opened, facts) {
        page.paragraph(" ", &sentence);
    }
    if !opened.secrets.is_empty() {
        let mut table = Table::new(["Secret", "With this key"]);
        for (name, trial) in &opened.secrets {
            table.row([secret_name(*name).to_owned(), trial_words(*trial).to_owned()]);
        }
        page.gap();
        page.table(&table);
    }
}

/// The answer first, then what is missing, then what else it opens.
fn sentences(opened: &Candidate, facts: &Facts) -> Vec<String> {
    let what = match opened.form {
        CandidateForm::RecoveryKey => "This recovery key",
        CandidateForm::Passphrase => "This passphrase",
    };
    let active = facts.backup.active.known().and_then(Option::as_ref);
    let mut told = vec![match (opened.opens_default, opened.opens_active_backup) {
        (true, true) => format!("{what} opens everything: secret storage and {}.", backup_words(active)),
        (true, false) => format!("{what} opens secret storage, but not {}.", backup_words(active)),
        (false, true) => format!("{what} opens {}, but not secret storage.", backup_words(active)),
        (false, false) => nothing(what, opened, facts),
    }];
    if !opened.opens_default && !opened.storage_keys.is_empty() {
        let keys: Vec<_> = opened.storage_keys.iter().map(|it| clean_id(it)).collect();
        told.push(format!(
            "It opens a storage key that is not the default one any more: {}.",
            keys.join(", ")
        ));
    }
    if let Some(reason) = why_not_the_backup(opened, active) {
        told.push(reason.to_owned());
    }
    let direct = |it: &BackupOpening| *it != BackupOpening::ThroughStorage;
    if opened.backup.values().any(direct) {
        told.push(
            "It is a key of the backup itself, as recovery keys were before there was secret storage.".to_owned(),
        );
    }
    let others: Vec<_> = opened
        .backup
        .keys()
        .filter(|it| active.is_none_or(|active| active.version != **it))
        .map(|it| clean_id(it))
        .collect();
    if !others.is_empty() {
        told.push(format!(
            "It opens key backup version {}, which was replaced since and is still on the server.",
            others.join(", ")
        ));
    }
    told
}

fn backup_words(active: Option<&BackupVersion>) -> String {
    match active {
        Some(backup) => {
            let keys = if backup.count == 1 { "key" } else { "keys" };
            format!(
                "the active key backup (version {}, {} {keys})",
                clean_id(&backup.version),
                grouped(backup.count)
            )
        }
        None => "a key backup, which this account does not have".to_owned(),
    }
}

fn nothing(what: &str, opened: &Candidate, facts: &Facts) -> String {
    let something_there = facts.storage.known().is_some_and(|it| !it.keys.is_empty())
        || facts.backup.active.known().is_some_and(Option::is_some);
    let begin = match opened.form {
        CandidateForm::RecoveryKey if something_there => "is well formed but belongs to something else: it",
        CandidateForm::RecoveryKey => "is well formed, but it",
        CandidateForm::Passphrase if something_there => "fits nothing here: it",
        CandidateForm::Passphrase => "was not of use: it",
    };
    let storage = match &facts.storage {
        Fact::Known(storage) => match storage.keys.len() {
            0 => "finds no secret storage to open".to_owned(),
            1 => "does not open this account’s storage key".to_owned(),
            2 => "opens neither of this account’s two storage keys".to_owned(),
            several => format!("opens none of this account’s {several} storage keys"),
        },
        Fact::Unknown(_) => "could not be tried on secret storage".to_owned(),
    };
    let backup = match &facts.backup.active {
        Fact::Known(Some(_)) => ", nor the active key backup",
        Fact::Known(None) => ", and there is no key backup",
        Fact::Unknown(_) => ", and the key backup could not be asked for",
    };
    // A key that opens a storage key which is out of use does not open none.
    let storage = if opened.storage_keys.is_empty() {
        storage
    } else {
        "does not open the default storage key".to_owned()
    };
    format!("{what} {begin} {storage}{backup}.")
}

/// When the way to the backup leads through secret storage and ends there.
fn why_not_the_backup(opened: &Candidate, active: Option<&BackupVersion>) -> Option<&'static str> {
    if !opened.opens_default || opened.opens_active_backup || active.is_none() {
        return None;
    }
    Some(match opened.secrets.get(&SecretName::BackupKey) {
        None => "The backup key is not stored there.",
        Some(_) => "The backup key that is stored there is not the one of the active version.",
    })
}

/// Says what to do next, if no candidate passes.
pub(crate) fn next(account: Option<&CommandLine>, width: usize) -> String {
    let mut page = Page::new(width);
    page.gap();
    page.paragraph(" ", "Look for other keys and try them too. If a session still shows your old messages, make a new recovery key there:");
    page.paragraph(
        "   In Element: ",
        "Settings → Encryption → Recovery → Change recovery key",
    );
    if let Some(account) = account {
        page.paragraph(" ", "What that would cost or save, says");
        page.command(3, &account.command("check", ["--ask-recovery-key"]).to_string());
    }
    page.finish()
}
