//! Files that are written whole or not at all: a reader meets the old one or the new one, whatever
//! happens meanwhile.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

use crate::failure::Failure;
use crate::journal::sync_directory;

/// Whether a file can be made there: asked before an hour of reading.
pub fn can_be_written(path: &Path) -> Result<(), Failure> {
    if path.is_dir() {
        return Err(Failure::file(format!("{}: it is a directory", path.display())));
    }
    beside(path).map(drop).map_err(|error| Failure::file(format!("{}: {error}", path.display())))
}

/// Replaces the file by one with this content, which is on the disk then.
pub fn write(path: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let written = || {
        let mut out = BufWriter::new(beside(path)?);
        content(&mut out)?;
        let file = out.into_inner()?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        sync_directory(path)
    };
    written().map_err(|error: io::Error| Failure::file(format!("{}: {error}", path.display())))
}

/// A new file in the same directory, since a file can't be moved between file systems at once.
fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = Builder::new();
    builder.prefix(".sg-open-tracking-");
    // Others read it, such as a collector of metrics; what the umask forbids stays forbidden.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    builder.tempfile_in(directory)
}
