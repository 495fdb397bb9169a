//! The harness itself: accounts really are what their specs say.

use anyhow::Result;
use lifeboat_tests::account::{AccountSpec, Recovery, ServerBackup, Way};

#[tokio::test]
async fn a_healthy_account_by_passphrase() -> Result<()> {
    let account = AccountSpec::healthy(Way::Passphrase).build().await?;
    assert!(matches!(account.recovery, Recovery::Passphrase { .. }));
    let backup = ServerBackup::active(account.api()?).await?.unwrap();
    assert_eq!(backup.count(), 8);
    Ok(())
}
