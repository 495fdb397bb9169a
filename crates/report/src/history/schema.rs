//! The JSON schema of the history proof.

use schemars::{Schema, generate::SchemaSettings};

use super::HistoryProof;

/// Returns the JSON schema (draft 2020-12) of the history proof as it is written.
pub fn history_proof_schema() -> Schema {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<HistoryProof>()
}
