//! Understands what a person typed, before any network is used.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// First two bytes of every recovery key.
const PREFIX: [u8; 2] = [0x8b, 0x01];
/// Prefix, 32 bytes of key, parity byte.
const DECODED_LENGTH: usize = 35;
/// Characters of a recovery key without its spaces.
const TYPED_LENGTH: usize = 48;
const ALPHABET: &str = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// What a typed text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Understanding {
    /// A well-formed recovery key.
    RecoveryKey,
    /// Nearly one.
    MistypedRecoveryKey(Typo),
    /// Something else that people paste by mistake.
    LooksLike(OtherThing),
    /// Any other text: it can only be a passphrase.
    Passphrase,
    /// Nothing.
    Empty,
}

/// What is wrong with a text that was meant to be a recovery key. Places count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typo {
    /// A character that recovery keys never use.
    WrongCharacter {
        /// The character.
        character: char,
        /// The group of four in which it stands.
        group: usize,
        /// Its place in that group.
        place: usize,
    },
    /// Too short or too long.
    WrongLength {
        /// Characters without spaces.
        characters: usize,
        /// Characters it should have.
        expected: usize,
    },
    /// Right length and characters, and the check at its end does not fit: some character is another one.
    WrongParity,
    /// It does not begin as recovery keys do.
    WrongPrefix,
}

/// Things that are no recovery key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherThing {
    /// An access token.
    AccessToken,
    /// An event id.
    EventId,
    /// A user id.
    UserId,
    /// A room id or alias.
    RoomId,
}

impl fmt::Display for Understanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RecoveryKey => f.write_str("This is a well-formed recovery key."),
            Self::MistypedRecoveryKey(typo) => typo.fmt(f),
            Self::LooksLike(thing) => write!(f, "This looks like {thing}, not like a recovery key or passphrase."),
            Self::Passphrase => f.write_str("This is not a recovery key; it can only be a recovery passphrase."),
            Self::Empty => f.write_str("Nothing was typed."),
        }
    }
}

impl fmt::Display for Typo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongCharacter {
                character,
                group,
                place,
            } => write!(
                f,
                "This is nearly a recovery key, but character {place} of group {group} is “{character}”, which \
                 recovery keys never contain."
            ),
            Self::WrongLength { characters, expected } => write!(
                f,
                "This is nearly a recovery key, but it has {characters} characters instead of {expected} (spaces do \
                 not count)."
            ),
            Self::WrongParity => f.write_str(
                "This is nearly a recovery key, but its check does not fit: one of its characters is mistyped.",
            ),
            Self::WrongPrefix => {
                f.write_str("This has the length of a recovery key, but recovery keys begin with “Es”.")
            }
        }
    }
}

impl fmt::Display for OtherThing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AccessToken => "an access token",
            Self::EventId => "an event id",
            Self::UserId => "a user id",
            Self::RoomId => "a room id",
        })
    }
}

/// Says what a typed text is. Uses no network and keeps nothing of the text.
///
/// [Cryptographic key representation](https://spec.matrix.org/latest/appendices/#cryptographic-key-representation).
pub fn understand(text: &SecretString) -> Understanding {
    let text = text.expose_secret().trim();
    if text.is_empty() {
        return Understanding::Empty;
    }
    if let Some(thing) = other_thing(text) {
        return Understanding::LooksLike(thing);
    }
    match parse(text) {
        Ok(_) => Understanding::RecoveryKey,
        Err(typo) if was_meant_as_key(text) => Understanding::MistypedRecoveryKey(typo),
        Err(_) => Understanding::Passphrase,
    }
}

/// Decodes a recovery key into its 32 bytes.
pub(crate) fn decode(text: &SecretString) -> Option<Zeroizing<Vec<u8>>> {
    parse(text.expose_secret()).ok()
}

/// Writes 32 bytes as a recovery key, in groups of four.
pub(crate) fn encode(key: &[u8]) -> SecretString {
    let mut bytes = Zeroizing::new(Vec::with_capacity(DECODED_LENGTH));
    bytes.extend_from_slice(&PREFIX);
    bytes.extend_from_slice(key);
    let parity = bytes.iter().fold(0, |parity, byte| parity ^ byte);
    bytes.push(parity);
    let text = Zeroizing::new(bs58::encode(&bytes[..]).into_string());
    let mut grouped = String::with_capacity(TYPED_LENGTH + TYPED_LENGTH / 4);
    for (number, character) in text.chars().enumerate() {
        if number > 0 && number % 4 == 0 {
            grouped.push(' ');
        }
        grouped.push(character);
    }
    SecretString::from(grouped)
}

fn parse(text: &str) -> Result<Zeroizing<Vec<u8>>, Typo> {
    let typed = Zeroizing::new(compact(text));
    if let Some((at, character)) = typed.chars().enumerate().find(|(_, it)| !ALPHABET.contains(*it)) {
        return Err(Typo::WrongCharacter {
            character,
            group: at / 4 + 1,
            place: at % 4 + 1,
        });
    }
    let wrong_length = Typo::WrongLength {
        characters: typed.len(),
        expected: TYPED_LENGTH,
    };
    // Far longer texts are refused before the quadratic conversion.
    if typed.len() > 2 * TYPED_LENGTH {
        return Err(wrong_length);
    }
    let bytes = Zeroizing::new(
        bs58::decode(typed.as_bytes())
            .into_vec()
            .map_err(|_| Typo::WrongPrefix)?,
    );
    if bytes.len() != DECODED_LENGTH {
        return Err(wrong_length);
    }
    if bytes[..2] != PREFIX {
        return Err(Typo::WrongPrefix);
    }
    if bytes.iter().fold(0, |parity, byte| parity ^ byte) != 0 {
        return Err(Typo::WrongParity);
    }
    Ok(Zeroizing::new(bytes[2..34].to_vec()))
}

