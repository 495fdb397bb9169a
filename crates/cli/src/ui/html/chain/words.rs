//! Why a link holds or does not, in a few words.

use lifeboat_report::{
    Fact, Gap, Link, Report,
    facts::{Secret, SecretName},
    grouped,
};

use crate::ui::clean::clean_id;

/// From the recovery key to secret storage.
pub(super) fn to_storage(report: &Report, link: Link) -> String {
    match (&report.facts.storage, link) {
        (Fact::Unknown(gap), _) => not_known(*gap),
        (_, Link::Holds) => "your key opens its default key".to_owned(),
        (_, Link::Unknown) => "no recovery key was tested".to_owned(),
        (Fact::Known(storage), Link::Broken) if storage.keys.is_empty() => "there is none".to_owned(),
        (Fact::Known(storage), Link::Broken) if storage.usable_default().is_none() => {
            "it has no default key, so apps do not ask for yours".to_owned()
        }
        (Fact::Known(_), Link::Broken) => "your key does not open its default key".to_owned(),
    }
}

/// From secret storage to the backup key.
pub(super) fn to_backup_key(report: &Report, link: Link) -> String {
    let storage = match &report.facts.storage {
        Fact::Known(storage) => storage,
        Fact::Unknown(gap) => return not_known(*gap),
    };
    match (link, storage.secret(SecretName::BackupKey)) {
        (Link::Holds, _) => "it is kept there",
        (Link::Unknown, _) => "it is kept there; whether it opens was not tested",
        (Link::Broken, Secret::Missing) => "it is not kept there",
        (Link::Broken, Secret::Blanked) => "it was emptied",
        (Link::Broken, Secret::Unreadable) => "what is kept there cannot be understood",
        (Link::Broken, Secret::StoredUnder(_)) => "it is kept there, but not under the default key",
    }
    .to_owned()
}

/// From the backup key to the key backup.
pub(super) fn to_backup(report: &Report, link: Link) -> String {
    let active = match &report.facts.backup.active {
        Fact::Known(Some(active)) => active,
        Fact::Known(None) => return "there is none".to_owned(),
        Fact::Unknown(gap) => return not_known(*gap),
    };
    let version = format!("version {}, {} keys", clean_id(&active.version), grouped(active.count));
    match link {
        Link::Holds => format!("your key opens it: {version}"),
        Link::Unknown => format!("not tested: {version}"),
        Link::Broken => format!("the backup key belongs to something else than {version}"),
    }
}

/// From the key backup to the messages.
pub(super) fn to_messages(report: &Report, link: Link) -> String {
    let coverage = match &report.facts.coverage {
        Fact::Known(coverage) => coverage,
        Fact::Unknown(_) if link == Link::Broken => return "there is no key backup".to_owned(),
        Fact::Unknown(gap) => return not_known(*gap),
    };
    let (lost, total) = (grouped(coverage.at_risk), grouped(coverage.total));
    match link {
        _ if coverage.total == 0 && coverage.complete => "there are no encrypted ones yet".to_owned(),
        Link::Holds => format!("it has the keys of all {total}"),
        Link::Broken if coverage.at_risk == 0 => "there is no key backup".to_owned(),
        Link::Broken => format!("it lacks the keys of {lost} of {total}"),
        Link::Unknown if coverage.complete => "not all of its keys were tested".to_owned(),
        Link::Unknown => "not all of them were looked at".to_owned(),
    }
}

fn not_known(gap: Gap) -> String {
    format!("not known: {}", gap.words())
}
