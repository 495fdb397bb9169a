//! Types that hold secrets.

use super::{Finding, Source};

/// Fields with such names hold a secret.
const NAMES: [&str; 8] = [
    "password",
    "passphrase",
    "client_secret",
    "access_token",
    "refresh_token",
    "device_code",
    "recovery_key",
    "private_key",
];
/// What wipes nothing and prints everything.
const BARE: [&str; 4] = ["String", "Vec<u8>", "[u8; 32]", "Box<str>"];

/// Checks one file of the crates: `Zeroizing` prints what it holds, so nothing around it derives `Debug`; and what is called
/// like a secret has a type that wipes itself.
pub(super) fn check(source: &Source) -> Vec<Finding> {
    if !(source.path.starts_with("crates/") && source.is_shipped()) {
        return Vec::new();
    }
    let (mut findings, mut derives_debug, mut depth) = (Vec::new(), false, 0_usize);
    let shipped = source.text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
    for (number, line) in (1..).zip(shipped) {
        let code = line.split("//").next().unwrap_or_default();
        if depth == 0 && code.starts_with("#[derive(") {
            derives_debug = code.contains("Debug");
        }
        let begins = depth == 0 && ["struct ", "enum "].iter().any(|it| code.contains(it)) && !code.starts_with('#');
        if (begins || depth > 0) && derives_debug && code.contains("Zeroizing<") {
            let sentence = "`Zeroizing` shows what it holds; write a `Debug` that does not";
            findings.push(source.finding(number, "secret-debug", sentence));
        }
        if depth > 0
            && let Some((name, kind)) = code.trim().trim_end_matches(',').split_once(": ")
        {
            let name = name.rsplit(' ').next().unwrap_or_default();
            let kind = kind
                .strip_prefix("Option<")
                .and_then(|it| it.strip_suffix('>'))
                .unwrap_or(kind);
            if NAMES.contains(&name) && BARE.contains(&kind) {
                let sentence = format!("`{name}` is a secret; give it a type that is wiped and prints nothing");
                findings.push(source.finding(number, "secret-type", sentence));
            }
        }
        if begins || depth > 0 {
            depth = (depth + code.matches('{').count()).saturating_sub(code.matches('}').count());
            if depth == 0 {
                derives_debug = false;
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    fn found(text: &str) -> Vec<String> {
        places(check(&Source::new("crates/preflight/src/a.rs", text)))
    }

    #[test]
    fn debug_around_a_key_is_not_derived() {
        let tuple = "#[derive(Clone, Debug)]\nstruct Key(Zeroizing<[u8; 32]>);\n";
        assert_eq!(found(tuple), ["crates/preflight/src/a.rs:2: secret-debug"]);
        let named = "#[derive(Debug)]\npub struct Key {\n    name: String,\n    key: Option<Zeroizing<Vec<u8>>>,\n}\n";
        assert_eq!(found(named), ["crates/preflight/src/a.rs:4: secret-debug"]);
        let quiet =
            "#[derive(Clone)]\nstruct Key(Zeroizing<[u8; 32]>);\n#[derive(Debug)]\nstruct Other {\n    a: u8,\n}\n";
        assert!(found(quiet).is_empty());
    }

    #[test]
    fn what_is_called_a_secret_has_a_type_for_it() {
        let bare = "struct A {\n    pub(crate) password: Option<String>,\n    private_key: [u8; 32],\n    \
                    device_code: String,\n}\n";
        assert_eq!(
            found(bare),
            [
                "crates/preflight/src/a.rs:2: secret-type",
                "crates/preflight/src/a.rs:3: secret-type",
                "crates/preflight/src/a.rs:4: secret-type"
            ]
        );
        let wrapped = "struct A {\n    password: Option<SecretString>,\n    public_key: String,\n}\n";
        assert!(found(wrapped).is_empty());
    }

    #[test]
    fn tests_may_hold_what_they_like() {
        assert!(found("#[cfg(test)]\nmod tests {\n    struct A {\n        password: String,\n    }\n}\n").is_empty());
        let harness = "#[derive(Debug)]\nstruct A {\n    password: String,\n}\n";
        assert!(check(&Source::new("tests/src/a.rs", harness)).is_empty());
    }
}
