//! A new recovery key: its owner has it before anything on the server depends on it.

use std::path::PathBuf;

use lifeboat_preflight::FreshKey;
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::{
    failure::Failure,
    files::Reserved,
    resolve::Person,
    session::asked,
    signals::Stops,
    ui::{prompt, repair::NewKey},
};

/// Where a new recovery key goes, should one be needed.
pub(crate) enum Place {
    /// Into a new file.
    File(Option<Reserved>),
    /// To the person, who types it back.
    Person,
    /// Nowhere.
    None,
}

impl Place {
    /// Finds out early whether the file can be written.
    pub(crate) fn prepare(file: Option<PathBuf>, person: Person) -> Result<Self, Failure> {
        match (file, person) {
            (Some(file), _) => {
                let known = file.clone();
                let reserved = Reserved::new(file).map_err(|failure| begun(failure, &known))?;
                Ok(Self::File(Some(reserved)))
            }
            (None, Person::Present) => Ok(Self::Person),
            (None, Person::Absent) => Ok(Self::None),
        }
    }

    /// Makes the key, and returns once its owner has it.
    pub(crate) async fn make(&mut self, stops: &mut Stops) -> Result<(FreshKey, NewKey), Failure> {
        match self {
            Self::File(reserved) => {
                let (fresh, file) = into_file(reserved.take().ok_or_else(nowhere)?)?;
                Ok((fresh, NewKey::File(file)))
            }
            Self::Person => {
                let fresh = generate()?;
                let key = fresh.recovery_key();
                asked(stops, move || show(key.expose_secret())).await?;
                Ok((fresh, NewKey::Typed))
            }
            Self::None => Err(nowhere()),
        }
    }
}

/// Makes a key, and returns once it is in the file.
pub(crate) fn into_file(reserved: Reserved) -> Result<(FreshKey, PathBuf), Failure> {
    let fresh = generate()?;
    let text = Zeroizing::new(format!("{}\n", fresh.recovery_key().expose_secret()));
    Ok((fresh, reserved.write(text.as_bytes())?))
}

fn generate() -> Result<FreshKey, Failure> {
    FreshKey::generate().ok_or_else(|| {
        Failure::failed(
            "This machine has no random numbers.",
            "Try again, or on another machine.",
        )
    })
}

/// Shows it once and has it typed back, so that it is known to be written down. Waits on this thread.
fn show(key: &str) -> Result<(), Failure> {
    prompt::tell("Your new recovery key, shown this once. Put it into your password manager or write it down now:");
    prompt::tell("");
    prompt::tell(&format!("    {key}"));
    prompt::tell("");
    let compact =
        |text: &str| -> Zeroizing<String> { Zeroizing::new(text.chars().filter(|it| !it.is_whitespace()).collect()) };
    loop {
        let typed = prompt::ask("Type or paste it back from there (it is not shown)")?;
        if compact(typed.expose_secret()) == compact(key) {
            return Ok(());
        }
        prompt::tell("That is another text. Compare it with what you wrote down, and type it once more.");
    }
}

fn begun(failure: Failure, file: &std::path::Path) -> Failure {
    if !file.exists() {
        return failure;
    }
    Failure {
        hint: format!(
            "If an earlier run wrote it, go on with that key: --recovery-key-file {}. Otherwise give a new name.",
            file.display()
        ),
        ..failure
    }
}

fn nowhere() -> Failure {
    Failure::usage(
        "This makes a new recovery key, and there is no terminal to show it on.",
        "Nothing was changed. Say with --new-recovery-key FILE into which new file it is to be written.",
    )
}
