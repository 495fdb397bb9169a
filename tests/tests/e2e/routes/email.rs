//! A confirmed address as the proof.

use anyhow::{Result, ensure};
use lifeboat_preflight::ruma::UserId;
use lifeboat_report::Fate;
use lifeboat_reset::{
    Answer, Refusal,
    route::email::{MailProof, MailRequest, ask, change, new_client_secret},
};
use lifeboat_tests::{
    account::TestAccount,
    api::segment,
    server::{Homeserver, Profile},
};
use matrix_sdk::Client;
use serde_json::json;

use super::{NEW, address, ensure_changed, ensure_unchanged, find, simple};

async fn anonymous(account: &TestAccount) -> Result<Client> {
    let homeserver = find(&account.user_id, &account.homeserver.base_url).await?;
    Ok(homeserver.anonymous().await?)
}

async fn ask_for(client: &Client, address: &str) -> Result<(MailRequest, MailProof)> {
    let mail = MailRequest {
        address: address.to_owned(),
        client_secret: new_client_secret()?,
        attempt: 1,
    };
    let asked = ask(client, &mail).await?;
    ensure!(asked.submit_url.is_none());
    let proof = MailProof {
        sid: asked.sid,
        client_secret: mail.client_secret.clone(),
    };
    Ok((mail, proof))
}

#[tokio::test]
async fn it_changes_the_password_with_both_fates_when_the_button_was_pressed() -> Result<()> {
    for fate in Fate::BOTH {
        let account = simple(Profile::Default).await?;
        let (client, address) = (anonymous(&account).await?, address(&account)?);
        let (_, proof) = ask_for(&client, &address).await?;
        let link = account.homeserver.mailbox().wait_for(&address, 1).await?.reset_link()?;
        link.open().await?;
        for _ in 0..3 {
            let answer = change(&client, &proof, &NEW.into(), fate).await;
            ensure!(answer == Answer::NotConfirmed, "{answer:?}");
        }
        ensure_unchanged(&account).await?;
        link.press().await?;
        let answer = change(&client, &proof, &NEW.into(), fate).await;
        ensure!(answer == Answer::Changed, "{answer:?}");
        ensure_changed(&account, fate).await?;
        // Used up, and this server does not tell that from not confirmed.
        let answer = change(&client, &proof, &"Third-Password-3".into(), fate).await;
        ensure!(answer == Answer::NotConfirmed, "{answer:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_weak_password_does_not_spend_the_proof() -> Result<()> {
    let account = simple(Profile::Policy).await?;
    let (client, address) = (anonymous(&account).await?, address(&account)?);
    let (_, proof) = ask_for(&client, &address).await?;
    let mail = account.homeserver.mailbox().wait_for(&address, 1).await?;
    mail.reset_link()?.press().await?;
    for (weak, expected) in [
        ("short", "M_PASSWORD_TOO_SHORT"),
        ("no-digit-at-All", "M_PASSWORD_NO_DIGIT"),
        ("NoSymbol1234", "M_PASSWORD_NO_SYMBOL"),
        ("no-uppercase-1", "M_PASSWORD_NO_UPPERCASE"),
        ("NO-LOWERCASE-1", "M_PASSWORD_NO_LOWERCASE"),
    ] {
        let answer = change(&client, &proof, &weak.into(), Fate::SessionsKept).await;
        ensure!(
            matches!(&answer, Answer::Refused(Refusal::Policy { errcode, .. }) if errcode == expected),
            "{answer:?}"
        );
    }
    let answer = change(&client, &proof, &NEW.into(), Fate::SessionsKept).await;
    ensure!(answer == Answer::Changed, "{answer:?}");
    ensure_changed(&account, Fate::SessionsKept).await
}

#[tokio::test]
async fn a_second_mail_has_the_same_session_and_the_first_link_stays_good() -> Result<()> {
    let account = simple(Profile::Default).await?;
    let (client, address) = (anonymous(&account).await?, address(&account)?);
    let (mail, proof) = ask_for(&client, &address).await?;
    let mailbox = account.homeserver.mailbox();
    let first = mailbox.wait_for(&address, 1).await?.reset_link()?;
    let again = ask(&client, &MailRequest { attempt: 2, ..mail }).await?;
    mailbox.wait_for(&address, 2).await?;
    ensure!(again.sid == proof.sid);
    first.press().await?;
    let answer = change(&client, &proof, &NEW.into(), Fate::SessionsKept).await;
    ensure!(answer == Answer::Changed, "{answer:?}");
    Ok(())
}

#[tokio::test]
async fn an_address_that_was_removed_meanwhile_is_named() -> Result<()> {
    let account = simple(Profile::Default).await?;
    let (client, address) = (anonymous(&account).await?, address(&account)?);
    let (_, proof) = ask_for(&client, &address).await?;
    let mail = account.homeserver.mailbox().wait_for(&address, 1).await?;
    mail.reset_link()?.press().await?;
    let path = format!("/_synapse/admin/v2/users/{}", segment(account.user_id.as_str()));
    account
        .homeserver
        .admin()
        .await?
        .put(&path, &json!({"threepids": []}))
        .await?;
    let answer = change(&client, &proof, &NEW.into(), Fate::SessionsKept).await;
    ensure!(answer == Answer::Refused(Refusal::AddressRemoved), "{answer:?}");
    ensure_unchanged(&account).await
}

#[tokio::test]
async fn an_unknown_address_is_refused_or_gets_a_made_up_session() -> Result<()> {
    let mail = || {
        anyhow::Ok(MailRequest {
            address: "nobody@mail.lifeboat.localhost".to_owned(),
            client_secret: new_client_secret()?,
            attempt: 1,
        })
    };
    for profile in [Profile::Default, Profile::Policy] {
        let server = Homeserver::find(profile)?;
        let nobody = UserId::parse(server.user_id("nobody"))?;
        let client = find(&nobody, &server.base_url).await?.anonymous().await?;
        let mail = mail()?;
        match (profile, ask(&client, &mail).await) {
            (Profile::Default, asked) => ensure!(asked == Err(Refusal::AddressUnknown), "{asked:?}"),
            (_, asked) => {
                let proof = MailProof {
                    sid: asked?.sid,
                    client_secret: mail.client_secret,
                };
                let answer = change(&client, &proof, &NEW.into(), Fate::SessionsKept).await;
                ensure!(answer == Answer::NotConfirmed, "{answer:?}");
            }
        }
        ensure!(
            server
                .mailbox()
                .messages_to("nobody@mail.lifeboat.localhost")?
                .is_empty()
        );
    }
    Ok(())
}

#[tokio::test]
async fn too_many_mails_are_refused_with_a_wait() -> Result<()> {
    let server = Homeserver::find(Profile::Limits)?;
    let nobody = UserId::parse(server.user_id("nobody"))?;
    let client = find(&nobody, &server.base_url).await?.anonymous().await?;
    let mail = MailRequest {
        address: "nobody@mail.lifeboat.localhost".to_owned(),
        client_secret: new_client_secret()?,
        attempt: 1,
    };
    // Synapse's own limit: five, also for addresses that nobody has.
    for _ in 0..6 {
        match ask(&client, &mail).await {
            Err(Refusal::AddressUnknown) => {}
            Err(Refusal::RateLimited { wait }) => {
                ensure!(wait.is_some_and(|it| it.as_secs() > 60), "{wait:?}");
                return Ok(());
            }
            other => anyhow::bail!("{other:?}"),
        }
    }
    anyhow::bail!("the server takes any number of requests")
}
