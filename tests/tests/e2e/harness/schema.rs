//! The validator of status documents, and that every run of the program is held to it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context, Result};
use lifeboat_tests::lifeboat::{Lifeboat, PROGRAM_VARIABLE};
use lifeboat_tests::schema::Schema;
use serde_json::{Value, json};

fn schema() -> Result<Schema> {
    let program = std::env::var_os(PROGRAM_VARIABLE).context("no lifeboat to test")?;
    Schema::of_program(program.as_ref())
}

fn example() -> Result<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/report/src/tests/golden/status.json");
    Ok(serde_json::from_slice(&std::fs::read(file)?)?)
}

#[test]
fn a_status_file_fits_and_spoiled_ones_do_not() -> Result<()> {
    let schema = schema()?;
    schema.validate(&example()?)?;
    type Spoil = fn(&mut Value);
    let spoils: [(&str, Spoil); 6] = [
        ("missing", |it| drop(it.as_object_mut().map(|it| it.remove("verdict")))),
        ("is not of type", |it| it["account"] = json!(7)),
        ("does not fit one of", |it| it["verdict"]["ended"] = json!("fine")),
        ("does not fit one of", |it| {
            it["facts"]["sessions"] = json!({"unknown": "because"})
        }),
        ("is less than", |it| it["format"] = json!(0)),
        ("is more than", |it| it["format"] = json!(2)),
    ];
    for (words, spoil) in spoils {
        let mut document = example()?;
        spoil(&mut document);
        let error = schema
            .validate(&document)
            .err()
            .with_context(|| format!("it fits: {words}"))?;
        assert!(format!("{error:#}").contains(words), "{words}: {error:#}");
    }
    Ok(())
}

#[test]
fn a_keyword_that_is_not_known_is_an_error() {
    let schema = Schema::new(json!({"pattern": "^a"}));
    let error = schema.validate(&json!("a")).unwrap_err();
    assert!(error.to_string().contains("pattern"), "{error}");
}

#[tokio::test]
async fn a_program_that_breaks_its_own_schema_fails_the_test() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let program = folder.path().join("broken");
    let script = "#!/bin/sh\nif [ \"$1\" = util ]; then echo '{\"type\": \"object\", \"required\": [\"format\"]}'; \
                  else echo '{}'; fi\n";
    std::fs::write(&program, script)?;
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700))?;
    let error = Lifeboat::of(&program, ["check", "--json"])?
        .run()
        .await
        .err()
        .context("it fits")?;
    assert!(format!("{error:#}").contains("format is missing"), "{error:#}");
    let error = Lifeboat::of(&program, ["check", "--status-file", "status.json"])?
        .run()
        .await;
    let error = error.err().context("no file is needed")?;
    assert!(format!("{error:#}").contains("was not written"), "{error:#}");
    Ok(())
}
