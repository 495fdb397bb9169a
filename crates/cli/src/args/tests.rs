//! Tests of this module: whatever command line the program or its documentation shows can be run.

use std::{fs, path::Path};

use clap::{CommandFactory, Parser};

use super::Cli;

fn parses(line: &str) {
    let words = line.split_whitespace();
    if let Err(error) = Cli::try_parse_from(words) {
        // `lifeboat --help` and the like are answered by the parser.
        assert!(!error.use_stderr(), "{line}: {error}");
    }
}

fn examples(command: &clap::Command, found: &mut Vec<String>) {
    let texts = [
        command.get_after_help(),
        command.get_after_long_help(),
        command.get_long_about(),
    ];
    for text in texts.into_iter().flatten() {
        let text = text.to_string().replace("\\\n      ", "");
        let lines = text
            .lines()
            .map(str::trim_start)
            .filter(|it| it.starts_with("lifeboat "));
        // What a line does stands behind it, after blanks.
        found.extend(lines.map(|it| it.split("  ").next().unwrap_or_default().to_owned()));
    }
    for below in command.get_subcommands() {
        examples(below, found);
    }
}

#[test]
fn every_example_in_the_help_can_be_run() {
    let mut found = Vec::new();
    let mut cli = Cli::command();
    cli.build();
    examples(&cli, &mut found);
    assert!(found.len() > 40, "{found:#?}");
    found.iter().for_each(|it| parses(it));
}

/// In blocks of shell, and between backticks where nothing is left open.
#[test]
fn every_command_line_in_the_documentation_can_be_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut pages = vec![root.join("README.md")];
    for folder in ["docs", "docs/commands", "docs/routes", "docs/servers"] {
        let entries = fs::read_dir(root.join(folder)).unwrap();
        pages.extend(entries.map(|it| it.unwrap().path()));
    }
    let mut count = 0;
    for page in pages.iter().filter(|it| it.extension().is_some_and(|it| it == "md")) {
        let text = fs::read_to_string(page).unwrap();
        let mut shell = false;
        for line in text.lines() {
            match line {
                "```sh" => shell = true,
                "```" => shell = false,
                _ => {}
            }
            if shell && line.starts_with("lifeboat ") {
                let end = line.find(['#', '|', '>', '&', ';']).unwrap_or(line.len());
                parses(&line[..end]);
                count += 1;
            }
        }
    }
    assert!(count >= 4, "{count}");
}
