//! What a repair changes on the server, as a person reads it before consenting.

use std::fmt;

use lifeboat_report::facts::SecretName;

use super::{Repair, Trust, Under};

impl Repair {
    /// Says what it changes on the server, as a person reads it before consenting. Names of sessions are in it as
    /// the server tells them: whoever shows it cleans it.
    pub fn effect(&self) -> String {
        match self {
            Self::MineBackup { from, to, .. } => format!(
                "Adds the room keys of the older key backup {from} to the active one, {to}. The older one stays as it is."
            ),
            Self::NewStorageKey => {
                "Stores the description of a new storage key, which only your fresh recovery key opens.".to_owned()
            }
            Self::SetUpIdentity { under } => format!(
                "Makes your identity: its private keys are stored in secret storage under {}, then its public keys are \
                 published.",
                words_of(under)
            ),
            Self::ResetIdentity { under, .. } => format!(
                "Makes a new identity in place of the one that nothing reaches any more: its private keys are stored in \
                 secret storage under {}, then, once the server has taken your password, its public keys replace the \
                 old ones. Every session and every person has to be verified again.",
                words_of(under)
            ),
            Self::StoreSecrets { names, under } => format!(
                "Stores {} in secret storage under the default storage key {under}: your recovery key then opens that, \
                 too. What lies under other keys stays.",
                list(names)
            ),
            Self::SetDefaultKey { from: Some(from), to } => format!(
                "Makes {}, which opens everything, the default storage key in place of {from}. {from} stays stored, but \
                 apps ask for the other one from now on.",
                words_of(to)
            ),
            Self::SetDefaultKey { from: None, to } => format!(
                "Makes {}, which opens everything, the default storage key. None is named now.",
                words_of(to)
            ),
            Self::SwitchBackupOn(_) => {
                "Says in your account data that a key backup is wanted: somebody had switched it off.".to_owned()
            }
            Self::CreateBackup { under, beside: None } => format!(
                "Makes a new key backup, signed by your identity, and stores its key in secret storage under {}.",
                words_of(under)
            ),
            Self::CreateBackup {
                under,
                beside: Some(version),
            } => format!(
                "Makes a new key backup, signed by your identity, and stores its key in secret storage under {}. The \
                 present one, {version}, which nothing opens, stays on the server as it is.",
                words_of(under)
            ),
            Self::SignBackup { version, .. } => format!(
                "Signs the key backup {version} with your identity, so that your sessions trust it. Its key is proven \
                 to be yours."
            ),
            Self::SignSession {
                device_id,
                name,
                fingerprint,
            } => format!(
                "Signs the session {} with your identity: it is trusted from then on and gets the keys of new \
                 messages. Its session key is {}: compare it with what that session shows.",
                session(device_id, name.as_deref()),
                grouped(fingerprint)
            ),
            Self::RenameSession { device_id, name, to } => format!(
                "Calls the session {} “{to}” from now on.",
                session(device_id, name.as_deref())
            ),
            Self::FetchSecrets { names, under, trust } => {
                let how = match trust {
                    Trust::RecoveryKey => "which your recovery key makes them trust",
                    Trust::Person => "once you have compared with one of them",
                };
                format!(
                    "Asks your verified sessions for {}, through a session of its own, {how}. What comes and fits is \
                     stored in secret storage under the default storage key {under}, in place of what is there and does \
                     not fit.",
                    list(names)
                )
            }
            Self::RenewRecoveryKey { from } => {
                let old = match from {
                    Some(from) => format!(" The old storage key {from} and what lies under it stay."),
                    None => String::new(),
                };
                format!(
                    "Stores what one of your verified sessions hands over, once you have compared with it, under a new \
                     storage key that only your fresh recovery key opens, and makes that the default one. Your identity \
                     and your key backup stay the same.{old}"
                )
            }
            Self::FillBackup => {
                "Asks your verified sessions for every room key that the key backup lacks, through a session of its \
                 own, and adds what they give to the key backup."
                    .to_owned()
            }
            Self::SignOutSession { device_id, name } => format!(
                "Signs the session {} out. What only that session holds goes with it.",
                session(device_id, name.as_deref())
            ),
        }
    }
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.effect())
    }
}

fn words_of(under: &Under) -> String {
    match under {
        Under::Existing(id) => format!("the storage key {id}"),
        Under::Fresh => "the new storage key".to_owned(),
    }
}

fn session(id: &str, name: Option<&str>) -> String {
    match name {
        Some(name) => format!("“{name}” ({id})"),
        None => id.to_owned(),
    }
}

/// In groups of four, as apps show it.
fn grouped(fingerprint: &str) -> String {
    let mut text = String::new();
    for (number, character) in fingerprint.chars().enumerate() {
        if number > 0 && number % 4 == 0 {
            text.push(' ');
        }
        text.push(character);
    }
    text
}

fn list(names: &[SecretName]) -> String {
    let identity = SecretName::IDENTITY.iter().all(|it| names.contains(it));
    let mut words = Vec::new();
    if identity {
        words.push("the private keys of your identity");
    }
    for name in names {
        match name {
            SecretName::BackupKey => words.push("the key of your key backup"),
            _ if identity => {}
            SecretName::Master => words.push("your master key"),
            SecretName::SelfSigning => words.push("the key that signs your sessions"),
            SecretName::UserSigning => words.push("the key that signs other people"),
        }
    }
    match words.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        words => words.concat(),
    }
}
