//! Verifies sessions of the account: with each other, by emoji or by a code to scan, or by the key of a session.

mod code;
mod emoji;
mod vouch;

use std::{future::Future, pin::pin, time::Duration};

use futures_util::{StreamExt, future::Either};
use lifeboat_preflight::{BackupConnection, LiveError, LiveSession, UnlockError, Unlocked};
use lifeboat_report::facts::SecretName;
use matrix_sdk::{
    encryption::verification::{
        CancelInfo, QrVerification, SasVerification, Verification, VerificationRequest, VerificationRequestState,
    },
    ruma::{DeviceId, events::key::verification::VerificationMethod},
};
use tokio::time::{Instant, timeout_at};

pub use emoji::Emoji;
pub use vouch::{SessionKey, session_key, vouch_for};

/// What the person says after comparing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparing {
    /// Both sides show the same.
    Match,
    /// They do not: somebody may be in between.
    Mismatch,
}

/// Which ways of comparing are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ways {
    /// A code is shown where the other side can scan, otherwise emoji.
    CodeOrEmoji,
    /// Emoji only.
    Emoji,
}

/// The person at this side.
pub trait Witness {
    /// Shows the emoji, and asks whether the other side shows the same.
    fn compare(&self, emoji: [Emoji; 7]) -> impl Future<Output = Comparing>;

    /// Shows a QR code with these bytes. The other side scans it, or begins to compare emoji instead.
    fn show_code(&self, code: &[u8]);

    /// Asks whether the other side says that it has scanned the code and that it is right.
    fn has_scanned(&self) -> impl Future<Output = Comparing>;
}

