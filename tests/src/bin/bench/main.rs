//! Measures what Lifeboat promises about speed, in one run on one machine: `cargo xtask bench`.
//!
//! Prints tables and writes them to `docs/performance.md`. Figures of different runs or machines are not to be compared;
//! the ratios are.
#![expect(clippy::print_stdout, reason = "the figures are for whoever runs it")]

mod backup;
mod canned;
mod check;
mod element;
mod engine;
mod forecast;
mod history;
mod memory;
mod peak;
mod reset;
mod sdk;
mod spread;
mod start;
mod synapse;
mod table;

use anyhow::Result;

#[tokio::main]
async fn main() -> Result<()> {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if let [word, address, entries] = wanted.as_slice()
        && word == memory::CHILD
    {
        println!("{}", memory::child(address, entries.parse()?)?);
        return Ok(());
    }
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|it| it == name);
    let mut tables = Vec::new();
    let mut show = |table: table::Table| {
        println!("{}", table.markdown());
        tables.push(table);
    };
    if wants("start") {
        show(start::measure()?);
    }
    if wants("check") {
        show(check::measure().await?);
    }
    if wants("reset") {
        show(reset::measure().await?);
    }
    if wants("proof") {
        show(engine::measure().await?);
    }
    if wants("memory") {
        show(memory::measure()?);
    }
    if wants("forecast") {
        show(forecast::measure().await?);
    }
    if wants("synapse") {
        show(synapse::measure().await?);
    }
    // A page with a part of the tables would look like a page on which the others were taken back.
    if wanted.is_empty() {
        table::write_page(&tables)?;
        println!("written to docs/performance.md");
    }
    Ok(())
}
