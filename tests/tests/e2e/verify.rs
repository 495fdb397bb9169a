//! Verification by emoji with a session that really runs, and what it leads to: the secrets, and a new recovery key.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::StreamExt;
use lifeboat_preflight::{BackupConnection, OwnSignature};
use lifeboat_rescue::{Comparing, RenewError, VerifyError, renew_recovery_key, verify_with};
use lifeboat_tests::account::{AccountSpec, Recovery, Way};
use lifeboat_tests::session::Session;
use matrix_sdk::Client;
use matrix_sdk::encryption::verification::{SasState, SasVerification, Verification, VerificationRequestState};
use matrix_sdk::ruma::device_id;
use matrix_sdk::ruma::events::key::verification::request::ToDeviceKeyVerificationRequestEvent;
use secrecy::ExposeSecret;
use tokio::sync::mpsc;

use crate::live::{devices, enter};
use crate::rescue::everything_survives;

const PATIENCE: Duration = Duration::from_secs(30);

/// What the person at the other session does when the emoji are shown.
#[derive(Clone, Copy)]
pub(crate) enum Other {
    Agrees,
    Disagrees,
}

/// Lets the other session accept what comes, and tells which emoji it shows.
pub(crate) fn answer(session: &Session, other: Other) -> mpsc::UnboundedReceiver<Vec<String>> {
    let (shown, receiver) = mpsc::unbounded_channel();
    session
        .client()
        .add_event_handler(move |event: ToDeviceKeyVerificationRequestEvent, client: Client| {
            let shown = shown.clone();
            async move {
                let id = event.content.transaction_id.as_str();
                let request = client.encryption().get_verification_request(&event.sender, id).await;
                let Some(request) = request else { return };
                tokio::spawn(async move {
                    let mut changes = request.changes();
                    request.accept().await?;
                    while let Some(state) = changes.next().await {
                        if let VerificationRequestState::Transitioned {
                            verification: Verification::SasV1(sas),
                        } = state
                        {
                            return compare(&sas, other, &shown).await;
                        }
                    }
                    Ok(())
                });
            }
        });
    receiver
}

async fn compare(sas: &SasVerification, other: Other, shown: &mpsc::UnboundedSender<Vec<String>>) -> Result<()> {
    let mut changes = sas.changes();
    sas.accept().await?;
    while let Some(state) = changes.next().await {
        if let SasState::KeysExchanged { emojis, .. } = state {
            let emojis = emojis.context("no emoji")?.emojis;
            shown.send(emojis.iter().map(|it| it.symbol.to_owned()).collect())?;
            match other {
                Other::Agrees => sas.confirm().await?,
                Other::Disagrees => sas.mismatch().await?,
            }
            return Ok(());
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_lost_recovery_key_is_replaced_while_a_session_lives() -> Result<()> {
    let mut account = AccountSpec::healthy(Way::Key).build().await?;
    let laptop = account.first()?;
    let mut shown = answer(laptop, Other::Agrees);
    let (_, live) = enter(&account).await?;
    let refused = renew_recovery_key(&live).await;
    ensure!(matches!(refused, Err(RenewError::Missing(_))), "{refused:?}");

    let mut here = Vec::new();
    let held = verify_with(&live, laptop.device_id(), PATIENCE, async |emoji| {
        here = emoji.iter().map(|it| it.symbol.to_owned()).collect();
        Comparing::Match
    })
    .await?;
    assert_eq!(shown.recv().await, Some(here));
    assert_eq!(held.identity.len(), 3, "{held:?}");
    assert_eq!(held.backup, BackupConnection::Connected);
    assert_eq!(held.signature, OwnSignature::Signed);

    let key = renew_recovery_key(&live).await?;
    live.end().await.leave().await?;
    assert_eq!(devices(&account).await?.len(), 2);
    account.recovery = Recovery::Key(key.expose_secret().to_owned());
    everything_survives(account).await
}

#[tokio::test]
async fn different_emoji_and_silence_sign_nothing() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let (laptop, phone) = (&account.sessions[0], &account.sessions[1]);
    let _shown = answer(laptop, Other::Agrees);
    let (_, live) = enter(&account).await?;
    let different = verify_with(&live, laptop.device_id(), PATIENCE, async |_| Comparing::Mismatch).await;
    ensure!(matches!(different, Err(VerifyError::Mismatch)), "{different:?}");
    let silent = verify_with(&live, phone.device_id(), Duration::from_secs(2), async |_| {
        Comparing::Match
    })
    .await;
    ensure!(matches!(silent, Err(VerifyError::TimedOut)), "{silent:?}");
    let nobody = verify_with(&live, device_id!("NOBODY"), PATIENCE, async |_| Comparing::Match).await;
    ensure!(matches!(nobody, Err(VerifyError::NoSuchSession)), "{nobody:?}");
    assert_eq!(live.holdings().await?.signature, OwnSignature::Unsigned);
    live.end().await.leave().await?;
    Ok(())
}

#[tokio::test]
async fn a_refusal_at_the_other_side_is_said() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let laptop = account.first()?;
    let _shown = answer(laptop, Other::Disagrees);
    let (_, live) = enter(&account).await?;
    let refused = verify_with(&live, laptop.device_id(), PATIENCE, async |_| Comparing::Match).await;
    ensure!(matches!(refused, Err(VerifyError::Cancelled(_))), "{refused:?}");
    assert_eq!(live.holdings().await?.signature, OwnSignature::Unsigned);
    live.end().await.leave().await?;
    Ok(())
}
