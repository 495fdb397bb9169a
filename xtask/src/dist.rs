//! Builds what is handed out: `cargo xtask dist`.

mod archive;
mod debian;
mod install;
mod materials;
mod papers;
mod stage;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::{env, fs, io};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};

use self::stage::Stage;
use crate::servers;
use crate::workspace::{Workspace, cargo};

/// How large the program may be: what somebody in a hurry still downloads.
const LARGEST: u64 = 30 << 20;

/// What `cargo xtask dist` takes.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The build: `release` is what is handed out, `dev` is quick and tries the packaging.
    #[arg(long, value_enum, default_value_t = Profile::Release)]
    profile: Profile,
    /// Installs the package into an empty folder afterwards, and runs it there; as root.
    #[arg(long)]
    check: bool,
}

/// A build.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Profile {
    Release,
    Dev,
}

impl Profile {
    /// Builds the program, and returns its path.
    fn build(self, workspace: &Workspace) -> Result<String> {
        match self {
            Self::Release => servers::build_packaged_program(workspace),
            // The same selection as that of the tests: whoever ran these does not wait here.
            Self::Dev => servers::build_program(workspace, &["--workspace", "--bins", "--tests", "--locked"]),
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Release => "dist",
            Self::Dev => "dist-dev",
        }
    }
}

/// What all parts of it know.
struct Dist {
    /// Where the results go.
    folder: PathBuf,
    version: String,
    /// The host's target triple.
    target: String,
    /// The moment that is written into archives, in seconds since the Unix epoch.
    epoch: String,
}

/// Builds, packs and, if it is wanted, tries everything.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<ExitCode> {
    let program = arguments.profile.build(workspace)?;
    let dist = Dist {
        folder: emptied(&workspace.target().join(arguments.profile.folder()))?,
        version: version(workspace)?,
        target: host()?,
        epoch: epoch(workspace)?,
    };
    let stage = Stage::fill(workspace, &dist, Path::new(&program))?;
    let size = fs::metadata(stage.program())?.len();
    println!("program: {:.1} MiB, stripped", mebibytes(size));
    if arguments.profile == Profile::Release {
        ensure!(
            size <= LARGEST,
            "the program is larger than {:.0} MiB",
            mebibytes(LARGEST)
        );
    }
    let made = [
        archive::tar(workspace, &dist, &stage)?,
        debian::package(&dist, &stage)?,
        materials::write(workspace, &dist)?,
    ];
    fs::remove_dir_all(stage.root())?;
    archive::sums(&dist, &made)?;
    for file in made.iter().chain([&dist.folder.join(archive::SUMS)]) {
        println!("{:>9.2} MiB  {}", mebibytes(fs::metadata(file)?.len()), file.display());
    }
    if arguments.check {
        install::check(&dist, &made)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn emptied(folder: &Path) -> Result<PathBuf> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    fs::create_dir_all(folder)?;
    Ok(folder.to_owned())
}

fn version(workspace: &Workspace) -> Result<String> {
    let packages = workspace.metadata()["packages"].as_array().into_iter().flatten();
    let program = packages.clone().find(|it| it["name"] == "lifeboat");
    let version = program
        .and_then(|it| it["version"].as_str())
        .context("there is no package lifeboat")?;
    Ok(version.to_owned())
}

fn host() -> Result<String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let told = told(Command::new(rustc).arg("-vV"))?;
    let host = told.lines().find_map(|it| it.strip_prefix("host: "));
    Ok(host
        .context("rustc does not say for which machine it builds")?
        .to_owned())
}

/// `SOURCE_DATE_EPOCH`, otherwise the moment of the last commit: the same source gives the same bytes.
fn epoch(workspace: &Workspace) -> Result<String> {
    if let Ok(given) = env::var("SOURCE_DATE_EPOCH") {
        ensure!(given.parse::<u64>().is_ok(), "SOURCE_DATE_EPOCH is not a number");
        return Ok(given);
    }
    let mut git = Command::new("git");
    let told = told(git.args(["log", "-1", "--format=%ct"]).current_dir(workspace.root()))?;
    Ok(told.trim().to_owned())
}

/// Runs a tool to its end and returns what it says.
fn told(command: &mut Command) -> Result<String> {
    Ok(String::from_utf8_lossy(&output(command)?).into_owned())
}

fn output(command: &mut Command) -> Result<Vec<u8>> {
    let name = command.get_program().display().to_string();
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| missing(&name))?;
    if !output.status.success() {
        bail!(
            "{name} ended with {}:\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
    }
    Ok(output.stdout)
}

fn missing(name: &str) -> String {
    let package = match name {
        "dpkg-shlibdeps" => "dpkg-dev",
        "strip" => "binutils",
        "man" => "man-db",
        other => other,
    };
    format!("{name} does not start. Install it with: apt install {package}")
}

/// A Cargo command of another package, installed once at this version into the target folder.
fn tool(workspace: &Workspace, name: &str, version: &str) -> Result<PathBuf> {
    let root = workspace.target().join("tools").join(format!("{name}-{version}"));
    let program = root.join("bin").join(name);
    if !program.exists() {
        eprintln!("Installing {name} into {} (once)", root.display());
        let mut install = cargo();
        install.args(["install", "--locked", "--quiet", "--debug", "--version", version, name]);
        output(install.arg("--root").arg(&root))?;
    }
    Ok(program)
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
