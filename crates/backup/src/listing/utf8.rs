//! Checks UTF-8 that arrives in pieces.

/// Remembers what the next byte of an unfinished character may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Utf8 {
    left: u8,
    low: u8,
    high: u8,
}

impl Utf8 {
    /// Between two characters.
    pub(super) const START: Self = Self::expecting(0, 0x80, 0xbf);

    const fn expecting(left: u8, low: u8, high: u8) -> Self {
        Self { left, low, high }
    }

    /// Tells whether a character has begun and not ended.
    pub(super) const fn is_inside(self) -> bool {
        self.left > 0
    }

    /// Takes the next byte; `None` when it cannot follow (Unicode, table 3-7: no overlong forms, no surrogates).
    pub(super) const fn then(self, byte: u8) -> Option<Self> {
        if self.left > 0 {
            return if self.low <= byte && byte <= self.high {
                Some(Self::expecting(self.left - 1, 0x80, 0xbf))
            } else {
                None
            };
        }
        Some(match byte {
            0x00..=0x7f => Self::START,
            0xc2..=0xdf => Self::expecting(1, 0x80, 0xbf),
            0xe0 => Self::expecting(2, 0xa0, 0xbf),
            0xed => Self::expecting(2, 0x80, 0x9f),
            0xe1..=0xef => Self::expecting(2, 0x80, 0xbf),
            0xf0 => Self::expecting(3, 0x90, 0xbf),
            0xf1..=0xf3 => Self::expecting(3, 0x80, 0xbf),
            0xf4 => Self::expecting(3, 0x80, 0x8f),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Utf8;

    fn is_valid(bytes: &[u8]) -> bool {
        bytes
            .iter()
            .try_fold(Utf8::START, |state, &byte| state.then(byte))
            .is_some_and(|state| !state.is_inside())
    }

    #[test]
    fn every_start_is_judged_as_by_the_standard_library() {
        let edges = [0x00, 0x22, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
        for number in 0..=u16::MAX {
            let [first, second] = number.to_be_bytes();
            for third in edges {
                for bytes in [&[first, second, third][..], &[first, second], &[first]] {
                    assert_eq!(is_valid(bytes), std::str::from_utf8(bytes).is_ok(), "{bytes:?}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn four_bytes_are_judged_as_by_the_standard_library(first in 0xee_u8.., rest: [u8; 2], last in 0x70_u8..) {
            let bytes = [first, rest[0], rest[1], last];
            prop_assert_eq!(is_valid(&bytes), std::str::from_utf8(&bytes).is_ok());
        }

        #[test]
        fn text_is_valid_and_its_pieces_are_inside(text: String) {
            prop_assert!(is_valid(text.as_bytes()));
            let mut state = Utf8::START;
            for (at, &byte) in text.as_bytes().iter().enumerate() {
                prop_assert_eq!(state.is_inside(), !text.is_char_boundary(at));
                state = state.then(byte).unwrap();
            }
        }
    }
}
