//! Resetting for somebody, with both fates.

use std::{collections::BTreeSet, fs};

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{account::TestAccount, api::Api, session::Session, wait};

use super::{desk, handed_over};
use crate::reset::healthy;

async fn device_ids(admin: &Api, account: &TestAccount) -> Result<BTreeSet<String>> {
    let user = lifeboat_tests::api::segment(account.user_id.as_str());
    let listed = admin.get(&format!("/_synapse/admin/v2/users/{user}/devices")).await?;
    let devices = listed["devices"].as_array().context("devices")?;
    Ok(devices
        .iter()
        .filter_map(|it| it["device_id"].as_str().map(str::to_owned))
        .collect())
}

#[tokio::test]
async fn sessions_are_kept_and_the_person_gets_a_letter() -> Result<()> {
    let account = healthy().await?;
    let admin = account.homeserver.admin().await?;
    let before = device_ids(&admin, &account).await?;
    let base_url = account.homeserver.base_url.as_str();
    let outcome = desk("reset", account.user_id.as_str(), base_url, &admin)?
        .args(["--temporary-password-file", "mira.txt", "--letter", "letter.txt"])
        .args(["--yes", "--accept-cautions"])
        .run()
        .await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    let said = outcome.words();
    let all = account.sessions.len();
    for words in [
        format!("Sessions that stay signed in: {all}. Of these, {all} can hold keys"),
        format!("Looked again: the sessions are all there, {all} of {all}."),
    ] {
        ensure!(said.contains(&words), "{words}: {outcome}");
    }
    ensure!(device_ids(&admin, &account).await? == before, "{outcome}");
    ensure!(account.sessions.iter().all(Session::runs), "a session was signed out");
    let stay = format!("Your {all} sessions stay signed in");
    let password = handed_over(&outcome, &[account.user_id.as_str(), &stay])?;
    account.homeserver.sign_in(account.localpart(), &password).await?;
    Ok(())
}

/// A check of the person that was killed has left its session behind.
#[tokio::test]
async fn what_lifeboat_made_is_no_session_of_the_person() -> Result<()> {
    let account = healthy().await?;
    let admin = account.homeserver.admin().await?;
    let base_url = account.homeserver.base_url.as_str();
    let name = "Lifeboat check (removes itself)";
    let left = Session::log_in(base_url, account.localpart(), &account.password, name).await?;
    let outcome = desk("reset", account.user_id.as_str(), base_url, &admin)?
        .args(["--temporary-password-file", "mira.txt", "--letter", "letter.txt"])
        .args(["--yes", "--accept-cautions"])
        .run()
        .await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    let all = account.sessions.len();
    ensure!(
        outcome.says(&format!("Looked again: the sessions are all there, {all} of {all}.")),
        "{outcome}"
    );
    handed_over(&outcome, &[&format!("Your {all} sessions stay signed in")])?;
    ensure!(left.runs(), "it was signed out");
    Ok(())
}

/// The words of a letter in another language, with all that a letter may say.
const GERMAN: &str = "{language de}
Dein neues Passwort für {account}

Hallo,

{kept}angemeldet bleiben: {count}.
{ended}abgemeldet wurden: {count}.
{none}du warst nirgends angemeldet.
{homeserver}Ändern: Einstellungen.
{mas}Ändern: Kontoseite.
";

#[tokio::test]
async fn sessions_are_ended_by_name_of_what_it_costs_and_the_letter_has_ones_own_words() -> Result<()> {
    let account = healthy().await?;
    let admin = account.homeserver.admin().await?;
    let base_url = account.homeserver.base_url.as_str();
    let command = || -> Result<_> {
        let command = desk("reset", account.user_id.as_str(), base_url, &admin)?;
        let template = command.home().join("words.txt");
        fs::write(&template, GERMAN)?;
        Ok(command
            .args(["--end-sessions", "--yes", "--accept-cautions", "--letter-template"])
            .arg(template))
    };
    let blocked = command()?.arg("--json").run().await?;
    let waivers = crate::reset::waivers(&blocked)?;
    ensure!(account.sessions.iter().all(Session::runs), "a session was signed out");
    let planned = command()?.args(&waivers).arg("--dry-run").run().await?;
    ensure!(planned.code()? == 0, "{planned}");
    ensure!(account.sessions.iter().all(Session::runs), "a session was signed out");
    let left = fs::read_dir(planned.home())?.filter_map(Result::ok);
    let left: Vec<_> = left
        .map(|it| it.file_name())
        .filter(|it| it.to_string_lossy().starts_with("lifeboat-"))
        .collect();
    ensure!(left.is_empty(), "{left:?}");

    let outcome = command()?.args(&waivers).run().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    let all = account.sessions.len();
    ensure!(
        outcome.says(&format!("Sessions that are signed out: {all}.")),
        "{outcome}"
    );
    ensure!(
        outcome.says(&format!("none of the {all} sessions is left")),
        "{outcome}"
    );
    for session in &account.sessions {
        wait::until("the session to end", async || Ok((!session.runs()).then_some(()))).await?;
    }
    let written = fs::read_dir(outcome.home())?.filter_map(Result::ok).map(|it| it.path());
    let written: Vec<_> = written.filter(|it| it.is_file()).collect();
    let ending = |ending: &str| {
        let mut found = written
            .iter()
            .filter(|it| it.extension().is_some_and(|it| it == ending));
        found
            .next()
            .with_context(|| format!("no file .{ending} among {written:?}"))
    };
    let letter = fs::read_to_string(ending("letter")?)?;
    ensure!(
        letter
            == format!(
                "Dein neues Passwort für {}\n\nHallo,\n\nabgemeldet wurden: {all}.\nÄndern: Einstellungen.\n",
                account.user_id
            ),
        "{letter}"
    );
    let page = fs::read_to_string(ending("html")?)?;
    let heading = format!("Dein neues Passwort für {}", account.user_id);
    let body = format!(
        "<h1>{heading}</h1></header><main><section><p>Hallo,</p><p>abgemeldet wurden: {all}.<br>Ändern: \
         Einstellungen.</p></section></main></body>"
    );
    for part in ["<html lang=\"de\">", &format!("<title>{heading}</title>"), &body] {
        ensure!(page.contains(part), "{part}: {page}");
    }
    let password = fs::read_to_string(ending("password")?)?;
    account.homeserver.sign_in(account.localpart(), password.trim()).await?;
    Ok(())
}
