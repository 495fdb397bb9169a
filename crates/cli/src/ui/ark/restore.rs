//! The plan of a restore, and what became of it.

#[cfg(test)]
mod tests;

use lifeboat_preflight::ark::{
    ArkComparison, BackupComparison, BackupRestore, DataComparison, DataState, Hindrance, Target,
};
use lifeboat_rescue::{ArkRestored, ArkSelection};
use serde_json::{Value, json};

use super::count;
use crate::ui::{
    clean::{clean, clean_id},
    page::Page,
    style::Tone,
    time,
};

/// A restore: what is planned and, once it is done, what became of it.
pub(crate) struct Restoring {
    /// The ark beside the account before.
    pub(crate) before: ArkComparison,
    /// What goes back.
    pub(crate) selection: ArkSelection,
    /// What went back, and what of the selection is not there all the same.
    pub(crate) done: Option<(ArkRestored, Vec<String>)>,
}

impl Restoring {
    /// Renders the plan.
    pub(crate) fn plan(&self, width: usize) -> String {
        let mut page = Page::new(width);
        let about = &self.before.report.about;
        let whose = format!(
            "The plan: back from the ark of {}, taken {}",
            clean_id(&about.account),
            time::moment(about.taken_at)
        );
        page.paragraph(" ", &whose);
        page.heading("Goes back");
        if self.selection.is_empty() {
            page.aside(3, "Nothing.", Tone::Plain);
        }
        if let (true, BackupComparison::Possible(restore)) = (self.selection.backup, &self.before.backup) {
            page.paragraph("   ", &entries(restore));
        }
        for data in self.selected() {
            page.paragraph("   ", &goes_back(data));
        }
        let stays = self.stays();
        if !stays.is_empty() {
            page.heading("Stays as it is");
            stays.iter().for_each(|line| page.paragraph("   ", line));
        }
        page.finish()
    }

    /// Renders what became of it.
    pub(crate) fn outcome(&self, width: usize) -> String {
        let mut page = Page::new(width);
        let Some((restored, remaining)) = &self.done else {
            page.paragraph(" ", "Nothing was changed.");
            return page.finish();
        };
        if let Some(version) = &restored.new_version {
            page.paragraph(" ", &format!("Made key backup version {}.", clean_id(version)));
        }
        if self.selection.backup {
            let entries = usize::try_from(restored.entries).unwrap_or(usize::MAX);
            page.paragraph(" ", &format!("Put {} back into the key backup.", count(entries, "key")));
        }
        for kind in &restored.account_data {
            page.paragraph(" ", &format!("Put back {}.", clean_id(kind)));
        }
        page.gap();
        if remaining.is_empty() {
            page.paragraph(" ", "Looked again: all of it is there now, as the ark has it.");
        } else {
            let names: Vec<_> = remaining.iter().map(|it| clean(it, 120)).collect();
            page.paragraph(
                " ",
                &format!("Looked again: not as the ark has it: {}.", names.join(", ")),
            );
        }
        page.finish()
    }

    /// The same for programs.
    pub(crate) fn document(&self) -> Value {
        let data = self.before.account_data.iter().map(|it| {
            json!({
                "type": it.kind,
                "state": match it.state {
                    DataState::Same => "same",
                    DataState::Missing => "missing",
                    DataState::Different(_) => "different",
                },
                "hindrance": it.hindrance.map(hindrance_word),
                "selected": self.selection.account_data.contains(&it.kind),
            })
        });
        let done = self.done.as_ref().map(|(restored, remaining)| {
            json!({
                "new_version": restored.new_version,
                "entries": restored.entries,
                "account_data": restored.account_data,
                "remaining": remaining,
            })
        });
        json!({
            "format": 1,
            "about": self.before.report.about,
            "backup": self.backup_document(),
            "account_data": data.collect::<Vec<_>>(),
            "done": done,
        })
    }

