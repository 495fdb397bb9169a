//! The clearance: evidence, issued by a report alone, without which no reset starts.

use std::collections::BTreeSet;

use crate::{Code, Fact, Fate, Report, Severity};

/// How long the facts behind a clearance hold: one hour, in milliseconds.
pub const HOLDS_FOR: u64 = 60 * 60 * 1000;

/// What somebody decided to accept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waivers {
    /// Blockers, each by its own code.
    pub blockers: BTreeSet<Code>,
    /// Whether the cautions were acknowledged, all at once.
    pub cautions_acknowledged: bool,
}

/// Evidence that an account was checked, and that whatever speaks against a reset was accepted by name.
///
/// Only [`Report::clear`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clearance {
    account: String,
    fate: Fate,
    taken_at: u64,
    ground: Ground,
    waived: Vec<Code>,
    acknowledged: Vec<Code>,
}

/// What a clearance stands on: when any of it changes, the report behind it speaks of another account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ground {
    /// The public master key; known `null`: there is no identity.
    pub identity: Fact<Option<String>>,
    /// The active backup version; known `null`: there is none.
    pub backup: Fact<Option<String>>,
}

/// Why there is no clearance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uncleared {
    /// Blockers that nobody waived.
    pub blockers: Vec<Code>,
    /// Cautions that nobody acknowledged; empty when they were.
    pub cautions: Vec<Code>,
}

/// Why a clearance no longer holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lapse {
    /// Its facts are more than an hour old, or from the future.
    TooOld,
    /// The identity was replaced.
    IdentityReplaced,
    /// Another backup version is active.
    BackupReplaced,
    /// What was known then cannot be asked now.
    NotKnown,
}

impl Lapse {
    /// Says it in one clause.
    pub fn words(self) -> &'static str {
        match self {
            Self::TooOld => "the check is more than an hour old",
            Self::IdentityReplaced => "the identity was replaced since the check",
            Self::BackupReplaced => "the key backup was replaced since the check",
            Self::NotKnown => "the server no longer says what the check relied on",
        }
    }
}

impl Ground {
    /// Takes the ground out of a report's facts.
    pub fn of(report: &Report) -> Self {
        Self {
            identity: report.facts.identity.as_ref().map(|it| it.master.clone()),
            backup: (report.facts.backup.active.as_ref()).map(|it| it.as_ref().map(|it| it.version.clone())),
        }
    }
}

impl Report {
    /// Issues a clearance for a reset under `fate`, if every blocker is waived by its code and the cautions are
    /// acknowledged.
    pub fn clear(&self, fate: Fate, waivers: &Waivers) -> Result<Clearance, Uncleared> {
        let codes = |severity: Severity| {
            let found = self.findings.iter().filter(move |it| it.severity == severity);
            found.filter(|it| it.fates.contains(&fate)).map(|it| it.code)
        };
        let (waived, blockers): (Vec<_>, Vec<_>) =
            codes(Severity::Blocker).partition(|it| waivers.blockers.contains(it));
        let cautions: Vec<_> = codes(Severity::Caution).collect();
        let open = if waivers.cautions_acknowledged {
            Vec::new()
        } else {
            cautions.clone()
        };
        if !blockers.is_empty() || !open.is_empty() {
            return Err(Uncleared {
                blockers,
                cautions: open,
            });
        }
        Ok(Clearance {
            account: self.account.clone(),
            fate,
            taken_at: self.taken_at,
            ground: Ground::of(self),
            waived,
            acknowledged: cautions,
        })
    }
}

impl Clearance {
    /// Returns the account it speaks of.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Returns the fate it was issued for.
    pub fn fate(&self) -> Fate {
        self.fate
    }

    /// Returns when its facts were gathered, in milliseconds since the Unix epoch.
    pub fn taken_at(&self) -> u64 {
        self.taken_at
    }

    /// Returns the blockers that were waived.
    pub fn waived(&self) -> &[Code] {
        &self.waived
    }

    /// Returns the cautions that were acknowledged.
    pub fn acknowledged(&self) -> &[Code] {
        &self.acknowledged
    }

    /// Returns what it stands on.
    pub fn ground(&self) -> &Ground {
        &self.ground
    }

    /// Says why it does not hold at the moment `now` on the ground that is there now; `None`: it holds.
    pub fn lapse(&self, now: u64, ground: &Ground) -> Option<Lapse> {
        Self::lapse_of(self.taken_at, &self.ground, now, ground)
    }

    /// Says the same of a clearance that was written down: its facts were gathered at `taken_at`, and it stands on
    /// `then`.
    pub fn lapse_of(taken_at: u64, then: &Ground, now: u64, ground: &Ground) -> Option<Lapse> {
        // A few minutes of disagreement between clocks are no journey in time.
        const SKEW: u64 = 5 * 60 * 1000;
        if now > taken_at.saturating_add(HOLDS_FOR) || taken_at > now.saturating_add(SKEW) {
            return Some(Lapse::TooOld);
        }
        let changed = |then: &Fact<Option<String>>, now: &Fact<Option<String>>, lapse| match (then, now) {
            (Fact::Known(then), Fact::Known(now)) => (then != now).then_some(lapse),
            (Fact::Known(_), Fact::Unknown(_)) => Some(Lapse::NotKnown),
            // What was not known then was accepted as not known.
            (Fact::Unknown(_), _) => None,
        };
        changed(&then.identity, &ground.identity, Lapse::IdentityReplaced)
            .or_else(|| changed(&then.backup, &ground.backup, Lapse::BackupReplaced))
    }
}
