//! Asks on the controlling terminal, whatever stdin and stdout are.

mod menu;

use std::{
    fs::File,
    io::{self, BufRead, BufReader, ErrorKind, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use lifeboat_reset::Wishes;
use rpassword::ConfigBuilder;
use secrecy::{ExposeSecret, SecretString};

pub(crate) use self::menu::{choose, dress};
use super::{clean::clean_sentence, page::Page, signs::shown};
use crate::{failure::Failure, resolve::Person};

/// What is said when the user stopped at a question.
pub(crate) const STOPPED: &str = "You stopped at a question. Nothing was changed.";
/// What that begins with, whatever was changed before.
pub(crate) const STOPPED_AT_QUESTION: &str = "You stopped at a question.";

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
/// Waits for a person on this thread. Ctrl-C ends the waiting with [`Failure::interrupted`], and reaches whoever listens
/// to that signal as well.
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
    let dot = shown("•").chars().next().unwrap_or('*');
    let config = ConfigBuilder::new().password_feedback_mask(dot).build();
    let typed = rpassword::prompt_password_with_config(format!("{}: ", wrapped(question)), config);
    let typed = typed.map(SecretString::from).map_err(|error| not_answered(&error))?;
    Ok((!typed.expose_secret().trim().is_empty()).then_some(typed))
}

/// Says something between two questions, on the terminal where they are asked.
pub(crate) fn tell(sentence: &str) {
    if let Ok(mut terminal) = File::options().write(true).open(OUTPUT) {
        // A terminal that is gone asks no further question either.
        let _ = writeln!(terminal, "{}", wrapped(sentence));
    }
}

/// Cleans a sentence, and breaks it between words where the terminal would break it inside of them.
fn wrapped(sentence: &str) -> String {
    let sentence = shown(&clean_sentence(sentence)).into_owned();
    let terminal = File::options().write(true).open(OUTPUT);
    match terminal.ok().and_then(terminal_size::terminal_size_of) {
        Some((width, _)) => {
            let mut page = Page::new(usize::from(width.0));
            page.paragraph("", &sentence);
            page.finish().trim_end().to_owned()
        }
        None => sentence,
    }
}

/// Asks for one line, shown as it is typed.
pub(crate) fn line(question: &str) -> Result<String, Failure> {
    let ask = || -> io::Result<String> {
        let mut output = File::options().write(true).open(OUTPUT)?;
        let keys = CtrlCIsTyped::begin();
        write!(output, "{}: ", wrapped(question))?;
        output.flush()?;
        let mut typed = String::new();
        let ending = read_line(&mut BufReader::new(File::open(TERMINAL)?), &mut typed);
        drop(keys);
        if ending.as_ref().is_err_and(|it| it.kind() == ErrorKind::Interrupted) {
            writeln!(output)?;
            interrupt();
        }
        ending.map(|()| typed.trim().to_owned())
    };
    ask().map_err(|error| not_answered(&error))
}

/// What Ctrl-C types.
const CTRL_C: u8 = 3;

/// Tells whoever listens for Ctrl-C, as a question for a secret does.
fn interrupt() {
    #[cfg(unix)]
    // A process can always signal itself.
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::INT);
}

/// Reads up to the end of a line or Ctrl-C.
fn read_line(terminal: &mut impl BufRead, typed: &mut String) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        let chunk = terminal.fill_buf()?;
        let (length, last) = (chunk.len(), chunk.last().copied());
        line.extend_from_slice(chunk);
        terminal.consume(length);
        match last {
            Some(CTRL_C) => return Err(ErrorKind::Interrupted.into()),
            Some(b'\n') => break,
            None if line.is_empty() => return Err(ErrorKind::UnexpectedEof.into()),
            None => break,
            Some(_) => {}
        }
    }
    typed.push_str(&String::from_utf8_lossy(&line));
    Ok(())
}

/// Shows a picture that is Lifeboat's own, line by line, on the terminal.
pub(crate) fn picture(lines: &str) {
    if let Ok(mut terminal) = File::options().write(true).open(OUTPUT) {
        // A terminal that is gone asks no further question either.
        let _ = terminal.write_all(lines.as_bytes());
    }
}

/// Asks until the answer is a yes or a no: where a slip of the finger would mean the opposite.
pub(crate) fn yes_or_no(question: &str) -> Result<bool, Failure> {
    loop {
        match line(&format!("{question} (yes or no)"))?.to_ascii_lowercase().as_str() {
            "yes" | "y" => return Ok(true),
            "no" | "n" => return Ok(false),
            _ => tell("Type yes or no."),
        }
    }
}

/// Asks whether to go on; anything but the whole word is a no.
pub(crate) fn yes(question: &str) -> Result<bool, Failure> {
    Ok(line(&format!("{question} Type yes to go on"))?.eq_ignore_ascii_case("yes"))
}

/// Listens for keys while something else is waited for; ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Keys {
    listening: tokio::task::JoinHandle<()>,
}

/// Between two looks at the terminal.
const LOOK: std::time::Duration = std::time::Duration::from_millis(200);