    fn backup_document(&self) -> Value {
        let selected = self.selection.backup;
        match &self.before.backup {
            BackupComparison::NothingArchived => json!({"possible": false, "why": "nothing-archived"}),
            BackupComparison::NotOpened => json!({"possible": false, "why": "not-opened"}),
            BackupComparison::TargetNotOpened { version } => {
                json!({"possible": false, "why": "target-not-opened", "version": version})
            }
            BackupComparison::Possible(restore) => {
                let (target, version) = match &restore.target {
                    Target::SameKey { version } => ("same-key", Some(version)),
                    Target::OtherKey { version, .. } => ("other-key", Some(version)),
                    Target::NewVersion { .. } => ("new-version", None),
                };
                json!({
                    "possible": true, "selected": selected, "source": restore.source, "target": target,
                    "version": version, "missing": restore.missing, "better": restore.better,
                    "already_there": restore.already_there,
                })
            }
        }
    }

    fn selected(&self) -> impl Iterator<Item = &DataComparison> {
        let chosen = |it: &&DataComparison| self.selection.account_data.contains(&it.kind);
        self.before.account_data.iter().filter(chosen)
    }

    fn stays(&self) -> Vec<String> {
        let mut lines = Vec::new();
        match &self.before.backup {
            BackupComparison::NothingArchived => lines.push("The ark holds no key backup.".to_owned()),
            BackupComparison::NotOpened => lines.push(
                "The key backup: no key that you gave opens the archived one, so nobody can tell what is in it."
                    .to_owned(),
            ),
            BackupComparison::TargetNotOpened { version } => lines.push(format!(
                "The key backup: no key that you gave opens your present version {}, so it could be somebody else’s.",
                clean_id(version)
            )),
            BackupComparison::Possible(restore) if !self.selection.backup => {
                let there = usize::try_from(restore.already_there).unwrap_or(usize::MAX);
                lines.push(format!(
                    "The key backup: {} of the ark {} there already.",
                    count(there, "key"),
                    if there == 1 { "is" } else { "are" }
                ));
            }
            BackupComparison::Possible(_) => {}
        }
        let others = self.before.account_data.iter();
        lines.extend(
            others
                .filter(|it| !self.selection.account_data.contains(&it.kind))
                .map(|it| {
                    let name = clean_id(&it.kind);
                    match (&it.state, it.hindrance) {
                        (DataState::Same, _) => format!("{name}: it is there, the same."),
                        (_, Some(Hindrance::AnotherIdentity)) => {
                            format!("{name}: it belongs to an identity that you do not have any more.")
                        }
                        (_, Some(Hindrance::AnotherBackup)) => {
                            format!("{name}: it belongs to a key backup that is not your newest.")
                        }
                        (DataState::Missing, None) => format!("{name}: it is gone, and not chosen."),
                        (DataState::Different(_), None) => {
                            format!("{name}: it is there in another form. To replace it, name it with --part.")
                        }
                    }
                }),
        );
        lines
    }
}

fn entries(restore: &BackupRestore) -> String {
    let keys = usize::try_from(restore.missing + restore.better).unwrap_or(usize::MAX);
    let keys = count(keys, "key");
    match &restore.target {
        Target::SameKey { version } => format!("{keys} into key backup version {}, as they are.", clean_id(version)),
        Target::OtherKey { version, .. } => format!(
            "{keys} into key backup version {}, encrypted anew to its key.",
            clean_id(version)
        ),
        Target::NewVersion { .. } => format!("A new key backup with the archived key, and {keys} into it."),
    }
}

fn goes_back(data: &DataComparison) -> String {
    let name = clean_id(&data.kind);
    match data.state {
        DataState::Different(_) => format!("{name}: in place of what is there now."),
        DataState::Missing | DataState::Same => format!("{name}: it is gone now."),
    }
}

fn hindrance_word(hindrance: Hindrance) -> &'static str {
    match hindrance {
        Hindrance::AnotherIdentity => "another-identity",
        Hindrance::AnotherBackup => "another-backup",
    }
}
