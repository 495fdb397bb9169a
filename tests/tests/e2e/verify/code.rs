//! A code that Lifeboat shows and the other session scans.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::StreamExt;
use lifeboat_preflight::OwnSignature;
use lifeboat_rescue::{Comparing, Emoji, VerifyError, Ways, Witness, take_secrets, verify_with};
use lifeboat_tests::account::{AccountSpec, Way};
use lifeboat_tests::session::Session;
use matrix_sdk::Client;
use matrix_sdk::encryption::verification::{QrVerificationData, VerificationRequest, VerificationRequestState};
use matrix_sdk::ruma::events::key::verification::VerificationMethod;
use matrix_sdk::ruma::events::key::verification::request::ToDeviceKeyVerificationRequestEvent;
use tokio::sync::mpsc;

use super::PATIENCE;
use crate::live::enter;

/// A person who holds the other session's camera before this screen.
struct Camera {
    bytes: mpsc::UnboundedSender<Vec<u8>>,
    says: Comparing,
}

impl Witness for Camera {
    async fn compare(&self, _: [Emoji; 7]) -> Comparing {
        Comparing::Mismatch
    }

    fn show_code(&self, code: &[u8]) {
        let _ = self.bytes.send(code.to_owned());
    }

    async fn has_scanned(&self) -> Comparing {
        self.says
    }
}

/// Lets a session accept what comes as one that can scan, and hands the request out once it is ready.
pub(super) fn with_a_camera(session: &Session) -> mpsc::UnboundedReceiver<VerificationRequest> {
    let (ready, receiver) = mpsc::unbounded_channel();
    session
        .client()
        .add_event_handler(move |event: ToDeviceKeyVerificationRequestEvent, client: Client| {
            let ready = ready.clone();
            async move {
                let id = event.content.transaction_id.as_str();
                let request = client.encryption().get_verification_request(&event.sender, id).await;
                let Some(request) = request else { return };
                let methods = vec![
                    VerificationMethod::QrCodeScanV1,
                    VerificationMethod::ReciprocateV1,
                    VerificationMethod::SasV1,
                ];
                if request.accept_with_methods(methods).await.is_ok() {
                    let _ = ready.send(request);
                }
            }
        });
    receiver
}

/// Scans a code.
pub(super) async fn scan(request: &VerificationRequest, bytes: &[u8]) -> Result<()> {
    ensure!(
        matches!(request.state(), VerificationRequestState::Ready { .. }),
        "not ready: {:?}",
        request.state()
    );
    let scanned = request.scan_qr_code(QrVerificationData::from_bytes(bytes)?).await?;
    scanned.context("nothing was scanned")?;
    Ok(())
}

async fn scanned(says: Comparing) -> Result<(Result<(), VerifyError>, OwnSignature, usize)> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let laptop = account.first()?;
    let mut requests = with_a_camera(laptop);
    let (_, live) = enter(&account).await?;
    let (bytes, mut shown) = mpsc::unbounded_channel();
    let person = Camera { bytes, says };
    let scanning = async {
        let request = requests.recv().await.context("no request")?;
        let code = shown.recv().await.context("no code")?;
        scan(&request, &code).await
    };
    let verifying = verify_with(&live, laptop.device_id(), PATIENCE, Ways::CodeOrEmoji, &person);
    let (verified, scanned) = tokio::join!(verifying, scanning);
    scanned?;
    let held = match verified {
        Ok(()) => take_secrets(&live).await?,
        Err(_) => live.holdings().await?,
    };
    live.end().await.leave().await?;
    Ok((verified, held.signature, held.identity.len()))
}

#[tokio::test]
async fn a_session_that_scans_the_code_vouches_and_hands_everything_over() -> Result<()> {
    let (verified, signature, secrets) = scanned(Comparing::Match).await?;
    verified?;
    assert_eq!((signature, secrets), (OwnSignature::Signed, 3));
    Ok(())
}

#[tokio::test]
async fn a_code_that_somebody_else_has_scanned_signs_nothing_here() -> Result<()> {
    let (verified, _, secrets) = scanned(Comparing::Mismatch).await?;
    ensure!(matches!(verified, Err(VerifyError::ScannedByAnother)), "{verified:?}");
    assert_eq!(secrets, 0);
    Ok(())
}

/// The code is on the screen, and the person there would rather compare emoji.
#[tokio::test]
async fn emoji_can_be_chosen_instead_of_the_code() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let laptop = account.first()?;
    let mut requests = with_a_camera(laptop);
    let (_, live) = enter(&account).await?;
    let (bytes, mut shown) = mpsc::unbounded_channel();
    let person = Camera {
        bytes,
        says: Comparing::Match,
    };
    let choosing = async {
        let request = requests.recv().await.context("no request")?;
        shown.recv().await.context("no code")?;
        let sas = request.start_sas().await?.context("no emoji")?;
        let mut changes = sas.changes();
        while let Some(state) = changes.next().await {
            if sas.is_cancelled() {
                return anyhow::Ok(format!("{state:?}"));
            }
        }
        anyhow::Ok(String::new())
    };
    let patience = Duration::from_secs(30);
    let verifying = verify_with(&live, laptop.device_id(), patience, Ways::CodeOrEmoji, &person);
    let (verified, chosen) = tokio::join!(verifying, choosing);
    chosen?;
    // This camera's person says that the emoji differ: so they were shown.
    ensure!(matches!(verified, Err(VerifyError::Mismatch)), "{verified:?}");
    live.end().await.leave().await?;
    Ok(())
}
