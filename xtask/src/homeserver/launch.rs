//! Starts one homeserver with its mail sink.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::config::{self, Settings};
use super::process::{Process, until};
use super::profile::Profile;
use super::record::{Record, State};
use super::{random, storage};
use crate::interrupt::Interrupt;
use crate::node::NodeProgram;
use crate::venv::Venv;
use crate::{loopback, private_file};

/// How long a program beside Synapse may take until it listens.
const HELPER_PATIENCE: Duration = Duration::from_secs(30);

/// How long Synapse may take until it answers; it needs seconds, but all may start on a busy machine.
const SYNAPSE_PATIENCE: Duration = Duration::from_secs(120);

/// How often a port that somebody else took in the meantime is replaced by another.
const PORT_TRIES: usize = 3;

/// What every start needs.
pub(crate) struct Launch<'a> {
    /// Holds Synapse and the mail server library.
    pub(crate) venv: &'a Venv,
    /// The folder with the scripts that run beside Synapse.
    pub(crate) scripts: &'a Path,
    /// The OAuth server, where a profile with one is asked for.
    pub(crate) oauth: Option<&'a NodeProgram>,
    /// The folder with the certificate of the OAuth server and the authority behind it.
    pub(crate) certificates: &'a Path,
    /// Ends the waiting.
    pub(crate) interrupt: &'a Interrupt,
}

