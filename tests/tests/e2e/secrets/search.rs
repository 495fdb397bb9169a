//! Looks for secrets, in every form in which a program could write one down.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, FileType};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD, Engine as _};

/// Shorter texts turn up by chance.
const SHORTEST: usize = 8;

/// Secrets by their first bytes, each with a name that may be printed.
#[derive(Default)]
pub(crate) struct Search {
    forms: BTreeMap<[u8; SHORTEST], Vec<(String, Vec<u8>)>>,
    number: usize,
}

impl Search {
    /// Looks for a text: as it is, without spaces, with its spaces encoded for an address, in base64 and in hex.
    pub(crate) fn text(&mut self, name: &str, text: &str) -> Result<()> {
        let joined: String = text.split_whitespace().collect();
        self.form(format!("{name}, as it is"), text.trim().as_bytes())?;
        self.form(format!("{name}, without spaces"), joined.as_bytes())?;
        self.form(
            format!("{name}, in an address"),
            text.trim().replace(' ', "%20").as_bytes(),
        )?;
        self.encoded(name, text.trim().as_bytes())
    }

    /// Looks for bytes: as they are, in both kinds of base64, and in both kinds of hex.
    pub(super) fn bytes(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.form(format!("{name}, raw"), bytes)?;
        self.encoded(name, bytes)
    }

    fn encoded(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        // Padding, where it is written, stands behind what is looked for.
        self.form(
            format!("{name}, in base64"),
            BASE64_STANDARD_NO_PAD.encode(bytes).as_bytes(),
        )?;
        self.form(
            format!("{name}, in base64 for addresses"),
            BASE64_URL_SAFE_NO_PAD.encode(bytes).as_bytes(),
        )?;
        self.form(format!("{name}, in hex"), hex.as_bytes())?;
        self.form(format!("{name}, in upper hex"), hex.to_uppercase().as_bytes())
    }

    fn form(&mut self, name: String, form: &[u8]) -> Result<()> {
        let start = form
            .first_chunk()
            .with_context(|| format!("{name} is too short to be looked for"))?;
        let same = self.forms.entry(*start).or_default();
        if !same.iter().any(|(_, it)| it == form) {
            same.push((name, form.to_owned()));
            self.number += 1;
        }
        Ok(())
    }

    /// How many forms are looked for.
    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// Returns the names of all that is in there.
    pub(super) fn found_in(&self, haystack: &[u8]) -> BTreeSet<&str> {
        let places = haystack.windows(SHORTEST).enumerate();
        let begun = places.filter_map(|(place, start)| {
            let forms = self.forms.get(<&[u8; SHORTEST]>::try_from(start).ok()?)?;
            Some(
                forms
                    .iter()
                    .filter(move |(_, form)| haystack[place..].starts_with(form)),
            )
        });
        begun.flatten().map(|(name, _)| name.as_str()).collect()
    }

    /// Fails when a secret is in `haystack`.
    pub(super) fn nothing_in(&self, what: &str, haystack: &[u8]) -> Result<()> {
        let found = self.found_in(haystack);
        ensure!(found.is_empty(), "{what} holds {found:?}");
        Ok(())
    }

    /// Fails when a secret is in a file below `folder`, but for those of `own`, in which it was handed over.
    pub(crate) fn nothing_below(&self, folder: &Path, own: &BTreeSet<PathBuf>) -> Result<usize> {
        let files = files_below(folder)?;
        let written = files.iter().filter(|it| !own.contains(*it));
        let mut number = 0;
        for file in written {
            // The name of a file says something, too.
            self.nothing_in("the name of a file", file.as_os_str().as_encoded_bytes())?;
            self.nothing_in(&file.display().to_string(), &fs::read(file)?)?;
            number += 1;
        }
        Ok(number)
    }

    /// Proves that each form is found where it is: in a text, in a file, and not where its last byte is another one.
    pub(super) fn proves_itself(&self, folder: &Path) -> Result<()> {
        let hidden = folder.join("hidden");
        for (name, form) in self.forms.values().flatten() {
            let mut text = b"some words before ".to_vec();
            text.extend_from_slice(form);
            text.extend_from_slice(b" and after");
            ensure!(self.found_in(&text).contains(name.as_str()), "{name} is not found");
            fs::write(&hidden, &text)?;
            ensure!(
                self.nothing_below(folder, &BTreeSet::new()).is_err(),
                "{name} is not found in a file"
            );
            fs::remove_file(&hidden)?;
        }
        self.nothing_in("another text", b"some words without a secret")
    }
}

/// Every file below a folder; what a terminal is typed into through is none.
pub(crate) fn files_below(folder: &Path) -> Result<BTreeSet<PathBuf>> {
    below(folder, &|it| it.is_file())
}

/// Every folder below a folder.
pub(super) fn folders_below(folder: &Path) -> Result<BTreeSet<PathBuf>> {
    below(folder, &|it| it.is_dir())
}

fn below(folder: &Path, wanted: &dyn Fn(&FileType) -> bool) -> Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            found.extend(below(&entry.path(), wanted)?);
        }
        if wanted(&kind) {
            found.insert(entry.path());
        }
    }
    Ok(found)
}
