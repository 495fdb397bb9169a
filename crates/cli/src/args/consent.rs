//! What somebody agrees to before a password is changed.

use clap::Args;

/// Consent to a plan.
#[derive(Clone, Debug, Args)]
pub(crate) struct ConsentArgs {
    /// Accept this blocker, by its code, and what it costs; may be given several times
    #[arg(long = "waive", value_name = "CODE")]
    pub(crate) waive: Vec<String>,
    /// Accept all cautions
    #[arg(long)]
    pub(crate) accept_cautions: bool,
    /// Say yes to the plan
    #[arg(long)]
    pub(crate) yes: bool,
    /// Show the plan and stop there
    #[arg(long)]
    pub(crate) dry_run: bool,
}
