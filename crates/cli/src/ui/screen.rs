//! The screen of a check: the answer first, then what to do, then why, then the details.

mod backup;
pub(crate) mod findings;
pub(crate) mod forecast;
pub(crate) mod sessions;
mod storage;
#[cfg(test)]
mod tests;
pub(crate) mod verdicts;

pub(crate) use sessions::holds_backup_key;
pub(crate) use storage::{secret_name, trial_words};

use lifeboat_report::{Report, facts::Server};

use super::{
    clean::{clean, clean_id},
    page::Page,
    time,
};
use crate::advice::{Advice, CommandLine, advise};

/// Renders a report for a terminal of `width` columns. `account` is how its command lines name the account.
pub(crate) fn render(report: &Report, account: &CommandLine, width: usize) -> String {
    let advice = advise(report, account);
    let mut page = Page::new(width);
    page.paragraph(" ", &whose(report));
    page.gap();
    verdicts::show(&mut page, report);
    steps(&mut page, &advice);
    forecast::show(&mut page, report);
    findings::show(&mut page, report, &advice, account);
    sessions::show(&mut page, report);
    storage::show(&mut page, report);
    backup::show(&mut page, report);
    page.finish()
}

/// `@mira:example.org on example.org (Synapse 1.163.2), 23 Nov 2026, 15:58 UTC`
pub(crate) fn whose(report: &Report) -> String {
    let Server { base_url, software, .. } = &report.facts.server;
    let software = match software.known() {
        Some(it) => format!(" ({} {})", clean(&it.name, 40), clean_id(&it.version)),
        None => String::new(),
    };
    let account = clean_id(&report.account);
    format!(
        "{account} on {}{software}, as of {}",
        clean_id(base_url),
        time::moment(report.taken_at)
    )
}

fn steps(page: &mut Page, advice: &[Advice]) {
    if advice.is_empty() {
        return;
    }
    page.heading(if advice.len() == 1 {
        "Do this first"
    } else {
        "Do this first, in this order"
    });
    for (number, step) in (1..).zip(advice) {
        page.paragraph(&format!("{number:>4}  "), &step.what);
        show_ways(page, 6, step);
    }
}

/// Adds the command line and the way to click below a step.
fn show_ways(page: &mut Page, column: usize, step: &Advice) {
    if let Some(command) = &step.command {
        page.command(column, &command.to_string());
    }
    if let Some(path) = step.in_element {
        page.paragraph(&format!("{:column$}In Element: ", ""), path);
    }
}
