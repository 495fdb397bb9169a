//! Where a person types, compares or signs in elsewhere: what passes is on no screen and in no file either.

use anyhow::{Context as _, Result, ensure};
use lifeboat_tests::{
    lifeboat::{
        Running,
        terminal::{ENTER, TerminalSpec},
    },
    server::Profile,
};

use super::{Machine, NEW};
use crate::{
    oauth,
    terminal::{on_a_terminal, types},
    verify::{Other, answer},
};

/// As talkative as it can be, beside the screen.
const TALKATIVE: &str = "-vvv --log-file log-1";

fn summed_up(machine: &Machine, least: usize) -> Result<()> {
    ensure!(machine.log_lines >= least, "{} lines were logged", machine.log_lines);
    machine.sums_up()
}

#[tokio::test]
async fn the_guide_lets_no_secret_out() -> Result<()> {
    let mut machine = Machine::new().await?;
    machine.runs = 1;
    let terminal = TerminalSpec::new(TALKATIVE).start()?;
    let account = &machine.account;
    let key = account.recovery.text().context("no recovery key")?;
    for (question, text) in [
        ("Your user id", account.user_id.as_str()),
        ("The server’s address", &machine.proxy.base_url()),
        ("How do you sign in?", "password"),
        ("Password of", super::WRONG),
        ("How do you sign in?", "password"),
        ("Password of", &account.password),
        ("Recovery key", super::PASSPHRASE),
        ("What now?", "another recovery key"),
        ("Recovery key", key),
        ("What now?", ""),
        ("What shall become of your sessions?", ""),
        ("Which way?", "old password"),
        ("Shall Lifeboat do this?", "yes"),
        ("The new password", NEW),
        ("The new password once more", NEW),
    ] {
        terminal.answers(question, &format!("{text}{ENTER}")).await?;
    }
    terminal
        .sees("messages that were readable before are readable now")
        .await?;
    let outcome = terminal.ends(0, &[]).await?;
    machine.look_at(outcome)?;
    summed_up(&machine, 100)
}

/// Runs it on a terminal and says yes to everything; a new recovery key is in `new-key.txt` afterwards.
async fn makes_a_new_key(words: &str, questions: &[&str]) -> Result<()> {
    let mut machine = Machine::new().await?;
    machine.runs = 1;
    let account = &machine.account;
    let _shown = answer(account.first()?, Other::Agrees);
    let (user, url, partner) = (&account.user_id, machine.proxy.base_url(), account.first()?.device_id());
    let line = format!("{words} {user} --homeserver {url} --with {partner} --new-recovery-key new-key.txt {TALKATIVE}");
    let running: Running = on_a_terminal(&line)?.start()?;
    types(&running, "Password of", &format!("{}\n", account.password)).await?;
    for question in questions {
        types(&running, question, "yes\n").await?;
    }
    let outcome = running.outcome().await?;
    ensure!(outcome.code()? == 0, "{outcome}");
    let new = std::fs::read_to_string(outcome.home().join("new-key.txt"))?;
    machine.search.text("the new recovery key", &new)?;
    let bytes = lifeboat_tests::storage_key::parse_recovery_key(new.trim())?;
    machine.search.bytes("the new recovery key", &bytes)?;
    machine.look_at(outcome)?;
    summed_up(&machine, 100)
}

#[tokio::test]
async fn a_new_recovery_key_is_in_its_file_alone() -> Result<()> {
    makes_a_new_key("verify", &["(yes or no)"]).await?;
    let repair = "repair --lost-recovery-key --ark before.ark";
    makes_a_new_key(repair, &["Do all of this?", "the same seven emoji"]).await
}

#[tokio::test]
async fn a_sign_in_through_a_browser_lets_no_secret_out() -> Result<()> {
    let mut machine = Machine::on(Profile::OAuth).await?;
    let authority = lifeboat_tests::tls::authority();
    let user = machine.account.localpart().to_owned();
    let server = machine.account.homeserver.oauth()?;
    for auth in ["oauth", "device-code"] {
        let check = machine.online(&["check", "--json", "--auth", auth, "--keep-session"])?;
        let running = check.arg("--ca-file").arg(&authority).start()?;
        match auth {
            "oauth" => drop(oauth::allow(&machine.account, &oauth::address(&running, 0).await?).await?),
            _ => oauth::allow_code(&machine.account, &running).await?,
        }
        let outcome = running.outcome().await?;
        ensure!([0, 10, 11].contains(&outcome.code()?), "{outcome}");
        let secrets = server.secrets(&user).await?;
        ensure!(secrets.len() >= 3, "only {} tokens and codes", secrets.len());
        for secret in secrets {
            machine.search.text("a token or code of the OAuth server", &secret)?;
        }
        machine.look_at(outcome)?;
        let leave = machine.online(&["leave", "--force"])?.arg("--ca-file").arg(&authority);
        machine.run(&[0], leave).await?;
    }
    summed_up(&machine, 100)
}

/// Where two servers know of an account: the tokens of an administrator for both, and the password that is set at the second.
#[tokio::test]
async fn an_administrator_of_two_servers_lets_no_secret_out() -> Result<()> {
    let mut machine = Machine::on(Profile::OAuth).await?;
    let authority = lifeboat_tests::tls::authority();
    let server = machine.account.homeserver.oauth()?;
    let synapse = server.administrator(&["urn:synapse:admin:*"]).await?.access_token;
    let service = server.administrator(&["urn:mas:admin"]).await?.access_token;
    for token in [&synapse, &service] {
        machine.search.text("a token of an administrator", token)?;
    }
    let (user, url) = (machine.account.user_id.to_string(), machine.proxy.base_url());
    let reset = ["--letter", "letter.txt", "--temporary-password-file", "temporary.txt"];
    let reset = [&reset[..], &["--yes", "--accept-cautions"]].concat();
    // The last one searches the files of the reset for the password that is known by then.
    for (command, further) in [("check", &["--json"][..]), ("reset", &reset[..]), ("check", &[][..])] {
        let desk = machine.command(&["desk", command, &user, "--homeserver", &url])?;
        let desk = desk.args(further).arg("--ca-file").arg(&authority);
        let desk = desk.secret("--admin-token-file", &synapse)?;
        machine
            .run(&[0, 10, 11], desk.secret("--mas-token-file", &service)?)
            .await?;
        if command == "reset" {
            let password = std::fs::read_to_string(machine.last()?.home().join("temporary.txt"))?;
            machine.search.text("the temporary password", &password)?;
            let last = machine.last()?;
            for printed in [&last.stdout, &last.stderr] {
                machine.search.nothing_in("what was printed", printed.as_bytes())?;
            }
        }
    }
    machine.sums_up()
}