/// Why a session is not verified. Nothing was signed unless the variant says so.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// There is no such session, or it has no keys.
    #[error("this account has no other session with keys under this id.")]
    NoSuchSession,
    /// The other side did not answer in time.
    #[error("the other session did not answer in time.")]
    TimedOut,
    /// The other side, or the server between the two, ended it.
    #[error("the other session ended the verification: {0}.")]
    Cancelled(String),
    /// The person saw different emoji, here or there.
    #[error("the emoji were different: somebody may be between the two sessions.")]
    Mismatch,
    /// The person says that the other side did not scan the code which was shown here.
    #[error("the code was scanned by another session than yours: somebody may be between the two.")]
    ScannedByAnother,
    /// The other side offers no emoji.
    #[error("the other session cannot compare emoji.")]
    NoEmoji,
    /// The code cannot be shown.
    #[error("no code could be made for the other session to scan.")]
    NoCode,
    /// The key of the session is not the one that was given.
    #[error("the key of this session is not the one that you gave.")]
    OtherKey,
    /// This session does not hold the identity's self-signing key.
    #[error("this session cannot sign others: it does not hold the self-signing key.")]
    CannotSign,
    /// Both sides agreed, and yet no valid signature can be seen.
    #[error("both sessions agreed, but the server does not show the signature.")]
    NotSigned,
    /// What the session holds could not be told.
    #[error(transparent)]
    Holdings(#[from] UnlockError),
    /// The session is over, or the server could not be asked.
    #[error(transparent)]
    Live(#[from] LiveError),
}

/// How long the other session has to hand over its secrets afterwards.
const SECRETS_PATIENCE: Duration = Duration::from_secs(20);

/// Verifies `live` and the session `device` with each other. The person accepts there and compares on both sides.
///
/// `m.key.verification.*` by `m.sas.v1` or by `m.qr_code.show.v1` and `m.reciprocate.v1`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#device-verification)). A side that holds the self-signing
/// key signs the other one. Each step has `patience`.
pub async fn verify_with(
    live: &LiveSession,
    device: &DeviceId,
    patience: Duration,
    ways: Ways,
    witness: &impl Witness,
) -> Result<(), VerifyError> {
    let encryption = live.client().encryption();
    let user = live.own().user_id();
    // Freshly asked for: whom the server has named meanwhile is known then.
    let identity = encryption.request_user_identity(user).await;
    identity.map_err(LiveError::from)?;
    if live.own().device_id() == Some(device.as_str()) {
        return Err(VerifyError::NoSuchSession);
    }
    let other = encryption.get_device(user, device).await;
    let other = other.map_err(|error| UnlockError::Store(error.to_string()))?;
    let other = other.ok_or(VerifyError::NoSuchSession)?;
    let mut methods = vec![VerificationMethod::SasV1];
    if ways == Ways::CodeOrEmoji {
        methods.extend([VerificationMethod::QrCodeShowV1, VerificationMethod::ReciprocateV1]);
    }
    let request = other.request_verification_with_methods(methods).await;
    let request = request.map_err(LiveError::from)?;
    let verified = async {
        match begun(&request, patience).await? {
            Begun::Emoji(sas) => emoji::exchange(&sas, patience, witness).await,
            Begun::Code(code) => code::exchange(&request, &code, patience, witness).await,
        }
    };
    let verified = verified.await;
    if verified.is_err() {
        // Nobody waits for an answer to this, and most endings have told the other side already.
        let _ = request.cancel().await;
    }
    verified
}

/// Waits for the secrets that the SDK asks for once the session was verified with one that holds them.
///
/// What came is in [`Unlocked`]; the other side may send secrets later or never, the specification sets no time.
pub async fn take_secrets(live: &LiveSession) -> Result<Unlocked, VerifyError> {
    let end = Instant::now() + SECRETS_PATIENCE;
    // The SDK sends its requests at the turn of a sync.
    live.sync().await?;
    loop {
        let held = live.holdings().await?;
        let identity = SecretName::IDENTITY.iter().all(|it| held.identity.contains(it));
        let backup = matches!(held.backup, BackupConnection::Connected | BackupConnection::NoBackup);
        if (identity && backup) || Instant::now() >= end {
            return Ok(held);
        }
        if live.session_ended() {
            return Err(LiveError::SessionEnded.into());
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// How the two sides compare.
enum Begun {
    Emoji(SasVerification),
    Code(QrVerification),
}

/// Waits for the other side to accept, and begins the comparison.
async fn begun(request: &VerificationRequest, patience: Duration) -> Result<Begun, VerifyError> {
    let end = Instant::now() + patience;
    let mut changes = pin!(request.changes());
    let mut state = request.state();
    loop {
        match state {
            VerificationRequestState::Ready { .. } => {
                // There is one only where the other side says that it can scan.
                let code = request.generate_qr_code().await.map_err(LiveError::from)?;
                if let Some(code) = code {
                    return Ok(Begun::Code(code));
                }
                let sas = request.start_sas().await.map_err(LiveError::from)?;
                return sas.map(Begun::Emoji).ok_or(VerifyError::NoEmoji);
            }
            VerificationRequestState::Transitioned {
                verification: Verification::SasV1(sas),
            } => {
                sas.accept().await.map_err(LiveError::from)?;
                return Ok(Begun::Emoji(sas));
            }
            VerificationRequestState::Cancelled(info) => return Err(cancelled(&info)),
            VerificationRequestState::Done => return Err(VerifyError::NoEmoji),
            _ => {}
        }
        state = next(&mut changes, end).await?;
    }
}

async fn next<T>(changes: &mut (impl futures_util::Stream<Item = T> + Unpin), end: Instant) -> Result<T, VerifyError> {
    match timeout_at(end, changes.next()).await {
        Ok(Some(state)) => Ok(state),
        Ok(None) | Err(_) => Err(VerifyError::TimedOut),
    }
}

/// Waits for the person's word, unless the other side ends it first.
async fn unless_ended<T>(
    asking: impl Future<Output = Comparing>,
    changes: &mut (impl futures_util::Stream<Item = T> + Unpin),
    ended: impl Fn(&T) -> Option<VerifyError>,
) -> Result<Comparing, VerifyError> {
    let mut asking = pin!(asking);
    loop {
        match futures_util::future::select(asking.as_mut(), changes.next()).await {
            Either::Left((said, _)) => return Ok(said),
            Either::Right((Some(state), _)) => {
                if let Some(error) = ended(&state) {
                    return Err(error);
                }
            }
            Either::Right((None, _)) => return Ok(asking.await),
        }
    }
}

fn cancelled(info: &CancelInfo) -> VerifyError {
    use matrix_sdk::ruma::events::key::verification::cancel::CancelCode;
    match info.cancel_code() {
        CancelCode::MismatchedSas => VerifyError::Mismatch,
        CancelCode::Timeout => VerifyError::TimedOut,
        CancelCode::User => VerifyError::Cancelled("its user declined".to_owned()),
        CancelCode::Accepted => VerifyError::Cancelled("another session has accepted it".to_owned()),
        _ => VerifyError::Cancelled(info.reason().trim_end_matches('.').to_owned()),
    }
}
