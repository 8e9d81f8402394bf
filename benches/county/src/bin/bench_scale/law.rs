//! The packs: those of the repository, and as many counties as are wanted, begun from one of them.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow, ensure};
use app::packs::PackSource;
use app::regulation::calendar::Calendar;
use app::regulation::pack::tools::{NewPack, new_pack};
use app::regulation::pack::{Pack, SourceFile, load, parent_id};
use base::Digest;

use crate::JURISDICTION;

/// Id and name of the county the others are copies of.
const MODEL: (&str, &str) = ("county-00000", "样例县00000");

/// All of them.
pub(crate) struct Law {
    /// The packs of the repository.
    pub(crate) built_in: Vec<PackSource>,
    /// Their calendar.
    pub(crate) calendar: Calendar,
    /// The county that the others are copies of.
    pub(crate) model: Pack,
    /// What every county stands on.
    pub(crate) parent: Pack,
    texts: Vec<SourceFile>,
}

impl Law {
    /// Reads the packs and begins a county.
    ///
    /// # Errors
    /// If a pack does not load.
    pub(crate) fn read() -> Result<Self> {
        let built_in = built_in()?;
        let national =
            built_in.iter().find(|source| source.id == "national").context("no national folder")?;
        let calendar = national.files.iter().filter(|(path, _)| path.starts_with("calendar/"));
        let calendar = Calendar::load(calendar.map(|(path, text)| (path.as_str(), text.as_str())))?;
        let template = source_files(&built_in, JURISDICTION)?;
        let parent = parent_id(&template).context("the template has no parent")?;
        let parent = chain(&built_in, &parent)?;
        let sibling = load(&template, Some(&parent)).map_err(|found| anyhow!("{found:?}"))?;
        let plan = NewPack {
            id: MODEL.0.to_owned(),
            name: format!("{}公共数据授权运营管理办法", MODEL.1),
            prefix: "样例".to_owned(),
            version: "1".to_owned(),
            parent: &parent,
            template: Some((&sibling, &template)),
            clauses: Vec::new(),
        };
        let (texts, model) = new_pack(&plan)?;
        Ok(Self { built_in, calendar, model, parent, texts })
    }

    /// The texts of a county, and the digest of its pack.
    ///
    /// # Errors
    /// If it does not load.
    pub(crate) fn county(&self, number: u32) -> Result<(PackSource, Digest)> {
        let id = county_id(number);
        let name = format!("样例县{number:05}");
        let renamed = |text: &str| text.replace(MODEL.0, &id).replace(MODEL.1, &name);
        let texts = self.texts.iter();
        let texts: Vec<SourceFile> =
            texts.map(|file| SourceFile { path: file.path.clone(), text: renamed(&file.text) }).collect();
        let digest = load(&texts, Some(&self.parent)).map_err(|found| anyhow!("{found:?}"))?.digest;
        let files = texts.into_iter().map(|file| (file.path, file.text)).collect();
        Ok((PackSource { id, files }, digest))
    }
}

/// The id of a county's pack.
pub(crate) fn county_id(number: u32) -> String {
    format!("county-{number:05}")
}

/// The packs of the repository.
///
/// # Errors
/// If they cannot be read.
pub(crate) fn built_in() -> Result<Vec<PackSource>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs");
    let mut sources = Vec::new();
    for entry in std::fs::read_dir(&root).with_context(|| format!("{}", root.display()))? {
        let folder = entry?.path();
        if !folder.is_dir() {
            continue;
        }
        let mut files = Vec::new();
        collect(&folder, &folder, &mut files)?;
        files.sort();
        let id = folder.file_name().context("a folder without a name")?.to_string_lossy().into_owned();
        sources.push(PackSource { id, files });
    }
    ensure!(!sources.is_empty(), "no packs in {}", root.display());
    Ok(sources)
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "typ") {
            let name = path.strip_prefix(root)?.to_string_lossy().into_owned();
            files.push((name, std::fs::read_to_string(&path)?));
        }
    }
    Ok(())
}

fn source_files(sources: &[PackSource], id: &str) -> Result<Vec<SourceFile>> {
    let source = sources.iter().find(|source| source.id == id).with_context(|| format!("no pack {id}"))?;
    Ok(source.source_files())
}

/// A pack on top of those above it.
fn chain(sources: &[PackSource], id: &str) -> Result<Pack> {
    let files = source_files(sources, id)?;
    let parent = parent_id(&files).map(|above| chain(sources, &above)).transpose()?;
    load(&files, parent.as_ref()).map_err(|found| anyhow!("{found:?}"))
}
