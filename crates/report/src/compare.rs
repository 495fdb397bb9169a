//! What became of an account between two reports.

use crate::{Code, Fact, Fate, Finding, Report, Severity, Verdict, facts::Session};

/// Two reports of one account, the earlier one first.
#[derive(Clone, Debug)]
pub struct Comparison<'a> {
    /// What was.
    pub before: &'a Report,
    /// What is.
    pub after: &'a Report,
    /// Findings that are no more, as they were.
    pub gone: Vec<&'a Finding>,
    /// Findings that were not there.
    pub new: Vec<&'a Finding>,
    /// Findings that are still there, as they are now, each with how much it weighed.
    pub stayed: Vec<(Severity, &'a Finding)>,
}

/// In which direction something went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trend {
    /// For the better.
    Better,
    /// Nowhere.
    Same,
    /// Elsewhere, which is neither better nor worse, or cannot be told.
    Different,
    /// For the worse.
    Worse,
}

/// The numbers by which two reports are compared. `None`: not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Encrypted messages that the account could ever read.
    pub messages: Option<u64>,
    /// Those that the key backup covers.
    pub covered: Option<u64>,
    /// Those that would be lost once every session has ended.
    pub at_risk: Option<u64>,
    /// Whether the messages were all looked at.
    pub complete: bool,
    /// Entries of the active key backup.
    pub entries: Option<u64>,
    /// Other sessions.
    pub sessions: Option<u64>,
    /// Those of them that nobody vouches for.
    pub unverified: Option<u64>,
}

impl<'a> Comparison<'a> {
    /// Compares two reports of the same account.
    pub fn of(before: &'a Report, after: &'a Report) -> Self {
        let (was, is) = (weightiest(before), weightiest(after));
        let weight = |code: Code| was.iter().find(|it| it.code == code).map(|it| it.severity);
        Self {
            before,
            after,
            gone: without(&was, &is),
            new: without(&is, &was),
            stayed: is.iter().filter_map(|it| Some((weight(it.code)?, *it))).collect(),
        }
    }

    /// Tells in which direction the verdict for `fate` went.
    pub fn verdict(&self, fate: Fate) -> Trend {
        let of = |report: &Report| -> Verdict { report.verdict.of(fate) };
        fewer_is_better(Some(of(self.before)), Some(of(self.after)))
    }

    /// Returns the numbers of both.
    pub fn figures(&self) -> (Figures, Figures) {
        (Figures::of(self.before), Figures::of(self.after))
    }

    /// Tells in which direction the number of messages at risk went: better only if all were looked at, both times.
    pub fn at_risk(&self) -> Trend {
        let (before, after) = self.figures();
        match fewer_is_better(before.at_risk, after.at_risk) {
            Trend::Better if !(before.complete && after.complete) => Trend::Different,
            trend => trend,
        }
    }

    /// Tells in which direction the number of sessions without a voucher went.
    pub fn unverified(&self) -> Trend {
        let (before, after) = self.figures();
        fewer_is_better(before.unverified, after.unverified)
    }
}

impl Figures {
    fn of(report: &Report) -> Self {
        let coverage = report.facts.coverage.known();
        let sessions: Option<Vec<&Session>> = match &report.facts.sessions {
            Fact::Known(sessions) => Some(sessions.iter().filter(|it| it.is_other()).collect()),
            Fact::Unknown(_) => None,
        };
        let active = report.facts.backup.active.known();
        let counted = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        Self {
            messages: coverage.map(|it| it.total),
            covered: coverage.map(|it| it.covered),
            at_risk: coverage.map(crate::facts::Coverage::lost),
            complete: coverage.is_some_and(|it| it.complete),
            entries: active.map(|it| it.as_ref().map_or(0, |it| it.count)),
            unverified: sessions
                .as_ref()
                .map(|it| counted(it.iter().filter(|it| it.is_unsigned()).count())),
            sessions: sessions.map(|it| counted(it.len())),
        }
    }
}

impl Trend {
    /// Says it in one word; nothing for what is the same.
    pub fn word(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Same => "",
            Self::Different => "changed",
            Self::Worse => "worse",
        }
    }

    /// Tells in which direction a number went of which neither more nor less is better.
    pub fn neutral(before: Option<u64>, after: Option<u64>) -> Self {
        if before == after { Self::Same } else { Self::Different }
    }
}

fn fewer_is_better<T: Ord>(before: Option<T>, after: Option<T>) -> Trend {
    match (before, after) {
        (Some(before), Some(after)) => match after.cmp(&before) {
            std::cmp::Ordering::Less => Trend::Better,
            std::cmp::Ordering::Equal => Trend::Same,
            std::cmp::Ordering::Greater => Trend::Worse,
        },
        (None, None) => Trend::Same,
        _ => Trend::Different,
    }
}

/// Each code once, with the most it weighs under any fate. Findings come most serious first.
fn weightiest(report: &Report) -> Vec<&Finding> {
    let mut found: Vec<&Finding> = Vec::new();
    for finding in &report.findings {
        if !found.iter().any(|it| it.code == finding.code) {
            found.push(finding);
        }
    }
    found
}

fn without<'a>(these: &[&'a Finding], those: &[&Finding]) -> Vec<&'a Finding> {
    let elsewhere = |code: Code| those.iter().any(|it| it.code == code);
    these.iter().copied().filter(|it| !elsewhere(it.code)).collect()
}
