//! Copying folders durably and comparing them with a list.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use base::Digest;

use super::FileEntry;

/// Limit: files of one folder in a backup.
const FILES_MAX: usize = 10_000_000;

/// All files below a folder, as paths below it, sorted. What is being written (`.new`, `.tmp`) and locks are left out.
pub(super) fn files(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut left = vec![root.to_owned()];
    while let Some(folder) = left.pop() {
        let entries = match fs::read_dir(&folder) {
            // Folders of partial tiles may go while they are read.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            other => other?,
        };
        for entry in entries {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                left.push(path);
                continue;
            }
            let passing = path.extension().is_some_and(|end| end == "new" || end == "tmp");
            if passing || path.file_name().is_some_and(|name| name == "lock") {
                continue;
            }
            if found.len() == FILES_MAX {
                return Err(io::Error::other("too many files"));
            }
            found.push(path.strip_prefix(root).unwrap_or(&path).to_owned());
        }
    }
    found.sort();
    Ok(found)
}

/// Copies a folder below `to/name`.
pub(super) fn copy(from: &Path, to: &Path, name: &str) -> io::Result<Vec<FileEntry>> {
    copy_without(from, to, name, &[])
}

/// As [`copy`], without some of the files, given as paths below the folder.
pub(super) fn copy_without(
    from: &Path,
    to: &Path,
    name: &str,
    left_out: &[PathBuf],
) -> io::Result<Vec<FileEntry>> {
    let left_out: std::collections::HashSet<&PathBuf> = left_out.iter().collect();
    let mut copied = Vec::new();
    // The checkpoint first: tiles only grow, so those copied after it hold all that it signs.
    let mut all = files(from)?;
    all.sort_by_key(|path| path.as_os_str() != ledger::CHECKPOINT_PATH);
    for path in all.into_iter().filter(|path| !left_out.contains(path)) {
        let target = to.join(name).join(&path);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut source = match File::open(from.join(&path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            other => other?,
        };
        let mut file = private(&target)?;
        io::copy(&mut source, &mut file)?;
        file.sync_all()?;
        copied.push(entry(&target, format!("{name}/{}", path.display()))?);
    }
    Ok(copied)
}

fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

pub(super) fn write_durable(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    match path.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// A file's place in the list.
pub(super) fn entry(path: &Path, name: String) -> io::Result<FileEntry> {
    let mut bytes = Vec::new();
    File::open(path)?.read_to_end(&mut bytes)?;
    Ok(FileEntry { path: name, bytes: bytes.len() as u64, digest: Digest::of(&bytes) })
}

/// The first file that is missing or differs from the list.
pub(super) fn first_wrong(root: &Path, files: &[FileEntry]) -> io::Result<Option<String>> {
    for file in files {
        let inside =
            Path::new(&file.path).components().all(|part| matches!(part, std::path::Component::Normal(_)));
        let same = inside
            && match entry(&root.join(&file.path), file.path.clone()) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => false,
                found => found? == *file,
            };
        if !same {
            return Ok(Some(file.path.clone()));
        }
    }
    Ok(None)
}
