//! The sessions, reduced.

use crate::Fact;
use crate::facts::{DeviceKeys, Session};

/// The sessions beside the one that looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sessions {
    /// Not known.
    Unknown,
    /// The list of sessions is known.
    Known {
        /// No other session can hold room keys.
        only: bool,
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

impl Sessions {
    /// Reduces the list of sessions.
    pub fn of(fact: &Fact<Vec<Session>>) -> Self {
        let Fact::Known(sessions) = fact else {
            return Self::Unknown;
        };
        Self::Known {
            only: !sessions.iter().any(Session::may_hold_room_keys),
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
