//! Calls and reports over the pipe.

use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// A browser that says nothing for so long has stopped.
const SILENCE: Duration = Duration::from_secs(60);

/// One end of the pipe.
#[derive(Debug)]
pub(super) struct Pipe {
    stream: UnixStream,
    read: Vec<u8>,
    calls: u64,
    session: Option<String>,
    reports: Vec<Value>,
}

/// Makes a pipe: our end and the browser's.
pub(super) fn pair() -> Result<(Pipe, OwnedFd)> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_read_timeout(Some(SILENCE))?;
    let pipe = Pipe {
        stream: ours,
        read: Vec::new(),
        calls: 0,
        session: None,
        reports: Vec::new(),
    };
    Ok((pipe, theirs.into()))
}

impl Pipe {
    /// From now on speaks to the browser itself, and forgets what was reported.
    pub(super) fn leave(&mut self) {
        self.session = None;
        self.reports.clear();
    }

    /// From now on speaks to the tab with this id.
    pub(super) fn enter(&mut self, session: &str) {
        self.session = Some(session.to_owned());
    }

    /// Calls a method and returns its result. What is reported meanwhile is kept.
    pub(super) fn call(&mut self, method: &str, parameters: Value) -> Result<Value> {
        self.calls += 1;
        let id = self.calls;
        let mut message = json!({"id": id, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        self.stream.write_all(message.to_string().as_bytes())?;
        self.stream.write_all(&[0])?;
        loop {
            let mut message = self.next()?;
            if message["id"] != id {
                self.reports.push(message);
                continue;
            }
            if !message["error"].is_null() {
                bail!("{method}: {}", message["error"]);
            }
            return Ok(message["result"].take());
        }
    }

    /// Waits until the browser reports this.
    pub(super) fn wait_for(&mut self, method: &str) -> Result<()> {
        while !self.reports.iter().any(|it| it["method"] == method) {
            let message = self.next()?;
            self.reports.push(message);
        }
        Ok(())
    }

    /// Everything reported so far.
    pub(super) fn reports(&self) -> &[Value] {
        &self.reports
    }

    fn next(&mut self) -> Result<Value> {
        let end = loop {
            if let Some(end) = self.read.iter().position(|it| *it == 0) {
                break end;
            }
            let mut piece = vec![0; 1 << 16];
            let length = self.stream.read(&mut piece).context("the browser says nothing")?;
            if length == 0 {
                bail!("the browser has ended");
            }
            self.read.extend_from_slice(&piece[..length]);
        };
        let message = serde_json::from_slice(&self.read[..end])?;
        self.read.drain(..=end);
        Ok(message)
    }
}
