//! Measures what Lifeboat promises about speed, in one run on one machine: `cargo xtask bench`.
//!
//! Prints tables and writes them to `docs/performance.md`. Figures of different runs or machines are not to be compared;
//! the ratios are.
#![expect(clippy::print_stdout, reason = "the figures are for whoever runs it")]

mod audit;
mod check;
mod element;
mod engine;
mod extent;
mod forecast;
mod history;
mod load;
mod memory;
mod rescue;
mod reset;
mod sdk;
mod start;
mod synapse;
mod table;

use anyhow::{Result, bail, ensure};

use crate::{extent::Extent, table::Table};

/// What can be measured alone.
const PARTS: [&str; 10] = [
    "start", "check", "reset", "proof", "memory", "forecast", "load", "audit", "rescue", "synapse",
];

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, address, entries] = arguments.as_slice()
        && word == memory::CHILD
    {
        println!("{}", memory::child(address, entries.parse()?)?);
        return Ok(());
    }
    let (flags, wanted): (Vec<String>, Vec<String>) = arguments.into_iter().partition(|it| it.starts_with("--"));
    let extent = match flags.as_slice() {
        [] => Extent::Whole,
        [flag] if flag == "--small" => Extent::Small,
        _ => bail!("{flags:?} is not understood: the only flag is --small"),
    };
    if let Some(unknown) = wanted.iter().find(|it| !PARTS.contains(&it.as_str())) {
        bail!("there is no “{unknown}” to measure, only {PARTS:?}");
    }
    let mut tables = Vec::new();
    for part in PARTS {
        if wanted.is_empty() || wanted.iter().any(|it| it == part) {
            let table = measure(part, extent).await?;
            println!("{}", table.markdown());
            tables.push(table);
        }
    }
    if cfg!(debug_assertions) {
        println!("This is a debug build: no figure above means anything, and the page stays as it is.");
        return Ok(());
    }
    // A page with a part of the tables would look like a page on which the others were taken back.
    if wanted.is_empty() && extent == Extent::Whole {
        table::write_page(&tables)?;
        println!("written to docs/performance.md");
    }
    let missed: Vec<&str> = tables.iter().flat_map(Table::missed).map(String::as_str).collect();
    ensure!(missed.is_empty(), "promises are missed:\n{}", missed.join("\n"));
    Ok(())
}

async fn measure(part: &str, extent: Extent) -> Result<Table> {
    match part {
        "start" => start::measure(extent),
        "check" => check::measure(extent).await,
        "reset" => reset::measure(extent).await,
        "proof" => engine::measure(extent).await,
        "memory" => memory::measure(extent),
        "forecast" => forecast::measure(extent).await,
        "audit" => audit::measure(extent).await,
        "load" => load::measure(extent).await,
        "rescue" => rescue::measure(extent).await,
        _ => synapse::measure(extent).await,
    }
}
