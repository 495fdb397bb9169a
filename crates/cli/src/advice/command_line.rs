//! Command lines of Lifeboat, to be copied by a person.

use std::fmt;

/// A command line, argument by argument. Shown as a shell takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommandLine {
    arguments: Vec<String>,
}

impl CommandLine {
    /// Begins one with the arguments after the command's name that lead to the account: its user id, and the server's
    /// address if it had to be given.
    pub(crate) fn account<S: Into<String>>(arguments: impl IntoIterator<Item = S>) -> Self {
        Self {
            arguments: arguments.into_iter().map(Into::into).collect(),
        }
    }

    /// Makes the command line `lifeboat COMMAND ACCOUNT FLAGS`.
    pub(crate) fn command<const N: usize>(&self, command: &str, flags: [&str; N]) -> Self {
        let begin = ["lifeboat", command].into_iter().map(str::to_owned);
        let arguments = begin
            .chain(self.arguments.iter().cloned())
            .chain(flags.into_iter().map(str::to_owned));
        Self {
            arguments: arguments.collect(),
        }
    }

    /// Makes the same with any number of flags.
    pub(crate) fn command_with(&self, command: &str, flags: &[&str]) -> Self {
        let mut line = self.command(command, []);
        line.arguments.extend(flags.iter().map(|it| (*it).to_owned()));
        line
    }

    /// Returns the arguments, the program's name first.
    #[cfg(test)]
    pub(crate) fn arguments(&self) -> &[String] {
        &self.arguments
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, argument) in self.arguments.iter().enumerate() {
            if number > 0 {
                f.write_str(" ")?;
            }
            if argument.chars().all(is_plain) && !argument.is_empty() {
                f.write_str(argument)?;
            } else {
                write!(f, "'{}'", argument.replace('\'', r"'\''"))?;
            }
        }
        Ok(())
    }
}

/// Tells whether every common shell takes the character as it is.
fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '@' | ':' | '.' | '_' | '-' | '=' | '/' | '+')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shells_take_it_as_one_argument_each() {
        let account = CommandLine::account(["@mira:example.org", "--homeserver", "https://example.org/a b?c='d'"]);
        assert_eq!(
            account.command("check", ["--ask-recovery-key"]).to_string(),
            r"lifeboat check @mira:example.org --homeserver 'https://example.org/a b?c='\''d'\''' --ask-recovery-key"
        );
    }
}
