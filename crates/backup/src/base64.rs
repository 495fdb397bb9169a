//! The two dialects of base64 that Matrix clients accept.

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, general_purpose::NO_PAD},
};
use zeroize::Zeroize as _;

/// Without padding, one spelling for each value.
const STRICT: GeneralPurpose = GeneralPurpose::new(&STANDARD, NO_PAD);

/// With or without padding: the specification asks for none, older clients wrote it.
const LENIENT: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, NO_PAD.with_decode_padding_mode(DecodePaddingMode::Indifferent));

/// Encodes without padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    STRICT.encode(bytes)
}

/// Decodes unpadded text of exactly `N` bytes.
pub(crate) fn decode_strict<const N: usize>(text: &str) -> Option<[u8; N]> {
    decode_array(&STRICT, text.as_bytes())
}

/// Decodes padded or unpadded text of exactly `N` bytes.
pub(crate) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    decode_array(&LENIENT, text.as_bytes())
}

/// Decodes padded or unpadded text into `bytes`, which keeps its allocation as long as that is large enough, and is
/// wiped before it moves to a larger one: it may have held a secret.
pub(crate) fn decode_into(text: &[u8], bytes: &mut Vec<u8>) -> Option<()> {
    let room = text.len().div_ceil(4) * 3;
    if room > bytes.capacity() {
        bytes.zeroize();
    }
    bytes.clear();
    bytes.resize(room, 0);
    let length = LENIENT.decode_slice(text, bytes).ok()?;
    bytes.truncate(length);
    Some(())
}

fn decode_array<const N: usize>(dialect: &GeneralPurpose, text: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let length = dialect.decode_slice(text, &mut bytes).ok()?;
    (length == N).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{decode, decode_into, decode_strict, encode};

    #[test]
    fn only_the_lenient_dialect_takes_padding() {
        assert_eq!(decode_strict::<1>("QQ"), Some(*b"A"));
        assert_eq!(decode_strict::<1>("QQ=="), None);
        assert_eq!(decode::<1>("QQ"), Some(*b"A"));
        assert_eq!(decode::<1>("QQ=="), Some(*b"A"));
    }

    #[test]
    fn length_must_fit_exactly() {
        assert_eq!(decode::<32>(&encode(&[7; 32])), Some([7; 32]));
        assert_eq!(decode::<32>(&encode(&[7; 31])), None);
        assert_eq!(decode::<32>(&encode(&[7; 33])), None);
        assert_eq!(decode_strict::<32>(&encode(&[7; 33])), None);
        assert_eq!(decode::<0>(""), Some([]));
    }

    #[test]
    fn foreign_characters_and_loose_bits_are_refused() {
        for text in ["Q", "QR", "Q-", "QQ=", "Q Q", "QQ\n"] {
            assert_eq!(decode::<1>(text).filter(|_| text != "QQ="), None, "{text:?}");
            assert_eq!(decode_strict::<1>(text), None, "{text:?}");
        }
    }

    #[test]
    fn every_length_survives_the_buffer() {
        let mut buffer = Vec::new();
        for length in 0..100 {
            let bytes: Vec<u8> = (0..length).collect();
            assert_eq!(decode_into(encode(&bytes).as_bytes(), &mut buffer), Some(()));
            assert_eq!(buffer, bytes);
        }
        assert_eq!(decode_into(b"A", &mut buffer), None);
    }
}
