//! The chain from the recovery key to readable messages, with the link that is broken marked.

mod words;

use lifeboat_report::{Chain, Link, Report};
use maud::{Markup, html};

use super::{blocks, icon};

/// One thing in the chain, and the link that leads to it.
struct Place {
    name: &'static str,
    picture: Markup,
    link: Link,
    words: String,
}

/// Renders it.
pub(super) fn section(report: &Report) -> Markup {
    let chain = Chain::of(&report.facts);
    let places = [
        Place {
            name: "Secret storage",
            picture: icon::safe(),
            link: chain.storage,
            words: words::to_storage(report, chain.storage),
        },
        Place {
            name: "Backup key",
            picture: icon::small_key(),
            link: chain.backup_key,
            words: words::to_backup_key(report, chain.backup_key),
        },
        Place {
            name: "Key backup",
            picture: icon::box_of_keys(),
            link: chain.backup,
            words: words::to_backup(report, chain.backup),
        },
        Place {
            name: "Messages",
            picture: icon::bubble(),
            link: chain.messages,
            words: words::to_messages(report, chain.messages),
        },
    ];
    let content = html! {
        p { "Once every session has ended, a new one reads your messages only if each of these leads to the next." }
        ol.chain {
            li.start {
                p.place { (icon::key()) "Recovery key" }
                p.words { "or recovery passphrase: what only you have" }
            }
            @for place in &places {
                li class=(tone(place.link)) {
                    p.link { (icon::link(place.link)) (word(place.link)) }
                    p.place { (place.picture) (place.name) }
                    p.words { (place.words) }
                }
            }
        }
    };
    blocks::section("chain", "From your recovery key to your messages", &content)
}

fn word(link: Link) -> &'static str {
    match link {
        Link::Holds => "holds",
        Link::Unknown => "not known",
        Link::Broken => "broken",
    }
}

fn tone(link: Link) -> &'static str {
    match link {
        Link::Holds => "good",
        Link::Unknown => "unknown",
        Link::Broken => "bad",
    }
}
