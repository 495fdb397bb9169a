//! The command line as plain data: parsed, not yet judged.

mod account;
mod ark;
mod check;
mod consent;
mod desk;
mod export_keys;
mod general;
mod leave;
mod prove;
mod repair;
mod report;
mod rescue;
mod reset;
mod resume;
#[cfg(test)]
mod tests;
mod try_key;
mod util;
mod verify;

use clap::{Parser, Subcommand};

use crate::{
    config::Config,
    exit::{self, Exit},
    resolve::Format,
};

pub(crate) use account::{AccountArgs, AuthArg, KeyArgs, SignInArgs};
pub(crate) use ark::ArkCommand;
pub(crate) use check::{CheckArgs, CheckOutputArgs, FateArg, ForecastArgs};
pub(crate) use consent::ConsentArgs;
pub(crate) use desk::{AdminArgs, DeskAuditArgs, DeskCheckArgs, DeskCommand, DeskResetArgs, MasArgs};
pub(crate) use export_keys::ExportKeysArgs;
pub(crate) use general::{ColorArg, GeneralArgs};
pub(crate) use leave::LeaveArgs;
pub(crate) use prove::ProveArgs;
pub(crate) use repair::{RepairArgs, WishArgs};
pub(crate) use report::ReportArgs;
pub(crate) use rescue::RescueArgs;
pub(crate) use reset::{NewPasswordArgs, ResetArgs, RouteArg};
pub(crate) use resume::ResumeArgs;
pub(crate) use try_key::TryKeyArgs;
pub(crate) use util::{SchemaArg, UtilCommand};
pub(crate) use verify::VerifyArgs;

/// The end of the help text.
const START: &str = "Start with:
  lifeboat                          leads you through everything, step by step
  lifeboat check @you:your.server   looks, and changes nothing";

/// Finds out what a password reset would cost your Matrix account, before it costs anything.
///
/// A reset can sign every session out, and with them the only copies of the keys that make your history readable.
/// Lifeboat looks first, says what would be lost, and changes nothing.
#[derive(Debug, Parser)]
#[command(name = "lifeboat", version, disable_help_subcommand = true)]
#[command(after_help = START)]
#[command(after_long_help = format!("{START}\n\n{}", exit::help(&Exit::ALL)))]
pub(crate) struct Cli {
    /// Flags that every command takes.
    #[command(flatten)]
    pub(crate) general: GeneralArgs,
    /// What to do; without it, Lifeboat leads through everything.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tells what a password reset would cost, and what to do about it first
    #[command(long_about = check::LONG_ABOUT, after_long_help = check::after_long_help())]
    Check(Box<CheckArgs>),
    /// Tells what a recovery key or passphrase opens
    #[command(long_about = try_key::LONG_ABOUT, after_long_help = try_key::after_long_help())]
    TryKey(Box<TryKeyArgs>),
    /// Saves what a mistake with keys could destroy, and reads such files
    #[command(subcommand, long_about = ark::LONG_ABOUT, after_long_help = ark::after_long_help())]
    Ark(ArkCommand),
    /// Changes the password without losing the history, signs in again and proves it
    #[command(long_about = reset::LONG_ABOUT, after_long_help = reset::after_long_help())]
    Reset(Box<ResetArgs>),
    /// Finishes a reset that was interrupted
    #[command(long_about = resume::LONG_ABOUT, after_long_help = resume::after_long_help())]
    Resume(Box<ResumeArgs>),
    /// Signs Lifeboat’s own kept session out
    #[command(long_about = leave::LONG_ABOUT, after_long_help = leave::after_long_help())]
    Leave(LeaveArgs),
    /// Proves that what could be read before can be read now
    #[command(long_about = prove::LONG_ABOUT, after_long_help = prove::after_long_help())]
    Prove(Box<ProveArgs>),
    /// Mends what is broken around your keys, without destroying anything
    #[command(long_about = repair::LONG_ABOUT, after_long_help = repair::after_long_help())]
    Repair(Box<RepairArgs>),
    /// Brings room keys that the key backup lacks into it
    #[command(long_about = rescue::LONG_ABOUT, after_long_help = rescue::after_long_help())]
    Rescue(Box<RescueArgs>),
    /// Makes Lifeboat’s session or another one of yours trusted, and replaces a lost recovery key
    #[command(long_about = verify::LONG_ABOUT, after_long_help = verify::after_long_help())]
    Verify(Box<VerifyArgs>),
    /// Writes every room key of the key backup into an encrypted key file
    #[command(long_about = export_keys::LONG_ABOUT, after_long_help = export_keys::after_long_help())]
    ExportKeys(Box<ExportKeysArgs>),
    /// Shows a status file, or compares two
    #[command(long_about = report::LONG_ABOUT, after_long_help = report::after_long_help())]
    Report(ReportArgs),
    /// For administrators: looks at accounts from outside, resets for somebody, audits a server
    #[command(subcommand, long_about = desk::LONG_ABOUT)]
    Desk(DeskCommand),
    /// Tools around Lifeboat
    #[command(subcommand)]
    Util(UtilCommand),
}

impl Cli {
    /// Lets `config` say what no flag says.
    pub(crate) fn lend(&mut self, config: &Config) {
        self.general.color = self.general.color.or(config.color);
        self.general.quiet |= config.quiet;
        if let Some(account) = self.command.as_mut().and_then(Command::account) {
            account.config = config.clone();
        }
    }
}

impl Command {
    /// Returns how the command reaches an account, if it does.
    fn account(&mut self) -> Option<&mut AccountArgs> {
        Some(match self {
            Self::Check(args) => &mut args.account,
            Self::TryKey(args) => &mut args.account,
            Self::Ark(command) => return command.account(),
            Self::Reset(args) => &mut args.account,
            Self::Resume(args) => &mut args.account,
            Self::Leave(args) => &mut args.account,
            Self::Prove(args) => &mut args.account,
            Self::Repair(args) => &mut args.account,
            Self::Rescue(args) => &mut args.account,
            Self::Verify(args) => &mut args.account,
            Self::ExportKeys(args) => &mut args.account,
            Self::Desk(command) => command.account(),
            Self::Report(_) | Self::Util(_) => return None,
        })
    }

    /// Returns what stdout is to get, failures included.
    pub(crate) fn format(&self) -> Format {
        let json = match self {
            Self::Check(args) => args.output.json,
            Self::TryKey(args) => args.json,
            Self::Ark(command) => command.json(),
            Self::Desk(command) => command.json(),
            Self::Prove(args) => args.json,
            Self::Reset(args) => args.json,
            Self::Resume(args) => args.json,
            Self::Repair(args) => args.json,
            Self::Rescue(args) => args.json,
            Self::ExportKeys(args) => args.json,
            Self::Verify(args) => args.json,
            Self::Leave(_) | Self::Report(_) | Self::Util(_) => false,
        };
        if json { Format::Json } else { Format::Screen }
    }
}
