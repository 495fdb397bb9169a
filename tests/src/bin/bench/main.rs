//! Measures what Lifeboat promises about speed, in one run on one machine: `cargo xtask bench`.
//!
//! Prints a table and writes it to `docs/performance.md`. Figures of different runs or machines are not to be compared;
//! the ratios are.
#![expect(clippy::print_stdout, reason = "the figures are for whoever runs it")]

mod check;
mod start;
mod table;

use anyhow::Result;

#[tokio::main]
async fn main() -> Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|it| it == name);
    let mut tables = Vec::new();
    if wants("start") {
        tables.push(start::measure()?);
    }
    if wants("check") {
        tables.push(check::measure().await?);
    }
    for table in &tables {
        println!("{}", table.markdown());
    }
    // A page with a part of the tables would look like a page on which the others were taken back.
    if wanted.is_empty() {
        table::write_page(&tables)?;
        println!("written to docs/performance.md");
    }
    Ok(())
}
