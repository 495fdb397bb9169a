//! The homeservers that were started for one purpose, one folder each.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::launch::{Launch, ensure_free};
use super::process::{self, Ending};
use super::profile::Profile;
use super::record::{Record, State};
use crate::private_file;
use crate::workspace::Workspace;

/// The purposes for which servers run, each apart from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Started by hand, with `cargo xtask homeserver up`.
    Hand,
    /// For the length of `cargo xtask test`.
    Test,
    /// For the length of `cargo xtask demo`.
    Demo,
    /// For the length of `cargo xtask bench`.
    Bench,
}

impl Purpose {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Hand, Self::Test, Self::Demo, Self::Bench];

    /// What to say after the name of a server that nobody started by hand.
    pub(crate) fn remark(self) -> &'static str {
        match self {
            Self::Hand => "",
            Self::Test => " (left by a test)",
            Self::Demo => " (left by a demo)",
            Self::Bench => " (left by a benchmark)",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Hand => "homeserver",
            Self::Test => "homeserver-test",
            Self::Demo => "homeserver-demo",
            Self::Bench => "homeserver-bench",
        }
    }
}

/// The servers of one purpose.
pub(crate) struct Fleet {
    folder: PathBuf,
}

/// How each program of a server ended, by name.
pub(crate) type Endings = Vec<(&'static str, Ending)>;

/// The right to start and end the servers of a fleet.
pub(crate) struct Hold {
    _lock: File,
}

impl Fleet {
    /// Looks at the fleet of a purpose. Starts nothing.
    pub(crate) fn of(workspace: &Workspace, purpose: Purpose) -> Self {
        Self {
            folder: workspace.target().join(purpose.folder()),
        }
    }

    /// Takes the fleet, or says that another command has it.
    pub(crate) fn take(&self) -> Result<Option<Hold>> {
        fs::create_dir_all(&self.folder)?;
        let lock = File::create(self.folder.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Hold { _lock: lock })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// The file that names the record of every server of this fleet, by profile; tests find their servers with it.
    pub(crate) fn list_file(&self) -> PathBuf {
        self.folder.join("servers.json")
    }

    /// What was started and not ended, whether it still runs or not.
    pub(crate) fn records(&self) -> Vec<(Profile, Record)> {
        let read = |profile| Some((profile, Record::read(&self.of_profile(profile))?));
        Profile::ALL.into_iter().filter_map(read).collect()
    }

    /// Brings up one server, with fresh data unless it is up already. On failure nothing of it is left running.
    pub(crate) fn up(&self, _: &Hold, launch: &Launch<'_>, profile: Profile, port: Option<u16>) -> Result<Record> {
        let folder = self.of_profile(profile);
        if let Some(record) = Record::read(&folder)
            && record.state() == State::Up
            && port.is_none_or(|port| port == record.port)
        {
            return Ok(record);
        }
        // Before anything is ended or started; what listens there may be the one that is to be ended.
        let own = Record::read(&folder).map(|it| it.port);
        if let Some(port) = port.filter(|port| own != Some(*port)) {
            ensure_free(port)?;
        }
        end(&folder)?;
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        launch.start(profile, &folder, port).inspect_err(|_| {
            // The reason why it did not start is the one to report.
            let _ = end(&folder);
        })
    }

    /// Ends one server and says how; `None` when there is none.
    pub(crate) fn down(&self, _: &Hold, profile: Profile) -> Result<Option<Endings>> {
        end(&self.of_profile(profile))
    }

    /// Writes down which servers there are.
    pub(crate) fn list(&self, _: &Hold) -> Result<()> {
        let paths: BTreeMap<&str, PathBuf> = self
            .records()
            .into_iter()
            .map(|(profile, _)| (profile.name(), Record::path(&self.of_profile(profile))))
            .collect();
        private_file::write(&self.list_file(), &(serde_json::to_string_pretty(&paths)? + "\n"))
    }

    fn of_profile(&self, profile: Profile) -> PathBuf {
        self.folder.join(profile.name())
    }
}

/// Ends what the record of a folder names, removes its data and the record; logs and mails stay to be read.
fn end(folder: &Path) -> Result<Option<Endings>> {
    let Some(record) = Record::read(folder) else {
        return Ok(None);
    };
    let programs = [
        ("Synapse", &record.synapse),
        ("the mail sink", &record.mail_sink),
        ("the CAS server", &record.cas),
        ("the OAuth server", &record.oauth),
    ];
    let started = programs
        .iter()
        .filter_map(|(name, process)| Some((*name, process.as_ref()?)));
    let (names, processes): (Vec<_>, Vec<_>) = started.unzip();
    let endings = names.into_iter().zip(process::end(&processes)?).collect();
    if record.data_dir.exists() {
        fs::remove_dir_all(&record.data_dir)
            .with_context(|| format!("{} cannot be removed", record.data_dir.display()))?;
    }
    fs::remove_file(Record::path(folder))?;
    Ok(Some(endings))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use tempfile::TempDir;

    use super::*;
    use crate::homeserver::process::Process;

    fn fleet(folder: &TempDir) -> Fleet {
        Fleet {
            folder: folder.path().to_owned(),
        }
    }

    /// A folder as a start leaves it that was cut short after the mail sink.
    fn half_started(fleet: &Fleet, profile: Profile) -> Record {
        let folder = fleet.of_profile(profile);
        let data_dir = folder.join("data");
        fs::create_dir_all(&data_dir).unwrap();
        let sink = Process::start(Command::new("sleep").arg("60"), &folder.join("log")).unwrap();
        let record = Record {
            profile: profile.name().into(),
            base_url: String::new(),
            server_name: String::new(),
            registration_shared_secret: String::new(),
            mail_dir: folder.join("mail"),
            log_file: folder.join("log"),
            data_dir,
            port: 0,
            smtp_port: 0,
            cas_port: None,
            oauth_port: None,
            mail_sink: Some(sink),
            cas: None,
            oauth: None,
            synapse: None,
        };
        record.write(&folder).unwrap();
        record
    }

    #[test]
    fn down_ends_what_an_interrupted_start_left_and_nothing_twice() {
        let folder = TempDir::new().unwrap();
        let fleet = fleet(&folder);
        let hold = fleet.take().unwrap().unwrap();
        let record = half_started(&fleet, Profile::Limits);
        assert!(matches!(record.state(), State::Broken(what) if what.contains("Synapse was never started")));
        let endings = fleet.down(&hold, Profile::Limits).unwrap();
        assert_eq!(endings, Some(vec![("the mail sink", Ending::Stopped)]));
        assert!(!record.mail_sink.unwrap().is_alive());
        assert!(!record.data_dir.exists());
        assert_eq!(fleet.down(&hold, Profile::Limits).unwrap(), None);
    }

    #[test]
    fn one_server_ends_and_the_other_stays_listed() {
        let folder = TempDir::new().unwrap();
        let fleet = fleet(&folder);
        let hold = fleet.take().unwrap().unwrap();
        half_started(&fleet, Profile::Limits);
        let other = half_started(&fleet, Profile::Policy);
        fleet.down(&hold, Profile::Limits).unwrap();
        fleet.list(&hold).unwrap();
        assert!(other.mail_sink.unwrap().is_alive());
        let list: BTreeMap<String, PathBuf> =
            serde_json::from_str(&fs::read_to_string(fleet.list_file()).unwrap()).unwrap();
        assert_eq!(
            list,
            BTreeMap::from([("policy".into(), Record::path(&fleet.of_profile(Profile::Policy)))])
        );
        fleet.down(&hold, Profile::Policy).unwrap();
    }

    #[test]
    fn a_fleet_is_held_by_one_at_a_time() {
        let folder = TempDir::new().unwrap();
        let fleet = fleet(&folder);
        let hold = fleet.take().unwrap();
        assert!(hold.is_some());
        assert!(fleet.take().unwrap().is_none());
        drop(hold);
        assert!(fleet.take().unwrap().is_some());
    }
}
