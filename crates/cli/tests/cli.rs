//! Runs the binary on everything that needs no homeserver.

use std::{fs, path::Path, process::Command};

use anyhow::Context;
use assert_cmd::cargo::cargo_bin;
use insta::assert_snapshot;
use lifeboat_report::{
    Fact, Gap, Generator, Report, StatusFile,
    testing::{ACCOUNT, TAKEN_AT, healthy_facts},
};

/// A private folder with the binary run inside.
struct Place {
    folder: tempfile::TempDir,
}

/// What a run gave.
struct Ran {
    status: Option<i32>,
    out: String,
    err: String,
}

impl Ran {
    /// Exit status and both streams, for a snapshot.
    fn all(&self) -> String {
        format!(
            "exit status {:?}\n--- stdout\n{}--- stderr\n{}",
            self.status, self.out, self.err
        )
    }
}

impl Place {
    fn new() -> anyhow::Result<Self> {
        Ok(Self {
            folder: tempfile::tempdir()?,
        })
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> anyhow::Result<()> {
        fs::write(self.path(name), content)?;
        set_private(&self.path(name))
    }

    /// Runs the binary without a controlling terminal, with nothing on stdin.
    fn run(&self, line: &str) -> anyhow::Result<Ran> {
        self.run_with(line, &[])
    }

    /// The same with variables in its environment.
    fn run_with(&self, line: &str, variables: &[(&str, &str)]) -> anyhow::Result<Ran> {
        let output = Command::new("setsid")
            .arg("--wait")
            .arg(cargo_bin("lifeboat"))
            .args(line.split_whitespace())
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .envs(variables.iter().copied())
            .stdin(std::process::Stdio::null())
            .output()
            .context("setsid (of util-linux) starts the binary without a terminal")?;
        Ok(Ran {
            status: output.status.code(),
            out: String::from_utf8(output.stdout)?,
            err: String::from_utf8(output.stderr)?,
        })
    }

    fn write_status(&self, name: &str, change: impl FnOnce(&mut lifeboat_report::Facts)) -> anyhow::Result<()> {
        let mut facts = healthy_facts();
        change(&mut facts);
        let report = Report::of(ACCOUNT.to_owned(), TAKEN_AT, facts);
        let generator = Generator {
            name: "lifeboat".to_owned(),
            version: "0.0.0".to_owned(),
        };
        self.write(name, serde_json::to_string(&StatusFile::of(&report, generator))?)
    }
}

#[cfg(unix)]
fn set_private(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o600))?)
}

#[cfg(not(unix))]
fn set_private(_: &Path) -> anyhow::Result<()> {
    Ok(())
}

/// A well-formed recovery key that belongs to nobody: 32 times the byte 7.
const KEY: &str = "EsT3 4kza y1Xs efFA tKyi HVwT kdEP 4UEk rvNr dFvy 8nGq AkqP";

#[test]
fn help_is_there() -> anyhow::Result<()> {
    let place = Place::new()?;
    for (name, line) in [
        ("help-short", "-h"),
        ("help", "--help"),
        ("help-check", "check --help"),
        ("help-try-key", "try-key --help"),
        ("help-prove", "prove --help"),
        ("help-report", "report --help"),
        ("help-desk", "desk --help"),
        ("help-desk-check", "desk check --help"),
        ("help-desk-reset", "desk reset --help"),
        ("help-desk-audit", "desk audit --help"),
        ("help-util", "util --help"),
    ] {
        let ran = place.run(line)?;
        assert_eq!((ran.status, ran.err.as_str()), (Some(0), ""), "{line}");
        assert_snapshot!(name, ran.out);
    }
    assert_eq!(place.run("")?.status, Some(2));
    Ok(())
}

