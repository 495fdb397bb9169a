//! What is known about a started homeserver, kept in a file beside it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::process::Process;
use crate::{loopback, private_file};

/// The contents of `homeserver.json`: all that a test or a person needs to use the server, and to end it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The profile's name.
    pub(crate) profile: String,
    /// Where clients reach the server; no slash at the end.
    pub(crate) base_url: String,
    /// The part of user ids after the colon.
    pub(crate) server_name: String,
    /// For `POST /_synapse/admin/v1/register`, which makes users and administrators.
    pub(crate) registration_shared_secret: String,
    /// One file per mail, `000001.eml` first.
    pub(crate) mail_dir: PathBuf,
    /// Synapse's log; each request has a line of the logger `synapse.access.http.PORT`.
    pub(crate) log_file: PathBuf,
    /// The database and media; goes with the server.
    pub(crate) data_dir: PathBuf,
    pub(crate) port: u16,
    pub(crate) smtp_port: u16,
    /// Where the CAS server listens, in the profile that has one.
    pub(crate) cas_port: Option<u16>,
    /// Where the OAuth server listens, with TLS, in the profile that has one.
    pub(crate) oauth_port: Option<u16>,
    pub(crate) mail_sink: Option<Process>,
    pub(crate) cas: Option<Process>,
    pub(crate) oauth: Option<Process>,
    pub(crate) synapse: Option<Process>,
}

/// The truth about a homeserver, found out by asking its processes and its ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// All its programs run and answer.
    Up,
    /// What is wrong, in words.
    Broken(String),
}

impl Record {
    /// Where the record of a folder is.
    pub(crate) fn path(folder: &Path) -> PathBuf {
        folder.join("homeserver.json")
    }

    /// Reads the record of a folder; `None` when nothing was started there.
    pub(crate) fn read(folder: &Path) -> Option<Self> {
        serde_json::from_str(&fs::read_to_string(Self::path(folder)).ok()?).ok()
    }

    /// Writes the record, readable by its owner only.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        private_file::write(&Self::path(folder), &(serde_json::to_string_pretty(self)? + "\n"))
    }

    /// Finds out whether all programs run and answer.
    pub(crate) fn state(&self) -> State {
        let mut wrong = Vec::new();
        let mut look = |name: &str, process: Option<&Process>, answers: &dyn Fn() -> bool| match process {
            None => wrong.push(format!("{name} was never started")),
            Some(process) if !process.is_alive() => {
                wrong.push(format!("{name} (process {}) has ended", process.pid));
            }
            Some(process) if !answers() => {
                wrong.push(format!("{name} (process {}) does not answer", process.pid));
            }
            Some(_) => {}
        };
        look("Synapse", self.synapse.as_ref(), &|| {
            loopback::answers_http(self.port, "/health")
        });
        look("the mail sink", self.mail_sink.as_ref(), &|| {
            loopback::answers_smtp(self.smtp_port)
        });
        if let Some(port) = self.cas_port {
            look("the CAS server", self.cas.as_ref(), &|| {
                loopback::answers_http(port, "/login")
            });
        }
        if let Some(port) = self.oauth_port {
            look("the OAuth server", self.oauth.as_ref(), &|| loopback::accepts(port));
        }
        if wrong.is_empty() {
            State::Up
        } else {
            State::Broken(wrong.join(", "))
        }
    }
}
