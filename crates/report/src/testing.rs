//! Facts for tests: one healthy account, from which a test spoils what it is about.

use std::collections::BTreeMap;

use crate::facts::{
    Account, BackupAlgorithm, BackupKeyAnswer, BackupOpening, BackupSignature, BackupVersion, Candidate, CandidateForm,
    CheckData, Coverage, CrossSigningKey, DefaultKey, DeviceKeys, Email, Identity, KeyBackup, KeyTrial, Passphrase,
    PasswordChange, Proof, Secret, SecretName, SecretStorage, SecretTrial, Server, Session, Signature, Signer,
    Software, StorageKey, Support, SupportContact,
};
use crate::{Code, Fact, Facts, Fate, Finding, Severity};

/// The account that [`healthy_facts`] are about.
pub const ACCOUNT: &str = "@mira:example.org";
/// The moment at which [`healthy_facts`] were gathered: 23 November 2026, 10:42 UTC.
pub const TAKEN_AT: u64 = 1_795_430_520_000;

/// One day in milliseconds.
const DAY: u64 = 86_400_000;
/// The id of the healthy account's only storage key.
const STORAGE_KEY: &str = "KEY1default";

/// Returns the facts of an account with nothing wrong at all: both verdicts are clear and there is no finding.
///
/// Two other sessions, both vouched for; secret storage with a passphrase; a key backup that covers everything, and a
/// passphrase that was tested and opens all of it.
pub fn healthy_facts() -> Facts {
    Facts {
        server: server(),
        account: Account {
            emails: Fact::Known(vec![Email::masked("mira@example.org", TAKEN_AT - 400 * DAY)]),
            administration: None,
        },
        sessions: Fact::Known(vec![
            session("FIREFOXLNX", Some("Firefox on Linux"), TAKEN_AT, DeviceKeys::Signed),
            session("PIXEL8PHON", Some("Pixel 8"), TAKEN_AT - 9 * DAY, DeviceKeys::Signed),
            Session {
                this: true,
                ..session(
                    "LIFEBOATCK",
                    Some("Lifeboat check (removes itself)"),
                    TAKEN_AT,
                    DeviceKeys::None,
                )
            },
        ]),
        identity: Fact::Known(Identity {
            master: Some(public_key('m')),
            self_signing: Some(CrossSigningKey {
                public_key: public_key('s'),
                by_master: Signature::Valid,
            }),
            user_signing: Some(CrossSigningKey {
                public_key: public_key('u'),
                by_master: Signature::Valid,
            }),
            from_outside: false,
        }),
        storage: Fact::Known(storage()),
        backup: KeyBackup {
            active: Fact::Known(Some(backup())),
            switched_off: Fact::Known(None),
            older: Vec::new(),
        },
        key_trial: Fact::Known(KeyTrial {
            candidates: vec![candidate()],
        }),
        proof: Fact::Known(Proof {
            version: backup().version,
            entries: 8_412,
            open: 8_412,
            damaged: BTreeMap::new(),
            complete: true,
        }),
        coverage: Fact::Known(Coverage {
            total: 54_425,
            covered: 54_425,
            readable: Some(54_425),
            at_risk: 0,
            complete: true,
            newest_event_at: Some(TAKEN_AT - 10 * DAY),
        }),
    }
}

/// Returns a finding as it would be about `facts`, whether or not they call for it.
pub fn finding(code: Code, severity: Severity, facts: &Facts) -> Finding {
    Finding::new(code, severity, Fate::BOTH.to_vec(), facts)
}

/// Returns a session of the healthy account; it is another one than the session that looks.
pub fn session(device_id: &str, name: Option<&str>, last_seen_at: u64, keys: DeviceKeys) -> Session {
    Session {
        device_id: device_id.into(),
        name: name.map(Into::into),
        last_seen_at: Some(last_seen_at),
        keys: Fact::Known(keys),
        dehydrated: false,
        backup_key: BackupKeyAnswer::NotAsked,
        this: false,
    }
}

/// Returns the description of a storage key with a passphrase and check data, as clients write it today.
pub fn storage_key() -> StorageKey {
    StorageKey {
        algorithm: "m.secret_storage.v1.aes-hmac-sha2".into(),
        passphrase: Some(Passphrase {
            algorithm: "m.pbkdf2".into(),
            iterations: 500_000,
            bits: 256,
            salt_length: 32,
        }),
        check: CheckData::Present,
    }
}

/// Returns what the healthy account's passphrase opens: everything.
pub fn candidate() -> Candidate {
    Candidate {
        form: CandidateForm::Passphrase,
        storage_keys: vec![STORAGE_KEY.into()],
        opens_default: true,
        secrets: SecretName::ALL.into_iter().map(|it| (it, SecretTrial::Fits)).collect(),
        backup: BTreeMap::from([(backup().version, BackupOpening::ThroughStorage)]),
        opens_active_backup: true,
    }
}

fn server() -> Server {
    Server {
        base_url: "https://matrix.example.org/".into(),
        software: Fact::Known(Software {
            name: "Synapse".into(),
            version: "1.163.2".into(),
        }),
        admin_api: Fact::Known(true),
        spec_versions: Fact::Known(vec!["v1.11".into(), "v1.12".into()]),
        login_flows: Fact::Known(vec!["m.login.password".into()]),
        oauth: Fact::Known(None),
        password_change: Fact::Known(PasswordChange::Allowed),
        support: Fact::Known(Some(Support {
            contacts: vec![SupportContact {
                role: "m.role.admin".into(),
                matrix_id: Some("@admin:example.org".into()),
                email_address: Some("admin@example.org".into()),
            }],
            support_page: Some("https://example.org/help".into()),
        })),
    }
}

fn storage() -> SecretStorage {
    let stored = Secret::StoredUnder(vec![STORAGE_KEY.into()]);
    SecretStorage {
        default_key: DefaultKey::Named(STORAGE_KEY.into()),
        keys: BTreeMap::from([(STORAGE_KEY.into(), storage_key())]),
        secrets: SecretName::ALL.into_iter().map(|it| (it, stored.clone())).collect(),
    }
}

fn backup() -> BackupVersion {
    BackupVersion {
        version: "3".into(),
        algorithm: BackupAlgorithm::Curve25519AesSha2,
        count: 8_412,
        etag: "8412".into(),
        public_key: Some(public_key('b')),
        signatures: vec![BackupSignature {
            signer: Signer::Master,
            signature: Signature::Valid,
        }],
    }
}

/// A text that looks like an unpadded base64 key, the same for the same letter.
fn public_key(letter: char) -> String {
    std::iter::repeat_n(letter, 43).collect()
}
