//! Looking from outside.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    lifeboat::Lifeboat,
    name,
    proxy::{Fault, Proxy},
    server::{Homeserver, Profile},
    snapshot::snapshot_of,
};
use matrix_sdk::reqwest::Method;
use serde_json::{Value, json};

use super::{MAS, SYNAPSE, account, desk, with_token};

#[tokio::test]
async fn what_both_servers_know_is_told_and_nothing_is_changed() -> Result<()> {
    let account = account().await?;
    let oauth = account.homeserver.oauth()?;
    oauth.set_email(account.localpart(), "mira@example.org").await?;
    oauth.lock(account.localpart()).await?;
    let before = snapshot_of(&account).await?;
    let (user, base_url) = (account.user_id.as_str(), account.homeserver.base_url.as_str());
    let check = async |scopes: &[&str]| desk("check", user, base_url, &oauth, scopes).await;

    // One token with both scopes is enough.
    let outcome = check(&[SYNAPSE, MAS]).await?.arg("--json").run().await?;
    let report = outcome.json()?;
    ensure!(report["verdict"]["ended"] == "blocked", "{report:#}");
    ensure!(report["verdict"]["kept"] == "caution", "{report:#}");
    let facts = &report["facts"]["account"];
    ensure!(facts["emails"]["known"][0]["masked"] == "m…@example.org", "{facts:#}");
    let administration = &facts["administration"];
    ensure!(
        administration["restrictions"] == json!(["locked"]),
        "{administration:#}"
    );
    let service = &administration["account_server"];
    ensure!(
        service["passwords"] == true && service["recovery"] == false,
        "{service:#}"
    );
    let signed_in = service["signed_in"].as_array().context("sessions")?;
    let ids: Vec<&Value> = signed_in.iter().map(|it| &it["device_id"]).collect();
    let own: Vec<&str> = account.sessions.iter().map(|it| it.device_id().as_str()).collect();
    ensure!(ids == own, "{ids:?} {own:?}");
    ensure!(
        signed_in
            .iter()
            .all(|it| it["kind"] == "compat" && it["last_active_at"].is_u64()),
        "{service:#}"
    );
    // Two tokens, each for its server.
    let shown = with_token(check(&[SYNAPSE]).await?, &oauth).await?.run().await?;
    let seen = shown.words();
    for words in [
        "Seen from your chair AMBER",
        "2 in all: apps 2, of these 2 by the sign-in of older apps; browsers on the account page 0; personal access tokens 0.",
        "20 Nov 2026, 08:00 UTC",
        "it is locked",
    ] {
        ensure!(seen.contains(words), "{words}: {shown}");
    }
    // Without one for it, what the homeserver knows is still told.
    let without = check(&[SYNAPSE]).await?.run().await?;
    ensure!(without.says("Seen from your chair AMBER"), "{without}");
    ensure!(without.says("was not asked"), "{without}");
    ensure!(without.says("urn:mas:admin"), "{without}");

    // Nobody acts as the person there.
    let as_person = check(&[SYNAPSE]).await?.args(["--as-user", "--consent", "by phone"]);
    let as_person = as_person.run().await?;
    ensure!(
        as_person.code()? == 1 && as_person.says("gives no access token for this account"),
        "{as_person}"
    );
    // An audit sees what the homeserver knows.
    let admin = oauth.administrator(&[SYNAPSE]).await?;
    let name = account.homeserver.server_name.as_str();
    let audit = Lifeboat::new(["desk", "audit", name, "--homeserver", &account.homeserver.base_url])?;
    let list = audit.home().join("list.txt");
    fs::write(&list, format!("{user}\n{}\n", admin.user_id))?;
    let audit = audit
        .args(["--folder", "audit", "--json", "--rps", "1000", "--users"])
        .arg(list)
        .secret("--admin-token-file", &admin.access_token)?;
    let outcome = audit.run().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    let summary = outcome.json()?;
    ensure!(
        summary["lights"]["amber"] == 1 && summary["lights"]["grey"] == 1,
        "{summary:#}"
    );
    let differences = before.differences(&snapshot_of(&account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");
    Ok(())
}

#[tokio::test]
async fn an_oauth_server_without_that_api_is_no_obstacle() -> Result<()> {
    let homeserver = Homeserver::find(Profile::OAuth)?;
    let (oauth, localpart) = (homeserver.oauth()?, name::fresh("silent")?);
    oauth.create(&localpart, "Password-1 of nobody").await?;
    let proxy = Proxy::start(&homeserver.base_url).await?;
    let elsewhere = format!("{}/elsewhere/", oauth.base_url());
    proxy.intercept(move |it| {
        let elsewhere = elsewhere.clone();
        let asked = it.is(&Method::GET, "/auth_metadata");
        asked.then(|| {
            Fault::rewrite(move |mut metadata| {
                metadata["issuer"] = json!(elsewhere);
                metadata
            })
        })
    });
    let (user, base_url) = (homeserver.user_id(&localpart), proxy.base_url());
    let command = desk("check", &user, &base_url, &oauth, &[SYNAPSE, MAS]).await?;
    let outcome = command.run().await?;
    ensure!(outcome.says("Seen from your chair GREY"), "{outcome}");
    ensure!(outcome.says("what answers there has no such API"), "{outcome}");

    Ok(())
}
