//! What `Debug` shows of every type here that holds a secret: which type it is, and nothing of what it holds.

use lifeboat_preflight::ruma::user_id;
use lifeboat_report::Fate;
use secrecy::SecretString;

use crate::{
    route::{
        email::{MailProof, MailRequest},
        synapse_admin::ResetPassword,
    },
    seal::Sealer,
    uia::{ChangePassword, Proof},
};

fn secret() -> SecretString {
    SecretString::from("hunter2 and more")
}

#[test]
fn debug_shows_nothing_of_a_secret() {
    let by_password = Proof::Password {
        user: user_id!("@mira:example.org").to_owned(),
        old: secret(),
    };
    let by_mail = Proof::Email {
        sid: "sid".to_owned(),
        client_secret: secret(),
    };
    let request = MailRequest {
        address: "mira@example.org".to_owned(),
        client_secret: secret(),
        attempt: 1,
    };
    let proof = MailProof {
        sid: "sid".to_owned(),
        client_secret: secret(),
    };
    let by_administrator = ResetPassword {
        user: user_id!("@mira:example.org").to_owned(),
        new: secret(),
        fate: Fate::SessionsKept,
    };
    let told = [
        format!("{:?}", ChangePassword::new(&secret(), Fate::SessionsKept, by_password)),
        format!("{:?}", ChangePassword::new(&secret(), Fate::SessionsKept, by_mail)),
        format!("{by_administrator:?}"),
        format!("{request:?}"),
        format!("{proof:?}"),
        format!("{:?}", Sealer::Keyring(secret())),
        format!("{:?}", Sealer::Passphrase(secret())),
    ];
    let expected = [
        "ChangePassword { new: SecretBox<str>([REDACTED]), fate: SessionsKept, proof: Password { user: \
         \"@mira:example.org\", old: SecretBox<str>([REDACTED]) }, session: None }",
        "ChangePassword { new: SecretBox<str>([REDACTED]), fate: SessionsKept, proof: Email { sid: \"sid\", client_secret: \
         SecretBox<str>([REDACTED]) }, session: None }",
        "ResetPassword { user: \"@mira:example.org\", new: SecretBox<str>([REDACTED]), fate: SessionsKept }",
        "MailRequest { address: \"mira@example.org\", client_secret: SecretBox<str>([REDACTED]), attempt: 1 }",
        "MailProof { sid: \"sid\", client_secret: SecretBox<str>([REDACTED]) }",
        "Keyring(SecretBox<str>([REDACTED]))",
        "Passphrase(SecretBox<str>([REDACTED]))",
    ];
    assert_eq!(told, expected);
}
