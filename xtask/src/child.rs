//! Runs a program in the foreground and ends it, with everything it started, when this command is interrupted.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::interrupt::Interrupt;

/// How often it is looked whether the program has ended or somebody wants it to.
const BEAT: Duration = Duration::from_millis(50);

/// How many beats an interrupted program has for its own tidying up.
const BEATS_TO_END: u32 = 200;

/// Runs a program to its end and hands each line of its standard output to `line`.
///
/// The program has no terminal and no input, so it behaves the same at home and in continuous integration.
pub(crate) fn run(command: &Command, interrupt: &Interrupt, mut line: impl FnMut(&str) + Send) -> Result<ExitStatus> {
    let mut child = in_own_session(command)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("`setsid` does not start. Install it with: apt install util-linux")?;
    let output = child.stdout.take().context("the program has no output")?;
    thread::scope(|scope| {
        scope.spawn(move || {
            for text in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                line(&String::from_utf8_lossy(&text));
            }
        });
        wait(&mut child, interrupt)
    })
}

/// The same program at the head of a session of its own, which is also a process group of its own.
fn in_own_session(command: &Command) -> Command {
    let mut wrapped = Command::new("setsid");
    wrapped.arg("--").arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => wrapped.env(name, value),
            None => wrapped.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        wrapped.current_dir(folder);
    }
    wrapped
}

fn wait(child: &mut Child, interrupt: &Interrupt) -> Result<ExitStatus> {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let group = group.context("the program has no process number")?;
    loop {
        if let Some(status) = child.try_wait()? {
            // Whatever it left running would hold the pipe, and this command with it.
            let _ = kill_process_group(group, Signal::KILL);
            return Ok(status);
        }
        if interrupt.asked() {
            break;
        }
        thread::sleep(BEAT);
    }
    // An error means that the group is gone already, which is what is wanted.
    let _ = kill_process_group(group, Signal::TERM);
    for _ in 0..BEATS_TO_END {
        if child.try_wait()?.is_some() && rustix::process::test_kill_process_group(group).is_err() {
            break;
        }
        thread::sleep(BEAT);
    }
    let _ = kill_process_group(group, Signal::KILL);
    child.wait()?;
    bail!("interrupted")
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn lines_and_status_come_back() {
        let lines = Mutex::new(Vec::new());
        let status = run(
            shell("echo one; echo $TWO; exit 3").env("TWO", "two"),
            &Interrupt::never(),
            |line| {
                lines.lock().unwrap().push(line.to_owned());
            },
        );
        assert_eq!(status.unwrap().code(), Some(3));
        assert_eq!(*lines.lock().unwrap(), ["one", "two"]);
    }

    #[test]
    fn what_a_program_leaves_behind_does_not_hold_the_command_up() {
        let status = run(&shell("sleep 60 & exit 0"), &Interrupt::never(), |_| {});
        assert!(status.unwrap().success());
    }

    #[test]
    fn an_interrupted_program_ends_with_its_children() {
        let interrupt = Interrupt::never();
        let error = run(&shell("sh -c 'echo $$; sleep 60' & wait"), &interrupt, |line| {
            assert!(line.parse::<u32>().is_ok());
            interrupt.pretend();
        });
        // The reader of the output has ended, too: nobody holds the pipe any more.
        assert_eq!(error.unwrap_err().to_string(), "interrupted");
    }
}
