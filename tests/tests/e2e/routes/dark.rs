//! The dark moment: nobody knows whether the password changed, until somebody signs in.

use anyhow::{Result, ensure};
use lifeboat_preflight::{Credentials, Keeping, OwnSession};
use lifeboat_report::Fate;
use lifeboat_reset::{Answer, DarkCause, Trial, route::old_password::change, try_password};
use lifeboat_tests::{
    proxy::{Fault, Proxy, Reply},
    server::Profile,
};
use matrix_sdk::reqwest::Method;

use super::{NEW, find, simple};

#[tokio::test]
async fn a_sign_in_shows_which_password_is_true() -> Result<()> {
    for (fault, cause, changed) in [
        (Fault::CutBefore, DarkCause::CutOff, false),
        (Fault::CutAfter, DarkCause::CutOff, true),
        (Fault::CutInside, DarkCause::CutOff, true),
        (
            Fault::Answer(Reply::error(500, "M_UNKNOWN", "Internal server error")),
            DarkCause::ServerFailed { status: 500 },
            false,
        ),
    ] {
        let account = simple(Profile::Default).await?;
        let proxy = Proxy::start(&account.homeserver.base_url).await?;
        let homeserver = find(&account.user_id, &proxy.base_url()).await?;
        let old = account.password.as_str();
        let credentials = Credentials::Password(old.into());
        let session = OwnSession::sign_in(&homeserver, &account.user_id, credentials, Keeping::RemoveAtEnd).await?;
        proxy.clear();
        proxy.intercept({
            let fault = fault.clone();
            move |exchange| exchange.is(&Method::POST, "/account/password").then(|| fault.clone())
        });
        let answer = change(session.caller(), &old.into(), &NEW.into(), Fate::SessionsKept).await;
        ensure!(answer == Answer::Dark(cause), "{answer:?}");
        let log = proxy.log().into_iter();
        let sent = log.filter(|it| it.is(&Method::POST, "/account/password")).count();
        ensure!(sent == 1, "the change was sent {sent} times");
        let trial = async |password: &str| {
            try_password(&homeserver, &account.user_id, &password.into(), Keeping::RemoveAtEnd).await
        };
        ensure!(matches!(trial(NEW).await?, Trial::SignedIn(_)) == changed);
        ensure!(matches!(trial(old).await?, Trial::WrongPassword) == changed);
    }
    Ok(())
}
