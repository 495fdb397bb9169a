//! The page of an audit: numbers, and the first accounts of each light.

use lifeboat_report::{Light, grouped};
use maud::{Markup, html};

use super::{blocks, document, icon};
use crate::{
    commands::desk::{Named, Summary, Why},
    ui::clean::clean_id,
};

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
            (accounts(summary))
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

/// A table for each light that some account has.
fn accounts(summary: &Summary) -> Markup {
    html! {
        @for (light, first) in &summary.first {
            (of_light(*light, first, summary.lights.get(light).copied().unwrap_or_default()))
        }
    }
}

fn of_light(light: Light, first: &[Named], all: u64) -> Markup {
    let rows: Vec<Vec<Markup>> = first
        .iter()
        .map(|it| vec![html! { (clean_id(&it.user)) }, html! { (seen(it)) }])
        .collect();
    let rest = all.saturating_sub(rows.len() as u64);
    let heading = match light {
        Light::Red => "Accounts that need somebody first",
        Light::Amber => "Accounts in which nothing is seen to be missing",
        Light::Grey => "Accounts that have no keys, or are closed",
        Light::Unknown => "Accounts that could not be asked about",
    };
    let content = html! {
        (blocks::table(heading, &["Account", "What was seen"], &rows))
        @if rest > 0 { p { "And " (grouped(rest)) " more; all of them are in accounts.csv." } }
    };
    blocks::section(light.word(), heading, &content)
}

fn seen(it: &Named) -> String {
    let codes = it.codes.iter().map(|it| it.as_str());
    let restrictions = it.restrictions.iter().map(|it| it.words());
    let why = it.why.map(|it| match it {
        Why::NoSuchAccount => "no such account",
        Why::Gap(gap) => gap.words(),
    });
    codes.chain(restrictions).chain(why).collect::<Vec<_>>().join(", ")
}
