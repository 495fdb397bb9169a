//! From the forecast's months to the bars of the picture.

use std::collections::BTreeMap;

use lifeboat_report::{Forecast, forecast::EventCounts};

use crate::ui::time;

/// As many months have a bar of their own at most: ten years.
const MOST: i32 = 120;
/// As many have one at least: a bar as wide as the page says nothing.
const LEAST: i32 = 12;

const NAMES: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// One bar.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bar {
    /// `Nov 2026`, `before Nov 2016`, `after Nov 2026`.
    pub(super) name: String,
    /// The year, if the bar is that of its January.
    pub(super) year: Option<i32>,
    /// Messages that the key backup covers.
    pub(super) covered: u64,
    /// Messages at risk.
    pub(super) at_risk: u64,
}

impl Bar {
    /// Returns how many messages it stands for.
    pub(super) fn all(&self) -> u64 {
        self.covered.saturating_add(self.at_risk)
    }
}

/// Returns a bar for each month from the first to the last, a year at least, empty ones too, and one for everything before and after
/// them if there is anything. When a message was sent is its server's claim: no claim makes the picture longer than ten
/// years or lets it reach beyond `now`.
pub(super) fn bars(forecast: &Forecast, now: u64) -> Vec<Bar> {
    let months: BTreeMap<i32, &EventCounts> = forecast
        .months
        .iter()
        .filter_map(|(month, events)| Some((parse(month)?, events)))
        .collect();
    let present = parse(time::day(now).get(..7).unwrap_or_default());
    let (Some(first), Some(last)) = (months.keys().next(), months.keys().next_back()) else {
        return Vec::new();
    };
    let last = present.map_or(*last, |present| present.min(*last));
    let first = (*first).clamp(last - MOST + 1, last - LEAST + 1);
    let sum = |name: &str, range: &dyn Fn(i32) -> bool| {
        let mut bar = Bar {
            name: name.to_owned(),
            ..Bar::default()
        };
        months.iter().filter(|(month, _)| range(**month)).for_each(|(_, it)| {
            bar.covered = bar.covered.saturating_add(it.covered);
            bar.at_risk = bar.at_risk.saturating_add(it.at_risk);
        });
        bar
    };
    let before = sum(&format!("before {}", name(first)), &|it| it < first);
    let after = sum(&format!("after {}", name(last)), &|it| it > last);
    let there = |it: &Bar| it.all() > 0;
    let each = (first..=last).map(|month| Bar {
        year: (month.rem_euclid(12) == 0).then_some(month.div_euclid(12)),
        ..sum(&name(month), &|it| it == month)
    });
    let before = Some(before).filter(there).into_iter();
    before.chain(each).chain(Some(after).filter(there)).collect()
}

/// Reads `2026-11`: the number of the month since the year 0. Anything else is no month.
fn parse(month: &str) -> Option<i32> {
    let (year, number) = month.split_once('-')?;
    let digits = |text: &str, length| text.len() == length && text.bytes().all(|it| it.is_ascii_digit());
    if !digits(year, 4) || !digits(number, 2) {
        return None;
    }
    let number: i32 = number.parse().ok()?;
    (1..=12)
        .contains(&number)
        .then_some(year.parse::<i32>().ok()? * 12 + number - 1)
}

fn name(month: i32) -> String {
    let name = usize::try_from(month.rem_euclid(12)).ok().and_then(|it| NAMES.get(it));
    format!("{} {}", name.unwrap_or(&"?"), month.div_euclid(12))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 23 November 2026.
    const NOW: u64 = lifeboat_report::testing::TAKEN_AT;

    fn shown(months: &[(&str, u64, u64)]) -> Vec<(String, u64, u64)> {
        let counts = |covered, at_risk| EventCounts {
            total: covered + at_risk,
            covered,
            at_risk,
            ..EventCounts::default()
        };
        let forecast = Forecast {
            months: months
                .iter()
                .map(|(month, covered, lost)| ((*month).to_owned(), counts(*covered, *lost)))
                .collect(),
            ..Forecast::default()
        };
        let bars = bars(&forecast, NOW);
        bars.into_iter().map(|it| (it.name, it.covered, it.at_risk)).collect()
    }

    #[test]
    fn months_without_messages_have_their_place() {
        let bars = shown(&[("2026-01", 3, 0), ("2024-11", 1, 2)]);
        assert_eq!(bars.len(), 15);
        assert_eq!(bars[0], ("Nov 2024".to_owned(), 1, 2));
        assert_eq!(bars[1], ("Dec 2024".to_owned(), 0, 0));
        assert_eq!(bars[14], ("Jan 2026".to_owned(), 3, 0));
        assert_eq!(shown(&[]), []);
    }

    #[test]
    fn there_is_a_year_at_least() {
        let bars = shown(&[("2026-10", 3, 0)]);
        assert_eq!(bars.len(), 12);
        assert_eq!(bars[0], ("Nov 2025".to_owned(), 0, 0));
        assert_eq!(bars[11], ("Oct 2026".to_owned(), 3, 0));
    }

    #[test]
    fn claims_of_servers_do_not_stretch_the_picture() {
        let bars = shown(&[
            ("0001-01", 1, 0),
            ("2026-10", 4, 0),
            ("2027-01", 0, 5),
            ("9999-12", 0, 2),
            ("<b>", 7, 7),
            ("2026-13", 7, 7),
            ("20260-1", 7, 7),
        ]);
        assert_eq!(bars.len(), 122);
        assert_eq!(bars[0], ("before Dec 2016".to_owned(), 1, 0));
        assert_eq!(bars[119], ("Oct 2026".to_owned(), 4, 0));
        assert_eq!(bars[121], ("after Nov 2026".to_owned(), 0, 7));
    }

    #[test]
    fn a_history_that_is_all_claimed_to_be_later_is_one_bar() {
        let bars = shown(&[("9999-12", 2, 0)]);
        assert_eq!(bars.len(), 13);
        assert_eq!(bars[12], ("after Nov 2026".to_owned(), 2, 0));
        assert!(bars[..12].iter().all(|it| it.1 == 0));
    }
}
