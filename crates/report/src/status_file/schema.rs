//! The JSON schema of the status file.

use schemars::{Schema, generate::SchemaSettings};

use super::StatusFile;

/// Returns the JSON schema (draft 2020-12) of the status file as it is written.
pub fn status_file_schema() -> Schema {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<StatusFile>()
}
