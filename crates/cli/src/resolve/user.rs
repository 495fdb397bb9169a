//! Tells user ids from the other things that people type in their place.

use lifeboat_preflight::ruma::{OwnedUserId, UserId};

use crate::failure::Failure;

/// Parses a user id, or says what was given instead.
///
/// [User identifiers](https://spec.matrix.org/latest/appendices/#user-identifiers).
pub(crate) fn parse_user(text: &str) -> Result<OwnedUserId, Failure> {
    let text = text.trim();
    if let Ok(user) = UserId::parse(text) {
        return Ok(user);
    }
    let instead = |thing: &str| Failure::usage(format!("“{text}” is {thing}, not a user id."), LOOKS_LIKE);
    Err(match text.chars().next() {
        None => Failure::usage("The user id is empty.", LOOKS_LIKE),
        Some('!') => instead("a room id"),
        Some('#') => instead("a room address"),
        Some('$') => instead("an event id"),
        Some('@') if !text.contains(':') => Failure::usage(
            format!("“{text}” lacks the server’s name."),
            format!("A whole user id looks like {text}:example.org; Element shows yours in Settings → Account."),
        ),
        Some('@') => Failure::usage(format!("“{text}” is not a valid user id."), LOOKS_LIKE),
        Some(_) => match guess(text) {
            Some(user) => Failure::usage(format!("“{text}” is not a user id."), format!("Did you mean {user}?")),
            None if text.contains('@') => instead("an e-mail address"),
            None => Failure::usage(format!("“{text}” is not a user id."), LOOKS_LIKE),
        },
    })
}

const LOOKS_LIKE: &str = "A user id looks like @mira:example.org; Element shows yours in Settings → Account.";

/// Guesses the user id in a link to one, or in one without its `@`.
fn guess(text: &str) -> Option<OwnedUserId> {
    let inside_link = text
        .split("matrix.to/#/")
        .nth(1)
        .or_else(|| text.strip_prefix("matrix:u/"));
    let id = inside_link
        .unwrap_or(text)
        .split('?')
        .next()?
        .replace("%40", "@")
        .replace("%3A", ":");
    let id = if id.starts_with('@') { id } else { format!("@{id}") };
    if id[1..].contains(['@', '/']) {
        return None;
    }
    UserId::parse(id).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn user_ids_are_taken() {
        for text in [
            "@mira:example.org",
            " @mira:example.org\n",
            "@mira:localhost:8008",
            "@Mira Odd:example.org",
        ] {
            assert_eq!(parse_user(text).unwrap(), text.trim());
        }
    }

    #[test]
    fn other_things_are_named() {
        let told = [
            "",
            "mira",
            "@mira",
            "!room:example.org",
            "#room:example.org",
            "$event",
            "mira@example.org",
            "mira:example.org",
            "https://matrix.to/#/@mira:example.org",
            "https://matrix.to/#/%40mira%3Aexample.org?via=x",
            "@mira:exa mple",
            "https://example.org",
        ]
        .map(|text| {
            let failure = parse_user(text).unwrap_err();
            assert_eq!(failure.exit, Exit::Usage);
            format!("{text}\n  {}\n  {}\n", failure.wrong, failure.hint)
        });
        insta::assert_snapshot!(told.concat());
    }
}
