//! The sessions, reduced.

use crate::facts::{BackupKeyAnswer, DeviceKeys, Session};
use crate::{Fact, Facts};

/// The sessions beside the one that looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sessions {
    /// Not known.
    Unknown,
    /// The list of sessions is known.
    Known {
        /// No other session can hold room keys.
        only: bool,
        /// Some other session that can hold room keys was last active before the newest encrypted message was sent.
        stale: bool,
        /// Some other session that can hold room keys was asked for the backup key and did not answer.
        silent: bool,
        /// The identity's self-signing key has not validly signed some other session that has keys.
        unsigned: bool,
        /// Some other session has no encryption keys.
        keyless: bool,
        /// There is a dehydrated device.
        dehydrated: bool,
        /// The keys of some session are not known.
        unclear: bool,
    },
}

/// Servers write down only now and then that a session is active: ten minutes.
const SLACK: u64 = 600_000;

impl Sessions {
    /// Reduces the list of sessions.
    pub fn of(facts: &Facts) -> Self {
        let Fact::Known(sessions) = &facts.sessions else {
            return Self::Unknown;
        };
        let newest = facts.newest_event_at();
        Self::Known {
            only: !sessions.iter().any(Session::may_hold_room_keys),
            stale: sessions.iter().any(|it| it.is_stale(newest)),
            silent: sessions.iter().any(Session::is_silent),
            unsigned: sessions.iter().any(Session::is_unsigned),
            keyless: sessions.iter().any(Session::is_keyless),
            dehydrated: sessions.iter().any(|it| it.dehydrated),
            unclear: sessions.iter().any(|it| it.keys.gap().is_some()),
        }
    }
}

impl Session {
    /// Tells whether this is another session than the one that looks, and no dehydrated device.
    pub(crate) fn is_other(&self) -> bool {
        !self.this && !self.dehydrated
    }

    /// Tells whether this is another session that can hold room keys and was last active before `newest`, the moment
    /// of the newest encrypted message.
    pub(crate) fn is_stale(&self, newest: Option<u64>) -> bool {
        let before = |seen: u64| newest.is_some_and(|newest| seen.saturating_add(SLACK) < newest);
        self.may_hold_room_keys() && self.last_seen_at.is_some_and(before)
    }

    /// Tells whether this is another session that can hold room keys and did not answer for the backup key.
    pub(crate) fn is_silent(&self) -> bool {
        self.may_hold_room_keys() && self.backup_key == BackupKeyAnswer::NoAnswer
    }

    /// Tells whether this is another session that has keys which the identity does not vouch for.
    pub(crate) fn is_unsigned(&self) -> bool {
        let bad = matches!(self.keys, Fact::Known(DeviceKeys::Unsigned | DeviceKeys::Invalid));
        self.is_other() && bad
    }

    /// Tells whether this is another session without encryption keys.
    pub(crate) fn is_keyless(&self) -> bool {
        self.is_other() && self.keys.is(&DeviceKeys::None)
    }
}

impl Facts {
    /// Returns when the newest encrypted message was sent, if messages were looked at.
    pub(crate) fn newest_event_at(&self) -> Option<u64> {
        self.coverage.known()?.newest_event_at
    }
}
