//! The id of a room key in 32 bytes instead of 43 characters.

use std::fmt;

use crate::base64;

/// Identifies one room key: the Ed25519 public key of its Megolm session.
///
/// The specification writes it as unpadded base64 (`session_id`, "m.megolm.v1.aes-sha2"). Exactly one spelling exists
/// for each id, so equal bytes and equal text are the same thing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId([u8; Self::LENGTH]);

impl SessionId {
    const LENGTH: usize = 32;

    /// Reads the spelling used by the specification; `None` for a text that no Megolm session can have as its id.
    pub fn parse(text: &str) -> Option<Self> {
        base64::decode_strict(text).map(Self)
    }

    /// Takes the public key itself.
    pub const fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// Returns the first bytes as a number of the same order, which is quicker to compare.
    pub(crate) const fn start(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }

    /// Returns the public key itself.
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&base64::encode(&self.0))
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SessionId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::SessionId;

    const TEXT: &str = "gM8i47Xhu0q52xLfgUXzanCMpLinoyVyH7R58cBuVBU";

    #[test]
    fn text_and_bytes_are_the_same_thing() {
        let id = SessionId::parse(TEXT).unwrap();
        assert_eq!(id.to_string(), TEXT);
        assert_eq!(SessionId::from_bytes(*id.as_bytes()), id);
        assert_eq!(format!("{id:?}"), format!("SessionId({TEXT})"));
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in [
            "",
            "gM8i47Xhu0q52xLfgUXzanCMpLinoyVyH7R58cBuVBU=",
            "gM8i47Xhu0q52xLfgUXzanCMpLinoyVyH7R58cBuVBV",
            "gM8i47Xhu0q52xLfgUXzanCMpLinoyVyH7R58cBuVB",
            "gM8i47Xhu0q52xLfgUXzanCMpLinoyVyH7R58cBuVBUA",
            "gM8i47Xhu0q52xLfgUXzanCMpLinoyVyH7R58cBuVB-",
        ] {
            assert_eq!(SessionId::parse(text), None, "{text}");
        }
    }
}
