//! How far the reading of history and of backed-up keys is, each in a line.

use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};

use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use lifeboat_preflight::{FetchProgress, ForecastProgress, Waiting};
use lifeboat_report::grouped;

use super::{
    TICK,
    counted::{Counts, Course},
    target,
    waiting::said_of,
};
use crate::ui::signs::{shown, turning};

/// Lines that move until this is dropped.
#[derive(Debug)]
pub(super) struct Lines {
    all: MultiProgress,
    bars: Vec<ProgressBar>,
}

/// A place for lines on a terminal, which knows of all of them: lines that do not know of each other leave pieces behind.
pub(super) fn place() -> MultiProgress {
    MultiProgress::with_draw_target(target())
}

impl Lines {
    /// Shows a forecast: the rooms in one line, the backed-up keys in another.
    pub(super) fn of_forecast(all: &MultiProgress, forecast: &ForecastProgress) -> Self {
        let rooms = line(all, forecast, ForecastProgress::events, history);
        let entries = line(all, forecast, ForecastProgress::entries, keys);
        Self::of(all, vec![rooms, entries])
    }

    /// Shows the reading of history alone.
    pub(super) fn of_history(all: &MultiProgress, reading: &ForecastProgress) -> Self {
        Self::of(all, vec![line(all, reading, ForecastProgress::events, history)])
    }

    /// Shows work whose pieces are counted, which is called `doing`, and when the server asks to wait.
    pub(super) fn of_counts<P: Counts>(all: &MultiProgress, doing: &str, counts: &P, waiting: &Waiting) -> Self {
        let named = (doing.to_owned(), counts.clone(), waiting.clone());
        let done = |(_, counts, _): &(String, P, Waiting)| {
            let [done, _] = counts.counts();
            done
        };
        let words = |(doing, counts, waiting): &(String, P, Waiting), passed: Duration| {
            let course = Course {
                doing,
                things: P::THINGS,
                counts: counts.counts(),
                passed,
                besides: said_of(waiting),
            };
            course.words(columns())
        };
        Self::of(all, vec![line(all, &named, done, words)])
    }

    /// Shows the fetching of room keys.
    pub(super) fn of_fetch(all: &MultiProgress, fetching: &FetchProgress) -> Self {
        Self::of(all, vec![line(all, fetching, FetchProgress::keys_done, fetched)])
    }

    fn of(all: &MultiProgress, bars: Vec<ProgressBar>) -> Self {
        Self { all: all.clone(), bars }
    }
}

fn line<P: Clone + Send + Sync + 'static>(
    all: &MultiProgress,
    progress: &P,
    done: fn(&P) -> u64,
    words: fn(&P, Duration) -> String,
) -> ProgressBar {
    let (bar, progress) = (all.add(ProgressBar::new_spinner()), progress.clone());
    // The keys may have to wait for the history: each line counts its own time.
    let begun = OnceLock::<Instant>::new();
    let show = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
        let passed = match done(&progress) {
            0 => Duration::ZERO,
            _ => begun.get_or_init(Instant::now).elapsed(),
        };
        // A line that cannot be drawn is drawn again in a moment.
        let _ = out.write_str(&shown(&words(&progress, passed)));
    };
    // The template is our own.
    if let Ok(style) = ProgressStyle::with_template("{spinner} {words}") {
        bar.set_style(turning(style.with_key("words", show)));
    }
    bar.enable_steady_tick(TICK);
    bar
}

impl Drop for Lines {
    fn drop(&mut self) {
        for bar in &self.bars {
            bar.finish_and_clear();
            self.all.remove(bar);
        }
    }
}

fn history(forecast: &ForecastProgress, passed: Duration) -> String {
    let (done, rooms) = (forecast.rooms_done(), forecast.rooms());
    if rooms == 0 {
        return "looking for encrypted rooms".to_owned();
    }
    let stopping = if forecast.is_stopped() { "stopping" } else { "" };
    fitted(
        columns(),
        [
            "reading history",
            &bar(done, rooms),
            &format!("{} messages", grouped(forecast.events())),
            &format!("rooms {done}/{rooms}"),
            &rate(forecast.events(), passed),
            &time_left(done, rooms, passed),
            stopping,
        ],
    )
}

fn keys(forecast: &ForecastProgress, passed: Duration) -> String {
    let (done, entries) = (forecast.entries(), forecast.entries_listed());
    if entries == 0 {
        return "backed-up keys    waiting".to_owned();
    }
    fitted(
        columns(),
        [
            "backed-up keys ",
            &bar(done, entries),
            "",
            &format!("{}/{}", grouped(done), grouped(entries)),
            &rate(done, passed),
            &time_left(done, entries, passed),
            "",
        ],
    )
}

fn fetched(fetching: &FetchProgress, passed: Duration) -> String {
    let (done, keys) = (fetching.keys_done(), fetching.keys());
    if keys == 0 {
        return "fetching room keys   listing the backup".to_owned();
    }
    fitted(
        columns(),
        [
            "fetching room keys",
            &bar(done, keys),
            "",
            &format!("{}/{}", grouped(done), grouped(keys)),
            &rate(done, passed),
            &time_left(done, keys, passed),
            "",
        ],
    )
}

