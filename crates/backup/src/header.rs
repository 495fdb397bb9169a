//! Reads the message index out of an encrypted event, without a key.

use crate::base64;

/// The message format that goes with `m.megolm.v1.aes-sha2`.
const VERSION: u8 = 3;
/// What follows the payload: eight bytes of MAC and an Ed25519 signature.
const SUFFIX: usize = 8 + 64;
/// How much of a message is enough to find the index in the usual place.
const START: usize = 24;
/// The field key of the index: field 1, a number.
const INDEX: u64 = 0x08;
/// The field key of the ciphertext: field 2, bytes.
const CIPHERTEXT: u64 = 0x12;

/// Says why the `ciphertext` of an event is no Megolm message. Such an event is unreadable with every key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum HeaderError {
    /// The text is not base64.
    #[error("the ciphertext is not base64")]
    NotBase64,
    /// There is less than the shortest message has.
    #[error("the message is too short")]
    TooShort,
    /// The first byte is not that of the only format for this algorithm.
    #[error("the message has an unknown version")]
    UnknownVersion,
    /// The payload is not made as the format wants it.
    #[error("the message is malformed")]
    Malformed,
}

/// Reads the index of the message within its session from the `ciphertext` of an `m.room.encrypted` event.
///
/// The format is a version byte, a payload in the encoding of Protocol Buffers (field 1 the index, field 2 the actual
/// ciphertext), MAC and signature ("The Megolm ratchet", "Message format").
///
/// # Errors
///
/// Fails exactly when the message cannot be parsed, and so cannot be decrypted by anyone.
pub fn message_index(ciphertext: &str) -> Result<u32, HeaderError> {
    let (start, length) = base64::decode_start(ciphertext.as_bytes()).ok_or(HeaderError::NotBase64)?;
    let [version, start @ ..]: [u8; START] = start;
    match version {
        _ if length == 0 => return Err(HeaderError::TooShort),
        VERSION => {}
        _ => return Err(HeaderError::UnknownVersion),
    }
    let length = length
        .checked_sub(1 + SUFFIX)
        .filter(|length| *length > 0)
        .ok_or(HeaderError::TooShort)?;
    if let Some(index) = usual_index(&start[..length.min(start.len())], length) {
        return Ok(index);
    }
    let mut buffer = Vec::new();
    let message = base64::decode_into(ciphertext.as_bytes(), &mut buffer).ok_or(HeaderError::NotBase64)?;
    Payload(&message[1..=length]).index().ok_or(HeaderError::Malformed)
}

/// Reads the index where every sender writes it: first, and then the ciphertext to the end of the payload.
fn usual_index(start: &[u8], length: usize) -> Option<u32> {
    let mut payload = Payload(start);
    let index = payload.field(INDEX)?;
    let ciphertext = payload.field(CIPHERTEXT)?;
    let rest = length - (start.len() - payload.0.len());
    (ciphertext == rest as u64).then_some(index as u32)
}

/// The rest of a payload in the encoding of Protocol Buffers.
struct Payload<'a>(&'a [u8]);

