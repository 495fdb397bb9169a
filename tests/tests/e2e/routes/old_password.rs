//! The old password as the proof.

use anyhow::{Result, ensure};
use lifeboat_report::Fate;
use lifeboat_reset::{Answer, Refusal, route::old_password::change};
use lifeboat_tests::server::Profile;

use super::{NEW, ensure_changed, ensure_unchanged, enter, simple};

#[tokio::test]
async fn it_changes_the_password_with_both_fates_and_its_own_session_survives() -> Result<()> {
    for fate in Fate::BOTH {
        let account = simple(Profile::Default).await?;
        let (_, session) = enter(&account).await?;
        let answer = change(session.caller(), &account.password.as_str().into(), &NEW.into(), fate).await;
        ensure!(answer == Answer::Changed, "{answer:?}");
        ensure_changed(&account, fate).await?;
        ensure!(
            session.caller().client().whoami().await.is_ok(),
            "the asking session ended"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_wrong_old_password_and_a_weak_new_one_change_nothing() -> Result<()> {
    let account = simple(Profile::Policy).await?;
    let (_, session) = enter(&account).await?;
    let (old, fate) = (account.password.as_str().into(), Fate::SessionsEnded);
    let answer = change(session.caller(), &"something else".into(), &NEW.into(), fate).await;
    ensure!(answer == Answer::Refused(Refusal::WrongOldPassword), "{answer:?}");
    let answer = change(session.caller(), &old, &"short".into(), fate).await;
    ensure!(
        matches!(&answer, Answer::Refused(Refusal::Policy { errcode, .. }) if errcode == "M_PASSWORD_TOO_SHORT"),
        "{answer:?}"
    );
    ensure_unchanged(&account).await
}

#[tokio::test]
async fn a_session_that_was_ended_meanwhile_is_named() -> Result<()> {
    let mut account = simple(Profile::Default).await?;
    let (_, session) = enter(&account).await?;
    account.end_all_sessions().await?;
    let old = account.password.as_str().into();
    let answer = change(session.caller(), &old, &NEW.into(), Fate::SessionsKept).await;
    ensure!(answer == Answer::Refused(Refusal::SessionEnded), "{answer:?}");
    ensure!(session.caller().session_ended());
    Ok(())
}
