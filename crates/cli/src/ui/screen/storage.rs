//! The tables of secret storage: its keys, and the secrets in it.

use lifeboat_report::{
    Fact, Report,
    facts::{CheckData, DefaultKey, Secret, SecretName, SecretStorage, SecretTrial, StorageKey},
};

use crate::ui::{clean::clean_id, page::Page, style::Tone, table::Table};

/// As many keys are named, the useful ones first; the rest are counted.
const SHOWN: usize = 6;

/// Adds both.
pub(super) fn show(page: &mut Page, report: &Report) {
    page.heading("Secret storage");
    let storage = match &report.facts.storage {
        Fact::Known(storage) => storage,
        Fact::Unknown(gap) => return page.aside(3, &format!("Not known: {}.", gap.words()), Tone::Plain),
    };
    if storage.keys.is_empty() && storage.default_key == DefaultKey::NotSet {
        return page.aside(3, "There is none.", Tone::Plain);
    }
    page.table(&keys(storage, report));
    page.gap();
    page.table(&secrets(storage, report));
}

fn keys(storage: &SecretStorage, report: &Report) -> Table {
    let mut table = Table::new(["Key", "Opened by", "Can be checked", "Your key"]);
    let mut listed: Vec<_> = storage.keys.iter().collect();
    if listed.len() > SHOWN {
        listed.sort_by_key(|(id, _)| (storage.usable_default() != Some(id.as_str()), !opens(id, report)));
    }
    let (named, rest) = listed.split_at(listed.len().min(SHOWN));
    for (id, key) in named {
        let default = if storage.usable_default() == Some(id) {
            " (default)"
        } else {
            ""
        };
        table.row([
            format!("{}{default}", clean_id(id)),
            opened_by(key),
            checkable(key),
            tried(id, report),
        ]);
    }
    if !rest.is_empty() {
        let opened = match &report.facts.key_trial {
            Fact::Known(_) => format!("opens {}", rest.iter().filter(|(id, _)| opens(id, report)).count()),
            Fact::Unknown(_) => "not tested".to_owned(),
        };
        table.row([format!("…{} more", rest.len()), String::new(), String::new(), opened]);
    }
    if let DefaultKey::Named(id) = &storage.default_key
        && !storage.keys.contains_key(id)
    {
        table.row([
            format!("{} (default)", clean_id(id)),
            "nobody".into(),
            "it is not there".into(),
            String::new(),
        ]);
    }
    table
}

fn opened_by(key: &StorageKey) -> String {
    match &key.passphrase {
        Some(passphrase) if passphrase.is_sane() => "recovery key or passphrase",
        Some(_) => "recovery key; its passphrase settings are broken",
        None => "recovery key",
    }
    .to_owned()
}

fn checkable(key: &StorageKey) -> String {
    match key.check {
        CheckData::Present => "yes",
        CheckData::Absent => "only by a secret",
        CheckData::Unreadable => "no",
    }
    .to_owned()
}

/// Tells whether anything that was typed opens the key.
fn opens(id: &str, report: &Report) -> bool {
    let typed = report.facts.key_trial.known().into_iter().flat_map(|it| &it.candidates);
    typed.flat_map(|it| &it.storage_keys).any(|key| key == id)
}

fn tried(id: &str, report: &Report) -> String {
    match &report.facts.key_trial {
        Fact::Known(_) if opens(id, report) => "opens it",
        Fact::Known(_) => "does not open it",
        Fact::Unknown(_) => "not tested",
    }
    .to_owned()
}

fn secrets(storage: &SecretStorage, report: &Report) -> Table {
    let mut table = Table::new(["Secret", "Stored", "With your key"]);
    for name in SecretName::ALL {
        table.row([secret_name(name).to_owned(), place(storage, name), trial(report, name)]);
    }
    table
}

/// A secret's everyday name.
pub(crate) fn secret_name(name: SecretName) -> &'static str {
    match name {
        SecretName::Master => "identity: master key",
        SecretName::SelfSigning => "identity: self-signing key",
        SecretName::UserSigning => "identity: user-signing key",
        SecretName::BackupKey => "backup key",
    }
}

fn place(storage: &SecretStorage, name: SecretName) -> String {
    match storage.secret(name) {
        Secret::Missing => "no",
        Secret::Blanked => "no: it was emptied",
        Secret::Unreadable => "cannot be understood",
        Secret::StoredUnder(keys) => match storage.usable_default() {
            Some(default) if keys.iter().any(|it| it == default) => "yes",
            Some(_) => "yes, but not under the default key",
            None => "yes, but there is no default key",
        },
    }
    .to_owned()
}

fn trial(report: &Report, name: SecretName) -> String {
    let Some(trial) = report.facts.key_trial.known() else {
        return "not tested".to_owned();
    };
    // The best answer of any candidate: they are ordered from good to bad.
    let best = trial.candidates.iter().filter_map(|it| it.secrets.get(&name)).min();
    best.map_or("not opened", |it| trial_words(*it)).to_owned()
}

/// What became of a secret that was opened.
pub(crate) fn trial_words(trial: SecretTrial) -> &'static str {
    match trial {
        SecretTrial::Fits => "opens and fits",
        SecretTrial::NothingToCompare => "opens",
        SecretTrial::DoesNotFit => "opens, but belongs to something else",
        SecretTrial::NotAKey => "opens, but is not a key",
        SecretTrial::DoesNotOpen => "does not open",
    }
}
