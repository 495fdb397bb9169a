//! What a test asks of an account before it is made.

use anyhow::Result;

use super::{Dates, Defect, TestAccount, build};
use crate::server::Profile;

/// Describes an account: healthy unless it is told otherwise.
#[derive(Clone, Debug)]
pub struct AccountSpec {
    pub(super) profile: Profile,
    pub(super) way: Way,
    pub(super) history: History,
    pub(super) defects: Vec<Defect>,
    pub(super) dates: Option<Dates>,
}

/// What opens secret storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A passphrase, derived with as many rounds as the SDK takes.
    Passphrase,
    /// A passphrase with this many rounds.
    PassphraseOfRounds(u32),
    /// A recovery key without a passphrase.
    Key,
}

/// How much was written, in each room by both users. Three thousand messages take a minute or two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// How many encrypted rooms.
    pub rooms: usize,
    /// How many messages each of the two users writes into each room.
    pub messages_each: usize,
    /// After how many messages a sender takes a new room key.
    pub messages_per_key: u32,
}

impl Default for History {
    fn default() -> Self {
        Self {
            rooms: 2,
            messages_each: 4,
            messages_per_key: 2,
        }
    }
}

impl AccountSpec {
    /// A healthy account: identity, secret storage, key backup with every room key, two verified sessions, an e-mail
    /// address, and rooms with a second user.
    pub fn healthy(way: Way) -> Self {
        Self {
            profile: Profile::Default,
            way,
            history: History::default(),
            defects: Vec::new(),
            dates: None,
        }
    }

    /// The same with a defect; several may be combined where that makes sense.
    pub fn with(mut self, defect: Defect) -> Self {
        self.defects.push(defect);
        self
    }

    /// The same with another history.
    pub fn history(mut self, history: History) -> Self {
        self.history = history;
        self
    }

    /// The same with messages of earlier days, on the default homeserver. All of its sessions go through a proxy, whose address
    /// its homeserver has.
    pub fn dated(mut self, dates: Dates) -> Self {
        self.dates = Some(dates);
        self
    }

    /// The same on another homeserver.
    pub fn on(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Makes the account. When this returns, nothing is under way any more: the account only changes when somebody
    /// does something.
    pub async fn build(&self) -> Result<TestAccount> {
        build::build(self).await
    }

    pub(super) fn has(&self, defect: Defect) -> bool {
        self.defects.contains(&defect)
    }
}
