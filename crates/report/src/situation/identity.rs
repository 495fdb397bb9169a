//! The identity, reduced.

use crate::Fact;
use crate::facts::{self, Signature};

/// The cross-signing identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Identity {
    /// Not known.
    Unknown,
    /// No key of it is published.
    Absent,
    /// At least one key is published.
    Present {
        /// One or two of the three keys are not published.
        incomplete: bool,
        /// A self-signing or user-signing key lacks a valid signature by the master key.
        badly_signed: bool,
    },
}

impl Identity {
    /// Reduces the published identity.
    pub fn of(fact: &Fact<facts::Identity>) -> Self {
        let Fact::Known(identity) = fact else {
            return Self::Unknown;
        };
        let below_master = [&identity.self_signing, &identity.user_signing];
        let published = usize::from(identity.master.is_some()) + below_master.iter().filter(|it| it.is_some()).count();
        if published == 0 {
            return Self::Absent;
        }
        let visible = if identity.from_outside { 2 } else { 3 };
        let badly = |key: &&facts::CrossSigningKey| key.by_master != Signature::Valid;
        Self::Present {
            incomplete: published < visible,
            badly_signed: below_master.iter().filter_map(|it| it.as_ref()).any(|it| badly(&it)),
        }
    }
}
