//! What `Debug` shows of every type here that holds a secret: which type it is, and nothing of what it holds.

use lifeboat_preflight::understand;
use secrecy::SecretString;

use crate::{
    candidates::{Origin, Typed},
    commands::trust::Trust,
    resolve::{AdminToken, MasAccess},
    secrets::{FromFile, Readers},
    ui::trial::Answer,
};

const SECRET: &str = "hunter2 and more";

fn secret() -> SecretString {
    SecretString::from(SECRET)
}

#[test]
fn debug_shows_nothing_of_a_secret() {
    let typed = || Typed {
        origin: Origin::Prompt,
        understanding: understand(&secret()),
        text: secret(),
    };
    let read = FromFile {
        secret: secret(),
        readers: Readers::Owner,
    };
    let access = MasAccess {
        token: Some(AdminToken::Known(secret())),
        url: None,
    };
    let told = [
        format!("{:?}", typed()),
        format!("{:?}", Typed::made(secret())),
        format!("{:?}", Answer::offline(typed())),
        format!("{:?}", Trust::Keys(vec![secret()])),
        format!("{:?}", AdminToken::Known(secret())),
        format!("{access:?}"),
        format!("{read:?}"),
    ];
    assert!(told.iter().all(|it| !it.contains("hunter2")), "{told:?}");
    let expected = [
        "Typed { origin: Prompt, understanding: Passphrase, text: SecretBox<str>([REDACTED]) }",
        "Typed { origin: Prompt, understanding: Passphrase, text: SecretBox<str>([REDACTED]) }",
        "Answer { origin: Prompt, understanding: Passphrase, opened: None }",
        "Keys([SecretBox<str>([REDACTED])])",
        "Known(SecretBox<str>([REDACTED]))",
        "MasAccess { token: Some(Known(SecretBox<str>([REDACTED]))), url: None }",
        "FromFile { secret: SecretBox<str>([REDACTED]), readers: Owner }",
    ];
    assert_eq!(told, expected);
}
