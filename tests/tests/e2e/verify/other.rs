//! Another session of the account becomes trusted: by comparing with it, or by its key.

use anyhow::{Context, Result, ensure};
use lifeboat_preflight::OwnSignature;
use lifeboat_rescue::{Comparing, SessionKey, VerifyError, Ways, session_key, verify_with, vouch_for};
use lifeboat_tests::account::{AccountSpec, Defect, Way};

use super::{Other, PATIENCE, Person, answer};
use crate::live::{enter, typed};

#[tokio::test]
async fn an_unverified_session_is_vouched_for_by_emoji_and_by_its_key_alone() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::UnverifiedSession)
        .build()
        .await?;
    let old_phone = account.sessions.get(2).context("no third session")?;
    let _shown = answer(old_phone, Other::Agrees);
    let (_, live) = enter(&account).await?;
    let key = session_key(&live, old_phone.device_id()).await?;
    let own = old_phone.client().encryption().ed25519_key().await.context("no key")?;
    assert_eq!(key, SessionKey::typed(&own));

    // Nobody can sign before secret storage is open, and a wrong key never counts.
    let refused = vouch_for(&live, old_phone.device_id(), Some(&key)).await;
    ensure!(matches!(refused, Err(VerifyError::CannotSign)), "{refused:?}");
    assert_eq!(live.open(&typed(&account)?).await?.signature, OwnSignature::Signed);
    let wrong = SessionKey::typed(&own.replace(own.as_str().get(..1).unwrap_or_default(), "?"));
    let refused = vouch_for(&live, old_phone.device_id(), Some(&wrong)).await;
    ensure!(matches!(refused, Err(VerifyError::OtherKey)), "{refused:?}");
    let unsigned = vouch_for(&live, old_phone.device_id(), None).await;
    ensure!(matches!(unsigned, Err(VerifyError::NotSigned)), "{unsigned:?}");

    let person = Person::who_says(Comparing::Match);
    verify_with(&live, old_phone.device_id(), PATIENCE, Ways::Emoji, &person).await?;
    vouch_for(&live, old_phone.device_id(), None).await?;
    live.end().await.leave().await?;
    Ok(())
}