impl Keys {
    /// Takes `r` and Enter for the wish to have another mail, unless a question is being answered.
    pub(crate) fn listen(wishes: Wishes, asking: Arc<AtomicBool>) -> Self {
        let listening = tokio::spawn(async move {
            let Some(terminal) = without_waiting() else { return };
            let mut terminal = terminal;
            let mut typed = [0; 64];
            loop {
                tokio::time::sleep(LOOK).await;
                if asking.load(Ordering::SeqCst) {
                    continue;
                }
                match io::Read::read(&mut terminal, &mut typed) {
                    Ok(0) => return,
                    Ok(length) if typed[..length].iter().any(|it| it.eq_ignore_ascii_case(&b'r')) => {
                        wishes.another_mail()
                    }
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(_) => return,
                }
            }
        });
        Self { listening }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Opens the terminal so that reading never waits. Only Unix can.
#[cfg(unix)]
fn without_waiting() -> Option<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).ok()?;
    File::options().read(true).custom_flags(nonblocking).open(TERMINAL).ok()
}

/// Opens the terminal so that reading never waits. Only Unix can.
#[cfg(not(unix))]
fn without_waiting() -> Option<File> {
    None
}

/// Writes a line to stderr. When stderr is gone there is nobody left to tell.
pub(crate) fn stderr_line(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

fn not_answered(error: &io::Error) -> Failure {
    match error.kind() {
        ErrorKind::Interrupted | ErrorKind::UnexpectedEof => {
            if error.kind() == ErrorKind::UnexpectedEof {
                // Ctrl-C has ended the line of the question, Ctrl-D has not.
                tell("");
            }
            stopped()
        }
        _ => Failure::usage(
            format!("The terminal cannot be read: {error}."),
            "Give the secrets by files; see --help.",
        ),
    }
}

fn stopped() -> Failure {
    Failure::interrupted(STOPPED, "Run the same command to begin again.")
}

/// How the terminal was set before a question, to be restored when the question is abandoned by a signal.
#[derive(Debug)]
pub(crate) struct TerminalMode {
    #[cfg(unix)]
    before: Option<(File, rustix::termios::Termios)>,
}

impl TerminalMode {
    /// Remembers the present settings.
    pub(crate) fn remember() -> Self {
        Self {
            #[cfg(unix)]
            before: File::open(TERMINAL)
                .ok()
                .and_then(|it| rustix::termios::tcgetattr(&it).ok().map(|mode| (it, mode))),
        }
    }

    /// Restores them, and ends the line of the question.
    pub(crate) fn restore(&self) {
        tell("");
        #[cfg(unix)]
        self.set();
    }

    #[cfg(unix)]
    fn set(&self) {
        if let Some((terminal, mode)) = &self.before {
            set_mode(terminal, mode);
        }
    }
}

/// Has Ctrl-C end the line that is typed, in place of a signal that would leave the question behind, still reading; until
/// it is dropped.
#[derive(Debug)]
struct CtrlCIsTyped {
    #[cfg(unix)]
    before: TerminalMode,
}

impl CtrlCIsTyped {
    fn begin() -> Self {
        #[cfg(unix)]
        let before = TerminalMode::remember();
        #[cfg(unix)]
        if let Some((terminal, mode)) = &before.before {
            let mut typed = mode.clone();
            typed.local_modes.remove(rustix::termios::LocalModes::ISIG);
            typed.special_codes[rustix::termios::SpecialCodeIndex::VEOL] = CTRL_C;
            set_mode(terminal, &typed);
        }
        Self {
            #[cfg(unix)]
            before,
        }
    }
}

impl Drop for CtrlCIsTyped {
    fn drop(&mut self) {
        #[cfg(unix)]
        self.before.set();
    }
}

/// Sets a terminal. Only of the process that has it: the system stops one in the background for trying.
#[cfg(unix)]
fn set_mode(terminal: &File, mode: &rustix::termios::Termios) {
    use rustix::{
        process::getpgrp,
        termios::{OptionalActions, tcgetpgrp, tcsetattr},
    };
    if tcgetpgrp(terminal).is_ok_and(|it| it == getpgrp()) {
        // A terminal that is gone shows nothing.
        let _ = tcsetattr(terminal, OptionalActions::Now, mode);
    }
}

/// Keeps off the screen what is typed between two questions for secrets or beside a moving line, until it is dropped.
#[derive(Debug)]
pub(crate) struct Unseen {
    #[cfg(unix)]
    before: TerminalMode,
}

impl Unseen {
    /// Begins.
    pub(crate) fn begin() -> Self {
        #[cfg(unix)]
        let before = TerminalMode::remember();
        #[cfg(unix)]
        if let Some((terminal, mode)) = &before.before {
            let mut unseen = mode.clone();
            unseen.local_modes.remove(rustix::termios::LocalModes::ECHO);
            set_mode(terminal, &unseen);
        }
        Self {
            #[cfg(unix)]
            before,
        }
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        #[cfg(unix)]
        self.before.set();
    }
}
