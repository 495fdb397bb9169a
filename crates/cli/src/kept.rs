//! Sessions that outlive their command: a private folder for each account, sealed by a key in the system's keyring.

mod keyring;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use etcetera::BaseStrategy;
use lifeboat_preflight::{KeepIn, ruma::UserId};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use self::keyring::Keyring;
use crate::{
    failure::Failure,
    files::Reserved,
    secrets::{self, Purpose},
};

/// Where one account's kept session lies, whether or not there is one.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    user: String,
    folder: PathBuf,
    keyring: Keyring,
}

/// Where the key that seals a kept session lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyPlace {
    /// In the system's keyring.
    Keyring,
    /// In a file that only its owner may read, beside the session: as safe as the folder, no safer.
    File(PathBuf),
}

/// What is said of a kept session whose key cannot be had.
pub(crate) const CLOSED: &str =
    "The session that Lifeboat keeps of this account cannot be opened: no keyring gives its key.";

/// Name of the folder in the account's own. That may be the one where a reset writes down what must outlive the session:
/// some systems, and some people, have one folder for data and for state.
const FOLDER: &str = "session";
/// Name of the SDK's store in the folder, as [`KeepIn`] has it.
const STORE: &str = "store";
/// Name of the key file in the folder.
const KEY_FILE: &str = "key";

impl Kept {
    /// Returns the place for `user` below the user's data folder (XDG on Unix, `AppData` on Windows).
    pub(crate) fn of(user: &UserId) -> Result<Self, Failure> {
        let data = etcetera::choose_base_strategy()
            .map_err(|_| Failure::failed("Your home folder is not known.", "Set the environment variable HOME."))?
            .data_dir();
        Ok(Self::below(&data, user))
    }

    fn below(data: &Path, user: &UserId) -> Self {
        Self {
            user: user.to_string(),
            folder: data.join("lifeboat").join(folder_name(user.as_str())).join(FOLDER),
            keyring: Keyring::default(),
        }
    }

    /// Tells whether there is a kept session, whether or not its key can be had.
    pub(crate) fn is_there(&self) -> bool {
        self.folder.join(STORE).is_dir()
    }

    /// Tells whether a session was kept here whose keys may be nowhere else. One that was begun and never remembered has none
    /// yet: what lies here of it may go.
    pub(crate) fn is_precious(&self) -> bool {
        self.is_there() && self.begun().is_none()
    }

    /// Returns what opens the kept session; `None` when there is none, or its key cannot be had.
    pub(crate) fn find(&self) -> Result<Option<KeepIn>, Failure> {
        if !self.is_there() {
            return Ok(None);
        }
        let file = self.folder.join(KEY_FILE);
        let passphrase = if file.exists() {
            Some(secrets::read_file(&file, Purpose::StoreKey)?.secret)
        } else {
            self.keyring.get(&self.user)
        };
        Ok(passphrase.map(|passphrase| KeepIn {
            folder: self.folder.clone(),
            passphrase,
        }))
    }

    /// Refuses while a session is kept whose key cannot be had: what it holds may be nowhere else, so no other takes its place.
    pub(crate) fn ensure_open(&self) -> Result<(), Failure> {
        match self.find()? {
            None if self.is_precious() => Err(self.closed()),
            _ => Ok(()),
        }
    }

    /// Says that the session cannot be opened, and what to do.
    pub(crate) fn closed(&self) -> Failure {
        Failure::failed(
            format!("{CLOSED} No other takes its place. Nothing was changed."),
            format!(
                "Unlock this system’s keyring first. If its key is gone for good, {}",
                self.by_hand()
            ),
        )
    }

    /// Says how to be rid of a session that Lifeboat cannot sign out itself, as the end of a sentence. What is written down of
    /// resets stays: one of them may have to be finished.
    pub(crate) fn by_hand(&self) -> String {
        format!(
            "sign the session “Lifeboat” out in your app and remove {}.",
            self.folder.display()
        )
    }

