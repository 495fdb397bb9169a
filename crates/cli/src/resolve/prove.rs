//! What `lifeboat prove` is to do.

use std::path::PathBuf;

use super::{Asking, Candidates, Entry, Format, Names, Person, candidates, entry, format};
use crate::{
    args::{AccountArgs, ProveArgs, SignInArgs},
    failure::Failure,
};

/// What `lifeboat prove` is to do.
#[derive(Debug)]
pub(crate) struct ProveJob {
    /// The status file of the earlier check.
    pub(crate) file: PathBuf,
    /// What opens secret storage: the first that is given.
    pub(crate) candidates: Candidates,
    /// What stdout gets.
    pub(crate) format: Format,
    /// What the JSON says about people and places.
    pub(crate) names: Names,
    account: AccountArgs,
    sign_in: SignInArgs,
    person: Person,
}

impl ProveJob {
    /// Returns the way into the account that the status file names.
    pub(crate) fn entry(&self, user: &str) -> Result<Entry, Failure> {
        entry(user, self.account.clone(), self.sign_in.clone(), self.person)
    }
}

/// Resolves the arguments of `lifeboat prove`.
pub(crate) fn prove(args: ProveArgs, person: Person) -> Result<ProveJob, Failure> {
    if args.sign_in.access_token_file.is_some() {
        return Err(Failure::usage(
            "A lent session cannot prove anything: it would need encryption keys of its own.",
            "Give the password with --password-file, or leave both out to be asked for it.",
        ));
    }
    if args.keys.recovery_key_file.len() > 1 {
        return Err(Failure::usage(
            "Only one recovery key can open secret storage.",
            "Find out which one with `lifeboat try-key`, and give that one.",
        ));
    }
    let by_hand = args.sign_in.password_file.is_none() && args.sign_in.password_fd.is_none();
    let otherwise = match person {
        Person::Present if by_hand => Asking::Optional,
        _ => Asking::No,
    };
    Ok(ProveJob {
        candidates: candidates(args.keys, person, otherwise)?,
        format: format(args.json),
        names: if args.with_names { Names::All } else { Names::Ids },
        file: args.file,
        account: args.account,
        sign_in: args.sign_in,
        person,
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{super::SignIn, *};
    use crate::args::{Cli, Command};

    fn job(line: &str, person: Person) -> Result<ProveJob, Failure> {
        match Cli::try_parse_from(line.split_whitespace()).map(|it| it.command) {
            Ok(Some(Command::Prove(args))) => prove(*args, person),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn the_account_is_the_files() {
        let job = job("lifeboat prove status.json --homeserver localhost", Person::Present).unwrap();
        let entry = job.entry("@mira:example.org").unwrap();
        assert_eq!(
            (entry.user.as_str(), &entry.sign_in),
            ("@mira:example.org", &SignIn::Best)
        );
        assert_eq!(entry.homeserver.as_deref(), Some("localhost"));
        assert_eq!((job.candidates.asking, job.format), (Asking::Optional, Format::Screen));
        assert!(job.entry("hash-of-somebody").is_err());
    }

    #[test]
    fn nobody_is_asked_without_a_terminal() {
        let line = "lifeboat prove s.json --password-file p --recovery-key-file k --json --with-names";
        let job = job(line, Person::Absent).unwrap();
        assert_eq!(job.candidates.asking, Asking::No);
        assert_eq!((job.format, job.names), (Format::Json, Names::All));
    }

    #[test]
    fn what_cannot_work_is_refused() {
        for line in [
            "lifeboat prove s.json --access-token-file t",
            "lifeboat prove s.json --recovery-key-file a --recovery-key-file b",
        ] {
            let failure = job(line, Person::Present).unwrap_err();
            assert_eq!(failure.exit, crate::exit::Exit::Usage, "{line}");
        }
    }
}