impl Launch<'_> {
    /// Starts a homeserver in `folder`, which must not exist, and waits until it answers.
    ///
    /// # Errors
    ///
    /// When it does not come up. What was started by then is in the folder's record.
    pub(crate) fn start(&self, profile: Profile, folder: &Path, port: Option<u16>) -> Result<Record> {
        storage::make_private(folder)?;
        let mail_dir = folder.join("mail");
        storage::make_private(&mail_dir)?;
        let mut record = Record {
            profile: profile.name().into(),
            base_url: String::new(),
            server_name: config::SERVER_NAME.into(),
            registration_shared_secret: random::hex()?,
            mail_dir,
            log_file: folder.join("synapse.log"),
            data_dir: storage::choose(folder)?,
            port: 0,
            smtp_port: 0,
            cas_port: None,
            oauth_port: None,
            mail_sink: None,
            cas: None,
            oauth: None,
            synapse: None,
        };
        // Written before each thing that has to be taken back, so that `down` finds it whatever happens here.
        record.write(folder)?;
        storage::make_private(&record.data_dir)?;
        let mut sink = self.python("mail_sink");
        sink.arg(&record.mail_dir);
        record.smtp_port = self.start_helper(folder, "mail_sink", sink, &mut record, |it| &mut it.mail_sink)?;
        if profile == Profile::Sso {
            let cas = self.python("cas");
            record.cas_port = Some(self.start_helper(folder, "cas", cas, &mut record, |it| &mut it.cas)?);
        }
        if profile == Profile::Oauth {
            let mut oauth = self
                .oauth
                .context("the OAuth server is not installed")?
                .script("server.mjs");
            oauth
                .arg(folder)
                .args(["good.pem", "good.key"].map(|it| self.certificates.join(it)));
            record.oauth_port = Some(self.start_helper(folder, "oauth", oauth, &mut record, |it| &mut it.oauth)?);
        }
        for attempt in 1..=PORT_TRIES {
            if self.start_synapse(profile, folder, port, &mut record)? {
                return Ok(record);
            }
            ensure!(port.is_none() && attempt < PORT_TRIES, taken(record.port));
        }
        bail!(taken(record.port))
    }

    /// Begins the command line of a script in Python.
    fn python(&self, name: &str) -> Command {
        let mut command = Command::new(self.venv.program("python"));
        command.arg("-I").arg(self.scripts.join(format!("{name}.py")));
        command
    }

    /// Starts a program, whose last argument is the file for its port, and returns the port.
    fn start_helper(
        &self,
        folder: &Path,
        name: &str,
        mut command: Command,
        record: &mut Record,
        place: impl Fn(&mut Record) -> &mut Option<Process>,
    ) -> Result<u16> {
        let log = folder.join(format!("{name}.log"));
        let port_file = folder.join(format!("{name}.port"));
        let process = Process::start(command.arg(&port_file), &log)?;
        *place(record) = Some(process.clone());
        record.write(folder)?;
        let ended = until(HELPER_PATIENCE, || {
            port_file.exists() || !process.is_alive() || self.interrupt.asked()
        });
        self.interrupt.check()?;
        ensure!(ended && port_file.exists(), "{name} does not start:\n{}", tail(&log));
        Ok(fs::read_to_string(port_file)?.parse()?)
    }

    /// Starts Synapse; `false` when the port turned out to be taken.
    fn start_synapse(&self, profile: Profile, folder: &Path, port: Option<u16>, record: &mut Record) -> Result<bool> {
        let Ok(held) = loopback::hold_port(port.unwrap_or(0)) else {
            record.port = port.unwrap_or(0);
            return Ok(false);
        };
        record.port = held.local_addr()?.port();
        record.base_url = config::base_url(record.port);
        let settings = Settings {
            port: record.port,
            smtp_port: record.smtp_port,
            cas_port: record.cas_port,
            oauth_port: record.oauth_port,
            folder,
            data: &record.data_dir,
            registration_shared_secret: &record.registration_shared_secret,
            server_secret: &random::hex()?,
        };
        let config_file = folder.join("homeserver.yaml");
        let config = config::render(profile, &settings);
        private_file::write(&config_file, &format!("{config:#}\n"))?;
        private_file::write(&folder.join("log.yaml"), &format!("{:#}\n", config::render_logging()))?;
        let service = config::render_service(&settings);
        private_file::write(&config::service_file(folder), &format!("{service:#}\n"))?;
        private_file::write(&folder.join("signing.key"), &random::signing_key()?)?;

        let mut command = Command::new(self.venv.program("python"));
        command
            .args(["-I", "-m", "synapse.app.homeserver", "--config-path"])
            .arg(&config_file);
        command.current_dir(folder);
        if profile == Profile::Oauth {
            command.env("SSL_CERT_FILE", self.certificates.join("ca.pem"));
        }
        drop(held);
        let process = Process::start(&mut command, &record.log_file)?;
        record.synapse = Some(process.clone());
        record.write(folder)?;
        until(SYNAPSE_PATIENCE, || {
            record.state() == State::Up || !process.is_alive() || self.interrupt.asked()
        });
        self.interrupt.check()?;
        match record.state() {
            State::Up => Ok(true),
            State::Broken(_) if tail(&record.log_file).contains("Address already in use") => Ok(false),
            State::Broken(what) => bail!(
                "homeserver {} did not come up: {what}. The end of its log:\n{}",
                record.profile,
                tail(&record.log_file)
            ),
        }
    }
}

/// Fails when another program listens at the port.
pub(super) fn ensure_free(port: u16) -> Result<()> {
    ensure!(loopback::hold_port(port).is_ok(), taken(port));
    Ok(())
}

fn taken(port: u16) -> String {
    format!(
        "port {port} is taken by another program. Choose another one with --port, or leave --port out to get a free one"
    )
}

/// The last lines of a log.
fn tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_said_with_what_to_do() {
        let held = loopback::hold_port(0).unwrap();
        let port = held.local_addr().unwrap().port();
        let text = ensure_free(port).unwrap_err().to_string();
        assert!(
            text.starts_with(&format!("port {port} is taken by another program")) && text.contains("--port"),
            "{text}"
        );
        drop(held);
        // A program that another test starts has a copy of everything open here, until it runs itself.
        assert!(until(HELPER_PATIENCE, || ensure_free(port).is_ok()));
    }
}