/// How many columns a line on stderr has, without the moving sign at its beginning.
pub(super) fn columns() -> usize {
    let width = terminal_size::terminal_size_of(std::io::stderr()).map(|(width, _)| usize::from(width.0));
    width.unwrap_or(80).saturating_sub(3)
}

/// Joins what is to be said; on a narrow terminal first the bar is left out, then the second count: what is done, how
/// fast and how long stay.
pub(super) fn fitted(columns: usize, parts: [&str; 7]) -> String {
    let join = |left_out: &[usize]| {
        let kept = parts.iter().enumerate().filter(|(place, _)| !left_out.contains(place));
        let said: Vec<&str> = kept.map(|(_, it)| *it).filter(|it| !it.is_empty()).collect();
        said.join("   ")
    };
    let all = [join(&[]), join(&[1]), join(&[1, 2])];
    let fits = all.iter().find(|it| textwrap::core::display_width(it) <= columns);
    fits.unwrap_or(&all[2]).clone()
}

/// How many cells a bar has.
const CELLS: u64 = 20;

pub(super) fn bar(done: u64, all: u64) -> String {
    let filled = (done.min(all) * CELLS).checked_div(all).unwrap_or(0);
    (0..CELLS).map(|cell| if cell < filled { '█' } else { '░' }).collect()
}

/// Says how fast it goes; nothing in the first second.
pub(super) fn rate(count: u64, passed: Duration) -> String {
    if passed < Duration::from_secs(1) {
        return String::new();
    }
    let milliseconds = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX);
    let each = |unit: u64| count.saturating_mul(unit).checked_div(milliseconds).unwrap_or(0);
    match (each(1_000), each(60_000)) {
        (0, 0) => String::new(),
        (0, minutely) => format!("{minutely}/min"),
        (rate, _) => format!("{}/s", grouped(rate)),
    }
}

/// Says how long the rest takes if it goes on like this; nothing in the first seconds, when nobody can know.
pub(super) fn time_left(done: u64, all: u64, passed: Duration) -> String {
    let seconds = passed.as_secs();
    let left = seconds.saturating_mul(all.saturating_sub(done)).checked_div(done);
    match left {
        Some(left) if seconds >= 2 && done < all => match left {
            ..90 => format!("about {left} s left"),
            _ => format!("about {} min left", left.div_ceil(60)),
        },
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_fill_from_empty_to_full() {
        assert_eq!(bar(0, 10), "░".repeat(20));
        assert_eq!(bar(5, 10), format!("{}{}", "█".repeat(10), "░".repeat(10)));
        assert_eq!(bar(11, 10), "█".repeat(20));
        assert_eq!(bar(1, 0), "░".repeat(20));
    }

    #[test]
    fn rates_and_rests_are_said_when_they_can_be_known() {
        let seconds = Duration::from_secs;
        assert_eq!(rate(1_120, Duration::from_millis(10)), "");
        assert_eq!(rate(2_240, seconds(2)), "1\u{a0}120/s");
        assert_eq!(rate(10, seconds(60)), "10/min");
        assert_eq!(rate(0, seconds(60)), "");
        assert_eq!(time_left(0, 10, seconds(60)), "");
        assert_eq!(time_left(5, 10, seconds(1)), "");
        assert_eq!(time_left(75, 100, seconds(60)), "about 20 s left");
        assert_eq!(time_left(10, 100, seconds(60)), "about 9 min left");
        assert_eq!(time_left(100, 100, seconds(60)), "");
        // A server may claim any number.
        assert_ne!(time_left(1, u64::MAX, seconds(60)), "");
    }

    #[test]
    fn a_narrow_line_says_how_far_how_fast_and_how_long() {
        let bar = bar(96, 131);
        let parts = [
            "reading history",
            &bar,
            "41 310 messages",
            "rooms 96/131",
            "1 120/s",
            "about 20 s left",
            "",
        ];
        assert_eq!(fitted(120, parts), parts[..6].join("   "));
        assert_eq!(
            fitted(77, parts),
            "reading history   41 310 messages   rooms 96/131   1 120/s   about 20 s left"
        );
        assert_eq!(
            fitted(58, parts),
            "reading history   rooms 96/131   1 120/s   about 20 s left"
        );
        assert_eq!(fitted(20, parts), fitted(58, parts));
    }

    #[test]
    fn nothing_is_claimed_before_it_is_known() {
        let progress = ForecastProgress::default();
        assert_eq!(history(&progress, Duration::ZERO), "looking for encrypted rooms");
        assert_eq!(keys(&progress, Duration::ZERO), "backed-up keys    waiting");
        let fetching = FetchProgress::default();
        assert_eq!(
            fetched(&fetching, Duration::ZERO),
            "fetching room keys   listing the backup"
        );
    }
}
