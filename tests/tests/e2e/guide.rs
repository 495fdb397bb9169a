//! `lifeboat` with no command, on a terminal: the whole conversation, as somebody who reads and types has it.

mod browser;
mod healthy;
mod lost_key;
mod signals;
mod stopped;
mod trouble;
mod unfinished;
mod window;

use anyhow::{Context, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, Defect, History, TestAccount, Way},
    lifeboat::terminal::{CTRL_C, DOWN, ENTER, ESCAPE, Terminal, TerminalSpec, colours},
    proxy::Proxy,
    session::Session,
};

use crate::{live::devices, reset::confirm};

/// What the tests change the password to.
const NEW: &str = "New-Password-2 for the boat";
/// A well-formed recovery key that opens nothing: that of the specification's appendix.
const OTHER_KEY: &str = "EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d";

/// Few messages: what is tested here is the conversation.
const SHORT: History = History {
    rooms: 2,
    messages_each: 3,
    messages_per_key: 2,
};

/// Types an answer and Enter.
pub(crate) fn typed(answer: &str) -> String {
    format!("{answer}{ENTER}")
}

fn key_of(account: &TestAccount) -> Result<&str> {
    account.recovery.text().context("a recovery key")
}

/// Says who the account is, and where it lives: the tests' server is not found by its name.
async fn arrive(terminal: &Terminal, account: &TestAccount, base_url: &str) -> Result<()> {
    terminal
        .answers("Your user id", &typed(account.user_id.as_str()))
        .await?;
    terminal.answers("The server’s address", &typed(base_url)).await
}

/// Signs in and gives the recovery key.
async fn enter(terminal: &Terminal, account: &TestAccount) -> Result<()> {
    terminal.answers("How do you sign in?", &typed("1")).await?;
    terminal.answers("Password of", &typed(&account.password)).await?;
    terminal.answers("Recovery key", &typed(key_of(account)?)).await
}

/// Says yes to the plan and chooses the new password.
async fn agree(terminal: &Terminal) -> Result<()> {
    terminal.answers("Shall Lifeboat do this?", &typed("yes")).await?;
    terminal.answers("The new password", &typed(NEW)).await?;
    terminal.answers("The new password once more", &typed(NEW)).await
}

/// Has every session signed out by a reset with the old password, up to the proof that everything is readable.
async fn sign_all_out(terminal: &Terminal) -> Result<()> {
    terminal
        .answers("What shall become of your sessions?", &typed("sign all of them out"))
        .await?;
    terminal.answers("Which way?", &typed("old password")).await?;
    agree(terminal).await?;
    terminal
        .sees("messages that were readable before are readable now")
        .await
}

/// Makes sure that the new password is the true one.
async fn new_password_counts(account: &TestAccount) -> Result<()> {
    let name = account.user_id.localpart();
    let later = Session::log_in(&account.homeserver.base_url, name, NEW, "Later").await?;
    later.sign_out().await
}

/// How many sign-ins passed the proxy.
fn sign_ins(proxy: &Proxy) -> usize {
    let posts = |it: &&lifeboat_tests::proxy::Exchange| it.is(&matrix_sdk::reqwest::Method::POST, "/v3/login");
    proxy.log().iter().filter(posts).count()
}
