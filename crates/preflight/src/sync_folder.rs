//! Names that are on disk, and not in the memory of the system alone.

use std::{fs::File, io, path::Path};

/// Waits until the names in the folder are on disk. Only Unix lets a folder be opened for that; elsewhere it does nothing.
///
/// # Errors
///
/// Those of the system.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}
