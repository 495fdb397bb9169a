//! The examples of the libraries, as a client that embeds the verdict would run them.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use lifeboat_report::{
    Fact, Gap, Generator, Report, StatusFile,
    testing::{ACCOUNT, TAKEN_AT, healthy_facts},
};
use lifeboat_tests::{
    account::{AccountSpec, Defect, Way},
    lifeboat::{Lifeboat, PROGRAM_VARIABLE},
    snapshot::snapshot_of,
};

/// `cargo test` builds the examples beside the program.
fn example(name: &str) -> Result<PathBuf> {
    let program = env::var_os(PROGRAM_VARIABLE).context("no lifeboat to test")?;
    Ok(Path::new(&program).with_file_name("examples").join(name))
}

#[tokio::test]
async fn the_example_judges_a_status_file_offline() -> Result<()> {
    let mut unknown = healthy_facts();
    unknown.coverage = Fact::Unknown(Gap::NotAsked);
    for (facts, verdicts, code) in [
        (healthy_facts(), "sessions kept: clear\nsessions ended: clear\n", None),
        (
            unknown,
            "sessions kept: caution\nsessions ended: blocked\n",
            Some("coverage-unknown: "),
        ),
    ] {
        let generator = Generator {
            name: "lifeboat".to_owned(),
            version: "0.1.0".to_owned(),
        };
        let status = StatusFile::of(&Report::of(ACCOUNT.to_owned(), TAKEN_AT, facts), generator);
        let command = Lifeboat::of(&example("judge")?, ["status.json"])?;
        std::fs::write(command.home().join("status.json"), serde_json::to_string(&status)?)?;
        let outcome = command.run().await?;
        ensure!(outcome.code()? == 0, "{outcome}");
        let told = &outcome.stdout;
        ensure!(told.starts_with(verdicts), "{outcome}");
        ensure!(code.map_or(told == verdicts, |it| told.contains(it)), "{outcome}");
    }
    Ok(())
}

#[tokio::test]
async fn the_example_judges_with_a_lent_token_and_changes_nothing() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::RoomNotBackedUp)
        .build()
        .await?;
    let before = snapshot_of(&account).await?;
    let example = example("verdict")?;
    let token = account.api()?.token().context("a token")?;
    let command = Lifeboat::of(&example, [account.user_id.as_str(), &account.homeserver.base_url])?;
    let file = command.home().join("token.txt");
    std::fs::write(&file, token)?;
    let outcome = command.arg(file).run().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    let told = &outcome.stdout;
    ensure!(
        told.starts_with("sessions kept: caution\nsessions ended: blocked\n"),
        "{outcome}"
    );
    ensure!(
        told.contains("coverage-at-risk: ") && told.contains("recovery-key-not-tested: "),
        "{outcome}"
    );
    let differences = before.differences(&snapshot_of(&account).await?);
    ensure!(differences.is_empty(), "{differences:#?}");
    Ok(())
}
