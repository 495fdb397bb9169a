//! The page of a report: one self-contained HTML file, for people who would rather look than read, and to keep.
//!
//! A pure function of status files. Nothing in the page is fetched or run: its policy allows the one style sheet that
//! it carries, by its hash, and nothing else. Whatever others wrote (names, ids, versions) goes through
//! [`clean`](super::clean) first, as on the screen, and is then escaped by the template engine.

mod audit;
mod blocks;
mod book;
mod chain;
mod codes;
mod desk;
mod document;
mod findings;
mod icon;
mod letter;
mod messages;
mod months;
mod pair;
mod rooms;
mod sessions;
mod steps;
#[cfg(test)]
mod tests;
mod verdicts;

pub(crate) use audit::audit;
pub(crate) use letter::letter;

use std::path::Path;

use lifeboat_report::{Comparison, StatusFile};
use maud::{Markup, html};

use super::{
    clean::{clean, clean_id},
    screen, time,
};
use crate::advice::{CommandLine, advise};

/// Renders the page of one status file. `account` is how its command lines name the account.
pub(crate) fn render(status: &StatusFile, account: &CommandLine) -> String {
    document::whole(&title(status), &body(status, account, &html! {}))
}

/// Renders the page of two status files of the same account, the earlier one first: what changed, then what is.
pub(crate) fn render_pair(before: &StatusFile, after: &StatusFile, account: &CommandLine) -> String {
    let (was, is) = (before.clone().rejudge(), after.clone().rejudge());
    let changed = pair::section(&Comparison::of(&was, &is));
    document::whole(&title(after), &body(after, account, &changed))
}

/// Says that the page was written.
pub(crate) fn written(path: &Path) -> String {
    format!("Wrote {}. It holds no secret; open it in any browser.", path.display())
}

fn title(status: &StatusFile) -> String {
    format!(
        "Lifeboat: {}, {}",
        clean_id(&status.account),
        time::day(status.taken_at)
    )
}

fn body(status: &StatusFile, account: &CommandLine, changed: &Markup) -> Markup {
    let report = status.clone().rejudge();
    let advice = advise(&report, account);
    html! {
        header {
            p.brand { (icon::ring()) "Lifeboat" }
            h1 { "What a password reset would cost" }
            p.whose { (screen::whose(&report)) }
        }
        main {
            (changed)
            (verdicts::section(&report))
            (steps::section(&advice))
            (messages::section(&report))
            (chain::section(&report))
            (sessions::section(&report))
            (findings::section(&report, &advice, account))
            (desk::section(status))
            (codes::section(&report))
        }
        footer {
            p {
                "Written by " (clean(&status.generator.name, 40)) " " (clean_id(&status.generator.version))
                ". This page holds no secret; it does hold the names of your sessions and of your account. "
                "It fetches nothing and runs nothing."
            }
        }
    }
}
