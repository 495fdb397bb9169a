//! The exit status of each run, kept in the book, where a reader can hold each of them against what it should be.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::counts;

use super::Kind;
use super::matrix::Request;

const PAGE: &str = "docs/faults.md";
/// Where the numbers of all tables stand.
const SUMMARY: &str = "docs/security.md";
const END: &str = "```\n";
/// Where a request does not meet a fault.
const NOT_MET: &str = "·";

/// One in so many cells may be another one.
const FEW: usize = 50;

/// Held by whoever reads the pages and may write them: the tests of several commands run at the same time.
static PAGES_ARE_MINE: Mutex<()> = Mutex::new(());

/// With what each run ended.
pub(super) type Statuses = BTreeMap<(Request, Kind), i32>;

/// Compares the statuses with the table of the command in the book, and that with its line in the summary; with
/// `UPDATE_GOLDEN` set both are written instead.
///
/// A status that depends on what comes first, an answer or the end of a wait, is kept as the two that there are: `10/11`.
pub(super) fn compare(command: &str, statuses: &Statuses) -> Result<()> {
    let _mine = PAGES_ARE_MINE.lock().unwrap_or_else(PoisonError::into_inner);
    let text = fs::read_to_string(path(PAGE))?;
    let head = format!("<!-- faults: {command} -->\n```text\n");
    let (before, rest) = text
        .split_once(&head)
        .with_context(|| format!("{PAGE} has no {head}"))?;
    let (kept, after) = rest.split_at(rest.find(END).context("the table has no end")?);
    let rows = rows(statuses);
    let table = match differing(&rows, kept) {
        // On a busy machine a wait ends in another way now and then. Each run was judged for itself.
        Some(few) if few.len() * FEW <= statuses.len() => {
            few.iter()
                .try_for_each(|it| counts::tell(format_args!("{command}: {it}")))?;
            kept.to_owned()
        }
        _ => drawn(&rows),
    };
    if table != kept {
        may_be_written(PAGE, command, &table)?;
        fs::write(path(PAGE), format!("{before}{head}{table}{after}"))?;
    }
    let (line, summary) = (summed_up(command, &table), fs::read_to_string(path(SUMMARY))?);
    let kept = summary.lines().find(|it| it.starts_with(&beginning(command)));
    let kept = kept.with_context(|| format!("{SUMMARY} has no line for {command}"))?;
    if kept != line {
        may_be_written(SUMMARY, command, &line)?;
        fs::write(path(SUMMARY), summary.replace(kept, &line))?;
    }
    Ok(())
}

fn path(page: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(page)
}

fn may_be_written(page: &str, command: &str, new: &str) -> Result<()> {
    ensure!(
        std::env::var_os("UPDATE_GOLDEN").is_some(),
        "{page}: what is kept of “{command}” is another one; if that is meant, run the test with UPDATE_GOLDEN=1\n{new}"
    );
    Ok(())
}

/// How the line of the command in the summary begins.
fn beginning(command: &str) -> String {
    format!("| `{command}` |")
}

/// The line: how many requests a table has, how many runs, and how often they ended with which status.
fn summed_up(command: &str, table: &str) -> String {
    let requests: Vec<_> = table.lines().skip(1).collect();
    let mut ends = BTreeMap::<(usize, &str), usize>::new();
    for line in &requests {
        let cells = line.split_whitespace().take(Kind::ALL.len());
        for cell in cells.filter(|it| *it != NOT_MET) {
            *ends.entry((cell.len(), cell)).or_default() += 1;
        }
    }
    let runs: usize = ends.values().sum();
    let ends: Vec<_> = ends
        .iter()
        .map(|((_, status), times)| format!("{times} with {status}"))
        .collect();
    let requests = requests.len();
    format!("{} {requests} | {runs} | {} |", beginning(command), ends.join(", "))
}

/// The table, cell by cell: what the columns are, and a line for each request, whose name comes last.
fn rows(statuses: &Statuses) -> Vec<Vec<String>> {
    let requests: BTreeSet<_> = statuses.keys().map(|(request, _)| request).collect();
    let parts = requests.iter().any(|it| it.part > 0);
    let head = Kind::ALL.iter().map(|it| it.short().to_owned());
    let mut rows = vec![head.chain(["request".to_owned()]).collect::<Vec<_>>()];
    for request in requests {
        let cell = |kind: &Kind| match statuses.get(&(request.clone(), *kind)) {
            Some(status) => status.to_string(),
            None => NOT_MET.to_owned(),
        };
        let name = match parts {
            true => format!("{}: {}", request.part + 1, request.name),
            false => request.name.clone(),
        };
        rows.push(Kind::ALL.iter().map(cell).chain([name]).collect());
    }
    rows
}

/// The cells in which the kept table says something else; `None` where it is not of the same requests.
fn differing(rows: &[Vec<String>], kept: &str) -> Option<Vec<String>> {
    let kept: Vec<&str> = kept.lines().collect();
    if kept.len() != rows.len() {
        return None;
    }
    let mut differing = Vec::new();
    for (row, line) in rows.iter().zip(kept) {
        let (cells, name) = row.split_at(Kind::ALL.len());
        let mut words = line.split_whitespace();
        for (cell, kind) in cells.iter().zip(Kind::ALL) {
            let kept = words.next()?;
            if kept.split('/').all(|it| it != cell.as_str()) {
                differing.push(format!("{}, {}: {cell}, not {kept}", name.concat(), kind.short()));
            }
        }
        if !words.eq(name.iter().flat_map(|it| it.split_whitespace())) {
            return None;
        }
    }
    Some(differing)
}

fn drawn(rows: &[Vec<String>]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..Kind::ALL.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let (cells, name) = row.split_at(widths.len());
        let cells = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.chain(name.iter().cloned()).collect::<Vec<_>>().join(" ") + "\n"
    };
    rows.iter().map(line).collect()
}

#[test]
fn a_table_fits_what_it_was_drawn_from_and_nothing_else() {
    let request = |part: usize, name: &str| Request {
        part,
        name: name.to_owned(),
    };
    let mut statuses = Statuses::from([
        ((request(0, "GET /a"), Kind::Gone), 1),
        ((request(0, "GET /a"), Kind::Twice), 10),
        ((request(1, "POST /b"), Kind::Gone), 0),
    ]);
    let table = drawn(&rows(&statuses));
    assert!(table.ends_with("1: GET /a\n0    ·      ·     ·      ·       ·   ·    ·   ·   ·   ·   ·     ·     ·     ·       2: POST /b\n"), "{table}");
    let differences = |statuses: &Statuses, table: &str| differing(&rows(statuses), table).map(|it| it.len());
    assert_eq!(differences(&statuses, &table), Some(0));
    assert_eq!(differences(&statuses, &table.replace("10", "10/11")), Some(0));
    assert_eq!(differences(&statuses, &table.replace("10", "11")), Some(1));
    let summed_up = summed_up("a check", &table.replace("10", "10/11"));
    assert_eq!(summed_up, "| `a check` | 2 | 3 | 1 with 0, 1 with 1, 1 with 10/11 |");
    statuses.remove(&(request(1, "POST /b"), Kind::Gone));
    assert_eq!(differences(&statuses, &table), None);
}