impl Payload<'_> {
    /// How many groups may lie inside each other.
    const MAX_DEPTH: u32 = 100;

    /// Reads a field key that must be `key`, and the number after it.
    fn field(&mut self, key: u64) -> Option<u64> {
        (self.number()? == key).then(|| self.number())?
    }

    /// Reads all fields in any order, of which the last index counts; a missing one is zero, one of another type is an
    /// error.
    fn index(mut self) -> Option<u32> {
        let mut index = 0;
        while !self.0.is_empty() {
            match self.number()? {
                // Only the lower half of a number counts for a field of 32 bits.
                INDEX => index = self.number()? as u32,
                CIPHERTEXT => self.skip_bytes()?,
                key if matches!(key >> 3, 1 | 2) => return None,
                key => self.skip(key, Self::MAX_DEPTH)?,
            }
        }
        Some(index)
    }

    /// Skips the value of an unknown field.
    fn skip(&mut self, key: u64, depth: u32) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        let field = Self::number_of(key)?;
        match key & 7 {
            0 => self.number().map(|_| ()),
            1 => self.advance(8),
            2 => self.skip_bytes(),
            3 => loop {
                let key = self.number()?;
                if key & 7 == 4 {
                    return (Self::number_of(key)? == field).then_some(());
                }
                self.skip(key, depth)?;
            },
            5 => self.advance(4),
            _ => None,
        }
    }

    /// Reads the field number out of a field key.
    fn number_of(key: u64) -> Option<u32> {
        u32::try_from(key).ok().map(|key| key >> 3).filter(|number| *number > 0)
    }

    fn skip_bytes(&mut self) -> Option<()> {
        let length = self.number()?;
        self.advance(length)
    }

    fn advance(&mut self, count: u64) -> Option<()> {
        self.0 = self.0.get(usize::try_from(count).ok()?..)?;
        Some(())
    }

    /// Reads a number of up to ten bytes with seven bits each, the lowest first.
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                // The tenth byte has room for one bit.
                return (shift < 63 || byte < 2).then_some(number);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vodozemac::megolm::MegolmMessage;

    use super::{HeaderError, SUFFIX, message_index};
    use crate::{base64::encode, generate::Generator};

    /// What vodozemac reads, except for the version that no session of this algorithm decrypts.
    fn oracle(ciphertext: &str) -> Option<u32> {
        let message = MegolmMessage::from_base64(ciphertext).ok()?;
        (message.to_bytes()[0] == 3).then(|| message.message_index())
    }

    fn message(payload: &[u8]) -> String {
        encode(&[&[3], payload, &[9; SUFFIX]].concat())
    }

    #[test]
    fn real_messages() {
        let mut sender = Generator::new(1).unwrap().session(0).unwrap().sender().unwrap();
        for index in 0..300 {
            let text = sender.encrypt(vec![b'x'; index as usize * 20]).to_base64();
            assert_eq!(message_index(&text), Ok(index));
            assert_eq!(
                message_index(&format!("{text}{}", "=".repeat((4 - text.len() % 4) % 4))),
                Ok(index)
            );
        }
    }

    #[test]
    fn errors_are_told_apart() {
        assert_eq!(message_index("?"), Err(HeaderError::NotBase64));
        assert_eq!(message_index(""), Err(HeaderError::TooShort));
        assert_eq!(message_index(&encode(&[3])), Err(HeaderError::TooShort));
        assert_eq!(message_index(&encode(&[4])), Err(HeaderError::UnknownVersion));
        assert_eq!(message_index(&message(&[])), Err(HeaderError::TooShort));
        assert_eq!(message_index(&message(&[0x08])), Err(HeaderError::Malformed));
        assert_eq!(message_index(&message(&[0x12, 0])), Ok(0));
        assert_eq!(message_index(&message(&[0x08, 5])), Ok(5));
    }

    #[test]
    fn unusual_payloads_are_read_as_by_the_oracle() {
        let deep = |depth: usize| [vec![0x1b; depth], vec![0x1c; depth]].concat();
        for payload in [
            &[0x08, 5, 0x12, 2, 0, 0][..],
            &[0x12, 2, 0, 0, 0x08, 5],
            &[0x08, 5, 0x08, 6],
            &[0x08, 5, 0x12, 1],
            &[0x08, 5, 0x12, 1, 0, 0],
            &[0x08, 5, 0x12, 1, 0, 0x08, 0x80],
            &[0x08, 0xff, 0xff, 0xff, 0xff, 0x0f],
            &[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            &[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02],
            &[0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
            &[0x88, 0x00, 5],
            &[0x09, 0, 0, 0, 0, 0, 0, 0, 0],
            &[0x0a, 1, 0],
            &[0x10, 1],
            &[0x15, 0, 0, 0, 0],
            &[0x18, 0x80, 1, 0x08, 7],
            &[0x19, 0, 0, 0, 0, 0, 0, 0, 0, 0x08, 7],
            &[0x19, 0, 0, 0, 0, 0, 0, 0],
            &[0x1a, 3, 0, 0, 0, 0x08, 7],
            &[0x1b, 0x08, 1, 0x1c, 0x08, 7],
            &[0x1b, 0x08, 1, 0x24, 0x08, 7],
            &[0x1b, 0x08, 1],
            &[0x1c],
            &[0x1d, 0, 0, 0, 0, 0x08, 7],
            &[0x1e],
            &[0x1f],
            &[0x00, 1],
            &[0x05, 0, 0, 0, 0],
            &[0x1b, 0x04],
            &[0x1b, 0x84, 0x80, 0x80, 0x80, 0x10],
            &[0x88, 0x80, 0x80, 0x80, 0x10, 5],
            &[0xf8, 0xff, 0xff, 0xff, 0x0f, 5],
            &[0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            &deep(50),
            &deep(99),
            &deep(100),
            &deep(101),
        ] {
            let text = message(payload);
            assert_eq!(message_index(&text).ok(), oracle(&text), "{payload:x?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        #[test]
        fn any_payload_is_read_as_by_the_oracle(payload in prop::collection::vec(prop_oneof![
            3 => any::<u8>(),
            1 => 0_u8..32,
            1 => Just(0x08_u8),
            1 => Just(0x12_u8),
        ], 0..40), padding in 0_usize..3) {
            let text = message(&payload) + &"=".repeat(padding);
            prop_assert_eq!(message_index(&text).ok(), oracle(&text));
        }

        #[test]
        fn any_bytes_are_read_as_by_the_oracle(version in 2_u8..5, bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            let text = encode(&[&[version], &bytes[..]].concat());
            prop_assert_eq!(message_index(&text).ok(), oracle(&text));
        }

        #[test]
        fn any_text_is_read_as_by_the_oracle(text in "[A-Za-z0-9+/]{0,140}[=A-Za-z]{0,4}") {
            prop_assert_eq!(message_index(&text).ok(), oracle(&text));
        }
    }
}
