//! Recovery keys and passphrases to try, understood as far as that goes without a network.

use std::path::{Path, PathBuf};

use lifeboat_preflight::{Understanding, understand};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::{
    failure::Failure,
    resolve::Asking,
    secrets::{self, Purpose},
    session::warn_of_readers,
    ui::{
        console::Console,
        prompt::{self, Unseen},
    },
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
    // What is pasted with line breaks comes faster than it is asked for.
    let _unseen = Unseen::begin();
    let text = match asking {
        Asking::No => None,
        Asking::Optional => prompt::ask_or_skip(&format!("{question}; Enter goes on without)"))?,
        Asking::Required => Some(prompt::ask(&format!("{question})"))?),
    };
    let Some(text) = text else { return Ok(None) };
    let mut typed = Typed::new(Origin::Prompt, whole(text)?);
    while !typed.is_plausible() {
        prompt::tell(&typed.understanding.to_string());
        match prompt::ask_or_skip("Once more, please (Enter takes it as it is)")? {
            Some(text) => typed = Typed::new(Origin::Prompt, whole(text)?),
            None => break,
        }
    }
    Ok(Some(typed))
}

/// Takes the rest of a key that was pasted with line breaks: line by line, until it is whole or nothing more comes.
fn whole(mut text: SecretString) -> Result<SecretString, Failure> {
    while let Some(count) = begun(&text) {
        prompt::tell(&format!(
            "So far that is {count} of the {WHOLE} characters of a recovery key. Type or paste the rest."
        ));
        let Some(rest) = prompt::ask_or_skip("The rest (it is not shown; Enter takes it as it is)")? else {
            break;
        };
        let joined = Zeroizing::new(format!("{} {}", text.expose_secret().trim_end(), rest.expose_secret()));
        text = SecretString::from(joined.as_str());
    }
    Ok(text)
}

/// Characters of a recovery key without its spaces, and of each of its groups.
const WHOLE: usize = 48;
const GROUP: usize = 4;

/// Returns how many characters there are when a text is only the beginning of a recovery key, as it is after the first
/// line of one that was pasted with line breaks.
fn begun(text: &SecretString) -> Option<usize> {
    let text = text
        .expose_secret()
        .trim_matches(|it: char| it.is_whitespace() || "\"'“”`".contains(it));
    let count: usize = text.split_whitespace().map(|it| it.chars().count()).sum();
    let mut groups = text.split_whitespace().rev();
    let last = groups.next()?.chars().count();
    let grouped = last <= GROUP && groups.all(|it| it.chars().count() == GROUP);
    let begins = text.starts_with("Es") && text.chars().all(|it| it.is_ascii_alphanumeric() || it.is_whitespace());
    (grouped && begins && (GROUP..WHOLE).contains(&count)).then_some(count)
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
        let goes_on = |text: &str| begun(&SecretString::from(text)).is_some();
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
