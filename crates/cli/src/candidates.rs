//! Recovery keys and passphrases to try, understood as far as that goes without a network.

use std::path::{Path, PathBuf};

use lifeboat_preflight::{Understanding, understand};
use secrecy::SecretString;

use crate::{
    failure::Failure,
    resolve::Asking,
    secrets::{self, Purpose},
    session::warn_of_readers,
    ui::{console::Console, prompt},
};

/// A recovery key or passphrase to try.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    /// Where it comes from.
    pub(crate) origin: Origin,
    /// What it is, as far as can be told offline.
    pub(crate) understanding: Understanding,
    /// The text.
    pub(crate) text: SecretString,
}

/// Where a candidate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The person typed it.
    Prompt,
    /// A file.
    File(PathBuf),
}

impl Typed {
    fn new(origin: Origin, text: SecretString) -> Self {
        Self {
            origin,
            understanding: understand(&text),
            text,
        }
    }

    /// Tells whether it is a well-formed recovery key, or a text that may be a passphrase.
    pub(crate) fn is_plausible(&self) -> bool {
        is_plausible(&self.understanding)
    }
}

/// Tells whether a text is worth trying.
pub(crate) fn is_plausible(understanding: &Understanding) -> bool {
    matches!(understanding, Understanding::RecoveryKey | Understanding::Passphrase)
}

/// Reads candidates from files, one from each.
pub(crate) fn read(files: &[PathBuf], console: &mut Console) -> Result<Vec<Typed>, Failure> {
    let read = |file: &PathBuf| {
        let found = secrets::read_file(file, Purpose::RecoveryKey)?;
        warn_of_readers(console, found.readers, file);
        Ok(Typed::new(Origin::File(file.clone()), found.secret))
    };
    files.iter().map(read).collect()
}

/// Asks the person for one, and points out typing mistakes at once. Waits on this thread.
pub(crate) fn ask(asking: Asking) -> Result<Option<Typed>, Failure> {
    let question = "Recovery key or passphrase (it is not shown";
    let text = match asking {
        Asking::No => None,
        Asking::Optional => prompt::ask_or_skip(&format!("{question}; Enter goes on without)"))?,
        Asking::Required => Some(prompt::ask(&format!("{question})"))?),
    };
    let Some(text) = text else { return Ok(None) };
    let mut typed = Typed::new(Origin::Prompt, text);
    while !typed.is_plausible() {
        prompt::tell(&typed.understanding.to_string());
        match prompt::ask_or_skip("Once more, please (Enter takes it as it is)")? {
            Some(text) => typed = Typed::new(Origin::Prompt, text),
            None => break,
        }
    }
    Ok(Some(typed))
}

/// Warns of typing mistakes in files: there is nobody to type it once more.
pub(crate) fn warn_of_mistakes(typed: &[Typed], console: &mut Console) {
    for it in typed.iter().filter(|it| !it.is_plausible()) {
        if let Origin::File(file) = &it.origin {
            console.caution(&format!("{}: {}", file.display(), it.understanding), &look_again(file));
        }
    }
}

fn look_again(file: &Path) -> String {
    format!(
        "Compare {} with where you copied it from, and run the command again.",
        file.display()
    )
}
