//! What `--redact` leaves behind.

use std::collections::BTreeMap;

use serde_json::Value;

use super::spoiled::cases;
use crate::facts::{
    AccountServer, ActedAsPerson, Administration, BackupSignature, Candidate, DefaultKey, Email, KeyTrial, OAuth,
    OlderBackup, Secret, SecretName, SecretStorage, Signature, SignedIn, SignedInKind, Signer,
};
use crate::testing::{ACCOUNT, TAKEN_AT, candidate, healthy_facts, storage_key};
use crate::{Fact, Facts, Finding, Generator, Report, StatusFile};

fn file(facts: Facts) -> StatusFile {
    let generator = Generator {
        name: "lifeboat".into(),
        version: "0.1.0".into(),
    };
    StatusFile::of(&Report::of(ACCOUNT.into(), TAKEN_AT, facts), generator)
}

/// Stands for a hash: the same for the same, different for different, and without any of the input.
fn number(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// Every id and name is marked, so that none is forgotten: a mark that is still there was not replaced.
fn marked() -> Facts {
    let mut facts = healthy_facts();
    facts.server.base_url = "https://MARK.example.org/MARK".into();
    facts.server.oauth = Fact::Known(Some(OAuth {
        issuer: "http://MARK.account.example.org?MARK".into(),
        account_management_uri: Some("MARK:account".into()),
        account_management_actions: vec!["org.matrix.device_delete".into()],
    }));
    if let Fact::Known(Some(support)) = &mut facts.server.support {
        support.support_page = Some("https://MARK.example.org#MARK".into());
        support.contacts[0].matrix_id = Some("@MARK:example.org".into());
        support.contacts[0].email_address = Some("MARK@example.org".into());
    }
    facts.account.emails = Fact::Known(vec![Email {
        masked: "m…@MARK.example.org".into(),
        validated_at: 1,
    }]);
    facts.account.administration = Some(Administration {
        providers: vec!["MARK-provider".into()],
        acted_as_person: Some(ActedAsPerson {
            by: "@MARK:example.org".into(),
            consent: "MARK on the phone".into(),
            until: 1,
        }),
        account_server: Some(AccountServer {
            url: "https://MARK.example.org/".into(),
            passwords: Some(true),
            recovery: None,
            signed_in: vec![SignedIn {
                id: "MARK01".into(),
                kind: SignedInKind::Oauth2,
                device_id: Some("MARK0".into()),
                name: Some("Phone MARK".into()),
                last_active_at: Some(1),
            }],
        }),
        ..Administration::default()
    });
    if let Fact::Known(sessions) = &mut facts.sessions {
        for (number, it) in sessions.iter_mut().enumerate() {
            (it.device_id, it.name) = (format!("MARK{number}"), Some(format!("Phone MARK {number}")));
            it.keys = Fact::Known(crate::facts::DeviceKeys::Unsigned);
        }
    }
    if let Fact::Known(identity) = &mut facts.identity {
        identity.master = Some("MARKmaster".into());
        identity.self_signing.as_mut().unwrap().public_key = "MARKself".into();
        identity.user_signing.as_mut().unwrap().public_key = "MARKuser".into();
    }
    let other = Secret::StoredUnder(vec!["MARKkey1".into(), "MARKkey2".into()]);
    facts.storage = Fact::Known(SecretStorage {
        default_key: DefaultKey::Named("MARKkey3".into()),
        keys: ["MARKkey1", "MARKkey2", "MARKkey3"]
            .map(|it| (it.into(), storage_key()))
            .into(),
        secrets: SecretName::ALL.into_iter().map(|it| (it, other.clone())).collect(),
    });
    let typed = Candidate {
        storage_keys: vec!["MARKkey1".into(), "MARKkey2".into()],
        opens_default: false,
        ..candidate()
    };
    facts.key_trial = Fact::Known(KeyTrial {
        candidates: vec![typed],
    });
    facts.backup.older.push(OlderBackup {
        version: "2".into(),
        count: 7,
        public_key: Some("MARKolder".into()),
        proof: facts.proof.clone(),
        would_cover: Some(3),
    });
    if let Fact::Known(Some(active)) = &mut facts.backup.active {
        active.public_key = Some("MARKbackup".into());
        let signers = [
            Signer::UnsignedSession("MARK1".into()),
            Signer::SignedSession("MARK2".into()),
            Signer::Stranger("ed25519:MARK2".into()),
            Signer::Stranger("MARK3".into()),
            Signer::Stranger("MARK:MARK".into()),
        ];
        let signature = Signature::Invalid;
        active.signatures = signers
            .into_iter()
            .map(|signer| BackupSignature { signer, signature })
            .collect();
    }
    facts
}

#[test]
fn no_id_and_no_name_is_left() {
    let mut file = file(marked());
    file.account = "@MARK:example.org".into();
    assert!(serde_json::to_string(&file.findings).unwrap().contains("MARK"));
    file.redact(&number);
    let json = serde_json::to_string_pretty(&file).unwrap();
    for original in ["MARK", "example.org", "Phone"] {
        assert!(!json.contains(original), "{original} in {json}");
    }
    assert!(file.findings.len() >= 4);
}

#[test]
fn the_same_id_is_the_same_everywhere() {
    let mut file = file(marked());
    file.redact(&number);
    let json = serde_json::to_value(&file).unwrap();
    let at = |pointer: &str| json.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
    assert_eq!(at("/account"), number(ACCOUNT));
    assert_eq!(
        at("/facts/server/base_url"),
        format!("https://{}", number("MARK.example.org"))
    );
    let issuer = at("/facts/server/oauth/known/issuer");
    assert_eq!(issuer, format!("http://{}", number("MARK.account.example.org")));
    assert_eq!(
        at("/facts/server/oauth/known/account_management_uri"),
        number("MARK:account")
    );
    assert_eq!(
        at("/facts/server/support/known/support_page"),
        at("/facts/server/base_url")
    );
    let signer =
        |number: usize, kind: &str| at(&format!("/facts/backup/active/known/signatures/{number}/signer/{kind}"));
    assert_eq!(signer(0, "unsigned-session"), at("/facts/sessions/known/1/device_id"));
    assert_eq!(signer(1, "signed-session"), at("/facts/sessions/known/2/device_id"));
    assert_eq!(signer(2, "stranger"), format!("ed25519:{}", number("MARK2")));
    assert_eq!(signer(3, "stranger"), number("MARK3"));
    assert_eq!(signer(4, "stranger"), number("MARK:MARK"));
    let Fact::Known(storage) = &file.facts.storage else {
        panic!("storage is known")
    };
    assert_eq!(storage.default_key, DefaultKey::Named(number("MARKkey3")));
    assert!(storage.keys.keys().is_sorted() && storage.keys.contains_key(&number("MARKkey1")));
    let Secret::StoredUnder(under) = storage.secret(SecretName::Master) else {
        panic!("it is stored")
    };
    let Fact::Known(trial) = &file.facts.key_trial else {
        panic!("a key was tried")
    };
    assert_eq!(under, &trial.candidates[0].storage_keys);
    assert!(under.is_sorted());
}

#[test]
fn a_redacted_file_is_judged_the_same() {
    for case in cases() {
        let mut redacted = file(case.facts);
        let plain: Vec<_> = redacted
            .findings
            .iter()
            .map(|it| (it.code, it.severity, it.fates.clone()))
            .collect();
        let verdict = redacted.verdict;
        redacted.redact(&number);
        let again = redacted.clone().rejudge();
        let judged: Vec<_> = again
            .findings
            .iter()
            .map(|it| (it.code, it.severity, it.fates.clone()))
            .collect();
        assert_eq!((judged, again.verdict), (plain, verdict), "{}", case.name);
        let sentences: Vec<String> = again.findings.iter().map(Finding::to_string).collect();
        let kept: Vec<String> = redacted.findings.into_iter().map(|it| it.sentence).collect();
        assert_eq!(sentences, kept, "{}", case.name);
    }
}

#[test]
fn numbers_moments_and_versions_stay() {
    let plain = file(healthy_facts());
    let mut redacted = plain.clone();
    redacted.redact(&number);
    assert_eq!(redacted.facts.proof, plain.facts.proof);
    assert_eq!(redacted.facts.coverage, plain.facts.coverage);
    assert_eq!(redacted.facts.server.software, plain.facts.server.software);
    let versions = |file: &StatusFile| -> BTreeMap<String, u64> {
        let active = file.facts.backup.active.known().cloned().flatten();
        active.into_iter().map(|it| (it.version, it.count)).collect()
    };
    assert_eq!(versions(&redacted), versions(&plain));
    assert_eq!((redacted.format, redacted.taken_at), (plain.format, plain.taken_at));
}