#[test]
fn bad_command_lines_have_their_own_sentences() -> anyhow::Result<()> {
    let place = Place::new()?;
    place.write("p", "secret\n")?;
    place.write("empty", "")?;
    place.write("two", "one\ntwo\n")?;
    place.write("binary", b"\xff\x00\x01")?;
    place.write("there.json", "{}")?;
    place.write("list", "# Staff\n@mira:example.org\n")?;
    place.write_status("status.json", |_| ())?;
    let other = fs::read_to_string(place.path("status.json"))?.replace("@mira:", "@ann:");
    place.write("other.json", other)?;
    let mut told = String::new();
    for line in [
        "check mira",
        "check !room:example.org",
        "check mira:example.org",
        "check @mira:example.org",
        "check @mira:example.org --ask-recovery-key",
        "check @mira:example.org --password-file missing",
        "check @mira:example.org --password-file empty",
        "check @mira:example.org --password-fd 9",
        "check @mira:example.org --password-file p --recovery-key-file missing",
        "check @mira:example.org --password-file p --recovery-key-file empty",
        "check @mira:example.org --password-file p --recovery-key-file two",
        "check @mira:example.org --password-file p --recovery-key-file binary",
        "check @mira:example.org --password-file p --status-file there.json",
        "check @mira:example.org --password-file p --status-file missing/s.json",
        // Nobody makes files there, not even root.
        "check @mira:example.org --password-file p --status-file /sys/s.json",
        "check @mira:example.org --password-file p --homeserver http://example.org",
        "check @mira:example.org --password-file p --homeserver ftp://example.org",
        "try-key --offline",
        "check --from missing.json",
        "check --from there.json",
        "report binary",
        "report there.json --html there.json",
        "report status.json missing.json",
        "report status.json other.json",
        "report status.json --html missing/page.html",
        "check --from status.json --html page --status-file page",
        "util man --all missing",
        "desk check @mira:example.org",
        "desk check @mira:example.org --admin-token-file missing",
        "desk check @mira:example.org --admin-token-file p --as-user",
        "desk check @mira:example.org --admin-token-file p --since 2026-01-01",
        "desk reset @mira:example.org --admin-token-file p",
        "desk reset @mira:example.org --admin-token-file p --yes --letter letter.html",
        "resume @mira:example.org --letter letter.html",
        "desk audit exa!mple --admin-token-file p --folder f",
        "desk audit example.org --admin-token-file p --folder f --users missing",
        "desk audit example.org --admin-token-file p --folder f --users two",
        "desk audit example.com --admin-token-file p --folder f --users list",
    ] {
        let ran = place.run(line)?;
        assert_eq!(ran.out, "", "{line}");
        assert_eq!(ran.err.lines().count(), 2, "two sentences: {line}\n{}", ran.err);
        told += &format!("$ lifeboat {line}\n{}exit status {:?}\n\n", ran.err, ran.status);
    }
    assert_snapshot!(told);
    let local = place.path(".local");
    let left = fs::read_dir(place.folder.path())?.filter(|it| it.as_ref().is_ok_and(|it| it.path() != local));
    assert_eq!(left.count(), 8, "no file is left behind");
    let accounts = fs::read_dir(local.join("state/lifeboat"))?;
    assert_eq!(
        accounts.count(),
        0,
        "nothing is kept of accounts that nobody signed in to"
    );
    Ok(())
}

/// Slips of the fingers in commands, flags, values and servers.
#[test]
fn what_was_meant_is_guessed() -> anyhow::Result<()> {
    let place = Place::new()?;
    place.write("p", "secret\n")?;
    fs::create_dir_all(place.path(".local/state/lifeboat/@mira%3Alifeboat.invalid"))?;
    let mut told = String::new();
    for line in [
        "cheek @mira:example.org",
        "rest @mira:example.org",
        "util completion bash",
        "check @mira:example.org --recovery-kye-file k",
        "check @mira:example.org --fate keep",
        "util completions bsh",
        "check @mira:lifebaot.invalid --password-file p",
    ] {
        let ran = place.run(line)?;
        let status = if line.contains("invalid") { 1 } else { 2 };
        assert_eq!((ran.status, ran.out.as_str()), (Some(status), ""), "{line}");
        told += &format!("$ lifeboat {line}\n{}\n", ran.err);
    }
    assert_snapshot!(told);
    Ok(())
}

#[test]
fn failures_are_json_for_programs() -> anyhow::Result<()> {
    let place = Place::new()?;
    for line in [
        "check --json mira",
        "check --json",
        "check --json @mira:example.org --frobnicate",
    ] {
        let ran = place.run(line)?;
        let document: serde_json::Value = serde_json::from_str(&ran.out)?;
        assert_eq!(ran.status, Some(2), "{line}");
        assert_eq!(document["exit"], 2, "{line}");
        assert!(
            document["error"].is_string() && document["hint"].is_string(),
            "{document}"
        );
    }
    Ok(())
}

