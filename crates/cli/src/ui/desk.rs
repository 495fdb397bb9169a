//! What the administrator sees.

#[cfg(test)]
mod tests;

use lifeboat_report::{Light, Report, grouped};

use super::{
    clean::{clean, clean_id},
    page::Page,
    style::Tone,
    table::Table,
};
use crate::commands::desk::Summary;

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
    if let Some(acted) = report
        .facts
        .account
        .administration
        .as_ref()
        .and_then(|it| it.acted_as_person.as_ref())
    {
        page.paragraph(
            " ",
            &format!(
                "Looked with the eyes of the person, who agreed: “{}”.",
                clean(&acted.consent, 200)
            ),
        );
    }
    page.paragraph(" ", "What follows speaks to the person; pass on what they are to do.");
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
