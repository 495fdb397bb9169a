//! Names and passwords that nobody used before.

use anyhow::{Result, anyhow};
use aws_lc_rs::rand;

/// A name that begins with `prefix` and that no other test has.
pub fn fresh(prefix: &str) -> Result<String> {
    let random: String = bytes::<5>()?.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{prefix}-{random}"))
}

/// Random bytes.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| anyhow!("this machine gives no random numbers"))?;
    Ok(bytes)
}
