//! The page of an audit: numbers, and the accounts that need somebody first.

use lifeboat_report::{Light, grouped};
use maud::{Markup, html};

use super::{blocks, document, icon};
use crate::{commands::desk::Summary, ui::clean::clean_id};

/// Renders it.
pub(crate) fn audit(summary: &Summary) -> String {
    let server = clean_id(&summary.server);
    let title = format!("Lifeboat: audit of {server}");
    let content = html! {
        header {
            p.brand { (icon::ring()) "Lifeboat" }
            h1 { "How the accounts of " (server) " stand" }
            p.whose { (grouped(summary.accounts)) " accounts, seen from outside" }
        }
        main {
            (lights(summary))
            (weaknesses(summary))
            (red(summary))
        }
        footer {
            p {
                "Nothing was changed, and nobody was acted for. This page holds no secret; it does hold user ids. It fetches "
                "nothing and runs nothing."
            }
        }
    };
    document::whole(&title, &content)
}

fn lights(summary: &Summary) -> Markup {
    let row = |(light, accounts): (&Light, &u64)| {
        vec![
            html! { (light.word()) },
            html! { (grouped(*accounts)) },
            html! { (light.meaning()) },
        ]
    };
    let rows: Vec<Vec<Markup>> = summary.lights.iter().map(row).collect();
    let table = blocks::table("Accounts by light", &["Light", "Accounts", "Meaning"], &rows);
    blocks::section("lights", "The lights", &table)
}

fn weaknesses(summary: &Summary) -> Markup {
    let rows: Vec<Vec<Markup>> = summary
        .codes
        .iter()
        .map(|(code, accounts)| vec![html! { code { (code) } }, html! { (grouped(*accounts)) }])
        .collect();
    let content = if rows.is_empty() {
        blocks::nothing("Nothing was seen to be weak or broken.")
    } else {
        blocks::table("What was seen to be weak or broken", &["Code", "Accounts"], &rows)
    };
    blocks::section("seen", "What was seen", &content)
}

fn red(summary: &Summary) -> Markup {
    let rows: Vec<Vec<Markup>> = summary
        .red
        .iter()
        .map(|(user, codes)| {
            let codes: Vec<&str> = codes.iter().map(|it| it.as_str()).collect();
            vec![html! { (clean_id(user)) }, html! { (codes.join(", ")) }]
        })
        .collect();
    let all = summary.lights.get(&Light::Red).copied().unwrap_or_default();
    let rest = all.saturating_sub(rows.len() as u64);
    let content = html! {
        @if rows.is_empty() {
            (blocks::nothing("No account is red."))
        } @else {
            (blocks::table("Accounts that would lose messages", &["Account", "What was seen"], &rows))
        }
        @if rest > 0 { p { "And " (grouped(rest)) " more; all of them are in accounts.csv." } }
    };
    blocks::section("red", "Accounts that need somebody first", &content)
}
