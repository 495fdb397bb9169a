//! Base64 as Matrix writes it: unpadded, and padded by some clients.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

const EITHER: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Decodes `text`, padded or not
/// ([Unpadded Base64](https://spec.matrix.org/latest/appendices/#unpadded-base64)).
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    EITHER.decode(text.trim()).ok()
}

/// Encodes without padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    EITHER.encode(bytes)
}
