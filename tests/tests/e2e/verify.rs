//! Verification with sessions that really run, by emoji and by a code, and what it leads to.

mod code;
mod command;
mod other;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::StreamExt;
use lifeboat_preflight::{BackupConnection, FreshKey, Keeping, OwnSignature};
use lifeboat_rescue::{
    Comparing, Emoji, RepairError, VerifyError, Ways, Witness, renew_recovery_key, take_secrets, verify_with,
};
use lifeboat_tests::account::{AccountSpec, Recovery, Way};
use lifeboat_tests::session::Session;
use lifeboat_tests::snapshot::snapshot_of;
use matrix_sdk::Client;
use matrix_sdk::encryption::verification::{SasState, SasVerification, Verification, VerificationRequestState};
use matrix_sdk::ruma::device_id;
use matrix_sdk::ruma::events::key::verification::request::ToDeviceKeyVerificationRequestEvent;
use secrecy::ExposeSecret;
use tokio::sync::mpsc;

pub(crate) use self::command::read_code;
use crate::live::{devices, enter, enter_keeping};
use crate::rescue::everything_survives;

const PATIENCE: Duration = Duration::from_secs(30);

/// What the person at the other session does.
#[derive(Clone, Copy)]
pub(crate) enum Other {
    Agrees,
    Disagrees,
    /// Closes the dialog when the emoji are shown.
    GivesUp,
    /// Does not even accept.
    Declines,
}

/// The person at Lifeboat's side.
struct Person {
    says: Comparing,
    saw: Mutex<Vec<String>>,
}

impl Person {
    fn who_says(says: Comparing) -> Self {
        Self {
            says,
            saw: Mutex::default(),
        }
    }

    fn saw(&self) -> Vec<String> {
        self.saw.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Witness for Person {
    async fn compare(&self, emoji: [Emoji; 7]) -> Comparing {
        let saw = emoji.iter().map(|it| it.symbol.to_owned()).collect();
        *self.saw.lock().unwrap_or_else(PoisonError::into_inner) = saw;
        self.says
    }

    fn show_code(&self, _: &[u8]) {}

    async fn has_scanned(&self) -> Comparing {
        self.says
    }
}

/// Lets the other session answer what comes, and tells which emoji it shows.
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
                    if matches!(other, Other::Declines) {
                        return Ok(request.cancel().await?);
                    }
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
                    anyhow::Ok(())
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
                Other::GivesUp | Other::Declines => sas.cancel().await?,
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
    let (_, live) = enter_keeping(&account, Keeping::RemoveAtEndSealed).await?;
    let before = snapshot_of(&account).await?;
    let fresh = FreshKey::generate().context("no random numbers")?;
    let refused = renew_recovery_key(&live, &fresh, Duration::ZERO).await;
    ensure!(matches!(refused, Err(RepairError::NotHandedOver(_))), "{refused:?}");
    let differences = before.differences(&snapshot_of(&account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");

    let person = Person::who_says(Comparing::Match);
    verify_with(&live, laptop.device_id(), PATIENCE, Ways::Emoji, &person).await?;
    let held = take_secrets(&live).await?;
    assert_eq!(shown.recv().await, Some(person.saw()));
    assert_eq!(held.identity.len(), 3, "{held:?}");
    assert_eq!(held.backup, BackupConnection::Connected);
    assert_eq!(held.signature, OwnSignature::Signed);

    renew_recovery_key(&live, &fresh, Duration::ZERO).await?;
    live.end().await.leave().await?;
    assert_eq!(devices(&account).await?.len(), 2);
    account.recovery = Recovery::Key(fresh.recovery_key().expose_secret().to_owned());
    everything_survives(account).await
}

#[tokio::test]
async fn different_emoji_and_silence_sign_nothing() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let (laptop, phone) = (&account.sessions[0], &account.sessions[1]);
    let _shown = answer(laptop, Other::Agrees);
    let (_, live) = enter(&account).await?;
    let (sure, unsure) = (
        Person::who_says(Comparing::Match),
        Person::who_says(Comparing::Mismatch),
    );
    let different = verify_with(&live, laptop.device_id(), PATIENCE, Ways::Emoji, &unsure).await;
    ensure!(matches!(different, Err(VerifyError::Mismatch)), "{different:?}");
    let soon = Duration::from_secs(2);
    let silent = verify_with(&live, phone.device_id(), soon, Ways::CodeOrEmoji, &sure).await;
    ensure!(matches!(silent, Err(VerifyError::TimedOut)), "{silent:?}");
    let nobody = verify_with(&live, device_id!("NOBODY"), PATIENCE, Ways::Emoji, &sure).await;
    ensure!(matches!(nobody, Err(VerifyError::NoSuchSession)), "{nobody:?}");
    assert_eq!(live.holdings().await?.signature, OwnSignature::Unsigned);
    live.end().await.leave().await?;
    Ok(())
}

#[tokio::test]
async fn every_refusal_at_the_other_side_is_said() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key).build().await?;
    let (laptop, phone) = (&account.sessions[0], &account.sessions[1]);
    let _laptop = answer(laptop, Other::Disagrees);
    let _phone = answer(phone, Other::Declines);
    let (_, live) = enter(&account).await?;
    let person = Person::who_says(Comparing::Match);
    let refused = verify_with(&live, laptop.device_id(), PATIENCE, Ways::Emoji, &person).await;
    ensure!(matches!(refused, Err(VerifyError::Mismatch)), "{refused:?}");
    let declined = verify_with(&live, phone.device_id(), PATIENCE, Ways::CodeOrEmoji, &person).await;
    let words = declined.err().map(|it| it.to_string()).unwrap_or_default();
    ensure!(words.contains("its user declined"), "{words}");
    assert_eq!(live.holdings().await?.signature, OwnSignature::Unsigned);
    live.end().await.leave().await?;
    Ok(())
}
