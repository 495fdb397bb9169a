//! Checks the rules of the house that neither Cargo nor clippy can: `cargo xtask tidy`.

mod code;
mod rules;
mod source;

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use self::source::Source;
use crate::workspace::Workspace;

/// One place that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    line: usize,
    rule: &'static str,
    sentence: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            line,
            rule,
            sentence,
        } = self;
        write!(formatter, "{path}:{line}: {rule}: {sentence}")
    }
}

/// Prints every finding in the files that are or could be committed; succeeds when there is none.
pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    let sources = source::read_all(workspace.root())?;
    let mut findings = rules::check(
        &sources,
        workspace.metadata(),
        &Workspace::graph(&rules::targets(&sources))?,
        &Workspace::linked()?,
    );
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    println!("{} files read, {} findings", sources.len(), findings.len());
    Ok(ExitCode::from(u8::from(!findings.is_empty())))
}

/// Returns every link between the Markdown pages in a folder that leads nowhere.
pub(crate) fn dead_links(folder: &Path) -> Result<Vec<String>> {
    let sources = source::read_folder(folder)?;
    Ok(rules::dead_links(&sources).iter().map(Finding::to_string).collect())
}
