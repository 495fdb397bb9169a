//! Asks on the controlling terminal, whatever stdin and stdout are: one look for every question of every command.

mod keys;
mod look;
mod mode;

use std::{
    fs::File,
    io::{self, ErrorKind, Write},
    sync::{Arc, Mutex},
};

use inquire::{
    InquireError, Password, PasswordDisplayMode, Select, Text,
    validator::{ErrorMessage, Validation},
};
use secrecy::{ExposeSecret, SecretString};

use super::clean::clean_sentence;
use crate::{failure::Failure, resolve::Person};

pub(crate) use self::{keys::Keys, look::dress, mode::TerminalMode};

/// What is said when the user stopped at a question.
pub(crate) const STOPPED: &str = "You stopped at a question. Nothing was changed.";

#[cfg(unix)]
const TERMINAL: &str = "/dev/tty";
#[cfg(windows)]
const TERMINAL: &str = "CONIN$";
#[cfg(unix)]
const OUTPUT: &str = "/dev/tty";
#[cfg(windows)]
const OUTPUT: &str = "CONOUT$";

/// Tells whether there is a terminal to ask on.
pub(crate) fn person() -> Person {
    match File::options().read(true).write(true).open(TERMINAL) {
        Ok(_) => Person::Present,
        Err(_) => Person::Absent,
    }
}

/// Asks for a secret, shown as dots, until there is one.
///
/// Waits for a person on this thread. Ctrl-C, Ctrl-D and Escape end the waiting with [`Failure::interrupted`].
pub(crate) fn ask(question: &str) -> Result<SecretString, Failure> {
    loop {
        match ask_or_skip(question)? {
            Some(secret) => return Ok(secret),
            None => continue,
        }
    }
}

/// Asks for a secret, shown as dots; an empty line is an answer too.
pub(crate) fn ask_or_skip(question: &str) -> Result<Option<SecretString>, Failure> {
    secret(question, |_| None)
}

/// Does the same, but when `go_on` says why a text cannot be all, what was typed stays and more is typed behind it: a
/// secret that is pasted with line breaks arrives line by line. Entered once more as it is, it is taken as it is.
pub(crate) fn ask_whole(
    question: &str,
    go_on: fn(&SecretString) -> Option<String>,
) -> Result<Option<SecretString>, Failure> {
    secret(question, go_on)
}

fn secret(question: &str, go_on: fn(&SecretString) -> Option<String>) -> Result<Option<SecretString>, Failure> {
    let told_at = Arc::new(Mutex::new(None));
    let whole = move |typed: &str| {
        let length = Some(typed.len());
        let again = told_at
            .lock()
            .is_ok_and(|mut it| std::mem::replace(&mut *it, length) == length);
        Ok(match go_on(&SecretString::from(typed)) {
            Some(why) if !again => Validation::Invalid(ErrorMessage::Custom(look::wrapped(&why))),
            _ => Validation::Valid,
        })
    };
    let question = format!("{}:", clean_sentence(question));
    let typed = Password::new(&question)
        .without_confirmation()
        .with_display_mode(PasswordDisplayMode::Masked)
        .with_formatter(&look::dots)
        .with_validator(whole)
        .with_render_config(look::now())
        .prompt();
    let typed = typed.map(SecretString::from).map_err(not_answered)?;
    Ok((!typed.expose_secret().trim().is_empty()).then_some(typed))
}

/// Says something between two questions, on the terminal where they are asked.
pub(crate) fn tell(sentence: &str) {
    if let Ok(mut terminal) = File::options().write(true).open(OUTPUT) {
        // A terminal that is gone asks no further question either.
        let _ = writeln!(terminal, "{}", clean_sentence(sentence));
    }
}

/// Asks for one line, shown as it is typed.
pub(crate) fn line(question: &str) -> Result<String, Failure> {
    let question = format!("{}:", clean_sentence(question));
    let typed = Text::new(&question).with_render_config(look::now()).prompt();
    typed.map(|it| it.trim().to_owned()).map_err(not_answered)
}

/// Asks whether to go on; anything but the whole word is a no.
pub(crate) fn yes(question: &str) -> Result<bool, Failure> {
    Ok(line(&format!("{question} Type yes to go on"))?.eq_ignore_ascii_case("yes"))
}

/// Asks for one of `options`, by the arrow keys, by its number or by words of it; returns its place among them.
pub(crate) fn choose(question: &str, options: &[String]) -> Result<usize, Failure> {
    let numbered = (1..).zip(options);
    let numbered = numbered.map(|(number, it)| format!("{number}  {}", clean_sentence(it)));
    let score = |typed: &str, _: &String, option: &str, _: usize| fits(typed, option).then_some(0);
    let chosen = Select::new(&clean_sentence(question), numbered.collect())
        .with_scorer(&score)
        .with_page_size(options.len().max(1))
        .with_help_message("arrow keys or number, then Enter; Esc stops")
        .with_render_config(look::now())
        .raw_prompt();
    chosen.map(|it| it.index).map_err(not_answered)
}

/// Tells whether what is typed points to an option: the beginning of its number, or words of it in any case.
fn fits(typed: &str, option: &str) -> bool {
    let (typed, option) = (typed.trim().to_lowercase(), option.to_lowercase());
    if typed.chars().all(|it| it.is_ascii_digit()) {
        return option.starts_with(&typed);
    }
    typed.split_whitespace().all(|word| option.contains(word))
}

/// Writes a line to stderr. When stderr is gone there is nobody left to tell.
pub(crate) fn stderr_line(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

fn not_answered(error: InquireError) -> Failure {
    match error {
        InquireError::OperationCanceled | InquireError::OperationInterrupted => stopped(),
        InquireError::IO(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::UnexpectedEof) => {
            stopped()
        }
        InquireError::NotTTY => Failure::usage(
            "There is no terminal to ask on.",
            "Give everything by files; see --help.",
        ),
        error => Failure::usage(
            format!("The terminal cannot be read: {error}."),
            "Give the secrets by files; see --help.",
        ),
    }
}

fn stopped() -> Failure {
    // The line of the question has not ended.
    tell("");
    Failure::interrupted(STOPPED, "Run the same command to begin again.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_found_by_number_and_by_words() {
        let options = ["1  Yes, bring them over", "2  Skip this", "12  Leave for now"];
        let found = |typed| options.iter().filter(|it| fits(typed, it)).count();
        assert_eq!(found(""), 3);
        assert_eq!(found("2"), 1);
        assert_eq!(found("1"), 2);
        assert_eq!(found("12"), 1);
        assert_eq!(found("SKIP"), 1);
        assert_eq!(found("now leave"), 1);
        assert_eq!(found("e"), 2);
        assert_eq!(found("no such thing"), 0);
    }
}