    /// Returns the device id of a session that may be in the account although none is kept: whoever was to keep it was ended
    /// while it signed in, or the server's answer got lost.
    pub(crate) fn begun(&self) -> Option<String> {
        KeepIn::begun(&self.folder)
    }

    /// Makes a place for a new session, in place of any old one, with a new random key.
    ///
    /// # Errors
    ///
    /// As [`Self::ensure_open`], and where the place cannot be made.
    pub(crate) fn prepare(&self) -> Result<(KeepIn, KeyPlace), Failure> {
        self.ensure_open()?;
        self.clear();
        make_private(&self.folder).map_err(|error| {
            Failure::failed(
                format!("The folder {} cannot be made: {error}.", self.folder.display()),
                "Make it yourself, or leave out --keep-session.",
            )
        })?;
        let passphrase = random_key()?;
        let place = if self.keyring.set(&self.user, &passphrase) {
            KeyPlace::Keyring
        } else {
            KeyPlace::File(Reserved::new(self.folder.join(KEY_FILE))?.write(passphrase.expose_secret().as_bytes())?)
        };
        Ok((
            KeepIn {
                folder: self.folder.clone(),
                passphrase,
            },
            place,
        ))
    }

    /// Removes the session that is there and its key; what is noted of one that may be in the account stays, because the next
    /// one is to take its place. What was never there needs no removing.
    pub(crate) fn clear(&self) {
        if self.begun().is_none() {
            return self.forget();
        }
        let _ = fs::remove_dir_all(self.folder.join(STORE));
        let _ = fs::remove_file(self.folder.join(KEY_FILE));
        self.keyring.remove(&self.user);
    }

    /// Removes the folder and the key. What was never there needs no removing.
    pub(crate) fn forget(&self) {
        let existed = fs::remove_dir_all(&self.folder).is_ok();
        if existed {
            self.keyring.remove(&self.user);
        }
        // The account's folder goes with it where nothing else is in there; only then can it be removed like this.
        if let Some(folder) = self.folder.parent() {
            let _ = fs::remove_dir(folder);
        }
    }

    /// Removes the key that seals what a reset writes down.
    pub(crate) fn forget_sealing_key(&self) {
        self.keyring.remove(&format!("{} reset", self.user));
    }

    /// Returns the key that seals what a reset writes down, from the system's keyring; `None`: no keyring answers.
    pub(crate) fn sealing_key(&self) -> Option<SecretString> {
        let name = format!("{} reset", self.user);
        self.keyring.get(&name).or_else(|| {
            let key = random_key().ok()?;
            self.keyring.set(&name, &key).then_some(key)
        })
    }

