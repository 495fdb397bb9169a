//! Sections and tables, made the same way everywhere.

use maud::{Markup, html};

/// A part of the page with its heading. `id` names it within the page.
pub(super) fn section(id: &str, heading: &str, content: &Markup) -> Markup {
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (heading) }
            (content)
        }
    }
}

/// A table whose rows become cards on a narrow screen. The first cell of each row names it.
///
/// The roles are said although they are a table's own: a browser forgets them where a row is laid out as a card.
pub(super) fn table(caption: &str, headings: &[&str], rows: &[Vec<Markup>]) -> Markup {
    html! {
        table role="table" {
            caption { (caption) }
            thead role="rowgroup" {
                tr role="row" {
                    @for heading in headings {
                        th role="columnheader" scope="col" { (heading) }
                    }
                }
            }
            tbody role="rowgroup" {
                @for row in rows {
                    tr role="row" {
                        @for (number, (cell, heading)) in row.iter().zip(headings).enumerate() {
                            @if number == 0 {
                                th role="rowheader" scope="row" { (cell) }
                            } @else {
                                td role="cell" data-label=(heading) { (cell) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What is said where there is nothing to show.
pub(super) fn nothing(sentence: &str) -> Markup {
    html! { p { (sentence) } }
}
