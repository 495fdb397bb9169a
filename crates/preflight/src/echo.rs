//! A server's words may repeat a secret that it was told.

use secrecy::{ExposeSecret, SecretString};

/// Returns a server's words without the secret, in whose place `…` stands: words are shown, logged and passed on.
pub fn words_without(words: &str, secret: &SecretString) -> String {
    match secret.expose_secret().trim() {
        "" => words.to_owned(),
        secret => words.replace(secret, "…"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_taken_out_of_words_wherever_it_is() {
        let secret = SecretString::from("hunter2\n");
        assert_eq!(words_without("hunter2: no, not hunter2!", &secret), "…: no, not …!");
        assert_eq!(words_without("no", &secret), "no");
        assert_eq!(words_without("no", &SecretString::default()), "no");
    }
}