    /// Returns the folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Makes a file name of a user id: whatever is not plain in every file system is written as `%` and two digits.
pub(crate) fn folder_name(user: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'@' | b'_' | b'-' | b'=' | b'.' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    user.bytes().map(encode).collect()
}

pub(crate) fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// 256 random bits in hexadecimal.
fn random_key() -> Result<SecretString, Failure> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).map_err(|error| {
        Failure::failed(
            format!("This machine gives no random numbers: {error}."),
            "Leave out --keep-session.",
        )
    })?;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes.iter() {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
        }
    }
    Ok(SecretString::from(text))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use keyring_core::{api::CredentialStoreApi as _, mock};
    use lifeboat_preflight::ruma::user_id;

    use super::*;

    #[test]
    fn each_user_has_a_folder_of_their_own() {
        let data = Path::new("data");
        let odd = UserId::parse("@a/../b:example.org:8008").unwrap();
        assert_eq!(
            Kept::below(data, user_id!("@mira:example.org")).folder(),
            data.join("lifeboat/@mira%3Aexample.org/session")
        );
        assert_eq!(
            Kept::below(data, &odd).folder(),
            data.join("lifeboat/@a%2F..%2Fb%3Aexample.org%3A8008/session")
        );
    }

    #[test]
    fn what_lies_beside_it_stays() {
        let data = tempfile::tempdir().unwrap();
        let (kept, _store) = with_keyring(data.path());
        let ark = data.path().join("lifeboat/@mira%3Aexample.org/before.ark");
        make_private(ark.parent().unwrap()).unwrap();
        fs::write(&ark, "everything").unwrap();
        kept.prepare().unwrap();
        kept.forget();
        assert!(!kept.folder().exists() && ark.exists());
    }

    #[test]
    fn keys_are_random_and_quiet() {
        let (one, other) = (random_key().unwrap(), random_key().unwrap());
        assert_eq!(one.expose_secret().len(), 64);
        assert_ne!(one.expose_secret(), other.expose_secret());
        assert_eq!(format!("{one:?}"), "SecretBox<str>([REDACTED])");
    }

    #[test]
    fn without_a_store_there_is_nothing_to_find() {
        let data = tempfile::tempdir().unwrap();
        let kept = Kept::below(data.path(), user_id!("@mira:example.org"));
        assert!(kept.find().unwrap().is_none());
    }

    /// A place with a keyring that answers.
    fn with_keyring(data: &Path) -> (Kept, Arc<mock::Store>) {
        let store = mock::Store::new().unwrap();
        let keyring = Keyring::from(Arc::clone(&store) as Arc<keyring_core::CredentialStore>);
        let mut kept = Kept::below(data, user_id!("@mira:example.org"));
        kept.keyring = keyring;
        (kept, store)
    }

    /// What the store holds for the user, straight from it.
    fn filed(store: &mock::Store) -> Option<String> {
        let entry = store.build("lifeboat", "@mira:example.org", None).unwrap();
        entry.get_password().ok()
    }

    #[test]
    fn a_keyring_that_answers_holds_the_only_key() {
        let data = tempfile::tempdir().unwrap();
        let (kept, store) = with_keyring(data.path());
        let (keep_in, place) = kept.prepare().unwrap();
        assert_eq!(place, KeyPlace::Keyring);
        assert_eq!(
            fs::read_dir(kept.folder()).unwrap().count(),
            0,
            "no key lies beside the session"
        );
        assert_eq!(filed(&store).unwrap(), keep_in.passphrase.expose_secret());

        fs::create_dir(kept.folder().join(STORE)).unwrap();
        let found = kept.find().unwrap().unwrap();
        assert_eq!(found.passphrase.expose_secret(), keep_in.passphrase.expose_secret());
        let (another, _) = kept.prepare().unwrap();
        assert_ne!(another.passphrase.expose_secret(), keep_in.passphrase.expose_secret());
        assert_eq!(filed(&store).unwrap(), another.passphrase.expose_secret());
    }

    #[test]
    fn forgetting_empties_the_keyring_too() {
        let data = tempfile::tempdir().unwrap();
        let (kept, store) = with_keyring(data.path());
        kept.prepare().unwrap();
        kept.forget();
        assert!(!kept.folder().exists());
        assert_eq!(filed(&store), None);
        kept.forget();
    }

    #[test]
    fn what_is_noted_of_a_session_that_was_never_kept_stays_until_all_is_forgotten() {
        let data = tempfile::tempdir().unwrap();
        let (kept, store) = with_keyring(data.path());
        kept.prepare().unwrap();
        assert_eq!(kept.begun(), None);
        fs::create_dir(kept.folder().join(STORE)).unwrap();
        fs::write(kept.folder().join("begun"), "ABCDEFGHIJ").unwrap();
        kept.prepare().unwrap();
        assert!(!kept.is_there() && filed(&store).is_some());
        kept.clear();
        assert_eq!((kept.begun().as_deref(), filed(&store)), (Some("ABCDEFGHIJ"), None));
        kept.forget();
        assert!(kept.begun().is_none() && !kept.folder().exists());
    }

    #[test]
    fn a_session_whose_key_left_the_keyring_counts_as_none() {
        let data = tempfile::tempdir().unwrap();
        let (kept, store) = with_keyring(data.path());
        kept.prepare().unwrap();
        fs::create_dir(kept.folder().join(STORE)).unwrap();
        let entry = store.build("lifeboat", "@mira:example.org", None).unwrap();
        entry.delete_credential().unwrap();
        assert!(kept.find().unwrap().is_none());
    }

    /// Has the next question to the keyring be refused.
    fn close(store: &mock::Store) {
        let entry = store.build("lifeboat", "@mira:example.org", None).unwrap();
        let mock = entry.as_any().downcast_ref::<mock::Cred>().unwrap();
        mock.set_error(keyring_core::Error::NoStorageAccess("locked".into()));
    }

    #[test]
    fn a_session_that_a_closed_keyring_seals_is_not_replaced() {
        let data = tempfile::tempdir().unwrap();
        let (kept, store) = with_keyring(data.path());
        let (keep_in, _) = kept.prepare().unwrap();
        let keys = kept.folder().join(STORE).join("keys");
        fs::create_dir(kept.folder().join(STORE)).unwrap();
        fs::write(&keys, "everything").unwrap();
        close(&store);
        let failure = kept.prepare().unwrap_err();
        assert!(failure.wrong.contains("no keyring gives its key"), "{failure:?}");
        assert!(failure.hint.contains("Unlock this system’s keyring"), "{failure:?}");
        assert_eq!(fs::read_to_string(&keys).unwrap(), "everything");
        let found = kept.find().unwrap().unwrap();
        assert_eq!(found.passphrase.expose_secret(), keep_in.passphrase.expose_secret());
        close(&store);
        assert_eq!(
            lifeboat_reset::Places::new_place(&kept).unwrap_err(),
            "no keyring gives the key of the session that is kept here"
        );
        // Once it is open, a new session takes the place of the old one as ever.
        kept.prepare().unwrap();
        assert!(!keys.exists());
    }

    /// A sign-in that was cut off leaves a store with nothing in it.
    #[test]
    fn what_was_only_begun_is_in_nobodys_way() {
        let data = tempfile::tempdir().unwrap();
        let (kept, store) = with_keyring(data.path());
        kept.prepare().unwrap();
        fs::create_dir(kept.folder().join(STORE)).unwrap();
        close(&store);
        assert!(kept.is_precious() && kept.ensure_open().is_err());
        fs::write(kept.folder().join("begun"), "ABCDEFGHIJ").unwrap();
        close(&store);
        assert!(!kept.is_precious() && kept.ensure_open().is_ok());
        close(&store);
        kept.prepare().unwrap();
        assert_eq!((kept.is_there(), kept.begun().as_deref()), (false, Some("ABCDEFGHIJ")));
    }

    #[test]
    fn a_keyring_that_refuses_is_replaced_by_a_private_file() {
        let data = tempfile::tempdir().unwrap();
        let (kept, store) = with_keyring(data.path());
        close(&store);
        let (keep_in, place) = kept.prepare().unwrap();
        let file = kept.folder().join(KEY_FILE);
        assert_eq!(place, KeyPlace::File(file.clone()));
        assert_eq!(fs::read_to_string(file).unwrap(), keep_in.passphrase.expose_secret());
        assert_eq!(filed(&store), None);
    }

    #[cfg(unix)]
    #[test]
    fn the_folder_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let data = tempfile::tempdir().unwrap();
        let kept = Kept::below(data.path(), user_id!("@mira:example.org"));
        make_private(kept.folder()).unwrap();
        assert_eq!(kept.folder().metadata().unwrap().permissions().mode() & 0o777, 0o700);
        fs::create_dir(kept.folder().join(STORE)).unwrap();
        Reserved::new(kept.folder().join(KEY_FILE))
            .unwrap()
            .write(b"sealed")
            .unwrap();
        assert_eq!(kept.find().unwrap().unwrap().passphrase.expose_secret(), "sealed");
    }
}
