//! Finds the end of the plain part of a JSON text.

/// Counts the leading bytes that are ASCII and neither end a text nor mean something special in it.
///
/// Nearly all of a listing is such text; whole blocks are looked at together, with instructions for many bytes.
pub(crate) fn plain(input: &[u8]) -> usize {
    const BLOCK: usize = 32;
    let plain_block = |block: &&[u8]| !block.iter().fold(false, |special, &byte| special | is_special(byte));
    let start = input.chunks_exact(BLOCK).take_while(plain_block).count() * BLOCK;
    let rest = &input[start..];
    for (word, bytes) in rest.chunks_exact(8).enumerate() {
        let special = special_bytes(bytes);
        if special != 0 {
            return start + word * 8 + special.trailing_zeros() as usize / 8;
        }
    }
    let tail = rest.len() / 8 * 8;
    start + tail + rest[tail..].iter().take_while(|byte| !is_special(**byte)).count()
}

const fn is_special(byte: u8) -> bool {
    byte.cast_signed() < 0x20 || byte == b'"' || byte == b'\\'
}

/// Sets the highest bit of the first special byte of eight, and of none before it.
fn special_bytes(bytes: &[u8]) -> u64 {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGH: u64 = ONES << 7;
    let word = bytes.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
    // A byte below another one borrows from its own highest bit, and only then from the bytes after it.
    let control = word.wrapping_sub(ONES * 0x20);
    let quote = (word ^ (ONES * b'"' as u64)).wrapping_sub(ONES);
    let escape = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    (word | (control | quote | escape) & !word) & HIGH
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::plain;

    fn slow(input: &[u8]) -> usize {
        input
            .iter()
            .position(|&byte| !(0x20..0x80).contains(&byte) || byte == b'"' || byte == b'\\')
            .unwrap_or(input.len())
    }

    #[test]
    fn every_byte_is_told_at_every_place() {
        for length in 1..100 {
            for at in 0..length {
                for byte in 0..=u8::MAX {
                    let mut input = vec![b'a'; length];
                    input[at] = byte;
                    assert_eq!(plain(&input), slow(&input), "{byte} at {at} of {length}");
                }
            }
        }
        assert_eq!(plain(b""), 0);
    }

    proptest! {
        #[test]
        fn any_bytes_end_where_the_slow_way_ends(input in prop::collection::vec(prop_oneof![
            20 => 0x1e_u8..0x24,
            20 => 0x5a_u8..0x5f,
            1 => any::<u8>(),
        ], 0..80)) {
            prop_assert_eq!(plain(&input), slow(&input));
        }
    }
}