#[test]
fn a_status_file_is_judged_again() -> anyhow::Result<()> {
    let place = Place::new()?;
    place.write_status("clear.json", |_| ())?;
    place.write_status("caution.json", |it| it.backup.switched_off = Fact::Unknown(Gap::Failed))?;
    place.write_status("blocked.json", |it| it.coverage = Fact::Unknown(Gap::NotAsked))?;
    for (line, status) in [
        ("check --from clear.json", 0),
        ("check --from caution.json", 11),
        ("check --from blocked.json", 10),
        ("check --from blocked.json --fate ended", 10),
        ("check --from blocked.json --fate kept", 11),
        ("report blocked.json", 0),
    ] {
        let ran = place.run(line)?;
        assert_eq!((ran.status, ran.err.as_str()), (Some(status), ""), "{line}");
        assert!(!ran.out.contains('\u{1b}'), "plain when piped");
    }
    assert_snapshot!(place.run("check --from blocked.json")?.all());
    assert!(
        place
            .run("--color always check --from blocked.json")?
            .out
            .contains('\u{1b}')
    );
    assert_eq!(
        place.run("report blocked.json")?.out,
        place.run("check --from blocked.json --no-color")?.out
    );
    Ok(())
}

#[test]
fn json_is_the_status_file() -> anyhow::Result<()> {
    let place = Place::new()?;
    place.write_status("old.json", |_| ())?;
    let ran = place.run("check --from old.json --json --status-file new.json")?;
    assert_eq!(ran.status, Some(0));
    assert_eq!(ran.err, "Wrote new.json. It holds no secret.\n");
    assert_eq!(fs::read_to_string(place.path("new.json"))?, ran.out);
    let status = StatusFile::parse(&ran.out)?;
    assert_eq!(status.account, ACCOUNT);
    assert_eq!(
        place.run("check --from new.json --json")?.out,
        ran.out,
        "judging again changes nothing"
    );

    let redacted = place.run("check --from old.json --json --redact")?;
    for secret in ["mira", "example.org", "PIXEL8PHON", "Pixel 8"] {
        assert!(!redacted.out.contains(secret), "{secret} is redacted");
    }
    assert_eq!(
        place.run("check --from old.json --json --redact")?.out,
        redacted.out,
        "hashes are stable"
    );
    Ok(())
}

#[test]
fn a_newer_status_file_says_so() -> anyhow::Result<()> {
    let place = Place::new()?;
    place.write("newer.json", r#"{"format": 99, "wonders": true}"#)?;
    let ran = place.run("check --from newer.json")?;
    assert_snapshot!(ran.all());
    Ok(())
}

#[test]
fn the_schema_is_printed() -> anyhow::Result<()> {
    let place = Place::new()?;
    let ran = place.run("util schema")?;
    assert_eq!(ran.status, Some(0));
    let schema: serde_json::Value = serde_json::from_str(&ran.out)?;
    assert_eq!(schema["title"], "StatusFile");
    let ran = place.run("util schema history-proof")?;
    let schema: serde_json::Value = serde_json::from_str(&ran.out)?;
    assert_eq!((ran.status, &schema["title"]), (Some(0), &"HistoryProof".into()));
    Ok(())
}

#[test]
fn shells_learn_every_command() -> anyhow::Result<()> {
    let place = Place::new()?;
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = place.run(&format!("util completions {shell}"))?;
        assert_eq!((ran.status, ran.err.as_str()), (Some(0), ""), "{shell}");
        for word in ["check", "export-keys", "recovery-key-file", "completions"] {
            assert!(ran.out.contains(word), "{shell} does not know {word}");
        }
    }
    // A real bash takes it, and completes with it.
    place.write("lifeboat.bash", place.run("util completions bash")?.out)?;
    let script = "source ./lifeboat.bash && COMP_WORDS=(lifeboat exp) && COMP_CWORD=1 && _lifeboat lifeboat exp lifeboat && \
                  printf '%s' \"${COMPREPLY[*]}\"";
    let bash = Command::new("bash")
        .args(["--norc", "-c", script])
        .current_dir(place.folder.path())
        .output()?;
    assert_eq!(String::from_utf8(bash.stdout)?, "export-keys", "{:?}", bash.stderr);
    Ok(())
}

