//! What `Debug` shows of every type here that holds a secret: which type it is, and nothing of what it holds.

use lifeboat_report::facts::SecretName;
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::{
    Credentials, HeldSecrets, IdentityKeys, KeepIn, Questions, key_trial::OpenedSecret, storage_key::StorageKey,
};

const SECRET: &str = "hunter2 and more";

fn secret() -> SecretString {
    SecretString::from(SECRET)
}

#[test]
fn debug_shows_nothing_of_a_secret() {
    let kept = KeepIn {
        folder: "folder".into(),
        passphrase: secret(),
    };
    let asked = Questions {
        candidates: vec![secret()],
    };
    let key = || Zeroizing::new([7; 32]);
    let held = [(SecretName::Master, key()), (SecretName::BackupKey, key())];
    let held = HeldSecrets(held.into());
    let told = [
        format!("{:?}", Credentials::Password(secret())),
        format!("{:?}", Credentials::AccessToken(secret())),
        format!("{:?}", Credentials::LoginToken(secret())),
        format!("{kept:?}"),
        format!("{asked:?}"),
        format!("{:?}", StorageKey::new(Zeroizing::new(SECRET.into()))),
        format!("{:?}", OpenedSecret::Key(key())),
        format!("{:?}", IdentityKeys::complete(|_| Some(key()))),
        format!("{held:?}"),
        format!("{:?}", SecretName::BackupKey),
    ];
    let expected = [
        "Password(..)",
        "AccessToken(..)",
        "LoginToken(..)",
        "KeepIn { folder: \"folder\", passphrase: SecretBox<str>([REDACTED]) }",
        "Questions { candidates: [SecretBox<str>([REDACTED])] }",
        "StorageKey { .. }",
        "Key(..)",
        "Some(IdentityKeys { .. })",
        "HeldSecrets([Master, BackupKey])",
        "BackupKey",
    ];
    assert_eq!(told, expected);
}
