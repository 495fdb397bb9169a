//! What somebody sends to the administrators when no route is open: a ready text, and a status file.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use lifeboat_preflight::sync_folder;
use lifeboat_report::{Report, Standing, StatusFile};
use tempfile::NamedTempFile;

use crate::{
    commands::check::generator,
    kept::make_private,
    redaction,
    ui::{clean::clean_id, json},
};

/// Name of the folder in the account's own.
const FOLDER: &str = "for-your-administrator";

/// A letter with its enclosure.
pub(crate) struct Letter {
    pub(crate) text: String,
    folder: PathBuf,
    status: String,
}

/// Puts the letter together; `folder` is the account's own.
pub(crate) fn letter(report: &Report, folder: &Path) -> Letter {
    let mut status = StatusFile::of(report, generator());
    // Rooms, sessions and people are nobody's business there. Whose account it is stands in the letter.
    status.redact(&redaction::hash);
    Letter {
        text: text(report),
        folder: folder.join(FOLDER),
        status: json::document(&status).unwrap_or_default(),
    }
}

impl Letter {
    /// Writes both, in place of earlier ones, and says where they are.
    pub(crate) fn write(&self) -> String {
        let written = make_private(&self.folder)
            .and_then(|()| put(&self.folder, "letter.txt", &self.text))
            .and_then(|()| put(&self.folder, "status.json", &self.status));
        match written {
            Ok(()) => format!(
                "A letter to them and a status file without any secret or name are in {}.",
                self.folder.display()
            ),
            Err(error) => format!(
                "Send them the status file that `lifeboat check --redact --status-file` writes ({} cannot be written: {error}).",
                self.folder.display()
            ),
        }
    }
}

/// Writes a private file, whole or not at all.
fn put(folder: &Path, name: &str, content: &str) -> io::Result<()> {
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(content.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(folder.join(name)).map_err(|error| error.error)?;
    sync_folder(folder)
}

fn text(report: &Report) -> String {
    let account = clean_id(&report.account);
    let closed = report.facts.routes().into_iter().filter_map(|it| match it.standing {
        Standing::Closed(why) => Some(format!("- {}: {}\n", it.route, why.words())),
        _ => None,
    });
    let closed: String = closed.collect();
    format!(
        "Subject: Please set a new password for {account}

Hello,

I cannot change the password of my account {account} myself:
{closed}
Could you set a new one for me, and send it to me on a safe way?

Please keep my sessions signed in: keys of my messages may exist nowhere else. In Synapse’s Admin API that is
\"logout_devices\": false, and leaving it out signs every session out:

  POST /_synapse/admin/v1/reset_password/{account}
  {{\"new_password\": \"…\", \"logout_devices\": false}}

With Lifeboat it is:

  lifeboat reset {account} --admin-token-file TOKEN --temporary-password-file NEW

The enclosed status file says what is known about the account. It holds no secret and no name.
"
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use lifeboat_report::{
        Fact,
        facts::PasswordChange,
        testing::{ACCOUNT, TAKEN_AT, healthy_facts},
    };

    use super::*;

    #[test]
    fn it_says_what_is_wanted_and_names_nobody_in_the_enclosure() {
        let mut facts = healthy_facts();
        facts.server.password_change = Fact::Known(PasswordChange::Disabled);
        let report = Report::of(ACCOUNT.to_owned(), TAKEN_AT, facts);
        let home = tempfile::tempdir().unwrap();
        let letter = letter(&report, home.path());
        insta::assert_snapshot!(letter.text);
        // A second one takes the place of the first.
        letter.write();
        let told = letter.write();
        assert!(told.contains(FOLDER), "{told}");
        let status = fs::read_to_string(home.path().join(FOLDER).join("status.json")).unwrap();
        assert!(status.contains("redacted-") && !status.contains(ACCOUNT), "{status}");
        assert_eq!(
            fs::read_to_string(home.path().join(FOLDER).join("letter.txt")).unwrap(),
            letter.text
        );
    }
}
