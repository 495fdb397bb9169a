//! `lifeboat check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{AccountArgs, KeyArgs, SignInArgs};
use crate::exit::{self, Exit};

/// The long description.
pub(super) const LONG_ABOUT: &str = "\
Tells what a password reset would cost, and what to do about it first

Lifeboat signs in, looks at your sessions, your identity, your secret storage and your key backup, and judges two \
resets: one that signs every session out, and one that keeps your sessions. With your recovery key it also tries \
what that key really opens, and opens every backed-up key with it.

Then it reads the history of your encrypted rooms, of each message only which key it needs, and says to the message \
what would be lost. Ctrl-C ends the reading; what was read until then is judged.

It changes nothing. The session it makes is called “Lifeboat check (removes itself)”, uploads no encryption keys, \
and is removed at the end, also on an error or Ctrl-C. Only with --ask-sessions it has keys and is signed with what \
your recovery key opens, because your other sessions answer nobody else.";

/// The examples and exit statuses.
pub(super) fn after_long_help() -> String {
    format!(
        "\
Examples:
  lifeboat check @mira:example.org
      Asks for the password, then for the recovery key (Enter skips it).
  lifeboat check @mira:example.org --status-file status.json
      Also writes everything it found to a new file that holds no secret.
  lifeboat check @mira:example.org --html check.html
      Also writes a page to keep, print or pass on.
  lifeboat check @mira:example.org --password-file p.txt --recovery-key-file k.txt --json
      Asks nothing and prints one JSON document, for scripts.
  lifeboat check @mira:example.org --quick
      Leaves the messages out; whether any would be lost stays unknown.
  lifeboat check --from status.json
      Judges that file again, without any network.

{}",
        exit::help(&[
            Exit::Done,
            Exit::Blocked,
            Exit::Caution,
            Exit::Failed,
            Exit::Usage,
            Exit::Interrupted
        ])
    )
}

/// Arguments of `lifeboat check`.
#[derive(Clone, Debug, Args)]
pub(crate) struct CheckArgs {
    /// Your user id, like @mira:example.org
    #[arg(value_name = "USER", required_unless_present = "from")]
    pub(crate) user: Option<String>,
    /// Judge this status file again instead of asking a server
    #[arg(long, value_name = "FILE", conflicts_with_all = ["user", "AccountArgs", "SignInArgs", "BrowserArgs", "KeyArgs", "ask_sessions", "keep_session", "quick", "ForecastArgs"])]
    pub(crate) from: Option<PathBuf>,
    /// Which reset the exit status speaks about
    #[arg(long, value_enum, default_value_t = FateArg::Ended)]
    pub(crate) fate: FateArg,
    /// Leave out what takes long: the messages, and the test of every backed-up key
    #[arg(long, conflicts_with = "ForecastArgs")]
    pub(crate) quick: bool,
    /// Ask your other sessions whether they hold the backup key; needs the recovery key
    #[arg(long, conflicts_with = "access_token_file")]
    pub(crate) ask_sessions: bool,
    /// Keep the session, encrypted on this machine, for the next command
    #[arg(long, conflicts_with = "access_token_file")]
    pub(crate) keep_session: bool,
    /// How to reach the server.
    #[command(flatten)]
    pub(crate) account: AccountArgs,
    /// How to sign in.
    #[command(flatten)]
    pub(crate) sign_in: SignInArgs,
    /// Keys to try.
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
    /// Which messages to look at.
    #[command(flatten)]
    pub(crate) forecast: ForecastArgs,
    /// What to print and write.
    #[command(flatten)]
    pub(crate) output: CheckOutputArgs,
}

/// Which messages `lifeboat check` looks at.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Messages")]
pub(crate) struct ForecastArgs {
    /// Leave out messages from before this day, like 2026-03-01 (UTC); the verdict is then no better than caution
    #[arg(long, value_name = "DAY")]
    pub(crate) since: Option<String>,
    /// Look at this room only, by its id; may be given several times
    #[arg(long = "room", value_name = "ROOM")]
    pub(crate) rooms: Vec<String>,
    /// Look at no more messages than this
    #[arg(long, value_name = "NUMBER")]
    pub(crate) max_events: Option<u64>,
    /// Look at rooms that you have left, too
    #[arg(long)]
    pub(crate) include_left: bool,
    /// Decrypt every message with nothing but the key backup, however many there are; needs the recovery key
    #[arg(long, conflicts_with = "no_prove_events")]
    pub(crate) prove_events: bool,
    /// Decrypt no message; by default up to 50 000 are
    #[arg(long)]
    pub(crate) no_prove_events: bool,
    /// Look at this older version of the key backup, too: which messages it would bring back
    #[arg(long = "backup-version", visible_alias = "version", value_name = "VERSION")]
    pub(crate) backup_versions: Vec<String>,
    /// Look at every older version of the key backup that the server still keeps
    #[arg(long, conflicts_with = "backup_versions")]
    pub(crate) all_versions: bool,
    /// Read everything anew and remember nothing; by default the next check reads only new messages
    #[arg(long)]
    pub(crate) no_cache: bool,
}

/// What `lifeboat check` prints and writes.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct CheckOutputArgs {
    /// Print one JSON document instead of a screen
    #[arg(long)]
    pub(crate) json: bool,
    /// Write all facts, findings and verdicts to this new file; it holds no secret
    #[arg(long, value_name = "FILE")]
    pub(crate) status_file: Option<PathBuf>,
    /// Write a page for the browser, with everything found, to this new file; it holds no secret
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Replace ids and addresses by short hashes that stay the same, in the JSON and the page
    #[arg(long)]
    pub(crate) redact: bool,
    /// Keep the names of rooms in the JSON and the page
    #[arg(long, conflicts_with = "redact")]
    pub(crate) with_names: bool,
}

/// Which reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FateArg {
    /// Every session is signed out.
    Ended,
    /// Every session stays signed in.
    Kept,
}
