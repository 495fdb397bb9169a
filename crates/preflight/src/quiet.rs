//! What `Debug` shows of every type here that holds a secret: which type it is, and nothing of what it holds.

use lifeboat_report::facts::SecretName;
use matrix_sdk::SessionTokens;
use secrecy::SecretString;
use serde_json::json;
use zeroize::Zeroizing;

use crate::{
    AdminApi, Credentials, HeldSecrets, IdentityKeys, KeepIn, Pace, Questions,
    key_trial::OpenedSecret,
    session::oauth::poll::{Polled, given},
    storage_key::StorageKey,
    testing::CannedServer,
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
    let code = given(&json!({
        "device_code": SECRET, "user_code": "ABCD", "verification_uri": "https://a/link", "expires_in": 600,
    }));
    let agreed = Polled::Agreed(SessionTokens {
        access_token: SECRET.to_owned(),
        refresh_token: Some(SECRET.to_owned()),
    });
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
        format!("{:?}", code.unwrap()),
        format!("{agreed:?}"),
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
        "Given { device_code: SecretBox<str>([REDACTED]), user_code: \"ABCD\", address: \"https://a/link\", \
         complete: None, good_for: 600s, pause: 5s }",
        "Agreed(..)",
    ];
    assert_eq!(told, expected);
}

/// Sessions and what is made of them show what the SDK's client and the HTTP client show, which are not ours to choose.
#[tokio::test]
async fn debug_of_a_session_does_not_show_its_token() {
    let server = CannedServer::start(|_| None).await;
    let (homeserver, session) = server.enter_with(SECRET).await;
    let token = session.caller().client().access_token();
    assert_eq!(token.as_deref(), Some(SECRET), "the session has no such token");
    let api = AdminApi::of(&session, &homeserver, Pace::at_once());
    let told = [format!("{session:?}"), format!("{api:?}"), format!("{homeserver:?}")];
    assert!(told.iter().all(|it| !it.contains("hunter2")), "{told:?}");
    assert!(told[1].contains("token: SecretBox<str>([REDACTED])"), "{told:?}");
}
