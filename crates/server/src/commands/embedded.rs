//! What the binary carries: the packs and the demonstration.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use app::packs::PackSource;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../packs"]
struct PackFiles;

#[derive(RustEmbed)]
#[folder = "../../demo"]
struct DemoFiles;

/// Limit: files of a folder of packs.
const FILES_MAX: usize = 5_000;

/// The packs to run with: those of a folder, or the built-in ones.
pub(crate) fn packs(folder: &Path) -> Result<Vec<PackSource>> {
    if folder.as_os_str().is_empty() { built_in() } else { from_folder(folder) }
}

/// The built-in packs.
pub(crate) fn built_in() -> Result<Vec<PackSource>> {
    let mut files = Vec::new();
    for name in PackFiles::iter() {
        let Some(file) = PackFiles::get(&name) else { continue };
        let text =
            String::from_utf8(file.data.into_owned()).with_context(|| format!("{name} is not UTF-8"))?;
        files.push((name.into_owned(), text));
    }
    Ok(group(files))
}

/// The packs of a folder: one below another folder each.
pub(crate) fn from_folder(root: &Path) -> Result<Vec<PackSource>> {
    Ok(group(texts(root)?))
}

/// One pack: what lies in a folder.
pub(crate) fn pack_of(folder: &Path, id: &str) -> Result<PackSource> {
    let mut files = texts(folder)?;
    files.sort();
    Ok(PackSource { id: id.to_owned(), files })
}

/// The texts below a folder, by their paths.
fn texts(root: &Path) -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    let mut left = vec![root.to_owned()];
    while let Some(folder) = left.pop() {
        let entries =
            std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                left.push(path);
                continue;
            }
            if files.len() == FILES_MAX {
                bail!("more than {FILES_MAX} files below {}", root.display());
            }
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            if is_pack_file(&name) {
                let text = std::fs::read_to_string(&path)
                    .with_context(|| format!("cannot read {}", path.display()))?;
                files.push((name, text));
            }
        }
    }
    Ok(files)
}

fn is_pack_file(name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".typ")
}

/// One source for each first folder of the paths.
fn group(files: Vec<(String, String)>) -> Vec<PackSource> {
    let mut sources: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for (name, text) in files {
        if let Some((id, path)) = name.split_once('/').filter(|(_, path)| is_pack_file(path)) {
            sources.entry(id.to_owned()).or_default().push((path.to_owned(), text));
        }
    }
    sources
        .into_iter()
        .map(|(id, mut files)| {
            files.sort();
            PackSource { id, files }
        })
        .collect()
}

/// A text of the demonstration.
pub(crate) fn demo_text(name: &str) -> Result<String> {
    let file = DemoFiles::get(name).with_context(|| {
        // Only a release holds the files themselves.
        let from = if cfg!(debug_assertions) { concat!(" below ", env!("CARGO_MANIFEST_DIR")) } else { "" };
        format!("the demonstration has no {name}{from}")
    })?;
    String::from_utf8(file.data.into_owned()).with_context(|| format!("{name} is not UTF-8"))
}

/// Writes the demonstration's files into a folder, those that are there already left as they are.
pub(crate) fn unpack_demo(to: &Path) -> Result<()> {
    for name in DemoFiles::iter() {
        let Some(file) = DemoFiles::get(&name) else { continue };
        let path = to.join(name.as_ref());
        if path.exists() {
            continue;
        }
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(&path, file.data).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binary_carries_the_packs() {
        let packs = built_in().unwrap();
        assert!(packs.iter().any(|pack| pack.id == "national"));
        assert!(packs.iter().all(|pack| pack.files.iter().all(|(path, _)| is_pack_file(path))));
        let county = demo_text("county").unwrap();
        demo_text(&format!("{}/people.yaml", county.trim())).unwrap();
    }
}
