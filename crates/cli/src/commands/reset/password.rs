//! The new password: typed twice, read, or made; and whether it will do.

use std::path::{Path, PathBuf};

use lifeboat_preflight::{Homeserver, ruma::UserId};
use lifeboat_report::{Fact, Plan, Route};
use lifeboat_reset::{
    ComeBack,
    policy::{self, PasswordPolicy},
};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::{
    failure::Failure,
    files::Reserved,
    resolve::{NewPassword, Person, ResetJob},
    secrets::{self, Purpose},
    session::{asked, warn_of_readers},
    signals::Stops,
    ui::{
        console::Console,
        prompt::{self, Unseen},
    },
};

/// A new password that may still have to be typed.
pub(crate) enum Chosen {
    /// It is there.
    Given(SecretString),
    /// It is made and goes into this file before anything is changed.
    Made(SecretString, Reserved),
    /// The person types it.
    Typed,
}

/// Characters of made passwords: none that are easily mistaken for another.
const LETTERS: &[u8; 56] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz2345678";
/// Letters in a group of a made password, and groups: some 139 bits.
const GROUPS: [usize; 2] = [6, 4];

/// Reads or makes it, before any network is used.
pub(crate) fn prepare(choice: &NewPassword, console: &mut Console) -> Result<Chosen, Failure> {
    Ok(match choice {
        NewPassword::File(file) => {
            let read = secrets::read_file(file, Purpose::NewPassword)?;
            warn_of_readers(console, read.readers, file);
            Chosen::Given(read.secret)
        }
        NewPassword::Descriptor(number) => Chosen::Given(secrets::read_descriptor(*number, Purpose::NewPassword)?),
        NewPassword::Generate(file) => Chosen::Made(make()?, Reserved::new(PathBuf::from(file))?),
        NewPassword::Prompt | NewPassword::Missing => Chosen::Typed,
    })
}

/// Reads the old one, if it lies in a file.
pub(crate) fn read_old(file: Option<&Path>, console: &mut Console) -> Result<Option<SecretString>, Failure> {
    let Some(file) = file else { return Ok(None) };
    let read = secrets::read_file(file, Purpose::OldPassword)?;
    warn_of_readers(console, read.readers, file);
    Ok(Some(read.secret))
}

/// Who types what.
#[derive(Clone, Copy)]
pub(crate) struct Typist<'a> {
    pub(crate) job: &'a ResetJob,
    pub(crate) come_back: ComeBack,
}

/// Has both passwords at hand: types what is missing, checks the new one, writes a made one down.
pub(crate) async fn settle(
    chosen: Chosen,
    plan: &Plan,
    homeserver: &Homeserver,
    old: Option<SecretString>,
    Typist { job, come_back }: Typist<'_>,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<(SecretString, Option<SecretString>), Failure> {
    let user = &job.entry.user;
    let old = match (old, plan.route, job.person) {
        (None, Route::OldPassword, Person::Present) => {
            Some(asked(stops, || prompt::ask("Your old password (it is not shown)")).await?)
        }
        (None, Route::OldPassword, Person::Absent) => {
            return Err(Failure::usage(
                "The route old-password needs the old password.",
                "Give it with --old-password-file, or sign in with --password-file.",
            ));
        }
        (old, _, _) => old,
    };
    let policy = match homeserver.anonymous().await {
        Ok(client) => policy::policy(&client).await,
        Err(error) => return Err(error.into()),
    };
    // An administrator is bound by no policy, and a person on the account page types it there.
    let policy = match (policy, plan.route) {
        (Fact::Known(policy), Route::OldPassword | Route::Email) => policy,
        _ => PasswordPolicy::default(),
    };
    match chosen {
        Chosen::Given(new) => {
            judge(&new, old.as_ref(), &policy, user, console)?;
            Ok((new, old))
        }
        Chosen::Made(new, file) => {
            judge(&new, old.as_ref(), &policy, user, console)?;
            write_down(&new, file, console)?;
            Ok((new, old))
        }
        // Only the person types it, into pages of the server.
        Chosen::Typed if matches!(come_back, ComeBack::Browser(_)) => Ok((SecretString::default(), old)),
        Chosen::Typed if job.person == Person::Absent => Err(Failure::usage(
            "There is no new password, and no terminal to ask for one.",
            "Give it with --new-password-file, or have one made with --generate-password FILE.",
        )),
        Chosen::Typed => {
            let judge = |new: &SecretString| judge(new, old.as_ref(), &policy, user, console);
            let new = twice("The new password (it is not shown)", judge, stops).await?;
            Ok((new, old))
        }
    }
}

