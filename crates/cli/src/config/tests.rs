//! Tests of this module: what is taken, what is refused, and that flags win.

use std::path::Path;

use clap::{CommandFactory, Parser};
use lifeboat_preflight::ruma::user_id;

use super::*;
use crate::{
    args::{Cli, Command},
    resolve::{self, Browser, Cache, CheckJob, Person, SignIn},
};

const PAGE: &str = include_str!("../../../../docs/configuration.md");

/// The sample in the documentation, which has every key.
fn sample() -> &'static str {
    let (_, rest) = PAGE.split_once("```toml\n").unwrap();
    rest.split_once("```").unwrap().0
}

fn whole() -> Config {
    read::parse(sample(), Path::new("/config/config.toml")).unwrap()
}

fn checked(line: &str, config: &Config) -> resolve::Ask {
    let mut cli = Cli::try_parse_from(line.split_whitespace()).unwrap();
    cli.lend(config);
    match cli.command {
        Some(Command::Check(args)) => match resolve::check(*args, Person::Present) {
            Ok(CheckJob::Ask(ask)) => *ask,
            other => panic!("{line}: {other:?}"),
        },
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn every_key_is_taken() {
    let config = whole();
    assert_eq!((config.color, config.quiet), (Some(ColorArg::Never), true));
    let mira = config.of(user_id!("@mira:example.org"));
    assert_eq!(mira.proxy.as_deref(), Some("http://proxy.example.org:3128"));
    assert_eq!(mira.ca_file.as_deref(), Some(Path::new("/config/company.pem")));
    let ann = config.of(user_id!("@ann:example.net"));
    assert_eq!(ann.proxy.as_deref(), Some("http://other.example.net:8080"));
    assert_eq!(ann.ca_file.as_deref(), Some(Path::new("/etc/other.pem")));
    assert_eq!(ann.homeserver, None);
}

#[test]
fn every_key_is_also_a_flag() {
    let mut cli = Cli::command();
    cli.build();
    let check = cli.find_subcommand("check").unwrap();
    let flags: Vec<_> = check.get_arguments().filter_map(clap::Arg::get_long).collect();
    for key in KEYS.into_iter().chain(ACCOUNT_KEYS).filter(|it| *it != "accounts") {
        assert!(flags.contains(&key), "{key} is no flag");
        assert!(
            sample().contains(&format!("\n{key} = ")) || sample().starts_with(key),
            "{key} is not shown"
        );
    }
}

#[test]
fn what_no_flag_says_the_file_says() {
    let ask = checked("lifeboat check @mira:example.org", &whole());
    assert_eq!(ask.cache, Cache::Ignore);
    assert_eq!(ask.entry.homeserver.as_deref(), Some("https://matrix.example.org"));
    assert_eq!(ask.entry.browser, Browser::Leave);
    assert_eq!(ask.entry.provider.as_deref(), Some("Company"));
    assert_eq!(
        ask.entry.sign_in,
        SignIn::OAuth(lifeboat_preflight::OAuthWay::DeviceCode)
    );
    assert_eq!(
        ask.entry.network.proxy.as_deref(),
        Some("http://proxy.example.org:3128")
    );
    // The next command finds it there, too.
    let next = ask.entry.command_line().command("check", []).to_string();
    assert_eq!(next, "lifeboat check @mira:example.org");
}

#[test]
fn flags_win() {
    let line = "lifeboat check @mira:example.org --homeserver localhost --password-file p --proxy http://a:1 --ca-file b \
                --identity-provider Other";
    let ask = checked(line, &whole());
    assert_eq!(ask.entry.homeserver.as_deref(), Some("localhost"));
    assert_eq!(ask.entry.provider.as_deref(), Some("Other"));
    assert_eq!(ask.entry.sign_in, SignIn::PasswordFile("p".into()));
    assert_eq!(ask.entry.network.proxy.as_deref(), Some("http://a:1"));
    assert_eq!(ask.entry.network.ca_file.as_deref(), Some(Path::new("b")));
    let next = ask.entry.command_line().command("check", []).to_string();
    assert_eq!(
        next,
        "lifeboat check @mira:example.org --homeserver localhost --ca-file b --proxy http://a:1"
    );
}

#[test]
fn a_chosen_file_is_part_of_every_advised_command() {
    let config = Config {
        chosen_by: vec!["--config".to_owned(), "my config.toml".to_owned()],
        ..Config::default()
    };
    let ask = checked("lifeboat check @mira:example.org", &config);
    let next = ask.entry.command_line().command("rescue", []).to_string();
    assert_eq!(next, "lifeboat rescue @mira:example.org --config 'my config.toml'");
}

#[test]
fn everything_else_is_refused_in_two_sentences() {
    let told = [
        "proxi = \"http://a:1\"",
        "Color = \"never\"",
        "frobnicate = 1",
        "color = \"red\"",
        "quiet = \"yes\"",
        "quiet true",
        "password = \"hunter2\"",
        "[accounts.mira]\nhomeserver = \"a\"",
        "[accounts.\"@mira:example.org\"]\nhome-server = \"a\"",
        "[accounts.\"@mira:example.org\"]\nrecovery-key = \"EsT3\"",
        "[accounts.\"@mira:example.org\"]\nauth = \"token\"",
        "[accounts]\n\"@mira:example.org\" = 1",
    ]
    .map(|text| {
        let failure = read::parse(text, Path::new("config.toml")).unwrap_err();
        assert_eq!(failure.exit, crate::exit::Exit::Usage);
        assert!(!failure.wrong.contains("hunter2") && !failure.wrong.contains("EsT3"));
        format!("{text}\n  {}\n  {}\n\n", failure.wrong, failure.hint)
    });
    insta::assert_snapshot!(told.concat());
}
