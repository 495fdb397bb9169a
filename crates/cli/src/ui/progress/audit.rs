//! How far an audit is.

use std::time::Duration;

use lifeboat_report::grouped;

use super::forecast::{bar, columns, fitted, rate, time_left};

/// How many accounts were looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Accounts {
    /// Before this run, which goes on from there.
    pub(crate) before: u64,
    /// Before this run and in it.
    pub(crate) seen: u64,
    /// How many there are, where somebody has said so.
    pub(crate) all: Option<u64>,
    /// How long this run has been looking.
    pub(crate) passed: Duration,
}

impl Accounts {
    /// Returns what a line says that moves.
    pub(crate) fn line(self) -> String {
        self.fitted(columns())
    }

    fn fitted(self, columns: usize) -> String {
        let doing = "looking at accounts";
        match self.all {
            Some(all) => {
                let count = format!("{}/{}", grouped(self.seen), grouped(all));
                let (rate, left) = (self.rate(), self.time_left());
                fitted(columns, [doing, &bar(self.seen, all), "", &count, &rate, &left, ""])
            }
            None => fitted(columns, [doing, "", "", &grouped(self.seen), &self.rate(), "", ""]),
        }
    }

    /// Returns what a line says that stays.
    pub(crate) fn news(self) -> String {
        let of = self.all.map(|it| format!(" of {}", grouped(it))).unwrap_or_default();
        let count = format!("{}{of} accounts looked at", grouped(self.seen));
        let said = [count, self.rate(), self.time_left()];
        let said: Vec<String> = said.into_iter().filter(|it| !it.is_empty()).collect();
        said.join(", ")
    }

    /// How many this run has looked at: it says how fast the rest will be.
    fn now(self) -> u64 {
        self.seen.saturating_sub(self.before)
    }

    fn rate(self) -> String {
        rate(self.now(), self.passed)
    }

    fn time_left(self) -> String {
        let all = self.all.unwrap_or_default().saturating_sub(self.before);
        time_left(self.now(), all, self.passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOING_ON: Accounts = Accounts {
        before: 1_000,
        seen: 1_200,
        all: Some(2_000),
        passed: Duration::from_secs(20),
    };

    #[test]
    fn a_run_that_goes_on_is_as_fast_as_it_is_itself() {
        let bar = format!("{}{}", "█".repeat(12), "░".repeat(8));
        assert_eq!(
            GOING_ON.fitted(100),
            format!("looking at accounts   {bar}   1\u{a0}200/2\u{a0}000   10/s   about 80 s left")
        );
        assert_eq!(
            GOING_ON.news(),
            "1\u{a0}200 of 2\u{a0}000 accounts looked at, 10/s, about 80 s left"
        );
    }

    #[test]
    fn where_nobody_says_how_many_there_are_no_rest_is_said() {
        let accounts = Accounts { all: None, ..GOING_ON };
        assert_eq!(accounts.fitted(100), "looking at accounts   1\u{a0}200   10/s");
        assert_eq!(accounts.news(), "1\u{a0}200 accounts looked at, 10/s");
        // More than were announced.
        let more = Accounts {
            all: Some(1_100),
            ..GOING_ON
        };
        assert_eq!(more.news(), "1\u{a0}200 of 1\u{a0}100 accounts looked at, 10/s");
    }
}
