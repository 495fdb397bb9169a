//! What the administrator sees.

#[cfg(test)]
mod tests;

use lifeboat_report::{
    Light, Report,
    facts::{SignedIn, SignedInKind},
    grouped,
};

use super::{
    clean::{clean, clean_id},
    page::Page,
    style::Tone,
    table::Table,
    time,
};
use crate::commands::desk::{MasPlan, Summary};

/// Renders the light of an account, and to whom the rest is addressed.
pub(crate) fn light(report: &Report, width: usize) -> String {
    let mut page = Page::new(width);
    let light = Light::of(report);
    page.paragraph(
        &format!(
            " Seen from your chair   {}   ",
            tone(light).paint(&light.word().to_uppercase())
        ),
        light.meaning(),
    );
    let administration = report.facts.account.administration.as_ref();
    if let Some(acted) = administration.and_then(|it| it.acted_as_person.as_ref()) {
        page.paragraph(
            " ",
            &format!(
                "Looked with the eyes of the person, who agreed: “{}”.",
                clean(&acted.consent, 200)
            ),
        );
    }
    if let Some(server) = administration.and_then(|it| it.account_server.as_ref()) {
        signed_in(&mut page, &server.url, &server.signed_in);
    }
    page.paragraph(" ", "What follows speaks to the person; pass on what they are to do.");
    page.gap();
    page.finish()
}

/// What keeps the accounts of many servers, as it begins a sentence.
pub(crate) const PLACE: &str = "The Matrix Authentication Service";

/// Lists what is signed in at the Matrix Authentication Service.
fn signed_in(page: &mut Page, url: &str, all: &[SignedIn]) {
    let count = |kind: SignedInKind| all.iter().filter(|it| it.kind == kind).count();
    let [compat, oauth, browser, personal] = SignedInKind::ALL.map(count);
    page.heading(&format!("Signed in at {}", clean_id(url)));
    if all.is_empty() {
        return page.paragraph(" ", "Nothing is signed in.");
    }
    page.paragraph(
        " ",
        &format!(
            "{} in all: apps {}, of these {compat} by the sign-in of older apps; browsers on the account page {browser}; \
             personal access tokens {personal}.",
            all.len(),
            compat + oauth
        ),
    );
    let mut table = Table::new(["What", "Session", "Name", "Last active"]);
    for it in all {
        table.row([
            it.kind.words().to_owned(),
            it.device_id.as_deref().map(clean_id).unwrap_or_default(),
            it.name.as_deref().map(|it| clean(it, 40)).unwrap_or_default(),
            it.last_active_at.map_or_else(|| "not known".to_owned(), time::moment),
        ]);
    }
    page.table(&table);
    page.gap();
}

/// Names one thing that is signed in.
pub(crate) fn named(it: &SignedIn) -> String {
    let name = it.name.as_deref().map(|it| format!(": {}", clean(it, 40)));
    let which = it.device_id.as_deref().unwrap_or(&it.id);
    format!("{}{} ({})", it.kind.words(), name.unwrap_or_default(), clean_id(which))
}

/// Renders the plan of a reset at the Matrix Authentication Service, with what is signed in there.
pub(crate) fn mas_plan(plan: &MasPlan, width: usize) -> String {
    let mut page = Page::new(width);
    signed_in(&mut page, &plan.url, &plan.signed_in);
    page.heading(&format!("The plan for {}", clean_id(&plan.account)));
    let set = format!(
        "POST /api/admin/v1/users/{}/set-password; cannot be taken back",
        clean_id(&plan.id)
    );
    page.paragraph(
        "   1  ",
        "Sets the temporary password. This ends nothing that is signed in.",
    );
    page.aside(6, &set, Tone::Faint);
    for (number, it) in (2..).zip(plan.to_end()) {
        page.paragraph(&format!("{number:>4}  "), &format!("Signs out the {}.", named(it)));
    }
    page.gap();
    let sessions = match plan.to_end().len() {
        0 if plan.signed_in.is_empty() => "Nothing is signed in that could be ended.".to_owned(),
        0 => "Whoever is signed in stays signed in.".to_owned(),
        all => format!("Signed out is what is listed here, {all} in all, and nothing that signs in meanwhile."),
    };
    page.paragraph(" ", &sessions);
    page.gap();
    page.finish()
}

/// Renders what an audit found.
pub(crate) fn audit(summary: &Summary, width: usize) -> String {
    let mut page = Page::new(width);
    page.heading(&format!(
        "{} accounts of {}",
        grouped(summary.accounts),
        clean_id(&summary.server)
    ));
    let mut lights = Table::new(["Light", "Accounts", "Meaning"]);
    for (light, accounts) in &summary.lights {
        lights.row([light.word().to_owned(), grouped(*accounts), light.meaning().to_owned()]);
    }
    page.table(&lights);
    if !summary.codes.is_empty() {
        page.heading("What was seen");
        let mut codes = Table::new(["Code", "Accounts"]);
        for (code, accounts) in &summary.codes {
            codes.row([code.to_string(), grouped(*accounts)]);
        }
        page.table(&codes);
    }
    page.gap();
    page.finish()
}

fn tone(light: Light) -> Tone {
    match light {
        Light::Red => Tone::Bad,
        Light::Amber => Tone::Weak,
        Light::Grey | Light::Unknown => Tone::Strong,
    }
}