#[test]
fn every_command_has_a_manual_page() -> anyhow::Result<()> {
    let place = Place::new()?;
    let ran = place.run("util man")?;
    assert_eq!((ran.status, ran.err.as_str()), (Some(0), ""));
    assert!(
        ran.out.contains(".TH lifeboat 1") && ran.out.contains("lifeboat\\-check(1)"),
        "{}",
        ran.out
    );
    fs::create_dir(place.path("man"))?;
    assert_eq!(place.run("util man --all man")?.status, Some(0));
    for name in [
        "lifeboat.1",
        "lifeboat-check.1",
        "lifeboat-ark-restore.1",
        "lifeboat-util-man.1",
    ] {
        let page = fs::read_to_string(place.path("man").join(name)).with_context(|| name.to_owned())?;
        assert!(page.contains(".SH SYNOPSIS") && page.contains(".TH "), "{name}");
    }
    assert_eq!(place.run("util man --all man")?.status, Some(2), "nothing is replaced");
    Ok(())
}

#[test]
fn a_page_is_written_once_and_whole() -> anyhow::Result<()> {
    let place = Place::new()?;
    place.write_status("status.json", |_| ())?;
    let ran = place.run("report status.json --html page.html")?;
    assert_eq!((ran.status, ran.out.as_str()), (Some(0), ""), "{}", ran.err);
    assert_snapshot!(ran.err, @"Wrote page.html. It holds no secret; open it in any browser.");
    let page = fs::read_to_string(place.path("page.html"))?;
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>"));
    assert_eq!(
        place.run("report status.json --html page.html")?.status,
        Some(2),
        "it is not replaced"
    );
    assert_eq!(fs::read_to_string(place.path("page.html"))?, page);

    let ran = place.run("check --from status.json --html checked.html --json")?;
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    serde_json::from_str::<serde_json::Value>(&ran.out)?;
    // The same but for the version of the program that wrote the file.
    let checked = fs::read_to_string(place.path("checked.html"))?;
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(checked.replace(version, "0.0.0"), page.replace(version, "0.0.0"));

    assert_eq!(
        place
            .run("check --from status.json --html redacted.html --redact")?
            .status,
        Some(0)
    );
    let redacted = fs::read_to_string(place.path("redacted.html"))?;
    for secret in ["mira", "example.org", "PIXEL8PHON", "Pixel 8"] {
        assert!(!redacted.contains(secret), "{secret} is redacted");
    }
    Ok(())
}

#[test]
fn two_status_files_are_compared_the_earlier_one_first() -> anyhow::Result<()> {
    let place = Place::new()?;
    place.write_status("before.json", |facts| facts.coverage = Fact::Unknown(Gap::NotAsked))?;
    place.write_status("after.json", |_| ())?;
    let later = fs::read_to_string(place.path("after.json"))?.replace("1795430520000", "1795430520001");
    place.write("after.json", later)?;
    let ran = place.run("report before.json after.json")?;
    assert_snapshot!("compared", ran.all());
    assert_eq!(
        place.run("report after.json before.json")?.out,
        ran.out,
        "whatever their order"
    );
    assert_eq!(
        place.run("report before.json after.json --html page.html")?.status,
        Some(0)
    );
    assert!(fs::read_to_string(place.path("page.html"))?.contains("What changed"));

    // A redacted one is compared with one that is not.
    place.run("check --from after.json --status-file redacted.json --redact")?;
    let ran = place.run("report before.json redacted.json")?;
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    assert!(
        ran.out.contains("Other sessions") && !ran.out.contains("mira"),
        "{}",
        ran.out
    );
    Ok(())
}

#[test]
fn keys_are_understood_offline() -> anyhow::Result<()> {
    let place = Place::new()?;
    place.write("good", format!("{KEY}\n"))?;
    place.write("wrong", KEY.replace("y1Xs", "y1Xl"))?;
    place.write("short", &KEY[..KEY.len() - 5])?;
    place.write("passphrase", "correct horse battery staple")?;
    place.write("token", "syt_bWlyYQ_AbCdEfGhIjKlMnOpQrSt_0abcde")?;
    let mut told = String::new();
    for (file, status) in [
        ("good", 0),
        ("passphrase", 0),
        ("wrong", 10),
        ("short", 10),
        ("token", 10),
    ] {
        let ran = place.run(&format!("try-key --offline --recovery-key-file {file}"))?;
        assert_eq!(ran.status, Some(status), "{file}: {}", ran.all());
        assert!(
            !ran.all().contains("4kza") && !ran.all().contains("horse") && !ran.all().contains("syt_"),
            "{file}"
        );
        told += &format!("{}\n", ran.all());
    }
    assert_snapshot!(told);
    let json = place.run("try-key --offline --json --recovery-key-file good --recovery-key-file wrong")?;
    assert_eq!(json.status, Some(10));
    assert_snapshot!(json.out);
    Ok(())
}

