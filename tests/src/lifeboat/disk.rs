//! Disks that get full while the program writes, and folders that have become read-only.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// Becomes root where it may mount what nobody else sees: as root, and as anybody else where the kernel lets people.
const OWN_MOUNTS: [&str; 4] = ["unshare", "--user", "--map-root-user", "--mount"];
/// Makes the disk, runs the program, and puts back what it left.
const SCRIPT: &str = include_str!("disk.sh");
/// Becomes the program, for which nobody can write into a folder any more. No other option of that mount is changed.
const READ_ONLY: &str = "folder=$1 && shift && mount --bind \"$folder\" \"$folder\" \
                         && mount -o remount,bind,ro \"$folder\" && exec \"$@\"; echo 'nothing is read-only' >&2; exit 97";

/// Of what there is too little, or what cannot be written to; root is refused as well.
#[derive(Clone, Debug)]
pub enum Disk {
    /// No file gets larger than so many bytes (`EFBIG`), however many there are.
    LargestFile(u64),
    /// So much is left for all files together (`ENOSPC`).
    Free {
        /// In bytes, of which the kernel counts whole pages.
        bytes: u64,
        /// The folder that is on the same disk as the home: that of the files which the command line names.
        beside: PathBuf,
    },
    /// Nothing can be made or changed in this folder (`EROFS`), which is named by its path in the home and is there.
    ReadOnly(PathBuf),
}

impl Disk {
    /// Has `command` run the program whose name is added next, where `home` is on this disk. No right to mount is a failure,
    /// never a reason to skip a test.
    pub(super) fn put_under(&self, command: &mut Command, home: &Path) -> Result<()> {
        match self {
            Self::LargestFile(bytes) => {
                // The shell counts in blocks; the signal for such a file would end the program, which a full disk does not.
                let limit = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", bytes / 512);
                command.args(["sh", "-c", &limit]);
            }
            Self::Free { bytes, beside } => {
                ensure_mounts(home)?;
                command.args(OWN_MOUNTS).args(["sh", "-c", SCRIPT, "disk.sh"]);
                command.arg(bytes.to_string()).arg(home).arg(beside);
            }
            Self::ReadOnly(folder) => {
                ensure_mounts(home)?;
                command.args(OWN_MOUNTS).args(["sh", "-c", READ_ONLY, "read-only"]);
                command.arg(home.join(folder));
            }
        }
        Ok(())
    }
}

/// Fails with the reason unless a file system in memory can be mounted on `folder`; it goes with the program that mounts it.
fn ensure_mounts(folder: &Path) -> Result<()> {
    let [unshare, options @ ..] = OWN_MOUNTS;
    let tried = Command::new(unshare)
        .args(options)
        .args(["mount", "-t", "tmpfs", "lifeboat"])
        .arg(folder)
        .output()
        .context("there is no unshare (of util-linux) to make a small disk with")?;
    ensure!(
        tried.status.success(),
        "a small disk cannot be mounted here, because the kernel refuses a name space for it. Allow unprivileged user name \
         spaces (the sysctl user.max_user_namespaces above 0; kernel.apparmor_restrict_unprivileged_userns=0 on Ubuntu), and \
         in a container the right to mount.\n{}",
        String::from_utf8_lossy(&tried.stderr)
    );
    Ok(())
}
