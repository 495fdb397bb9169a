//! Tables of figures, and the page they are written to.

use std::{cmp::Ordering, fmt::Write as _, fs, path::Path, time::Duration};

use anyhow::Result;

/// A table of figures about one promise.
pub(crate) struct Table {
    title: &'static str,
    about: String,
    rows: Vec<[String; 3]>,
}

impl Table {
    /// Begins a table; `about` says what is measured and how.
    pub(crate) fn new(title: &'static str, about: impl Into<String>) -> Self {
        Self {
            title,
            about: about.into(),
            rows: Vec::new(),
        }
    }

    /// Adds a row: what, the figure, and what is promised or how it compares.
    pub(crate) fn row(&mut self, what: impl Into<String>, figure: impl Into<String>, note: impl Into<String>) {
        self.rows.push([what.into(), figure.into(), note.into()]);
    }

    /// Returns the table in Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut text = format!(
            "## {}\n\n{}\n\n| what | figure | promise or comparison |\n| --- | --- | --- |\n",
            self.title, self.about
        );
        for [what, figure, note] in &self.rows {
            let _ = writeln!(text, "| {what} | {figure} | {note} |");
        }
        text
    }
}

/// The median of measurements.
pub(crate) fn median<T: Copy + PartialOrd + Default>(values: impl IntoIterator<Item = T>) -> T {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(Ordering::Equal));
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// How many times as long `slow` takes.
pub(crate) fn ratio(slow: Duration, fast: Duration) -> f64 {
    slow.as_secs_f64() / fast.as_secs_f64()
}

/// How many per second, for people.
pub(crate) fn rate(count: u64, time: Duration) -> String {
    let rate = count as f64 / time.as_secs_f64();
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

/// A duration in milliseconds, for people.
pub(crate) fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1000.0)
}

const HEAD: &str = "# Performance

Measured by `cargo xtask bench` on a machine with {cores} cores. Compare the ratios, not the figures: everything here was measured in
one run, and another machine gives other figures. `cargo xtask bench check` measures one table without writing this page.

";

/// Writes the page.
pub(crate) fn write_page(tables: &[Table]) -> Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut page = HEAD.replace("{cores}", &cores.to_string());
    page.push_str(&tables.iter().map(Table::markdown).collect::<Vec<_>>().join("\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/performance.md");
    Ok(fs::write(path, page)?)
}
