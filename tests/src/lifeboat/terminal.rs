//! `lifeboat` on a terminal of its own: a person reads the screen and types.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::num::NonZeroU16;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{Disk, Lifeboat, Outcome, PROGRAM_VARIABLE, Running};
use crate::wait::until;

/// Begins a menu that waits; also where there is nothing but ASCII.
const MENU: [&str; 2] = ["▸ ", "> "];
/// Begins one that was answered.
const CHOSEN: [&str; 2] = ["· ", "- "];
/// Stands behind one that was left.
const STOPPED: &str = "(stopped)";
/// Ends a menu that waits.
const MENU_HELP: &str = "[arrow keys or number, then Enter; Esc stops]";
/// So high that nothing leaves the screen.
const ROWS: NonZeroU16 = NonZeroU16::new(2_000).unwrap();
/// As wide as terminals are.
const WIDTH: NonZeroU16 = NonZeroU16::new(80).unwrap();
/// The whole conversation, on a machine that does other things too.
const DEADLINE: Duration = Duration::from_secs(240);

/// The key that goes one down.
pub const DOWN: &str = "\u{1b}[B";
/// The Enter key.
pub const ENTER: &str = "\r";
/// The Escape key.
pub const ESCAPE: &str = "\u{1b}";
/// Ctrl-C.
pub const CTRL_C: &str = "\u{3}";

/// A program on a terminal, which `script` (of util-linux) makes; what is typed goes through a named pipe.
#[derive(Debug)]
pub struct Terminal {
    running: Running,
    columns: NonZeroU16,
}

/// A terminal that is not switched on yet.
#[derive(Debug)]
pub struct TerminalSpec {
    arguments: String,
    columns: NonZeroU16,
    variables: Vec<(String, String)>,
    home: Option<TempDir>,
    disk: Option<Disk>,
}

impl TerminalSpec {
    /// Describes one of 80 columns on which `lifeboat` is given `arguments`, as a shell reads them.
    pub fn new(arguments: &str) -> Self {
        Self {
            arguments: arguments.to_owned(),
            columns: WIDTH,
            variables: [("TERM", "xterm-256color"), ("LC_ALL", "C.UTF-8")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            home: None,
            disk: None,
        }
    }

    /// The same with another width.
    pub fn columns(self, columns: NonZeroU16) -> Self {
        Self { columns, ..self }
    }

    /// The same with an environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same in the home of an earlier one.
    pub fn after(mut self, outcome: Outcome) -> Self {
        self.home = Some(outcome.home);
        self
    }

    /// The same on this disk.
    pub fn on(mut self, disk: Disk) -> Self {
        self.disk = Some(disk);
        self
    }

    /// Switches it on.
    pub fn start(self) -> Result<Terminal> {
        let program = std::env::var_os(PROGRAM_VARIABLE).context("no lifeboat to test")?;
        let (program, arguments, columns) = (Path::new(&program).display(), self.arguments, self.columns);
        let run = format!(
            "rm -f keyboard && mkfifo keyboard && exec 3<>keyboard && exec script --quiet --return --flush --command \
             'stty rows {ROWS} cols {columns} && exec {program} {arguments}' /dev/null <&3 >&2"
        );
        let shell = Path::new("/bin/sh");
        let mut command = match self.home {
            Some(home) => Lifeboat::at_home(shell, ["-c", &run], home),
            None => Lifeboat::of(shell, ["-c", &run])?,
        };
        for (name, value) in self.variables {
            command = command.env(name, value);
        }
        if let Some(disk) = self.disk {
            command = command.on(disk);
        }
        Ok(Terminal {
            running: command.deadline(DEADLINE).start()?,
            columns,
        })
    }
}

impl Terminal {
    /// The screen as a person sees it now, everything that has scrolled away included.
    pub fn screen(&self) -> String {
        self.parsed().screen().contents()
    }

    /// Lines that the terminal had to break, because they were too long for it.
    pub fn broken_lines(&self) -> Vec<String> {
        let parser = self.parsed();
        let screen = parser.screen();
        let rows = screen.rows(0, self.columns.get());
        let wrapped = (0..).zip(rows).filter(|(number, _)| screen.row_wrapped(*number));
        wrapped.map(|(_, row)| row).collect()
    }

    fn parsed(&self) -> vt100::Parser {
        parsed(&self.running.stderr_so_far(), self.columns)
    }

    /// All that was sent to the terminal.
    pub fn raw(&self) -> String {
        self.running.stderr_so_far()
    }

    /// Waits until the screen shows `text`; line breaks do not matter.
    pub async fn sees(&self, text: &str) -> Result<()> {
        let wanted = words(text);
        let what = format!("“{text}”");
        let found = until(&what, async || {
            Ok(words(&self.screen()).contains(&wanted).then_some(()))
        });
        found.await.with_context(|| self.screen())
    }

    /// Waits until a question that begins with `question` waits for an answer, types `keys`, and waits until they are
    /// taken.
    pub async fn answers(&self, question: &str, keys: &str) -> Result<()> {
        let before = self.asked(question).await?;
        self.types(keys)?;
        let what = format!("the answer to “{question}” to be taken");
        let taken = until(&what, async || {
            let screen = self.screen();
            let again = times(&screen, question) > before;
            Ok((again || !waits(&screen, question)).then_some(()))
        });
        taken.await.with_context(|| self.screen())
    }

