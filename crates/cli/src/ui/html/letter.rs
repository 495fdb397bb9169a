//! A letter to a person, as a page.

use maud::html;

use super::{document, icon};

/// Renders the text of a letter: its first line is the heading, empty lines part its paragraphs.
pub(crate) fn letter(language: &str, text: &str) -> String {
    let text = text.trim_start();
    let (title, rest) = text.split_once('\n').unwrap_or((text, ""));
    let paragraphs = rest.split("\n\n").map(str::trim).filter(|it| !it.is_empty());
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
    document::whole_in(language, title, &content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_and_lines_are_kept_and_nothing_runs() {
        let page = letter(
            "de",
            "\nFor <@mira:example.org>\nHello <script>\nMira,\n\n\n\nand goodbye.\n",
        );
        assert!(
            page.contains("<p>Hello &lt;script&gt;<br>Mira,</p><p>and goodbye.</p>"),
            "{page}"
        );
        for heading in [
            "<html lang=\"de\">",
            "<title>For &lt;@mira:example.org&gt;</title>",
            "<h1>For &lt;@mira:example.org&gt;</h1>",
        ] {
            assert!(page.contains(heading), "{page}");
        }
    }
}
