//! Verifies the own session with another one of the account, by comparing emoji on both.

use std::{pin::pin, time::Duration};

use futures_util::StreamExt;
use lifeboat_preflight::{BackupConnection, LiveError, LiveSession, UnlockError, Unlocked};
use lifeboat_report::facts::SecretName;
use matrix_sdk::{
    encryption::verification::{
        CancelInfo, SasState, SasVerification, Verification, VerificationRequest, VerificationRequestState,
    },
    ruma::{DeviceId, events::key::verification::VerificationMethod},
};
use tokio::time::{Instant, timeout_at};

/// One of the seven pictures that both sides compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emoji {
    /// The picture.
    pub symbol: &'static str,
    /// Its English name.
    pub description: &'static str,
}

/// What the person says after comparing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparing {
    /// Both sides show the same.
    Match,
    /// They do not: somebody may be in between.
    Mismatch,
}

/// Why the session is not verified. Nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// There is no such session, or it has no keys.
    #[error("this account has no session with keys under this id.")]
    NoSuchSession,
    /// The other side did not answer in time.
    #[error("the other session did not answer in time.")]
    TimedOut,
    /// The other side, or the server between the two, ended it.
    #[error("the other session ended the verification: {0}.")]
    Cancelled(String),
    /// The person saw different emoji.
    #[error("the emoji were different: somebody may be between the two sessions.")]
    Mismatch,
    /// The other side offers no emoji.
    #[error("the other session cannot compare emoji.")]
    NoEmoji,
    /// What the session holds could not be told.
    #[error(transparent)]
    Holdings(#[from] UnlockError),
    /// The session is over, or the server could not be asked.
    #[error(transparent)]
    Live(#[from] LiveError),
}

/// How long the other session has to hand over its secrets afterwards.
const SECRETS_PATIENCE: Duration = Duration::from_secs(20);

/// Verifies `live` with the session `device`, whose person accepts there and compares; then waits for its secrets.
///
/// `m.key.verification.*` by `m.sas.v1`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#short-authentication-string-sas-verification)); the other
/// side signs `live` with the identity, and hands the identity's secrets and the backup key over when it is asked for
/// them. `compare` is given the emoji. Each step has `patience`. What came is in [`Unlocked`]; the other side may send
/// secrets later or never, the specification sets no time.
pub async fn verify_with(
    live: &LiveSession,
    device: &DeviceId,
    patience: Duration,
    compare: impl AsyncFnOnce([Emoji; 7]) -> Comparing,
) -> Result<Unlocked, VerifyError> {
    let encryption = live.client().encryption();
    let user = live.own().user_id();
    // Freshly asked for: whom the server has named meanwhile is known then.
    let identity = encryption.request_user_identity(user).await;
    identity.map_err(LiveError::from)?;
    let other = encryption.get_device(user, device).await;
    let other = other.map_err(|error| UnlockError::Store(error.to_string()))?;
    let other = other.ok_or(VerifyError::NoSuchSession)?;
    let request = other
        .request_verification_with_methods(vec![VerificationMethod::SasV1])
        .await;
    let request = request.map_err(LiveError::from)?;
    let sas = match ready(&request, patience).await {
        Ok(sas) => sas,
        Err(error) => {
            // Nobody waits for an answer to this.
            let _ = request.cancel().await;
            return Err(error);
        }
    };
    exchange(&sas, patience, compare).await?;
    settle(live).await
}

/// Waits for the other side to accept, and begins the comparison.
async fn ready(request: &VerificationRequest, patience: Duration) -> Result<SasVerification, VerifyError> {
    let end = Instant::now() + patience;
    let mut changes = pin!(request.changes());
    let mut state = request.state();
    loop {
        match state {
            VerificationRequestState::Ready { .. } => {
                let sas = request.start_sas().await.map_err(LiveError::from)?;
                return sas.ok_or(VerifyError::NoEmoji);
            }
            VerificationRequestState::Transitioned {
                verification: Verification::SasV1(sas),
            } => {
                sas.accept().await.map_err(LiveError::from)?;
                return Ok(sas);
            }
            VerificationRequestState::Cancelled(info) => return Err(cancelled(&info)),
            VerificationRequestState::Done => return Err(VerifyError::NoEmoji),
            _ => {}
        }
        state = next(&mut changes, end).await?;
    }
}

/// Compares, and waits for the other side to agree.
async fn exchange(
    sas: &SasVerification,
    patience: Duration,
    compare: impl AsyncFnOnce([Emoji; 7]) -> Comparing,
) -> Result<(), VerifyError> {
    let mut changes = pin!(sas.changes());
    let mut compare = Some(compare);
    let mut end = Instant::now() + patience;
    let mut state = sas.state();
    loop {
        match state {
            SasState::KeysExchanged { emojis, .. } => {
                if let Some(compare) = compare.take() {
                    let Some(emojis) = emojis else {
                        let _ = sas.cancel().await;
                        return Err(VerifyError::NoEmoji);
                    };
                    let shown = emojis.emojis.map(|it| Emoji {
                        symbol: it.symbol,
                        description: it.description,
                    });
                    match compare(shown).await {
                        Comparing::Match => sas.confirm().await.map_err(LiveError::from)?,
                        Comparing::Mismatch => {
                            sas.mismatch().await.map_err(LiveError::from)?;
                            return Err(VerifyError::Mismatch);
                        }
                    }
                    end = Instant::now() + patience;
                }
            }
            SasState::Done { .. } => return Ok(()),
            SasState::Cancelled(info) => return Err(cancelled(&info)),
            _ => {}
        }
        state = match next(&mut changes, end).await {
            Ok(state) => state,
            Err(error) => {
                let _ = sas.cancel().await;
                return Err(error);
            }
        };
    }
}

/// Waits for the secrets that the SDK asks the verified session for.
async fn settle(live: &LiveSession) -> Result<Unlocked, VerifyError> {
    let end = Instant::now() + SECRETS_PATIENCE;
    loop {
        live.sync().await?;
        let held = live.holdings().await?;
        let identity = SecretName::IDENTITY.iter().all(|it| held.identity.contains(it));
        let backup = matches!(held.backup, BackupConnection::Connected | BackupConnection::NoBackup);
        if (identity && backup) || Instant::now() >= end {
            return Ok(held);
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

async fn next<T>(changes: &mut (impl futures_util::Stream<Item = T> + Unpin), end: Instant) -> Result<T, VerifyError> {
    match timeout_at(end, changes.next()).await {
        Ok(Some(state)) => Ok(state),
        Ok(None) | Err(_) => Err(VerifyError::TimedOut),
    }
}

fn cancelled(info: &CancelInfo) -> VerifyError {
    VerifyError::Cancelled(info.reason().trim_end_matches('.').to_owned())
}
