use std::sync::LazyLock;

use super::*;
use crate::calendar::Calendar;
use crate::pack::tests::{files, parsed};
use crate::pack::{Pack, SourceFile, parent_id};

mod calendar;
mod diff;
mod graph;
mod new;
mod print;
mod tutorial;
mod versions;

/// A pack of the repository with whatever stands above it.
fn loaded(id: &str) -> Pack {
    let files = files(id);
    let parent = parent_id(&files).map(|id| loaded(&id));
    parsed(&files, parent.as_ref())
}

/// All packs of the repository, read once.
fn packs() -> Vec<Pack> {
    static PACKS: LazyLock<Vec<Pack>> =
        LazyLock::new(|| ["deqing", "xinchang", "yanan", "futian", "zhejiang"].map(loaded).into());
    PACKS.clone()
}

fn zhejiang() -> Pack {
    pack("zhejiang")
}

fn pack(id: &str) -> Pack {
    packs().into_iter().find(|pack| pack.id == id).unwrap()
}

fn calendar() -> Calendar {
    let texts = files("national");
    let texts = texts.iter().filter(|file| file.path.contains("calendar/"));
    Calendar::load(texts.map(|file| (file.path.as_str(), file.text.as_str()))).unwrap()
}

/// Writes what people should look at into a folder, when asked to.
fn keep(name: &str, text: &str) {
    if let Some(folder) = std::env::var_os("WRITE_SAMPLES") {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(std::path::Path::new(&folder).join(name), text).unwrap();
    }
}
