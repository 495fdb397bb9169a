//! A reset for somebody whose answer is lost, and the letter that is owed then.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    account::TestAccount,
    api::Api,
    lifeboat::{
        Lifeboat, Outcome,
        terminal::{CTRL_C, TerminalSpec},
    },
    proxy::{Exchange, Fault, Proxy},
    session::Session,
};
use matrix_sdk::reqwest::Method;

use super::{desk, handed_over, private, refused::ensure_refused};
use crate::reset::{cut_from_the_change_on, healthy, who_at, with_secrets};

fn is_change(it: &Exchange) -> bool {
    it.method == Method::POST && it.path.contains("/_synapse/admin/v1/reset_password/")
}

/// An account behind a proxy, and the administrator who resets it.
struct Case {
    account: TestAccount,
    admin: Api,
    proxy: Proxy,
}

impl Case {
    async fn begin() -> Result<Self> {
        let account = healthy().await?;
        Ok(Self {
            admin: account.homeserver.admin().await?,
            proxy: Proxy::start(&account.homeserver.base_url).await?,
            account,
        })
    }

    /// Resets, meets the change with `fault`, and lets nothing through after it: nobody knows what became of it.
    async fn in_the_dark(&self, fault: Fault) -> Result<Outcome> {
        let mut gone = false;
        self.proxy.intercept(move |it| {
            if gone {
                return Some(Fault::CutBefore);
            }
            gone = is_change(it);
            gone.then(|| fault.clone())
        });
        let (user, base_url) = (self.account.user_id.as_str(), self.proxy.base_url());
        let dark = desk("reset", user, &base_url, &self.admin)?
            .args(["--temporary-password-file", "mira.txt", "--letter", "letter.txt"])
            .args(["--yes", "--accept-cautions"])
            .run()
            .await?;
        ensure!(dark.code()? == 20, "{dark}");
        ensure!(dark.says("--admin-token-file FILE --letter FILE"), "{dark}");
        for name in ["letter.txt", "letter.html"] {
            ensure!(!dark.home().join(name).exists(), "{name}: {dark}");
        }
        self.proxy.let_through();
        self.proxy.clear();
        Ok(dark)
    }

    /// Goes on in the same home, with this access token.
    fn resume(&self, earlier: Outcome, token: Option<&str>) -> Result<Lifeboat> {
        let (user, base_url) = (self.account.user_id.as_str(), self.proxy.base_url());
        earlier
            .then(["resume", user, "--homeserver", &base_url])?
            .secret("--admin-token-file", token.context("a token")?)
    }

    /// Goes on in the same home on a terminal, asks for the letter, and stops at the question for the access token.
    async fn stops_at_the_token(&self, earlier: Outcome, code: i32) -> Result<Outcome> {
        let (user, base_url) = (self.account.user_id.as_str(), self.proxy.base_url());
        let line = format!("resume {user} --homeserver {base_url} --letter letter.txt");
        let terminal = TerminalSpec::new(&line).after(earlier).start()?;
        terminal.answers("Access token of an administrator", CTRL_C).await?;
        let stopped = terminal.ends(code, &[]).await?;
        ensure!(stopped.says("You stopped at a question."), "{stopped}");
        ensure!(!stopped.says("Nothing was changed"), "{stopped}");
        ensure!(stopped.says("--admin-token-file FILE --letter FILE"), "{stopped}");
        ensure!(private(&stopped, "letter.txt").is_err(), "{stopped}");
        Ok(stopped)
    }

    /// The letter is whole and names everybody; the password that goes with it is the true one.
    async fn ensure_handed_over(&self, outcome: &Outcome) -> Result<()> {
        let account = &self.account;
        let stay = format!("Your {} sessions stay signed in", account.sessions.len());
        let who = self.admin.get("/_matrix/client/v3/account/whoami").await?;
        let administrator = who["user_id"].as_str().context("a user")?;
        let password = handed_over(outcome, &[account.user_id.as_str(), administrator, &stay])?;
        account.homeserver.sign_in(account.localpart(), &password).await?;
        ensure!(account.sessions.iter().all(Session::runs), "a session was signed out");
        Ok(())
    }
}

/// Lost before the server saw the change, and lost on the way back.
#[tokio::test]
async fn the_run_that_finds_out_writes_the_letter() -> Result<()> {
    for fault in [Fault::CutBefore, Fault::CutAfter] {
        let case = Case::begin().await?;
        let dark = case.in_the_dark(fault.clone()).await?;
        let command = |earlier| -> Result<_> {
            let command = case.resume(earlier, case.admin.token())?;
            Ok(command.args(["--new-password-file", "mira.txt", "--letter", "letter.txt"]))
        };
        // A file that is in the way is refused before anything is asked.
        let page = dark.home().join("letter.html");
        fs::write(&page, "mine")?;
        let refused = command(dark)?.run().await?;
        ensure_refused(&refused, 2, "exists already")?;
        ensure!(case.proxy.log().is_empty(), "{fault:?}: the server was asked");
        ensure!(fs::read_to_string(&page)? == "mine", "{refused}");
        fs::remove_file(&page)?;
        let outcome = command(refused)?.run().await?;
        ensure!(outcome.code()? == 0, "{fault:?}: {outcome}");
        case.ensure_handed_over(&outcome).await?;
    }
    Ok(())
}

