//! The example of the library, as a client that embeds the verdict would run it.

use std::env;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, Defect, Way},
    lifeboat::{Lifeboat, PROGRAM_VARIABLE},
    snapshot::snapshot_of,
};

#[tokio::test]
async fn the_example_judges_with_a_lent_token_and_changes_nothing() -> Result<()> {
    let account = AccountSpec::healthy(Way::Key)
        .with(Defect::RoomNotBackedUp)
        .build()
        .await?;
    let before = snapshot_of(&account).await?;
    let program = env::var_os(PROGRAM_VARIABLE).context("no lifeboat to test")?;
    // `cargo test` builds the examples beside the program.
    let example = Path::new(&program).with_file_name("examples").join("verdict");
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
