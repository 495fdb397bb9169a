//! Tests of this module: every remedy parses as a command line of ours.

mod page;

use clap::Parser;
use lifeboat_report::{
    Fact, Facts, Gap, Report,
    testing::{ACCOUNT, TAKEN_AT, healthy_facts},
};

use super::{CommandLine, Remedy, advise, words};
use crate::args::Cli;

const ALL: [Remedy; 19] = [
    Remedy::CheckAgain,
    Remedy::CheckLater,
    Remedy::TestRecoveryKey,
    Remedy::FindRecoveryKey,
    Remedy::OpenSessions,
    Remedy::ExportKeys,
    Remedy::VerifySessions,
    Remedy::Mend,
    Remedy::EnterRecoveryKey,
    Remedy::SwitchBackupOn,
    Remedy::SetUpRecovery,
    Remedy::ChangeRecoveryKey,
    Remedy::TurnOnKeyStorage,
    Remedy::AddEmail,
    Remedy::UseAccountPage,
    Remedy::TidySessions,
    Remedy::AskAdministrators,
    Remedy::RenewKeyStorage,
    Remedy::ResetIdentity,
];

fn report(facts: Facts) -> Report {
    Report::of(ACCOUNT.to_owned(), TAKEN_AT, facts)
}

#[test]
fn every_command_line_can_be_run() {
    let accounts = [
        CommandLine::account([ACCOUNT]),
        CommandLine::account([
            ACCOUNT,
            "--homeserver",
            "https://matrix.example.org/a b",
            "--allow-insecure-http",
        ]),
        CommandLine::account(["@you:your.server"]),
    ];
    let mut runnable = 0;
    for account in &accounts {
        for remedy in ALL {
            if let Some(command) = words::advice(remedy, &report(healthy_facts()), account).command {
                runnable += 1;
                Cli::try_parse_from(command.arguments()).unwrap_or_else(|error| panic!("{command}: {error}"));
            }
        }
    }
    assert_eq!(runnable, 12 * accounts.len());
}

#[test]
fn every_remedy_says_what_to_do() {
    let account = CommandLine::account([ACCOUNT]);
    let told = ALL.map(|remedy| {
        let advice = words::advice(remedy, &report(healthy_facts()), &account);
        assert!(advice.command.is_some() || advice.in_element.is_some() || remedy == Remedy::AskAdministrators);
        let command = advice.command.map(|it| format!("\n  {it}")).unwrap_or_default();
        let path = advice.in_element.map(|it| format!("\n  {it}")).unwrap_or_default();
        format!("{remedy:?}\n  {}{command}{path}\n\n", advice.what)
    });
    insta::assert_snapshot!(told.concat());
}

#[test]
fn the_least_destructive_comes_first_and_once() {
    let mut facts = healthy_facts();
    facts.key_trial = Fact::Unknown(Gap::NotAsked);
    facts.coverage = Fact::Unknown(Gap::NotAsked);
    facts.backup.switched_off = Fact::Unknown(Gap::Failed);
    facts.account.emails = Fact::Unknown(Gap::Offline);
    if let Fact::Known(identity) = &mut facts.identity {
        identity.user_signing = None;
    }
    let advice = advise(&report(facts), &CommandLine::account([ACCOUNT]));
    let remedies: Vec<_> = advice.iter().map(|it| it.remedy).collect();
    assert_eq!(
        remedies,
        [
            Remedy::CheckLater,
            Remedy::TestRecoveryKey,
            Remedy::ExportKeys,
            Remedy::ResetIdentity
        ]
    );
}

#[test]
fn a_healthy_account_needs_nothing() {
    assert_eq!(advise(&report(healthy_facts()), &CommandLine::account([ACCOUNT])), []);
}