/// Leaves out white space, and quotes around a pasted key.
fn compact(text: &str) -> String {
    let text = text.trim().trim_matches(['"', '\'', '“', '”', '`']);
    let mut typed = String::with_capacity(text.len());
    typed.extend(text.chars().filter(|it| !it.is_whitespace()));
    typed
}

/// Tells a mistyped key from a passphrase: groups of four, or one long word that begins as keys do.
fn was_meant_as_key(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let of_four = words.iter().filter(|it| it.chars().count() == 4).count();
    let grouped = words.len() >= 6 && of_four * 4 >= words.len() * 3;
    let typed = Zeroizing::new(compact(text));
    let characters = typed.chars().count();
    let known = typed.chars().filter(|it| ALPHABET.contains(*it)).count();
    let long = (40..=56).contains(&characters) && known * 10 >= characters * 9;
    (grouped || long)
        && typed.chars().all(char::is_alphanumeric)
        && (grouped || typed.starts_with("Es") || words.len() == 1)
}

fn other_thing(text: &str) -> Option<OtherThing> {
    if text.contains(char::is_whitespace) {
        return None;
    }
    let token = ["syt_", "mat_", "mct_", "mcr_", "mar_", "MDAx"];
    if token.iter().any(|it| text.starts_with(it)) && text.len() > 20 {
        return Some(OtherThing::AccessToken);
    }
    let named = text.len() > 3 && text.contains(':');
    match text.chars().next()? {
        '$' if text.len() >= 44 || named => Some(OtherThing::EventId),
        '@' if named => Some(OtherThing::UserId),
        '!' | '#' if named => Some(OtherThing::RoomId),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of the specification's appendix.
    const SPEC_KEY: &str = "EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d";

    #[test]
    fn what_is_decoded_is_encoded_as_it_was() {
        let bytes = decode(&SecretString::from(SPEC_KEY)).unwrap();
        assert_eq!(encode(&bytes).expose_secret(), SPEC_KEY);
    }

    fn of(text: &str) -> Understanding {
        understand(&SecretString::from(text))
    }

    fn typo(text: &str) -> Typo {
        match of(text) {
            Understanding::MistypedRecoveryKey(typo) => typo,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn a_key_is_understood_with_spaces_line_breaks_and_quotes() {
        let tight = SPEC_KEY.replace(' ', "");
        for text in [
            SPEC_KEY,
            &tight,
            &format!("\"{SPEC_KEY}\"\n"),
            &SPEC_KEY.replace(' ', "\r\n"),
        ] {
            assert_eq!(of(text), Understanding::RecoveryKey, "{text}");
        }
        assert_eq!(decode(&SecretString::from(SPEC_KEY)).unwrap().len(), 32);
    }

    #[test]
    fn a_wrong_character_is_named_with_its_place() {
        let text = SPEC_KEY.replacen("PGiF", "PG0F", 1);
        assert_eq!(
            typo(&text),
            Typo::WrongCharacter {
                character: '0',
                group: 3,
                place: 3
            }
        );
        assert_eq!(
            typo(&text.replace(' ', "")),
            Typo::WrongCharacter {
                character: '0',
                group: 3,
                place: 3
            }
        );
    }

    #[test]
    fn a_wrong_length_is_counted() {
        assert_eq!(
            typo(&SPEC_KEY[..SPEC_KEY.len() - 5]),
            Typo::WrongLength {
                characters: 44,
                expected: 48
            }
        );
        assert_eq!(
            typo(&format!("{SPEC_KEY} UE4d")),
            Typo::WrongLength {
                characters: 52,
                expected: 48
            }
        );
    }

    #[test]
    fn a_changed_character_breaks_the_check() {
        let text = SPEC_KEY.replacen("UE4d", "UE4e", 1);
        assert_eq!(typo(&text), Typo::WrongParity);
    }

    #[test]
    fn another_beginning_is_told() {
        let text = SPEC_KEY.replacen("EsTc", "FsTc", 1);
        assert_eq!(typo(&text), Typo::WrongPrefix);
    }

    #[test]
    fn passphrases_are_not_taken_for_keys() {
        for text in [
            "correct horse battery staple",
            "hunter2",
            "a much longer sentence that somebody once chose as theirs",
        ] {
            assert_eq!(of(text), Understanding::Passphrase, "{text}");
        }
    }

    #[test]
    fn other_things_are_named() {
        for (text, thing) in [
            ("syt_bWlyYQ_aaaaaaaaaaaaaaaaaaaa_0abcde", OtherThing::AccessToken),
            ("$Rqnc-F-dvnEYJTyHq_iKxU2bZ1CI92-kuZq3a5lr5Zg", OtherThing::EventId),
            ("@mira:example.org", OtherThing::UserId),
            ("!abc:example.org", OtherThing::RoomId),
        ] {
            assert_eq!(of(text), Understanding::LooksLike(thing), "{text}");
        }
    }

    #[test]
    fn nothing_is_nothing_and_a_novel_is_no_key() {
        assert_eq!(of(" \n"), Understanding::Empty);
        assert_eq!(of(&"a".repeat(100_000)), Understanding::Passphrase);
    }

    #[test]
    fn no_sentence_repeats_what_was_typed() {
        let text = SPEC_KEY.replacen("PGiF", "PG0F", 1);
        let said = of(&text).to_string();
        assert!(said.contains("group 3") && !said.contains("EsTc"), "{said}");
    }
}
