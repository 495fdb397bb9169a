//! What stops a reset before anything is changed, each with its sentence and exit status.

use anyhow::{Context, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, Defect, Way},
    lifeboat::Lifeboat,
    server::Profile,
    session::Session,
};

use super::{NEW, SHORT, healthy, reset, who, with_secrets};

#[tokio::test]
async fn passwords_that_will_not_do() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .history(SHORT)
        .on(Profile::Policy)
        .build()
        .await?;
    let cases = [
        (account.password.as_str(), "The new password is the old one."),
        ("short", "This server wants more of a password"),
    ];
    for (new, sentence) in cases {
        let command = Lifeboat::new(who("reset", &account))?.arg("--yes");
        let outcome = with_secrets(command, &account, &account.password, new)?.run().await?;
        ensure!(outcome.code()? == 2 && outcome.stderr.contains(sentence), "{outcome}");
    }
    let command = Lifeboat::new(who("reset", &account))?.arg("--yes");
    let wrong = with_secrets(command, &account, "not the password", NEW)?.run().await?;
    ensure!(
        wrong.code()? == 1 && wrong.stderr.contains("add --forgotten"),
        "{wrong}"
    );
    ensure!(account.sessions.iter().all(Session::runs), "a session was signed out");
    Ok(())
}

#[tokio::test]
async fn routes_that_are_not_there() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .history(SHORT)
        .with(Defect::NoEmail)
        .build()
        .await?;
    let by_mail = reset(&account)?
        .args(["--route", "email", "--email", "a@example.org"])
        .run()
        .await?;
    ensure!(
        by_mail.code()? == 1 && by_mail.stderr.contains("no confirmed e-mail address"),
        "{by_mail}"
    );
    let by_page = reset(&account)?.args(["--route", "account-page"]).run().await?;
    ensure!(
        by_page.code()? == 1 && by_page.stderr.contains("keeps its accounts itself"),
        "{by_page}"
    );
    let nobody = reset(&account)?.args(["--route", "synapse-admin"]).run().await?;
    ensure!(nobody.code()? == 2, "{nobody}");
    // Without a password, an address and an administrator there is no way, and it says whom to ask.
    let forgotten = Lifeboat::new(who("reset", &account))?
        .args(["--forgotten", "--route", "old-password", "--yes"])
        .secret("--new-password-file", NEW)?
        .run()
        .await?;
    ensure!(forgotten.code()? == 2, "{forgotten}");
    Ok(())
}

#[tokio::test]
async fn an_unknown_address_sends_no_mail() -> Result<()> {
    let account = healthy().await?;
    // Nobody is signed in, so only the server can say that the address is nobody's.
    let outcome = Lifeboat::new(who("reset", &account))?
        .args(["--forgotten", "--yes", "--accept-cautions", "--route", "email"])
        .args(["--email", "nobody@example.org"])
        .secret("--new-password-file", NEW)?
        .run()
        .await?;
    ensure!(outcome.code()? == 1, "{outcome}");
    ensure!(outcome.stderr.contains("knows no account"), "{outcome}");
    ensure!(outcome.stderr.contains("The password is unchanged."), "{outcome}");
    Ok(())
}

#[tokio::test]
async fn status_files_of_somebody_else_or_of_yesterday() -> Result<()> {
    let (account, other) = (healthy().await?, healthy().await?);
    let check = Lifeboat::new(who("check", &account))?
        .args(["--status-file", "status.json", "--fate", "kept"])
        .secret("--password-file", &account.password)?
        .secret("--recovery-key-file", account.recovery.text().context("a key")?)?
        .run()
        .await?;
    ensure!(check.code()? == 0, "{check}");
    let file = check.home().join("status.json");
    let foreign = reset(&other)?.arg("--status-file").arg(&file).run().await?;
    ensure!(
        foreign.code()? == 2 && foreign.stderr.contains("about another account"),
        "{foreign}"
    );
    let mut status: serde_json::Value = serde_json::from_slice(&std::fs::read(&file)?)?;
    let taken_at = status["taken_at"].as_u64().context("a moment")?;
    status["taken_at"] = (taken_at - 2 * 60 * 60 * 1000).into();
    let old = check.home().join("old.json");
    std::fs::write(&old, status.to_string())?;
    let outcome = reset(&account)?.arg("--status-file").arg(&old).run().await?;
    ensure!(
        outcome.code()? == 2 && outcome.stderr.contains("older than an hour"),
        "{outcome}"
    );
    // One that speaks of another identity or of another key backup does not hold.
    for (name, place, value) in [
        (
            "identity.json",
            "/facts/identity/known/master",
            "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo",
        ),
        ("backup.json", "/facts/backup/active/known/version", "77"),
    ] {
        status["taken_at"] = taken_at.into();
        let mut other = status.clone();
        *other.pointer_mut(place).context("a place in the file")? = value.into();
        let spoiled = check.home().join(name);
        std::fs::write(&spoiled, other.to_string())?;
        let outcome = reset(&account)?
            .arg("--accept-cautions")
            .arg("--status-file")
            .arg(&spoiled)
            .run()
            .await?;
        ensure!(
            outcome.code()? == 1 && outcome.stderr.contains("was replaced since the check"),
            "{name}: {outcome}"
        );
    }
    // The fresh one will do, and saves the second look at every message.
    let outcome = reset(&account)?.arg("--status-file").arg(&file).run().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    super::ensure_proven(&outcome.json()?)?;
    Ok(())
}

#[tokio::test]
async fn nothing_to_resume_and_nobody_to_say_yes() -> Result<()> {
    let account = healthy().await?;
    let nothing = Lifeboat::new(who("resume", &account))?
        .secret("--new-password-file", NEW)?
        .run()
        .await?;
    ensure!(
        nothing.code()? == 2 && nothing.stderr.contains("There is no reset"),
        "{nothing}"
    );
    let command = Lifeboat::new(who("reset", &account))?;
    let silent = with_secrets(command, &account, &account.password, NEW)?.run().await?;
    ensure!(silent.code()? == 2 && silent.stderr.contains("--dry-run"), "{silent}");
    let unknown = reset(&account)?.args(["--waive", "no-such-code"]).run().await?;
    ensure!(unknown.code()? == 2, "{unknown}");
    Ok(())
}
