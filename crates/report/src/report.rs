//! Everything known and judged about one account at one moment.

use crate::{Facts, Fate, Finding, Forecast, Verdict, Verdicts};

/// Facts of one account with what they mean for both fates.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The account's user id, or its hash in a redacted report.
    pub account: String,
    /// When the facts were gathered, in milliseconds since the Unix epoch.
    pub taken_at: u64,
    /// What the probes learned.
    pub facts: Facts,
    /// The answer for each fate.
    pub verdict: Verdicts,
    /// Why, the most serious first.
    pub findings: Vec<Finding>,
    /// The messages behind `facts.coverage`, if they were looked at.
    pub forecast: Option<Forecast>,
}

impl Report {
    /// Judges `facts` under both fates.
    pub fn of(account: String, taken_at: u64, facts: Facts) -> Self {
        let findings = Finding::all_of(&facts);
        let verdict = |fate| {
            let under_fate = findings.iter().filter(|it| it.fates.contains(&fate));
            Verdict::worst_of(under_fate.map(|it| it.severity))
        };
        let verdict = Verdicts {
            kept: verdict(Fate::SessionsKept),
            ended: verdict(Fate::SessionsEnded),
        };
        Self {
            account,
            taken_at,
            facts,
            verdict,
            findings,
            forecast: None,
        }
    }

    /// Adds the messages behind `facts.coverage`. They change no verdict.
    #[must_use]
    pub fn with_forecast(self, forecast: Option<Forecast>) -> Self {
        Self { forecast, ..self }
    }
}