/// Whoever went on without a letter is told how it can be had, and has it without the password.
#[tokio::test]
async fn a_reset_that_is_finished_lacks_its_letter_alone() -> Result<()> {
    let case = Case::begin().await?;
    let dark = case.in_the_dark(Fault::CutAfter).await?;
    let resumed = case.resume(dark, case.admin.token())?;
    let resumed = resumed.args(["--new-password-file", "mira.txt"]).run().await?;
    ensure!(resumed.code()? == 0, "{resumed}");
    ensure!(resumed.says("No letter to the person was written."), "{resumed}");
    ensure!(resumed.says("--admin-token-file FILE --letter FILE"), "{resumed}");
    case.proxy.clear();

    // Nobody but an administrator is named in a letter.
    let other = case.resume(resumed, case.account.api()?.token())?;
    let other = other.args(["--letter", "letter.txt"]).run().await?;
    ensure_refused(&other, 1, "is no administrator of the server")?;
    ensure!(private(&other, "letter.txt").is_err(), "{other}");

    let words = other.home().join("words.txt");
    fs::write(
        &words,
        "{account}, {administrator}\n{kept}Your {count} sessions stay signed in\n",
    )?;
    let outcome = case.resume(other, case.admin.token())?;
    let outcome = outcome.args(["--letter", "letter.txt", "--letter-template", "words.txt"]);
    let outcome = outcome.run().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    ensure!(!case.proxy.log().iter().any(is_change), "the password was set again");
    ensure!(private(&outcome, "letter.txt")?.lines().count() == 2, "{outcome}");
    case.ensure_handed_over(&outcome).await
}

/// Whoever stops is told what is true: nobody knows of the password, and later that the letter alone is missing.
#[tokio::test]
async fn who_stops_at_a_question_is_not_told_that_nothing_was_changed() -> Result<()> {
    let case = Case::begin().await?;
    let dark = case.in_the_dark(Fault::CutAfter).await?;
    let stopped = case.stops_at_the_token(dark, 20).await?;
    ensure!(
        stopped.says("Whether the password changed is not known yet."),
        "{stopped}"
    );
    ensure!(case.proxy.log().is_empty(), "the server was asked");
    let resumed = case.resume(stopped, case.admin.token())?;
    let resumed = resumed.args(["--new-password-file", "mira.txt"]).run().await?;
    ensure!(resumed.code()? == 0, "{resumed}");
    let stopped = case.stops_at_the_token(resumed, 130).await?;
    ensure!(
        stopped.says("The reset is finished, and no letter is written."),
        "{stopped}"
    );
    Ok(())
}

/// The check that a reset relied on had a session of its own, which is listed in its status file and gone since.
#[tokio::test]
async fn the_session_of_a_check_is_none_of_the_persons() -> Result<()> {
    let case = Case::begin().await?;
    let (account, base_url) = (&case.account, case.proxy.base_url());
    let arguments = |command: &'static str| [command, account.user_id.as_str(), "--homeserver", base_url.as_str()];
    let key = account.recovery.text().context("a recovery key")?;
    let checked = Lifeboat::new(arguments("check"))?
        .args(["--status-file", "status.json"])
        .secret("--password-file", &account.password)?
        .secret("--recovery-key-file", key)?
        .run()
        .await?;
    ensure!(checked.code()? == 0, "{checked}");
    let reset = checked
        .then(arguments("reset"))?
        .args(["--status-file", "status.json", "--temporary-password-file", "mira.txt"])
        .args(["--yes", "--accept-cautions"])
        .secret("--admin-token-file", case.admin.token().context("a token")?)?
        .run()
        .await?;
    ensure!(reset.code()? == 0, "{reset}");
    let outcome = case.resume(reset, case.admin.token())?;
    let outcome = outcome.args(["--letter", "letter.txt"]).run().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    case.ensure_handed_over(&outcome).await
}

#[tokio::test]
async fn nobody_writes_a_letter_to_themselves() -> Result<()> {
    let case = Case::begin().await?;
    cut_from_the_change_on(&case.proxy);
    let base_url = case.proxy.base_url();
    let reset = Lifeboat::new(who_at("reset", &case.account, &base_url))?.arg("--yes");
    let reset = with_secrets(reset, &case.account, &case.account.password, "New-Password-2")?;
    let stranded = reset.run().await?;
    ensure!(stranded.code()? == 20, "{stranded}");
    ensure!(!stranded.stderr.contains("--letter"), "{stranded}");
    case.proxy.let_through();
    case.proxy.clear();
    let refused = case
        .resume(stranded, case.admin.token())?
        .args(["--letter", "letter.txt"])
        .secret("--new-password-file", "New-Password-2")?
        .run()
        .await?;
    ensure_refused(&refused, 2, "is not an administrator’s")?;
    ensure!(case.proxy.log().is_empty(), "the server was asked");
    ensure!(private(&refused, "letter.txt").is_err(), "{refused}");
    Ok(())
}
