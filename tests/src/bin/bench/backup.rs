//! The key backup that is measured: generated, in memory.

use anyhow::Result;
use lifeboat_backup::generate::{BackupSize, Generator};
use lifeboat_tests::room_key::BACKUP_ALGORITHM;
use matrix_sdk::bytes::Bytes;
use serde_json::json;

use crate::spread::spread;

/// The seed of everything that is generated.
pub(crate) const SEED: u64 = 1;

/// A key backup as a server lists it.
pub(crate) struct Backup {
    pub(crate) generator: Generator,
    pub(crate) size: BackupSize,
    pub(crate) listing: Bytes,
}

impl Backup {
    /// Generates one.
    pub(crate) fn generate(size: BackupSize) -> Result<Self> {
        let generator = Generator::new(SEED)?;
        let parts = spread(size.entries, |part| Ok(generator.listing(size, part)?))?;
        let listing = Bytes::from(parts.concat());
        Ok(Self {
            generator,
            size,
            listing,
        })
    }

    /// What `GET /_matrix/client/v3/room_keys/version` answers.
    pub(crate) fn version(&self) -> Result<Bytes> {
        let version = json!({
            "algorithm": BACKUP_ALGORITHM, "version": "1", "count": self.size.entries, "etag": "1",
            "auth_data": {"public_key": self.generator.backup_key()?.public_key(), "signatures": {}},
        });
        Ok(version.to_string().into())
    }
}
