//! Random texts for secrets and names.

use std::fs::File;
use std::io::Read;

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Returns 64 hexadecimal digits, 256 bits.
pub(crate) fn hex() -> Result<String> {
    Ok(bytes()?.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Returns a new signing key in the format of Synapse's `signing.key`: `ed25519 VERSION SEED`, unpadded base64.
pub(crate) fn signing_key() -> Result<String> {
    Ok(format!("ed25519 a_lifeboat {}\n", STANDARD_NO_PAD.encode(bytes()?)))
}

fn bytes() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}
