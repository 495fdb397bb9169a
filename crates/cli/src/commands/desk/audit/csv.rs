//! The table of an audit, for spreadsheets: RFC 4180.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
};

use serde::Serialize;

use super::row::Row;
use crate::failure::Failure;

/// The headings.
const HEADINGS: &str = "account,light,codes,restrictions,administrator,sessions,with_keys,unverified,last_seen_at,\
                        emails,providers,why\r\n";

/// A table that is being written.
pub(super) struct Csv<W: Write = File>(BufWriter<W>);

impl<W: Write> Csv<W> {
    /// Writes the headings.
    pub(super) fn begin(file: W) -> Result<Self, Failure> {
        let mut writer = BufWriter::new(file);
        writer.write_all(HEADINGS.as_bytes()).map_err(|it| trouble(&it))?;
        Ok(Self(writer))
    }

    /// Writes a row.
    pub(super) fn add(&mut self, row: &Row) -> Result<(), Failure> {
        let number = |it: Option<usize>| it.map(|it| it.to_string()).unwrap_or_default();
        let cells = [
            uri(&row.user),
            row.light.word().to_owned(),
            words(&row.codes),
            words(&row.restrictions),
            if row.administrator { "yes" } else { "no" }.to_owned(),
            number(row.sessions),
            number(row.with_keys),
            number(row.unverified),
            row.last_seen_at.map(|it| it.to_string()).unwrap_or_default(),
            number(row.emails),
            harmless(&row.providers.join(" ")),
            row.why
                .as_ref()
                .map(|it| words(std::slice::from_ref(it)))
                .unwrap_or_default(),
        ];
        let line: Vec<String> = cells.iter().map(|it| quoted(it)).collect();
        let line = line.join(",") + "\r\n";
        self.0.write_all(line.as_bytes()).map_err(|it| trouble(&it))
    }

    /// Writes out what is left.
    pub(super) fn end(mut self) -> Result<(), Failure> {
        self.0.flush().map_err(|it| trouble(&it))
    }
}

/// Names the account as an address: a spreadsheet takes a cell that begins with `@` for a formula.
///
/// [Matrix URI scheme](https://spec.matrix.org/latest/appendices/#matrix-uri-scheme).
fn uri(user: &str) -> String {
    format!("matrix:u/{}", user.trim_start_matches('@'))
}

/// Takes the beginning of a formula away.
fn harmless(text: &str) -> String {
    text.trim_start_matches(['=', '+', '-', '@', '\t', '\r']).to_owned()
}

/// Joins values by their names in JSON.
fn words<T: Serialize>(values: &[T]) -> String {
    let names = values.iter().filter_map(|it| {
        let value = serde_json::to_value(it).ok()?;
        value.as_str().map(str::to_owned)
    });
    names.collect::<Vec<_>>().join(" ")
}

fn quoted(cell: &str) -> String {
    if cell.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

fn trouble(error: &io::Error) -> Failure {
    Failure::failed(
        format!("The table of the audit cannot be written: {error}."),
        "Make space, then run the same command: it goes on where it was.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_cannot_run_and_cannot_break_out() {
        let row: Row = serde_json::from_value(serde_json::json!({
            "user": "@=a,\"b:example.org", "light": "red", "codes": ["no-secret-storage", "session-not-signed"],
            "restrictions": ["locked", "shadow-banned"], "administrator": true, "sessions": 3, "with_keys": 2,
            "unverified": 1, "last_seen_at": 1_795_430_520_000_u64, "emails": 0, "providers": ["=cmd", "x"],
            "why": "no-such-account",
        }))
        .unwrap();
        let mut file = Vec::new();
        let mut csv = Csv::begin(&mut file).unwrap();
        csv.add(&row).unwrap();
        csv.end().unwrap();
        insta::assert_snapshot!(String::from_utf8(file).unwrap().replace('\r', ""));
    }
}
