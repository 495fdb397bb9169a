//! Tables of figures, and the page they are written to.

use std::{cmp::Ordering, fmt::Write as _, fs, path::Path, time::Duration};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::extent::Extent;

/// A table of figures about one promise or several.
pub(crate) struct Table {
    title: &'static str,
    about: String,
    rows: Vec<[String; 3]>,
    extent: Extent,
    missed: Vec<String>,
}

/// What is promised of a figure.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Bound {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtLeast(limit) => value >= limit,
            Self::AtMost(limit) => value <= limit,
        }
    }

    fn words(self, unit: Unit) -> String {
        match self {
            Self::AtLeast(limit) => format!("at least {}", unit(limit)),
            Self::AtMost(limit) => format!("at most {}", unit(limit)),
        }
    }
}

/// Writes a figure for people.
type Unit = fn(f64) -> String;

impl Table {
    /// Begins a table; `about` says what is measured and how.
    pub(crate) fn new(title: &'static str, extent: Extent, about: impl Into<String>) -> Self {
        Self {
            title,
            about: about.into(),
            rows: Vec::new(),
            extent,
            missed: Vec::new(),
        }
    }

    /// Adds a row that nothing is promised about.
    pub(crate) fn row(&mut self, what: impl Into<String>, figure: impl Into<String>) {
        self.rows.push([what.into(), figure.into(), String::new()]);
    }

    /// Adds the median of the values that something is promised about, and says whether the promise is kept.
    pub(crate) fn promise(&mut self, what: &str, values: &[f64], unit: Unit, bound: Bound) -> Result<()> {
        let value = median(values.iter().copied()).context("nothing was measured")?;
        let [least, most] = [f64::min, f64::max].map(|pick| values.iter().copied().reduce(pick).unwrap_or(value));
        let figure = match values {
            [_] => unit(value),
            _ => format!("{} ({} to {})", unit(value), unit(least), unit(most)),
        };
        let words = bound.words(unit);
        let note = match (self.extent, bound.holds(value)) {
            (Extent::Small, _) => format!("{words}, but not at this size"),
            (Extent::Whole, true) => format!("{words}: kept"),
            (Extent::Whole, false) => {
                self.missed.push(format!("{}, {what}: {figure}, {words}", self.title));
                format!("{words}: **missed**")
            }
        };
        self.rows.push([format!("**{what}**"), figure, note]);
        Ok(())
    }

    /// Adds a row for something promised that could not be measured here.
    pub(crate) fn not_measured(&mut self, what: &str, why: &str) {
        self.rows
            .push([what.to_owned(), format!("not measured: {why}"), String::new()]);
    }

    /// The promises that were not kept.
    pub(crate) fn missed(&self) -> &[String] {
        &self.missed
    }

    /// Returns the table in Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut text = format!(
            "## {}\n\n{}\n\n| what | figure | promise |\n| --- | --- | --- |\n",
            self.title, self.about
        );
        for [what, figure, note] in &self.rows {
            let _ = writeln!(text, "| {what} | {figure} | {note} |");
        }
        text
    }
}

/// The median of measurements; `None`: there is none.
pub(crate) fn median<T: Copy + PartialOrd>(values: impl IntoIterator<Item = T>) -> Option<T> {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(Ordering::Equal));
    values.get(values.len() / 2).copied()
}

/// How many times as long `slow` takes.
pub(crate) fn ratio(slow: Duration, fast: Duration) -> f64 {
    slow.as_secs_f64() / fast.as_secs_f64()
}

/// How many per second, for each of the times.
pub(crate) fn rates(count: u64, times: &[Duration]) -> Vec<f64> {
    times.iter().map(|time| count as f64 / time.as_secs_f64()).collect()
}

/// The median of how many per second, for people.
pub(crate) fn of_all(count: u64, times: &[Duration]) -> String {
    median(rates(count, times)).map(per_second).unwrap_or_default()
}

/// A rate, for people.
pub(crate) fn per_second(rate: f64) -> String {
    let digits = format!("{rate:.0}");
    let mut grouped = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    format!("{grouped} /s")
}

/// Times in milliseconds.
pub(crate) fn in_milliseconds(times: &[Duration]) -> Vec<f64> {
    times.iter().map(|time| time.as_secs_f64() * 1000.0).collect()
}

/// Milliseconds, for people.
pub(crate) fn milliseconds(value: f64) -> String {
    format!("{value:.1} ms")
}

/// MiB, for people.
pub(crate) fn mebibytes(value: f64) -> String {
    format!("{value:.1} MiB")
}

