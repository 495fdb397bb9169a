//! Small pictures beside words. Each stands next to the word that it shows, so that nobody depends on seeing it; their
//! shapes differ, so that nobody depends on colour.

use lifeboat_report::{Link, Severity, Verdict};
use maud::{Markup, html};

/// Fills a shape with the lines that mark what would be lost: it differs by more than its colour.
pub(super) const HATCH: &str = "url(#hatch)";

/// The pattern behind [`HATCH`], once in each document.
pub(super) fn hatch() -> Markup {
    html! {
        svg.patterns width="0" height="0" aria-hidden="true" focusable="false" {
            pattern #hatch width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                rect.hatch width="2" height="6" {}
            }
        }
    }
}

/// The mark of Lifeboat: a ring buoy.
pub(super) fn ring() -> Markup {
    framed(&html! {
        circle cx="12" cy="12" r="9" {}
        circle cx="12" cy="12" r="4" {}
        path d="M9.2 3.5 10.7 8.2M14.8 3.5 13.3 8.2M9.2 20.5 10.7 15.8M14.8 20.5 13.3 15.8" {}
    })
}

/// A tick in a circle, a mark in a triangle, a bar in an octagon.
pub(super) fn verdict(verdict: Verdict) -> Markup {
    match verdict {
        Verdict::Clear => tick(),
        Verdict::Caution => triangle(),
        Verdict::Blocked => octagon(),
    }
}

/// The same shapes for findings; a note has a letter in a circle.
pub(super) fn severity(severity: Severity) -> Markup {
    match severity {
        Severity::Note => framed(&html! {
            circle cx="12" cy="12" r="9" {}
            path d="M12 11v5.5M12 7.4v.2" {}
        }),
        Severity::Caution => triangle(),
        Severity::Blocker => octagon(),
    }
}

/// Two rings that hold, that are apart, or of which one is dashed.
pub(super) fn link(link: Link) -> Markup {
    match link {
        Link::Holds => framed(&html! {
            rect x="2" y="8" width="12" height="8" rx="4" {}
            rect x="10" y="8" width="12" height="8" rx="4" {}
        }),
        Link::Unknown => framed(&html! {
            rect x="2" y="8" width="12" height="8" rx="4" {}
            rect.dashed x="10" y="8" width="12" height="8" rx="4" {}
        }),
        Link::Broken => framed(&html! {
            path d="M9 16H6a4 4 0 0 1 0-8h2.4M15 8h3a4 4 0 0 1 0 8h-2.4" {}
            path d="M13.6 3 12.4 6.4M10.4 21l1.2-3.4M10 3.6 11 6.2M14 20.4 13 17.8" {}
        }),
    }
}

/// A tick: verified.
pub(super) fn tick() -> Markup {
    framed(&html! {
        circle cx="12" cy="12" r="9" {}
        path d="M7.8 12.4 10.8 15.4 16.4 9.2" {}
    })
}

/// A cross: not verified.
pub(super) fn cross() -> Markup {
    framed(&html! {
        circle cx="12" cy="12" r="9" {}
        path d="M9 9l6 6M15 9l-6 6" {}
    })
}

/// A question: not known.
pub(super) fn question() -> Markup {
    framed(&html! {
        circle.dashed cx="12" cy="12" r="9" {}
        path d="M9.6 9.6a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.2.9-1.2 1.8M12 16.6v.2" {}
    })
}

fn triangle() -> Markup {
    framed(&html! {
        path d="M12 3.6 21.4 20H2.6Z" {}
        path d="M12 9.6v5M12 17.2v.2" {}
    })
}

fn octagon() -> Markup {
    framed(&html! {
        path d="M8.3 3h7.4L21 8.3v7.4L15.7 21H8.3L3 15.7V8.3Z" {}
        path d="M7.5 12h9" {}
    })
}

fn framed(shapes: &Markup) -> Markup {
    html! {
        svg.icon viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false" { (shapes) }
    }
}

/// A key.
pub(super) fn key() -> Markup {
    framed(&html! {
        circle cx="8" cy="12" r="4.5" {}
        path d="M12.5 12H22M18 12v3.5M21 12v2.5" {}
    })
}

/// A key with a tag: the one that is kept for you.
pub(super) fn small_key() -> Markup {
    framed(&html! {
        rect x="3" y="4" width="18" height="16" rx="3" {}
        circle cx="9.5" cy="12" r="2.5" {}
        path d="M12 12h6M16 12v2.4" {}
    })
}

/// A safe.
pub(super) fn safe() -> Markup {
    framed(&html! {
        rect x="3" y="4" width="18" height="15" rx="2" {}
        circle cx="12" cy="11.5" r="3.5" {}
        path d="M12 8v1.6M12 13.4V15M6 19v2M18 19v2" {}
    })
}

/// A box.
pub(super) fn box_of_keys() -> Markup {
    framed(&html! {
        path d="M3 8.5 5 4h14l2 4.5V19a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1ZM3 8.5h18" {}
        path d="M9.5 12.5h5" {}
    })
}

/// What people say.
pub(super) fn bubble() -> Markup {
    framed(&html! {
        path d="M4 5h16a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1h-8l-4.5 4v-4H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1Z" {}
        path d="M7.5 9h9M7.5 12h6" {}
    })
}
