//! The mail that the homeserver sent, and the link in it.

mod decode;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use matrix_sdk::reqwest;

use crate::wait;

/// The folder in which the mail sink files each message.
#[derive(Clone, Debug)]
pub struct Mailbox {
    folder: PathBuf,
}

/// A message as it was filed.
#[derive(Debug)]
struct Message {
    to: Vec<String>,
    raw: String,
}

/// Every message is read once, however often somebody looks for the one they wait for.
static MESSAGES: Mutex<BTreeMap<PathBuf, Arc<Message>>> = Mutex::new(BTreeMap::new());

fn message(path: PathBuf) -> Result<Arc<Message>> {
    let mut known = MESSAGES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(message) = known.get(&path) {
        return Ok(Arc::clone(message));
    }
    let raw = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
    let to = decode::header_values(&raw, "X-Envelope-To").collect();
    let message = Arc::new(Message { to, raw });
    known.insert(path, Arc::clone(&message));
    Ok(message)
}

/// A message to one person, decoded.
#[derive(Clone, Debug)]
pub struct Mail {
    /// All text parts, one after the other.
    pub text: String,
}

/// The link that a mail asks its reader to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link(pub String);

impl Mailbox {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// All messages to an address, oldest first.
    pub fn messages_to(&self, address: &str) -> Result<Vec<Mail>> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(&self.folder).with_context(|| format!("no mailbox at {}", self.folder.display()))? {
            let path = entry?.path();
            // The sink makes a message visible under its final name when it is complete.
            if path.extension().is_some_and(|extension| extension == "eml") {
                paths.push(path);
            }
        }
        paths.sort();
        let mut mails = Vec::new();
        for path in paths {
            let message = message(path)?;
            if message.to.iter().any(|to| to.eq_ignore_ascii_case(address)) {
                mails.push(Mail {
                    text: decode::text(&message.raw)?,
                });
            }
        }
        Ok(mails)
    }

    /// Waits until at least `count` messages to an address have come, and returns the newest.
    pub async fn wait_for(&self, address: &str, count: usize) -> Result<Mail> {
        wait::until(&format!("mail number {count} to {address}"), async || {
            let mut mails = self.messages_to(address)?;
            Ok(if mails.len() < count { None } else { mails.pop() })
        })
        .await
    }
}

impl Mail {
    /// The password-reset link of Synapse's own page.
    pub fn reset_link(&self) -> Result<Link> {
        const PATH: &str = "/_synapse/client/password_reset/email/submit_token?";
        let at = self
            .text
            .find(PATH)
            .with_context(|| format!("no reset link in this mail:\n{}", self.text))?;
        let start = self.text[..at].rfind("http").context("the link has no scheme")?;
        let is_end = |letter: char| letter.is_whitespace() || matches!(letter, '"' | '<' | '>' | ')');
        let end = self.text[at..]
            .find(is_end)
            .map_or(self.text.len(), |length| at + length);
        Ok(Link(self.text[start..end].replace("&amp;", "&")))
    }
}

impl Link {
    /// Opens the page, which confirms nothing yet. Returns the page.
    pub async fn open(&self) -> Result<String> {
        let response = reqwest::get(&self.0).await?;
        ensure!(
            response.status().is_success(),
            "the page was answered {}",
            response.status()
        );
        Ok(response.text().await?)
    }

    /// Opens the page and presses its button, which confirms the address. Returns the page that follows.
    pub async fn press(&self) -> Result<String> {
        let form = decode::form(&self.open().await?)?;
        let request = reqwest::Client::new()
            .post(&self.0)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form);
        let response = request.send().await?;
        ensure!(
            response.status().is_success(),
            "the button was answered {}",
            response.status()
        );
        Ok(response.text().await?)
    }
}
