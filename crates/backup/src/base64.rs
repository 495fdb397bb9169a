//! The two dialects of base64 that Matrix clients accept.

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, general_purpose::NO_PAD},
};
use base64_simd::AsOut as _;
use zeroize::Zeroize as _;

/// Without padding, one spelling for each value.
const STRICT: GeneralPurpose = GeneralPurpose::new(&STANDARD, NO_PAD);

/// With or without padding: the specification asks for none, older clients wrote it.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    NO_PAD.with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Encodes without padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    STRICT.encode(bytes)
}

/// Decodes unpadded text of exactly `N` bytes.
pub(crate) fn decode_strict<const N: usize>(text: &str) -> Option<[u8; N]> {
    decode_array(&STRICT, text.as_bytes())
}

/// Decodes unpadded text of exactly `N` bytes to where they are wanted.
pub(crate) fn decode_strict_into<const N: usize>(text: &str, bytes: &mut [u8; N]) -> Option<()> {
    (decode_slice(&STRICT, text.as_bytes(), bytes)? == N).then_some(())
}

/// Decodes padded or unpadded text of exactly `N` bytes.
pub(crate) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    decode_array(&LENIENT, text.as_bytes())
}

/// Decodes padded or unpadded text into the beginning of `buffer`, which only grows: it may hold a secret and is wiped
/// before it moves to a larger allocation.
pub(crate) fn decode_into<'a>(text: &[u8], buffer: &'a mut Vec<u8>) -> Option<&'a mut [u8]> {
    let room = text.len().div_ceil(4) * 3;
    if room > buffer.len() {
        buffer.zeroize();
        buffer.resize(room, 0);
    }
    let length = decode_slice(&LENIENT, text, buffer)?;
    buffer.get_mut(..length)
}

/// Decodes padded or unpadded text, keeps the first `N` bytes (zeros where there are fewer) and returns how many there
/// are. Needs no memory besides, however long the text.
pub(crate) fn decode_start<const N: usize>(text: &[u8]) -> Option<([u8; N], usize)> {
    const BLOCK: usize = 512;
    let mut start = [0; N];
    let mut length = 0;
    let mut bytes = [0; BLOCK / 4 * 3];
    let mut blocks = text.chunks(BLOCK).peekable();
    while let Some(block) = blocks.next() {
        let dialect = if blocks.peek().is_some() { &STRICT } else { &LENIENT };
        let decoded = dialect.decode_slice(block, &mut bytes).ok()?;
        if length < N {
            let kept = decoded.min(N - length);
            start[length..length + kept].copy_from_slice(&bytes[..kept]);
        }
        length += decoded;
    }
    Some((start, length))
}

fn decode_array<const N: usize>(dialect: &GeneralPurpose, text: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let length = decode_slice(dialect, text, &mut bytes)?;
    (length == N).then_some(bytes)
}

/// Decodes into the beginning of `bytes` and returns how many there are.
///
/// Nearly every text is as the specification wants it, which `base64-simd` decodes with instructions for many bytes;
/// whatever it does not take is judged by the dialect.
fn decode_slice(dialect: &GeneralPurpose, text: &[u8], bytes: &mut [u8]) -> Option<usize> {
    // It panics where there is too little room, which the dialect reports.
    if let Some(room) = bytes.get_mut(..text.len() * 3 / 4)
        && let Ok(decoded) = base64_simd::STANDARD_NO_PAD.decode(text, room.as_out())
    {
        return Some(decoded.len());
    }
    dialect.decode_slice(text, bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::{decode, decode_into, decode_start, decode_strict, encode};

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
        for text in ["Q", "QR", "Q-", "Q Q", "QQ\n", "QQ===", "=QQ", "Q=Q="] {
            assert_eq!(decode::<1>(text), None, "{text:?}");
            assert_eq!(decode_strict::<1>(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_lenient_dialect_is_that_of_vodozemac() {
        for text in [
            "", "=", "Q", "Q=", "QQ", "QQ=", "QQ==", "QQ===", "QUE", "QUE=", "QUE==", "QUFB", "QUFB=",
        ] {
            let mut buffer = Vec::new();
            let ours = decode_into(text.as_bytes(), &mut buffer).map(|bytes| bytes.to_vec());
            assert_eq!(ours, vodozemac::base64_decode(text).ok(), "{text:?}");
        }
    }

    #[test]
    fn every_length_survives_the_buffer() {
        let mut buffer = Vec::new();
        for length in 0..100 {
            let bytes: Vec<u8> = (0..length).collect();
            assert_eq!(decode_into(encode(&bytes).as_bytes(), &mut buffer).unwrap(), bytes);
        }
        assert_eq!(decode_into(b"A", &mut buffer), None);
    }

    #[test]
    fn the_start_is_kept_and_the_rest_is_checked() {
        let bytes: Vec<u8> = (0..2000_u32).map(|number| number as u8).collect();
        let mut buffer = Vec::new();
        for length in (0..20).chain(370..400).chain(760..780).chain([1999]) {
            let text = encode(&bytes[..length]);
            let mut expected = [0; 8];
            expected[..length.min(8)].copy_from_slice(&bytes[..length.min(8)]);
            assert_eq!(decode_start(text.as_bytes()), Some((expected, length)));
            let (start, _) = decode_start::<600>(text.as_bytes()).unwrap();
            assert_eq!(start[..length.min(600)], bytes[..length.min(600)]);
            for at in [0, length / 2, text.len().saturating_sub(1)] {
                let mut spoiled = text.clone().into_bytes();
                if let Some(byte) = spoiled.get_mut(at) {
                    *byte = b'=';
                    let whole = decode_into(&spoiled, &mut buffer).map(|bytes| bytes.len());
                    assert_eq!(
                        decode_start::<8>(&spoiled).map(|(_, length)| length),
                        whole,
                        "{length} {at}"
                    );
                }
            }
        }
    }
}
