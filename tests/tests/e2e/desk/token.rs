//! Where an administrator's tokens come from: files (everywhere else), descriptors, a prompt.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    lifeboat::{
        Lifeboat, PROGRAM_VARIABLE,
        terminal::{CTRL_C, ENTER, TerminalSpec},
    },
    name,
    server::{Homeserver, Profile, Rank},
    tls,
};

use super::refused::ensure_refused;

/// Somebody with nothing, whom it costs little to look at.
async fn somebody(homeserver: &Homeserver) -> Result<String> {
    let localpart = name::fresh("somebody")?;
    homeserver
        .register(&localpart, "Password-1 of nobody", Rank::User)
        .await?;
    Ok(homeserver.user_id(&localpart))
}

#[tokio::test]
async fn each_token_comes_from_a_descriptor_of_its_own() -> Result<()> {
    let homeserver = Homeserver::find(Profile::OAuth)?;
    let (oauth, localpart) = (homeserver.oauth()?, name::fresh("somebody")?);
    oauth.create(&localpart, "Password-1 of nobody").await?;
    let synapse = oauth.administrator(&["urn:synapse:admin:*"]).await?.access_token;
    let mas = oauth.administrator(&["urn:mas:admin"]).await?.access_token;
    let program = std::env::var_os(PROGRAM_VARIABLE).context("no lifeboat to test")?;
    let line = |more: &str| {
        format!(
            "exec 7<synapse 8<mas; exec {} desk check {} --homeserver {} --ca-file {} {more}",
            Path::new(&program).display(),
            homeserver.user_id(&localpart),
            homeserver.base_url,
            tls::authority().display()
        )
    };
    let run = async |more: &str| {
        let command = Lifeboat::of(Path::new("/bin/sh"), ["-c", &line(more)])?;
        // A line end is no part of a token.
        fs::write(command.home().join("synapse"), format!("{synapse}\n"))?;
        fs::write(command.home().join("mas"), &mas)?;
        command.run().await
    };
    let outcome = run("--admin-token-fd 7 --mas-token-fd 8").await?;
    ensure!(outcome.says("Seen from your chair GREY"), "{outcome}");
    ensure!(outcome.says("Signed in at https://localhost"), "{outcome}");
    for secret in [&synapse, &mas] {
        ensure!(!outcome.to_string().contains(secret.as_str()), "a token was printed");
    }
    let outcome = run("--admin-token-fd 97").await?;
    ensure!(outcome.code()? == 2 && outcome.says("97"), "{outcome}");
    let outcome = run("--admin-token-fd 8 --mas-token-fd 7").await?;
    ensure_refused(&outcome, 1, "is no administrator of the server")
}

#[tokio::test]
async fn without_a_flag_it_is_asked_for_and_never_shown() -> Result<()> {
    let homeserver = Homeserver::find(Profile::Default)?;
    let (admin, user) = (homeserver.admin().await?, somebody(&homeserver).await?);
    let token = admin.token().context("a token")?;
    let check = format!("desk check {user} --homeserver {}", homeserver.base_url);
    let terminal = TerminalSpec::new(&check).start()?;
    terminal
        .answers("Access token of an administrator", &format!("{token}{ENTER}"))
        .await?;
    terminal.sees("Seen from your chair GREY").await?;
    terminal.ends(10, &[token]).await?;
    let terminal = TerminalSpec::new(&check).start()?;
    terminal.answers("Access token of an administrator", CTRL_C).await?;
    terminal.ends(130, &[]).await?;
    Ok(())
}
