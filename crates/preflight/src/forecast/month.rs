//! Months of the Gregorian calendar in UTC.

use std::fmt;

/// A month, as `2026-11`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Month {
    year: u32,
    month: u32,
}

impl Month {
    /// Returns the month of a moment in seconds since the Unix epoch.
    pub(super) const fn of(seconds: u32) -> Self {
        // Years that begin in March end with the leap day; 719 468 days lie between such a year 0 and the epoch, and
        // the first 146 097 of them make up an era of 400 years.
        let day = seconds / 86_400 + 719_468;
        let (era, of_era) = (day / 146_097, day % 146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let (month, later) = if from_march < 10 {
            (from_march + 3, 0)
        } else {
            (from_march - 9, 1)
        };
        Self {
            year: era * 400 + year_of_era + later,
            month,
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

#[cfg(test)]
mod tests {
    use super::Month;

    #[test]
    fn months_begin_and_end_where_the_calendar_says() {
        for (seconds, month) in [
            (0, "1970-01"),
            (951_782_399, "2000-02"),
            (951_868_799, "2000-02"),
            (951_868_800, "2000-03"),
            (1_677_628_799, "2023-02"),
            (1_677_628_800, "2023-03"),
            (1_704_067_199, "2023-12"),
            (1_704_067_200, "2024-01"),
            (1_709_164_800, "2024-02"),
            (1_709_251_200, "2024-03"),
            (1_795_430_520, "2026-11"),
            (u32::MAX, "2106-02"),
        ] {
            assert_eq!(Month::of(seconds).to_string(), month, "{seconds}");
        }
    }

    #[test]
    fn every_day_is_in_the_month_of_the_day_before_or_the_next_one() {
        let mut months = 1;
        for day in 1..=(u32::MAX / 86_400) {
            let (before, month) = (Month::of((day - 1) * 86_400), Month::of(day * 86_400));
            let next = if before.month == 12 {
                (before.year + 1, 1)
            } else {
                (before.year, before.month + 1)
            };
            if month != before {
                assert_eq!((month.year, month.month), next);
                months += 1;
            }
        }
        assert_eq!(months, 136 * 12 + 2);
    }
}
