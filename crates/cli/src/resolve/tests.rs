//! Tests of this module: every answer as it is shown or refused.

use std::path::PathBuf;

use clap::Parser;
use lifeboat_preflight::InsecureHttp;
use lifeboat_report::Fate;

use super::*;
use crate::args::{Cli, Command};

fn parse(line: &str) -> Result<Command, clap::error::ErrorKind> {
    Cli::try_parse_from(line.split_whitespace())
        .map_err(|error| error.kind())
        .and_then(|it| it.command.ok_or(clap::error::ErrorKind::MissingSubcommand))
}

fn resolved(line: &str, person: Person) -> Result<CheckJob, Failure> {
    match parse(line) {
        Ok(Command::Check(args)) => check(*args, person),
        other => panic!("{line}: {other:?}"),
    }
}

fn ask(line: &str, person: Person) -> Ask {
    match resolved(line, person) {
        Ok(CheckJob::Ask(ask)) => *ask,
        other => panic!("{line}: {other:?}"),
    }
}

fn tried(line: &str, person: Person) -> Result<TryKeyJob, Failure> {
    match parse(line) {
        Ok(Command::TryKey(args)) => try_key(*args, person),
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn a_person_is_asked_for_what_is_missing() {
    let job = ask("lifeboat check @mira:example.org", Person::Present);
    assert_eq!(job.entry.sign_in, SignIn::Best);
    assert_eq!(job.candidates.asking, Asking::Optional);
    assert_eq!(job.afterwards, Afterwards::Remove);
    assert_eq!(job.output.fate, Fate::SessionsEnded);
    assert_eq!(job.output.format, Format::Screen);
    assert_eq!(job.output.names, Names::Ids);
    assert_eq!(job.entry.network.insecure_http, InsecureHttp::Refuse);
}

#[test]
fn nobody_is_asked_without_a_terminal() {
    let job = ask("lifeboat check @mira:example.org", Person::Absent);
    assert_eq!(
        (job.entry.sign_in, job.candidates.asking),
        (SignIn::KeptOnly, Asking::No)
    );
    let job = ask("lifeboat check @mira:example.org --sso", Person::Absent);
    assert_eq!((job.entry.sign_in, job.candidates.asking), (SignIn::Sso, Asking::No));
    let failure = resolved("lifeboat check @mira:example.org --ask-recovery-key", Person::Absent).unwrap_err();
    assert_eq!(failure.exit, crate::exit::Exit::Usage);
}

#[test]
fn scripts_are_asked_nothing_unless_they_wish() {
    for (flags, asking) in [
        ("", Asking::No),
        ("--ask-recovery-key", Asking::Required),
        ("--recovery-key-file k", Asking::No),
        ("--recovery-key-file k --ask-recovery-key", Asking::Optional),
    ] {
        let job = ask(
            &format!("lifeboat check @mira:example.org --password-file p {flags}"),
            Person::Present,
        );
        assert_eq!(job.entry.sign_in, SignIn::PasswordFile(PathBuf::from("p")));
        assert_eq!(job.candidates.asking, asking, "{flags}");
    }
}

#[test]
fn every_way_in_is_understood() {
    for (flags, sign_in) in [
        ("--password-fd 0", SignIn::PasswordDescriptor(0)),
        ("--access-token-file t", SignIn::AccessTokenFile(PathBuf::from("t"))),
        ("--sso", SignIn::Sso),
    ] {
        assert_eq!(
            ask(&format!("lifeboat check @mira:example.org {flags}"), Person::Present)
                .entry
                .sign_in,
            sign_in
        );
    }
}

#[test]
fn everything_else_is_understood() {
    let job = ask(
        "lifeboat check @mira:example.org --homeserver https://m.example.org --allow-insecure-http --fate kept \
         --keep-session --json --redact --status-file s.json --recovery-key-file a --recovery-key-file b",
        Person::Present,
    );
    assert_eq!(job.entry.homeserver.as_deref(), Some("https://m.example.org"));
    assert_eq!(job.entry.network.insecure_http, InsecureHttp::Allow);
    assert_eq!(job.afterwards, Afterwards::Keep);
    assert_eq!(job.candidates.files, [PathBuf::from("a"), PathBuf::from("b")]);
    assert_eq!(job.output.fate, Fate::SessionsKept);
    assert_eq!(job.output.format, Format::Json);
    assert_eq!(job.output.names, Names::Redacted);
    assert_eq!(job.output.status_file, Some(PathBuf::from("s.json")));
    assert_eq!(
        job.entry.command_line().command("check", []).to_string(),
        "lifeboat check @mira:example.org --homeserver https://m.example.org --allow-insecure-http"
    );
}

#[test]
fn files_are_judged_without_an_account() {
    let Ok(CheckJob::Judge(judge)) = resolved("lifeboat check --from s.json --fate kept", Person::Absent) else {
        panic!("a file is judged");
    };
    assert_eq!(judge.file, PathBuf::from("s.json"));
    assert_eq!(judge.output.fate, Fate::SessionsKept);
}

#[test]
fn contradictions_are_refused() {
    use clap::error::ErrorKind::{ArgumentConflict, MissingRequiredArgument};
    for (line, kind) in [
        ("lifeboat check", MissingRequiredArgument),
        ("lifeboat check @a:b --from f", ArgumentConflict),
        ("lifeboat check --from f --password-file p", ArgumentConflict),
        ("lifeboat check --from f --recovery-key-file k", ArgumentConflict),
        ("lifeboat check --from f --homeserver h", ArgumentConflict),
        ("lifeboat check --from f --auth sso", ArgumentConflict),
        ("lifeboat check --from f --keep-session", ArgumentConflict),
        ("lifeboat check @a:b --password-file p --sso", ArgumentConflict),
        (
            "lifeboat check @a:b --password-file p --password-fd 0",
            ArgumentConflict,
        ),
        (
            "lifeboat check @a:b --access-token-file t --keep-session",
            ArgumentConflict,
        ),
        ("lifeboat check @a:b --redact --with-names", ArgumentConflict),
        ("lifeboat try-key", MissingRequiredArgument),
        ("lifeboat try-key --offline @a:b", ArgumentConflict),
        ("lifeboat try-key --offline --sso", ArgumentConflict),
        ("lifeboat resume @a:b --letter-template t", MissingRequiredArgument),
    ] {
        assert_eq!(parse(line).unwrap_err(), kind, "{line}");
    }
}

/// A kept session would have to go for it.
#[test]
fn a_lent_session_cannot_be_kept() {
    let line = "lifeboat check @mira:example.org --keep-session --auth token";
    let failure = resolved(line, Person::Present).unwrap_err();
    assert_eq!(failure.exit, crate::exit::Exit::Usage);
    assert!(failure.hint.contains("Leave out --keep-session"), "{failure:?}");
    for line in [
        "lifeboat check @mira:example.org --auth token",
        "lifeboat check @mira:example.org --keep-session --auth password",
    ] {
        assert!(resolved(line, Person::Present).is_ok(), "{line}");
    }
}

#[test]
fn keys_to_try_have_to_come_from_somewhere() {
    let job = tried("lifeboat try-key @mira:example.org", Person::Present).unwrap();
    assert_eq!(job.candidates.asking, Asking::Required);
    assert!(job.entry.is_some());
    let job = tried("lifeboat try-key --offline --recovery-key-file k", Person::Absent).unwrap();
    assert_eq!(job.candidates.asking, Asking::No);
    assert!(job.entry.is_none());
    let failure = tried("lifeboat try-key --offline", Person::Absent).unwrap_err();
    assert_eq!(failure.exit, crate::exit::Exit::Usage);
}

#[test]
fn a_letter_alone_needs_no_new_password() {
    let resumed = |flags: &str| match parse(&format!("lifeboat resume @mira:example.org {flags}")) {
        Ok(Command::Resume(args)) => resume(*args, Person::Absent),
        other => panic!("{flags}: {other:?}"),
    };
    assert_eq!(resumed("").unwrap_err().exit, crate::exit::Exit::Usage);
    let job = resumed("--letter l --letter-template t").unwrap();
    assert_eq!(job.new_password, NewPassword::Missing);
    let letter = job.letter.unwrap();
    assert_eq!(
        (letter.file, letter.template),
        (PathBuf::from("l"), Some(PathBuf::from("t")))
    );
}

#[test]
fn the_command_line_is_well_formed() {
    use clap::CommandFactory;
    Cli::command().debug_assert();
}
