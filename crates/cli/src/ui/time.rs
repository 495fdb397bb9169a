//! Moments in words.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
pub(crate) use lifeboat_preflight::now;

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Says when `moment` was, in milliseconds since the Unix epoch: `23 Nov 2026, 15:58 UTC`.
pub(crate) fn moment(moment: u64) -> String {
    timestamp(moment).map_or_else(
        || "an unknown time".to_owned(),
        |it| it.strftime("%-d %b %Y, %H:%M UTC").to_string(),
    )
}

/// Says on which day `moment` was: `2026-11-23`.
pub(crate) fn day(moment: u64) -> String {
    timestamp(moment).map_or_else(|| "an unknown day".to_owned(), |it| it.strftime("%Y-%m-%d").to_string())
}

/// Writes `moment` so that names made of it sort by time: `20261123T155812.250Z`.
pub(crate) fn stamp(moment: u64) -> String {
    timestamp(moment).map_or_else(
        || format!("{moment:020}"),
        |it| it.strftime("%Y%m%dT%H%M%S%.3fZ").to_string(),
    )
}

/// Reads a day like `2026-11-23`: its first moment in UTC, in milliseconds since the Unix epoch.
pub(crate) fn parse_day(text: &str) -> Option<u64> {
    let day: Date = text.parse().ok()?;
    u64::try_from(TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()?.as_millisecond()).ok()
}

fn timestamp(moment: u64) -> Option<Timestamp> {
    i64::try_from(moment)
        .ok()
        .and_then(|it| Timestamp::from_millisecond(it).ok())
}

/// Says how long before `now` `moment` was: `9 days ago`. Clocks that disagree are no reason to speak of the future.
pub(crate) fn ago(moment: u64, now: u64) -> String {
    let passed = now.saturating_sub(moment);
    let (count, unit) = match passed {
        ..MINUTE => return "just now".to_owned(),
        MINUTE..HOUR => (passed / MINUTE, "minute"),
        HOUR..DAY => (passed / HOUR, "hour"),
        // Up to two months in days, up to two years in months.
        _ if passed < 60 * DAY => (passed / DAY, "day"),
        _ if passed < 730 * DAY => (passed / (30 * DAY), "month"),
        _ => (passed / (365 * DAY), "year"),
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_spelled_out() {
        assert_eq!(moment(1_795_449_480_000), "23 Nov 2026, 15:58 UTC");
        assert_eq!(moment(u64::MAX), "an unknown time");
        assert_eq!(day(1_795_449_480_000), "2026-11-23");
        assert_eq!(day(u64::MAX), "an unknown day");
        assert_eq!(parse_day("2026-11-23").map(day).as_deref(), Some("2026-11-23"));
    }

    #[test]
    fn distances_are_rounded_down() {
        let now = 100 * 365 * DAY;
        for (passed, words) in [
            (0, "just now"),
            (MINUTE - 1, "just now"),
            (MINUTE, "1 minute ago"),
            (HOUR - 1, "59 minutes ago"),
            (2 * HOUR, "2 hours ago"),
            (DAY, "1 day ago"),
            (9 * DAY, "9 days ago"),
            (59 * DAY, "59 days ago"),
            (60 * DAY, "2 months ago"),
            (400 * DAY, "13 months ago"),
            (800 * DAY, "2 years ago"),
        ] {
            assert_eq!(ago(now - passed, now), words);
        }
        assert_eq!(ago(now + DAY, now), "just now");
    }
}
