//! Tells room ids from other texts.

/// How long an id may be, in bytes ("Common Identifier Format").
pub(crate) const MAX_ID: usize = 255;

/// Tells whether a client would take this text as a room id.
///
/// "Room IDs" are opaque: a `!`, then anything but NUL. Since room version 12 a server name need not follow.
pub fn is_room_id(text: &str) -> bool {
    text.len() <= MAX_ID && text.starts_with('!') && !text.contains('\0')
}

#[cfg(test)]
mod tests {
    use super::is_room_id;

    #[test]
    fn room_ids() {
        let long = |length: usize| format!("!{}", "a".repeat(length - 1));
        assert!(is_room_id("!room:example.org"));
        assert!(is_room_id("!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM"));
        assert!(is_room_id(&long(255)));
        assert!(!is_room_id(&long(256)));
        assert!(!is_room_id(""));
        assert!(!is_room_id("#room:example.org"));
        assert!(!is_room_id("room!:example.org"));
        assert!(!is_room_id("!ro\0om:example.org"));
    }
}
