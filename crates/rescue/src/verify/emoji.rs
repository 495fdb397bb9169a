//! Seven emoji, the same on both sides (`m.sas.v1`).

use std::{pin::pin, time::Duration};

use lifeboat_preflight::LiveError;
use matrix_sdk::encryption::verification::{SasState, SasVerification};
use tokio::time::Instant;

use super::{Comparing, VerifyError, Witness, cancelled, next, unless_ended};

/// One of the seven pictures that both sides compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emoji {
    /// The picture.
    pub symbol: &'static str,
    /// Its English name.
    pub description: &'static str,
}

/// Compares, and waits for the other side to agree.
pub(super) async fn exchange(
    sas: &SasVerification,
    patience: Duration,
    witness: &impl Witness,
) -> Result<(), VerifyError> {
    let mut changes = pin!(sas.changes());
    let mut end = Instant::now() + patience;
    let mut state = sas.state();
    let mut compared = false;
    loop {
        match state {
            SasState::KeysExchanged { emojis, .. } if !compared => {
                let emojis = emojis.ok_or(VerifyError::NoEmoji)?.emojis;
                let shown = emojis.map(|it| Emoji {
                    symbol: it.symbol,
                    description: it.description,
                });
                compared = true;
                match unless_ended(witness.compare(shown), &mut changes, ended).await? {
                    Comparing::Match => sas.confirm().await.map_err(LiveError::from)?,
                    Comparing::Mismatch => {
                        sas.mismatch().await.map_err(LiveError::from)?;
                        return Err(VerifyError::Mismatch);
                    }
                }
                end = Instant::now() + patience;
                // What happened while the person was asked counts.
                state = sas.state();
                continue;
            }
            SasState::Done { .. } => return Ok(()),
            SasState::Cancelled(info) => return Err(cancelled(&info)),
            _ => {}
        }
        state = next(&mut changes, end).await?;
    }
}

fn ended(state: &SasState) -> Option<VerifyError> {
    match state {
        SasState::Cancelled(info) => Some(cancelled(info)),
        _ => None,
    }
}
