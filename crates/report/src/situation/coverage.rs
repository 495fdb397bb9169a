//! The coverage, reduced.

use crate::Fact;
use crate::facts;

/// Which messages the key backup covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coverage {
    /// Not known.
    Unknown,
    /// The whole history was read, and there is no encrypted message in it: nothing can be lost.
    NoHistory,
    /// Encrypted messages were looked at.
    Known {
        /// Some of them are not covered.
        at_risk: bool,
        /// The whole history was read.
        complete: bool,
    },
}

impl Coverage {
    /// Reduces the forecast's numbers.
    pub fn of(fact: &Fact<facts::Coverage>) -> Self {
        let Fact::Known(coverage) = fact else {
            return Self::Unknown;
        };
        match (coverage.lost() > 0, coverage.complete) {
            (false, true) if coverage.total == 0 => Self::NoHistory,
            (at_risk, complete) => Self::Known { at_risk, complete },
        }
    }

    /// Tells whether the whole history was read and all of it is covered.
    pub fn is_whole(self) -> bool {
        matches!(
            self,
            Self::NoHistory
                | Self::Known {
                    at_risk: false,
                    complete: true
                }
        )
    }
}

impl facts::Coverage {
    /// Counts the messages that would become unreadable, by the worse of the two ways to count them.
    pub(crate) fn lost(&self) -> u64 {
        self.at_risk.max(self.total.saturating_sub(self.covered))
    }
}
