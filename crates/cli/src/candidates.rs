//! Recovery keys and passphrases to try, understood as far as that goes without a network.

use std::path::{Path, PathBuf};

use lifeboat_preflight::{Understanding, understand};
use secrecy::{ExposeSecret, SecretString};

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

    /// Takes a key that Lifeboat itself has made.
    pub(crate) fn made(key: SecretString) -> Self {
        Self::new(Origin::Prompt, key)
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
        Asking::Optional => prompt::ask_whole(&format!("{question}; Enter goes on without)"), the_rest)?,
        Asking::Required => Some(required(&format!("{question})"))?),
    };
    text.map(once_more).transpose()
}

/// Asks until there is one.
fn required(question: &str) -> Result<SecretString, Failure> {
    loop {
        if let Some(text) = prompt::ask_whole(question, the_rest)? {
            return Ok(text);
        }
    }
}

/// Points out a typing mistake and lets it be typed once more.
fn once_more(text: SecretString) -> Result<Typed, Failure> {
    let mut typed = Typed::new(Origin::Prompt, text);
    while !typed.is_plausible() {
        prompt::tell(&typed.understanding.to_string());
        match prompt::ask_whole("Once more, please (Enter takes it as it is)", the_rest)? {
            Some(text) => typed = Typed::new(Origin::Prompt, text),
            None => break,
        }
    }
    Ok(typed)
}

/// Characters of a recovery key without its spaces, and of each of its groups.
const WHOLE: usize = 48;
const GROUP: usize = 4;

/// Says that a text is only the beginning of a recovery key, as it is after the first line of one that was pasted with
/// line breaks.
fn the_rest(text: &SecretString) -> Option<String> {
    let text = text
        .expose_secret()
        .trim_matches(|it: char| it.is_whitespace() || "\"'“”`".contains(it));
    let count: usize = text.split_whitespace().map(|it| it.chars().count()).sum();
    let mut groups = text.split_whitespace().rev();
    let last = groups.next()?.chars().count();
    let grouped = last <= GROUP && groups.all(|it| it.chars().count() == GROUP);
    let begins = text.starts_with("Es") && text.chars().all(|it| it.is_ascii_alphanumeric() || it.is_whitespace());
    (grouped && begins && count < WHOLE && count >= GROUP).then(|| {
        format!(
            "So far that is {count} of the {WHOLE} characters of a recovery key. Type or paste the rest; Enter alone \
             takes it as it is."
        )
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_breaks_off_goes_on() {
        let goes_on = |text: &str| the_rest(&SecretString::from(text)).is_some();
        assert!(goes_on("EsTc LW2K PGiF wKEA 3As5 g5c4"));
        assert!(goes_on("“EsTc LW2K PGiF"));
        assert!(goes_on("EsTc LW2K P"));
        assert!(!goes_on("EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d"));
        assert!(!goes_on("Es war einmal"));
        assert!(!goes_on("Esel"[..2].into()));
        assert!(!goes_on("correct horse battery staple"));
        assert!(!goes_on(""));
    }
}