/// A share of 1, for people.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A ratio, for people.
pub(crate) fn times(ratio: f64) -> String {
    format!("{ratio:.1} ×")
}

/// A number of things, for people.
pub(crate) fn number(value: f64) -> String {
    format!("{value:.0}")
}

const HEAD: &str = "# Performance

Written by `cargo xtask bench` on {cores} cores of {processor}, with {versions}. Figures are medians, with the lowest and the highest
in brackets. Compare the ratios, not the figures: what is compared was measured in turns in one run, and another machine gives other figures.

To repeat it, leave the machine alone and run

```sh
cargo xtask bench                # everything; writes this page; ends with an error when a promise is missed
cargo xtask bench proof memory   # some of start, check, reset, proof, memory, forecast, load, audit, rescue, synapse; leaves the page alone
cargo xtask bench --packaged audit   # with the program as it is handed out
cargo xtask bench --small        # a fiftieth of everything, to see in a minute that it works; figures without meaning
```

It builds in release, starts a real Synapse of its own and needs about 4 GiB of memory. Element's engine is measured where `node` and `npm`
are installed. Everything that is read is generated from a fixed seed by `lifeboat_backup::generate`, with `vodozemac`: lawful entries that
open and lawful messages that decrypt, which the bench itself checks.

";

/// Writes the page.
pub(crate) fn write_page(tables: &[Table]) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut page = HEAD
        .replace("{cores}", &cores.to_string())
        .replace("{processor}", &processor())
        .replace("{versions}", &versions(&root)?);
    page.push_str(&tables.iter().map(Table::markdown).collect::<Vec<_>>().join("\n"));
    Ok(fs::write(root.join("docs/performance.md"), page)?)
}

/// What the processor calls itself.
fn processor() -> String {
    let information = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = information.lines().find(|it| it.starts_with("model name"));
    let name = name.and_then(|it| it.split_once(':')).map(|(_, name)| name.trim());
    name.unwrap_or("an unknown processor").to_owned()
}

/// The versions of what is compared.
fn versions(root: &Path) -> Result<String> {
    let lock = fs::read_to_string(root.join("Cargo.lock"))?;
    let version = |name: &str| {
        let (_, after) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
        Some(format!("{name} {}", after.split_once('"')?.0))
    };
    let crates = ["matrix-sdk", "vodozemac", "aws-lc-rs"].into_iter().filter_map(version);
    let engine: Value = serde_json::from_slice(&fs::read(root.join("tests/element-engine/package.json"))?)?;
    let engine = engine["dependencies"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, version)| format!("{name} {}", version.as_str().unwrap_or_default()));
    Ok(crates.chain(engine).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(extent: Extent, values: &[f64], bound: Bound) -> Table {
        let mut table = Table::new("Title", extent, "About.");
        table.promise("share", values, percent, bound).unwrap();
        table
    }

    #[test]
    fn a_promise_is_judged_by_the_median_and_shows_its_spread() {
        let kept = table(Extent::Whole, &[0.9, 0.2, 0.86], Bound::AtLeast(0.85));
        let line = "| **share** | 86.0 % (20.0 % to 90.0 %) | at least 85.0 %: kept |";
        assert!(kept.markdown().contains(line), "{}", kept.markdown());
        assert!(kept.missed().is_empty());
        let missed = table(Extent::Whole, &[0.9, 0.2, 0.84], Bound::AtLeast(0.85));
        assert!(
            missed.markdown().contains("at least 85.0 %: **missed**"),
            "{}",
            missed.markdown()
        );
        assert_eq!(missed.missed().len(), 1);
        let most = table(Extent::Whole, &[0.5], Bound::AtMost(0.4));
        assert_eq!(most.missed(), ["Title, share: 50.0 %, at most 40.0 %"]);
    }

    #[test]
    fn nothing_is_claimed_of_small_sizes_and_of_nothing() {
        let small = table(Extent::Small, &[0.9], Bound::AtLeast(0.85));
        assert!(
            !small.markdown().contains("kept") && small.missed().is_empty(),
            "{}",
            small.markdown()
        );
        let mut empty = Table::new("Title", Extent::Whole, "About.");
        assert!(empty.promise("share", &[], percent, Bound::AtLeast(0.85)).is_err());
    }

    #[test]
    fn rates_are_grouped() {
        assert_eq!(per_second(1_234_567.4), "1\u{202f}234\u{202f}567 /s");
        assert_eq!(rates(100, &[Duration::from_millis(500)]), [200.0]);
    }
}
