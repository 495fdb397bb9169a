//! The part of an entry that the server stores in clear.

use std::borrow::Cow;

use serde::Deserialize;

use super::quick::{Quick, once};

/// Borrows the fields of one entry from its JSON.
///
/// `GET /_matrix/client/v3/room_keys/keys`, "KeyBackupData": all four fields are required, and a client drops an entry
/// that lacks one.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Listed<'a> {
    /// Larger than any real index stays larger than any real index.
    #[serde(deserialize_with = "saturated")]
    pub(super) first_message_index: u32,
    #[serde(rename = "forwarded_count")]
    _forwarded_count: u64,
    #[serde(rename = "is_verified")]
    _is_verified: bool,
    #[serde(borrow)]
    pub(super) session_data: SessionData<'a>,
}

/// Borrows the encrypted part of an entry, still as base64 ("EncryptedSessionData").
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct SessionData<'a> {
    #[serde(borrow)]
    pub(super) ephemeral: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) ciphertext: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) mac: Cow<'a, str>,
}

impl<'a> Listed<'a> {
    /// Reads the JSON of one entry; `None` when it is not one.
    pub(super) fn parse(json: &'a [u8]) -> Option<Self> {
        let json = std::str::from_utf8(json).ok()?;
        Self::quick(json).or_else(|| serde_json::from_str(json).ok())
    }

    fn quick(json: &'a str) -> Option<Self> {
        let [mut index, mut count] = [None; 2];
        let mut verified = None;
        let [mut ephemeral, mut ciphertext, mut mac] = [None; 3];
        Quick::read(json, |json, key| match key {
            "first_message_index" => once(&mut index, json.number()),
            "forwarded_count" => once(&mut count, json.number()),
            "is_verified" => once(&mut verified, json.boolean()),
            "session_data" => json.object(|json, key| match key {
                "ephemeral" => once(&mut ephemeral, json.text()),
                "ciphertext" => once(&mut ciphertext, json.text()),
                "mac" => once(&mut mac, json.text()),
                _ => None,
            }),
            _ => None,
        })?;
        Some(Self {
            first_message_index: saturate(index?),
            _forwarded_count: count?,
            _is_verified: verified?,
            session_data: SessionData {
                ephemeral: Cow::Borrowed(ephemeral?),
                ciphertext: Cow::Borrowed(ciphertext?),
                mac: Cow::Borrowed(mac?),
            },
        })
    }
}

fn saturated<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    u64::deserialize(deserializer).map(saturate)
}

fn saturate(index: u64) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::Listed;

    const ENTRY: &str = r#"{"first_message_index":3,"forwarded_count":0,"is_verified":false,
        "session_data":{"ephemeral":"a","ciphertext":"b\/c","mac":"d","later":null},"unknown":[1e999]}"#;

    #[test]
    fn reads_an_entry_whatever_surrounds_its_fields() {
        let listed = Listed::parse(ENTRY.as_bytes()).unwrap();
        assert_eq!(listed.first_message_index, 3);
        assert_eq!(listed.session_data.ephemeral, "a");
        assert_eq!(listed.session_data.ciphertext, "b/c");
        assert_eq!(listed.session_data.mac, "d");
    }

    #[test]
    fn refuses_what_a_client_would_drop() {
        for (field, spoiled) in [
            (r#""first_message_index":3,"#, ""),
            (r#""forwarded_count":0,"#, ""),
            (r#""is_verified":false,"#, ""),
            (r#""ephemeral":"a","#, ""),
            (r#""ciphertext":"b\/c","#, ""),
            (r#""mac":"d","#, ""),
            (r#":3"#, ":-1"),
            (r#":3"#, ":3.5"),
            (r#":3"#, r#":"3""#),
            (r#":0"#, ":null"),
            (r#"false"#, "0"),
            (r#""a""#, "7"),
            (r#""is_verified""#, r#""is_verified":true,"is_verified""#),
        ] {
            let spoiled = ENTRY.replacen(field, spoiled, 1);
            assert_ne!(spoiled, ENTRY);
            assert!(Listed::parse(spoiled.as_bytes()).is_none(), "{spoiled}");
        }
        assert!(Listed::parse(b"[]").is_none());
    }

    #[test]
    fn the_quick_way_reads_what_clients_write_and_nothing_else() {
        let compact = r#"{"first_message_index":3,"forwarded_count":0,"is_verified":false,"session_data":{"ephemeral":"a","ciphertext":"b/c","mac":"d"}}"#;
        assert_eq!(Listed::quick(compact), serde_json::from_str(compact).ok());
        assert!(Listed::quick(compact).is_some());
        let turned = r#"{"session_data":{"mac":"d","ciphertext":"b/c","ephemeral":"a"},"is_verified":true,"forwarded_count":10,"first_message_index":0}"#;
        assert_eq!(Listed::quick(turned), serde_json::from_str(turned).ok());
        assert!(Listed::quick(turned).is_some());
        for at in 0..compact.len() {
            for byte in (0..0x80).map(char::from).chain(['é']) {
                for end in [at, at + 1] {
                    let mut spoiled = compact.to_owned();
                    spoiled.replace_range(at..end, &byte.to_string());
                    if let Some(listed) = Listed::quick(&spoiled) {
                        assert_eq!(serde_json::from_str(&spoiled).ok(), Some(listed), "{spoiled}");
                    }
                }
            }
            assert_eq!(Listed::quick(&compact[..at]), None);
        }
        for (from, to) in [
            (":3", ":03"),
            (":3", ":"),
            (":3", ":18446744073709551616"),
            (r#":3"#, r#":3,"first_message_index":3"#),
            (r#"":0"#, r#"":0,"forwarded_count":0"#),
            (r#"false"#, r#"false,"is_verified":false"#),
            (r#""mac":"d""#, r#""mac":"d","mac":"d""#),
            (r#""b/c""#, r#""b\/c""#),
            (r#""d""#, r#""d","x":"""#),
            (r#"}}"#, r#"},"x":0}"#),
            (r#"}}"#, r#"}},"#),
        ] {
            let spoiled = compact.replacen(from, to, 1);
            assert_ne!(spoiled, compact);
            assert_eq!(Listed::quick(&spoiled), None, "{spoiled}");
        }
    }

    #[test]
    fn an_index_beyond_all_messages_stays_beyond() {
        for (text, index) in [
            ("4294967295", u32::MAX),
            ("4294967296", u32::MAX),
            ("18446744073709551615", u32::MAX),
        ] {
            let json = ENTRY.replacen(":3", &format!(":{text}"), 1);
            assert_eq!(Listed::parse(json.as_bytes()).unwrap().first_message_index, index);
        }
        let json = ENTRY.replacen(":3", ":18446744073709551616", 1);
        assert!(Listed::parse(json.as_bytes()).is_none());
    }
}
