//! The kinds of server the tests need.

use clap::ValueEnum;

/// A way to configure the homeserver. Several can run at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Profile {
    /// No rate limits; everything a test can meet is switched on.
    Default,
    /// The same once more: Synapse works on one core, and the tests are shared out between the two.
    Twin,
    /// Synapse's own default rate limits.
    Limits,
    /// Says nothing about unknown e-mail addresses, and enforces a password policy.
    Policy,
    /// Links in mails expire after 5 seconds.
    ShortLink,
    /// Signs people in with a browser too, through a CAS server.
    Sso,
    /// Leaves its accounts to an OAuth server, as the Matrix Authentication Service.
    Oauth,
}

impl Profile {
    /// All of them, in the order in which people see them.
    pub(crate) const ALL: [Self; 7] = [
        Self::Default,
        Self::Twin,
        Self::Limits,
        Self::Policy,
        Self::ShortLink,
        Self::Sso,
        Self::Oauth,
    ];

    /// The name on the command line and in paths.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Twin => "twin",
            Self::Limits => "limits",
            Self::Policy => "policy",
            Self::ShortLink => "short-link",
            Self::Sso => "sso",
            Self::Oauth => "oauth",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_the_command_line_accepts() {
        for profile in Profile::value_variants() {
            assert!(Profile::ALL.contains(profile));
            let accepted = profile.to_possible_value().unwrap();
            assert_eq!(accepted.get_name(), profile.name());
        }
    }
}