#[test]
fn servers_that_are_none_are_told_apart() -> anyhow::Result<()> {
    let place = Place::new()?;
    place.write("p", "secret")?;
    // Nothing listens on port 1, and names below .invalid never resolve (RFC 6761).
    for (line, sentence) in [
        (
            "check @mira:example.org --password-file p --homeserver http://127.0.0.1:1",
            "cannot be reached",
        ),
        (
            "check @mira:nowhere.invalid --password-file p",
            "nowhere.invalid does not exist.",
        ),
    ] {
        let ran = place.run(line)?;
        assert_eq!(ran.status, Some(1), "{}", ran.all());
        assert!(ran.err.contains(sentence) && ran.err.contains("hint: "), "{}", ran.err);
    }
    Ok(())
}

#[cfg(unix)]
#[test]
fn secrets_that_others_can_read_are_a_caution() -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new()?;
    place.write("k", KEY)?;
    fs::set_permissions(place.path("k"), fs::Permissions::from_mode(0o644))?;
    let ran = place.run("try-key --offline --recovery-key-file k")?;
    assert_eq!(ran.status, Some(0));
    assert_eq!(
        ran.err,
        "caution: “k” can be read by others on this machine.\nhint:  Run: chmod 600 k\n"
    );
    Ok(())
}

/// What is kept of an account goes as a whole, but not while a kept session or a reset depends on it.
#[test]
fn an_account_is_forgotten() -> anyhow::Result<()> {
    let place = Place::new()?;
    let user = "@mira:example.org";
    let forget = format!("util forget {user}");
    let nothing = place.run(&forget)?;
    assert_eq!(nothing.status, Some(0));
    assert_eq!(nothing.err, "Nothing of @mira:example.org is kept on this machine.\n");

    let state = place.path(".local/state/lifeboat/@mira%3Aexample.org");
    let data = place.path(".local/share/lifeboat/@mira%3Aexample.org");
    let session = data.join("session");
    let other = place.path(".local/state/lifeboat/@other%3Aexample.org");
    for folder in [&state, &other, &session.join("store")] {
        fs::create_dir_all(folder)?;
    }
    fs::write(state.join("guide.json"), "{}")?;
    fs::write(session.join("key"), "0".repeat(64))?;
    set_private(&session.join("key"))?;
    assert_snapshot!("forget-refused", place.run(&forget)?.all());
    assert!(state.join("guide.json").exists() && data.exists());

    let forced = place.run(&format!("{forget} --anyway"))?;
    assert_eq!(forced.status, Some(0), "{}", forced.err);
    assert!(!state.exists() && !data.exists() && other.exists());
    assert_eq!(place.run("util forget mira")?.status, Some(2));
    Ok(())
}

/// Flags win over the file in the usual place, `--config` names another one, and mistakes in it end the command.
#[test]
fn the_configuration_says_what_no_flag_says() -> anyhow::Result<()> {
    let place = Place::new()?;
    place.write_status("status.json", |_| ())?;
    let colored = |line: &str| -> anyhow::Result<bool> {
        let ran = place.run(&format!("{line} report status.json"))?;
        assert_eq!((ran.status, ran.err.as_str()), (Some(0), ""), "{line}");
        Ok(ran.out.contains('\u{1b}'))
    };
    assert!(!colored("")?);
    fs::create_dir_all(place.path(".config/lifeboat"))?;
    place.write(".config/lifeboat/config.toml", "color = \"always\"\n")?;
    place.write("plain.toml", "color = \"never\"\n")?;
    assert!(colored("")?);
    assert!(!colored("--color never")?);
    assert!(!colored("--no-config")?);
    assert!(!colored("--config plain.toml")?);
    assert!(colored("--config plain.toml --color always")?);

    place.write("typo.toml", "quite = true\n")?;
    place.write("secret.toml", "password = \"hunter2\"\n")?;
    place.write("broken.toml", "quiet = true\nproxy =\n")?;
    let mut told = String::new();
    for file in ["typo", "secret", "broken", "missing"] {
        let line = format!("check @mira:example.org --config {file}.toml");
        let ran = place.run(&line)?;
        assert_eq!((ran.out.as_str(), ran.err.lines().count()), ("", 2), "{}", ran.err);
        told += &format!("$ lifeboat {line}\n{}exit status {:?}\n\n", ran.err, ran.status);
    }
    assert_snapshot!("configuration", told);
    let json = place.run("check @mira:example.org --json --config typo.toml")?;
    let document: serde_json::Value = serde_json::from_str(&json.out)?;
    assert_eq!((json.status, &document["exit"]), (Some(2), &2.into()));
    Ok(())
}

