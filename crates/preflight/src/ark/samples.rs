//! Reports and comparisons without an ark and without an account, for the tests of those who show them.

use std::collections::BTreeMap;

use lifeboat_report::{
    StatusFile,
    facts::{DefaultKey, Identity, SecretStorage},
};
use serde_json::Value;

use super::{
    About, ArkComparison, ArkReport, ArkVersionReport, BackupComparison, DataComparison, Sums, survey::ArchivedKeys,
};
use crate::probe::published::PublishedKeys;

impl ArkReport {
    /// Makes that of an ark in which nothing but its owner is named; a test fills in what it is about.
    pub fn sample(about: About, status: StatusFile) -> Self {
        Self {
            about,
            status,
            sessions: 0,
            identity: Identity::default(),
            storage: SecretStorage {
                default_key: DefaultKey::NotSet,
                keys: BTreeMap::new(),
                secrets: BTreeMap::new(),
            },
            account_data: BTreeMap::new(),
            versions: Vec::new(),
            trial: None,
            sums: Sums {
                parts: Vec::new(),
                bytes: 0,
            },
            published: PublishedKeys::default(),
            keys: ArchivedKeys::default(),
        }
    }
}

impl ArkVersionReport {
    /// Makes that of a version that no given key opens; a test adds the proof that it is about.
    pub fn sample(version: &str, entries: u64) -> Self {
        Self {
            version: version.to_owned(),
            info: Value::Null,
            entries,
            proof: None,
        }
    }
}

impl ArkComparison {
    /// Puts one together.
    pub fn sample(report: ArkReport, backup: BackupComparison, account_data: Vec<DataComparison>) -> Self {
        Self {
            report,
            backup,
            account_data,
        }
    }
}
