use std::sync::LazyLock;

use super::*;
use crate::calendar::Calendar;
use crate::pack::tests::{files, parsed, zhejiang};
use crate::pack::{Pack, SourceFile};

mod diff;
mod graph;
mod new;
mod print;
mod tutorial;
mod versions;

/// All packs of the repository, read once.
fn packs() -> Vec<Pack> {
    static PACKS: LazyLock<Vec<Pack>> = LazyLock::new(|| {
        let zhejiang = zhejiang();
        vec![
            parsed(&files("deqing"), Some(&zhejiang)),
            parsed(&files("xinchang"), Some(&zhejiang)),
            parsed(&files("yanan"), None),
            parsed(&files("futian"), None),
            zhejiang,
        ]
    });
    PACKS.clone()
}

fn pack(id: &str) -> Pack {
    packs().into_iter().find(|pack| pack.id == id).unwrap()
}

fn calendar() -> Calendar {
    let texts = files("national");
    Calendar::load(texts.iter().map(|file| (file.path.as_str(), file.text.as_str()))).unwrap()
}

/// Writes what people should look at into a folder, when asked to.
fn keep(name: &str, text: &str) {
    if let Some(folder) = std::env::var_os("WRITE_SAMPLES") {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(std::path::Path::new(&folder).join(name), text).unwrap();
    }
}
