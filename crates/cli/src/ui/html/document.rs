//! The frame of every page: its policy, its style sheet, its language.

use base64::{Engine, prelude::BASE64_STANDARD};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::icon;

/// The only style sheet.
const STYLE: &str = concat!(
    include_str!("style/colours.css"),
    include_str!("style/page.css"),
    include_str!("style/blocks.css"),
    include_str!("style/pictures.css"),
    include_str!("style/print.css"),
);

/// Puts `content` into a document that stands for itself.
pub(super) fn whole(title: &str, content: &Markup) -> String {
    whole_in("en", title, content)
}

/// The same in another language.
pub(super) fn whole_in(language: &str, title: &str, content: &Markup) -> String {
    let document = html! {
        (DOCTYPE)
        html lang=(language) {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex";
                title { (title) }
                // A constant of ours: escaping would break its selectors and the hash.
                style { (PreEscaped(STYLE)) }
            }
            body { (icon::hatch()) (content) }
        }
    };
    document.into_string()
}

/// Allows the style sheet, by its hash, and nothing else.
fn policy() -> String {
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
}
