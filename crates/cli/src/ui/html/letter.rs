//! A letter to a person, as a page.

use maud::html;

use super::{document, icon};

/// Renders the text of a letter: empty lines part its paragraphs.
pub(crate) fn letter(title: &str, text: &str) -> String {
    let paragraphs = text.split("\n\n").map(str::trim).filter(|it| !it.is_empty());
    let content = html! {
        header {
            p.brand { (icon::ring()) "Lifeboat" }
            h1 { (title) }
        }
        main {
            section {
                @for paragraph in paragraphs {
                    p {
                        @for (number, line) in paragraph.lines().enumerate() {
                            @if number > 0 { br; }
                            (line)
                        }
                    }
                }
            }
        }
    };
    document::whole(title, &content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_and_lines_are_kept_and_nothing_runs() {
        let page = letter("For @mira:example.org", "Hello <script>\nMira,\n\n\n\nand goodbye.\n");
        assert!(
            page.contains("<p>Hello &lt;script&gt;<br>Mira,</p><p>and goodbye.</p>"),
            "{page}"
        );
    }
}
