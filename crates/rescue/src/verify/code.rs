//! A code that this side shows and the other one scans (`m.qr_code.show.v1`, `m.reciprocate.v1`).

use std::{pin::pin, time::Duration};

use futures_util::{StreamExt, future::Either};
use lifeboat_preflight::LiveError;
use matrix_sdk::encryption::verification::{
    QrVerification, QrVerificationState, Verification, VerificationRequest, VerificationRequestState,
};
use tokio::time::{Instant, timeout_at};

use super::{Comparing, VerifyError, Witness, cancelled, emoji, unless_ended};

/// Shows the code, and waits until the other side has scanned it or begins to compare emoji instead.
pub(super) async fn exchange(
    request: &VerificationRequest,
    code: &QrVerification,
    patience: Duration,
    witness: &impl Witness,
) -> Result<(), VerifyError> {
    let bytes = code.to_bytes().map_err(|_| VerifyError::NoCode)?;
    witness.show_code(&bytes);
    let (mut of_request, mut of_code) = (pin!(request.changes()), pin!(code.changes()));
    let mut end = Instant::now() + patience;
    let mut asked = false;
    loop {
        if let VerificationRequestState::Transitioned {
            verification: Verification::SasV1(sas),
        } = request.state()
        {
            sas.accept().await.map_err(LiveError::from)?;
            return emoji::exchange(&sas, patience, witness).await;
        }
        match code.state() {
            QrVerificationState::Scanned if !asked => {
                asked = true;
                match unless_ended(witness.has_scanned(), &mut of_code, ended).await? {
                    Comparing::Match => code.confirm().await.map_err(LiveError::from)?,
                    Comparing::Mismatch => {
                        code.cancel().await.map_err(LiveError::from)?;
                        return Err(VerifyError::ScannedByAnother);
                    }
                }
                end = Instant::now() + patience;
                continue;
            }
            QrVerificationState::Done { .. } => return Ok(()),
            QrVerificationState::Cancelled(info) => return Err(cancelled(&info)),
            _ => {}
        }
        let change = futures_util::future::select(of_request.next(), of_code.next());
        match timeout_at(end, change).await {
            Ok(Either::Left((Some(VerificationRequestState::Cancelled(info)), _))) => return Err(cancelled(&info)),
            Ok(Either::Left((Some(_), _)) | Either::Right((Some(_), _))) => {}
            Ok(Either::Left((None, _)) | Either::Right((None, _))) | Err(_) => return Err(VerifyError::TimedOut),
        }
    }
}

fn ended(state: &QrVerificationState) -> Option<VerifyError> {
    match state {
        QrVerificationState::Cancelled(info) => Some(cancelled(info)),
        _ => None,
    }
}