/// Writes a made one into its file, and says where that is.
pub(crate) fn write_down(new: &SecretString, file: Reserved, console: &mut Console) -> Result<PathBuf, Failure> {
    let file = file.write(new.expose_secret().as_bytes())?;
    console.note(&format!(
        "The new password is in {}, which only you can read.",
        file.display()
    ));
    Ok(file)
}

/// Has a password typed twice, until `judge` takes it and both are the same.
pub(crate) async fn twice(
    question: &'static str,
    mut judge: impl FnMut(&SecretString) -> Result<(), Failure>,
    stops: &mut Stops,
) -> Result<SecretString, Failure> {
    let _unseen = Unseen::begin();
    loop {
        let new = asked(stops, move || prompt::ask(question)).await?;
        if let Err(failure) = judge(&new) {
            prompt::tell(&failure.wrong);
            continue;
        }
        let again = asked(stops, || prompt::ask("The new password once more")).await?;
        if again.expose_secret() == new.expose_secret() {
            return Ok(new);
        }
        prompt::tell("The two are not the same. Once more, please.");
    }
}

/// Refuses what the server would refuse, and the old password; says how strong the new one is.
fn judge(
    new: &SecretString,
    old: Option<&SecretString>,
    policy: &PasswordPolicy,
    user: &UserId,
    console: &mut Console,
) -> Result<(), Failure> {
    if old.is_some_and(|old| old.expose_secret() == new.expose_secret()) {
        return Err(Failure::usage(
            "The new password is the old one.",
            "Choose another one.",
        ));
    }
    let lacking: Vec<_> = policy::violations(policy, new)
        .iter()
        .map(ToString::to_string)
        .collect();
    if !lacking.is_empty() {
        return Err(Failure::usage(
            format!("This server wants more of a password: {}.", lacking.join(", ")),
            "Choose another one.",
        ));
    }
    // What stands in the user id is what is guessed first.
    let guessed_first = [
        user.localpart(),
        user.server_name().as_str(),
        user.as_str(),
        "matrix",
        "element",
    ];
    let strength = zxcvbn::zxcvbn(new.expose_secret(), &guessed_first);
    let words = match u8::from(strength.score()) {
        0 | 1 => "very weak: it can be guessed in no time",
        2 => "weak: it can be guessed by somebody who tries",
        3 => "fair",
        _ => "strong",
    };
    console.note(&format!("Strength of the new password: {words}."));
    Ok(())
}

/// Makes a password of random letters in groups.
fn make() -> Result<SecretString, Failure> {
    let [length, groups] = GROUPS;
    let mut text = Zeroizing::new(String::with_capacity((length + 1) * groups));
    let mut drawn = 0;
    while drawn < length * groups {
        let mut byte = Zeroizing::new([0]);
        getrandom::fill(&mut *byte).map_err(|error| {
            Failure::failed(
                format!("This machine gives no random numbers: {error}."),
                "Choose a password yourself.",
            )
        })?;
        // 224 is the largest multiple of 56 in a byte: every letter is as likely as the others.
        let [byte] = *byte;
        let Some(letter) = LETTERS.get(usize::from(byte) % LETTERS.len()).filter(|_| byte < 224) else {
            continue;
        };
        if drawn > 0 && drawn % length == 0 {
            text.push('-');
        }
        text.push(char::from(*letter));
        drawn += 1;
    }
    Ok(SecretString::from(text.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_passwords_are_long_and_never_the_same() {
        let (one, other) = (make().unwrap(), make().unwrap());
        assert_ne!(one.expose_secret(), other.expose_secret());
        assert_eq!(one.expose_secret().len(), 27);
        assert!(one.expose_secret().split('-').all(|it| it.len() == 6));
    }
}
