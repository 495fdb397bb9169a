//! Tables that fit the terminal.

use comfy_table::{ContentArrangement, presets};

use super::style::Tone;

/// A table: a row of headings, then rows of plain text.
///
/// Cells hold clean text only (see [`super::clean`]). Columns are as wide as their text where the terminal allows,
/// else cells wrap.
#[derive(Debug)]
pub(crate) struct Table {
    inner: comfy_table::Table,
}

impl Table {
    /// Makes one with the given column headings.
    pub(crate) fn new<'a>(headings: impl IntoIterator<Item = &'a str>) -> Self {
        let mut inner = comfy_table::Table::new();
        inner
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic);
        inner.set_header(headings.into_iter().collect::<Vec<_>>());
        for column in inner.column_iter_mut() {
            column.set_padding((0, 3));
        }
        Self { inner }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.inner.add_row(cells.into_iter().collect::<Vec<_>>());
    }

    /// Lays it out in `width` columns: the headings first.
    pub(crate) fn lines(&self, width: usize) -> Vec<String> {
        let mut fitted = self.inner.clone();
        // The space after the last column falls away, so it may stand beyond the edge.
        fitted.set_width(u16::try_from(width + 3).unwrap_or(u16::MAX));
        let paint = |(number, line): (usize, String)| match number {
            0 => Tone::Faint.paint(line.trim_end()),
            _ => line.trim_end().to_owned(),
        };
        fitted.lines().enumerate().map(paint).collect()
    }
}
