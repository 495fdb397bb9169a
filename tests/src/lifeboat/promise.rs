//! What every run of the program has to keep: its status documents fit the schema it prints.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use serde_json::Value;

use super::Outcome;
use crate::schema::Schema;

/// The exit statuses of a check that came to a verdict.
const VERDICTS: [i32; 3] = [0, 10, 11];

/// Which documents a command line asks for.
#[derive(Debug)]
pub(super) struct Promise {
    program: PathBuf,
    /// The document on standard output is a status file.
    shown: bool,
    /// The status file that is to be written.
    written: Option<PathBuf>,
}

impl Promise {
    pub(super) fn of(program: &Path, arguments: &[OsString]) -> Self {
        let place = arguments.iter().position(|it| it == "--status-file");
        let mut words = arguments.iter().skip_while(|it| *it == "desk");
        let check = words.next().is_some_and(|it| it == "check");
        Self {
            program: program.into(),
            shown: check && arguments.iter().any(|it| it == "--json"),
            written: place.and_then(|it| arguments.get(it + 1)).map(PathBuf::from),
        }
    }

    /// Fails unless every status document that there is fits the schema.
    pub(super) fn kept(&self, outcome: &Outcome) -> Result<()> {
        let came_to_a_verdict = outcome.status.code().is_some_and(|it| VERDICTS.contains(&it));
        if !came_to_a_verdict {
            return Ok(());
        }
        if self.shown {
            self.fits(&outcome.json()?).context("what --json printed")?;
        }
        if let Some(file) = &self.written {
            let file = outcome.home().join(file);
            let text = fs::read(&file).with_context(|| format!("{} was not written", file.display()))?;
            self.fits(&serde_json::from_slice(&text)?)
                .with_context(|| file.display().to_string())?;
        }
        Ok(())
    }

    fn fits(&self, document: &Value) -> Result<()> {
        schema_of(self.program.as_os_str())?.validate(document)
    }
}

/// Asks each program for its schema once.
fn schema_of(program: &OsStr) -> Result<Arc<Schema>> {
    static KNOWN: Mutex<BTreeMap<OsString, Arc<Schema>>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(schema) = known.get(program) {
        return Ok(Arc::clone(schema));
    }
    let schema = Arc::new(Schema::of_program(program.as_ref())?);
    known.insert(program.to_owned(), Arc::clone(&schema));
    Ok(schema)
}