    /// Waits until a question that begins with `question` waits for an answer; returns how often it was asked so far.
    pub async fn asked(&self, question: &str) -> Result<usize> {
        let what = format!("the question “{question}”");
        let waiting = until(&what, async || {
            let screen = self.screen();
            Ok(waits(&screen, question).then(|| times(&screen, question)))
        });
        waiting.await.with_context(|| self.screen())
    }

    /// Types `keys`, whatever is on the screen.
    pub fn types(&self, keys: &str) -> Result<()> {
        let keyboard = OpenOptions::new()
            .write(true)
            .open(self.running.home().join("keyboard"))?;
        (&keyboard).write_all(keys.as_bytes())?;
        Ok(())
    }

    /// Closes its window. The program hears of it, and nobody waits for it any more.
    pub fn goes_away(&self) -> Result<()> {
        self.running.signal(Signal::KILL)
    }

    /// Sends a signal to the program itself; its terminal hears of its end.
    pub fn signals(&self, signal: Signal) -> Result<()> {
        let terminal = self.running.id().to_string();
        let mut processes = fs::read_dir("/proc")?.filter_map(Result::ok);
        let program = processes.find_map(|it| {
            let status = fs::read_to_string(it.path().join("stat")).ok()?;
            // The name stands in brackets, and may hold some itself; the parent is the second field behind it.
            let (_, rest) = status.rsplit_once(')')?;
            let child = rest.split_whitespace().nth(1) == Some(terminal.as_str());
            child
                .then(|| it.file_name().to_string_lossy().parse::<i32>().ok())
                .flatten()
        });
        let program = program.and_then(Pid::from_raw).context("no program on the terminal")?;
        kill_process(program, signal)?;
        Ok(())
    }

    /// True until the program has ended.
    pub fn runs(&mut self) -> Result<bool> {
        self.running.runs()
    }

    /// Waits for the program's end, whatever it is.
    pub async fn ended(self) -> Result<Outcome> {
        self.running.outcome().await
    }

    /// Its home folder.
    pub fn home(&self) -> &Path {
        self.running.home()
    }

    /// Waits for the program's end, which must be `code`, and for none of `secrets` to have been on the screen.
    pub async fn ends(self, code: i32, secrets: &[&str]) -> Result<Outcome> {
        let outcome = self.ended().await?;
        ensure!(outcome.code()? == code, "{code} was expected\n{outcome}");
        for secret in secrets {
            ensure!(
                !outcome.stderr.contains(secret),
                "a secret was on the screen\n{outcome}"
            );
        }
        Ok(outcome)
    }

    /// The same, and returns what is on the screen at the end, too.
    pub async fn ends_showing(self, code: i32, secrets: &[&str]) -> Result<(Outcome, String)> {
        let columns = self.columns;
        let outcome = self.ends(code, secrets).await?;
        let parser = parsed(&outcome.stderr, columns);
        Ok((outcome, lines(parser.screen(), columns)))
    }
}

/// The lines of a screen; one that was too long for it in one piece. A moving line fills the whole width with blanks, and does
/// not go on in the next.
fn lines(screen: &vt100::Screen, columns: NonZeroU16) -> String {
    let mut text = String::new();
    for (number, row) in (0..).zip(screen.rows(0, columns.get())) {
        let row = row.trim_end();
        text.push_str(row);
        let is_full = row.chars().count() == usize::from(columns.get());
        if !(screen.row_wrapped(number) && is_full) {
            text.push('\n');
        }
    }
    text.trim_end().to_owned()
}

/// Has a terminal of `columns` columns show what was sent to it.
fn parsed(raw: &str, columns: NonZeroU16) -> vt100::Parser {
    let mut parser = vt100::Parser::new(ROWS, columns, 0);
    parser.process(raw.as_bytes());
    parser
}

/// Tells whether a question is the last thing on the screen: a line that nothing is typed into yet, or a menu.
pub(super) fn waits(screen: &str, question: &str) -> bool {
    let text = words(screen);
    let Some((before, rest)) = text.rsplit_once(question) else {
        return false;
    };
    if MENU.iter().any(|it| before.ends_with(it)) {
        return rest.ends_with(MENU_HELP) && rest.matches(MENU_HELP).count() == 1 && !rest.contains(STOPPED);
    }
    // A menu that was answered leaves its question behind.
    !CHOSEN.iter().any(|it| before.ends_with(it)) && rest.ends_with(':') && !rest.contains(": ")
}

/// How often a question stands on the screen.
fn times(screen: &str, question: &str) -> usize {
    words(screen).matches(question).count()
}

/// The words of a text, with one space between them.
pub(super) fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the colours and weights among what was sent to a terminal.
pub fn colours(raw: &str) -> Vec<String> {
    let sequences = raw.split("\u{1b}[").skip(1);
    let ends = sequences.filter_map(|it| {
        it.find(|letter: char| letter.is_ascii_alphabetic())
            .map(|end| &it[..=end])
    });
    ends.filter(|it| it.ends_with('m')).map(str::to_owned).collect()
}