/// What is kept and what a check found, without a name in it.
#[test]
fn a_support_bundle_names_nobody() -> anyhow::Result<()> {
    let place = Place::new()?;
    place.write_status("status.json", |_| ())?;
    let state = place.path(".local/state/lifeboat/@mira%3Aexample.org");
    fs::create_dir_all(&state)?;
    fs::write(state.join("guide.json"), "{}")?;
    let ran = place.run("util support-bundle bundle.json --status-file status.json")?;
    assert_eq!((ran.status, ran.out.as_str()), (Some(0), ""), "{}", ran.err);
    let text = fs::read_to_string(place.path("bundle.json"))?;
    for name in ["mira", "example.org", "PIXEL8PHON", "Pixel 8"] {
        assert!(!text.contains(name), "{name} is in it");
    }
    let bundle: serde_json::Value = serde_json::from_str(&text)?;
    let account = &bundle["accounts"][0];
    assert_eq!(account["guide_stopped"], true, "{bundle:#}");
    assert_eq!(account["kept_session"], false);
    assert_eq!(
        account["account"], bundle["status_files"][0]["account"],
        "the same mark"
    );
    assert_eq!(bundle["generator"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(
        place.run("util support-bundle bundle.json")?.status,
        Some(2),
        "it is not replaced"
    );
    assert_eq!(
        place
            .run("util support-bundle other.json --status-file missing")?
            .status,
        Some(2)
    );
    assert!(!place.path("other.json").exists());
    Ok(())
}

#[test]
fn a_log_goes_into_a_new_private_file() -> anyhow::Result<()> {
    let place = Place::new()?;
    place.write_status("status.json", |_| ())?;
    let line = "check --from status.json --log-file log.txt";
    assert_eq!(place.run(line)?.status, Some(0));
    assert!(place.path("log.txt").exists());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(place.path("log.txt"))?.permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
    }
    let again = place.run(line)?;
    assert_eq!((again.status, again.out.as_str()), (Some(2), ""), "{}", again.err);
    assert!(again.err.contains("is there already"), "{}", again.err);
    Ok(())
}

#[test]
fn quiet_leaves_out_notes_and_nothing_else() -> anyhow::Result<()> {
    let place = Place::new()?;
    place.write_status("status.json", |_| ())?;
    let told = place.run("check --from status.json --html told.html")?;
    assert!(told.err.contains("told.html"), "{}", told.err);
    let quiet = place.run("check --from status.json --html quiet.html --quiet")?;
    assert_eq!((quiet.status, quiet.err.as_str()), (told.status, ""));
    assert_eq!(quiet.out, told.out);
    Ok(())
}

#[test]
fn colour_is_used_where_the_environment_and_the_flags_say() -> anyhow::Result<()> {
    let place = Place::new()?;
    place.write_status("status.json", |_| {})?;
    let force = ("CLICOLOR_FORCE", "1");
    for (line, variables, coloured) in [
        ("report status.json", &[][..], false),
        ("report status.json", &[("CLICOLOR", "1")], false),
        ("report status.json", &[force], true),
        ("report status.json", &[force, ("CLICOLOR", "0")], true),
        ("report status.json", &[force, ("NO_COLOR", "1")], false),
        ("report status.json", &[("CLICOLOR_FORCE", "")], false),
        ("report status.json --color never", &[force], false),
        (
            "report status.json --color always",
            &[("NO_COLOR", "1"), ("CLICOLOR", "0")],
            true,
        ),
    ] {
        let ran = place.run_with(line, variables)?;
        assert_eq!(ran.status, Some(0), "{}", ran.all());
        assert_eq!(ran.out.contains("\u{1b}["), coloured, "{line}, {variables:?}");
    }
    Ok(())
}
