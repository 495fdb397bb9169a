//! Where the database lives: in memory where the machine offers it, else beside the rest.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::random;

/// The RAM disk of every Linux. SQLite waits for the disk at each commit, so this makes a third of the difference.
const RAM_DISK: &str = "/dev/shm";

/// Left alone when less than this is free, in bytes; containers often have 64 MB only.
const ROOM_NEEDED: u64 = 2 << 30;

/// Names a data folder that does not exist yet.
pub(crate) fn choose(folder: &Path) -> Result<PathBuf> {
    Ok(if has_room(Path::new(RAM_DISK)) {
        Path::new(RAM_DISK).join(format!("lifeboat-{}", &random::hex()?[..16]))
    } else {
        folder.join("data")
    })
}

/// Makes a folder for the owner alone; fails when something is there already.
pub(crate) fn make_private(folder: &Path) -> Result<()> {
    DirBuilder::new()
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("{} cannot be made", folder.display()))
}

fn has_room(disk: &Path) -> bool {
    rustix::fs::statvfs(disk).is_ok_and(|disk| disk.f_bavail * disk.f_frsize >= ROOM_NEEDED)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_private_folder_is_new_and_closed_to_others() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("data");
        make_private(&folder).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        assert!(make_private(&folder).is_err());
    }

    #[test]
    fn no_ram_disk_means_beside_the_rest() {
        assert!(!has_room(Path::new("/nowhere")));
        assert_ne!(
            choose(Path::new("/folder")).unwrap(),
            choose(Path::new("/other")).unwrap()
        );
    }
}
