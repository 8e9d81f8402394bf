//! `shuyu pack print`, `graph`, `diff`, `calendar`, `new` and `todo`.

use std::fs::{self, OpenOptions};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use app::packs::{PackSource, Packs};
use app::regulation::pack::tools::{self, NewError, NewPack, Theme, Todo};
use app::regulation::pack::{Pack, SourceFile};
use base::Date;
use clap::{Args, ValueEnum};

use super::Lang;
use super::pack::{sources_of, with_pack};

/// A text form of a diagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// A picture.
    Svg,
    /// A Mermaid flowchart.
    Mermaid,
}

/// A form of the duty calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CalendarFormat {
    /// A table in Markdown.
    Table,
    /// An iCalendar file.
    Ical,
}

/// What a new pack is made from.
#[derive(Debug, Args)]
pub(crate) struct New {
    /// The pack above it: a folder or the id of a built-in pack.
    #[arg(long)]
    parent: PathBuf,
    /// A pack below the same parent to copy procedures, forms, roles, duties and scenarios from.
    #[arg(long)]
    template: Option<PathBuf>,
    /// The folder to write, which must not be there yet; its name is the pack's id.
    #[arg(long)]
    folder: PathBuf,
    /// Id; the folder's name without it.
    #[arg(long)]
    id: Option<String>,
    /// Full name of the text. Asked for on a terminal.
    #[arg(long)]
    name: Option<String>,
    /// First part of the text's clause ids. Asked for on a terminal.
    #[arg(long)]
    prefix: Option<String>,
    /// Version label.
    #[arg(long, default_value = "1")]
    version: String,
    /// The text's clauses, a line each: id | label | summary | procedures that rest on it.
    #[arg(long)]
    clauses: Option<PathBuf>,
    /// Language of the messages.
    #[arg(long, value_enum, default_value_t = Lang::Zh)]
    lang: Lang,
}

const fn language(lang: Lang) -> tools::Lang {
    match lang {
        Lang::Zh => tools::Lang::Zh,
        Lang::En => tools::Lang::En,
    }
}

/// Prints a pack as Markdown.
pub(crate) fn print(pack: &Path, lang: Lang) -> Result<ExitCode> {
    with_pack(pack, lang, |packs| {
        print!("{}", tools::print(&packs.current()).markdown(language(lang)));
        ExitCode::SUCCESS
    })
}

/// Prints one procedure's diagram, or writes those of all procedures into a folder.
pub(crate) fn graph(
    pack: &Path,
    procedure: Option<&str>,
    out: Option<&Path>,
    format: GraphFormat,
    lang: Lang,
) -> Result<ExitCode> {
    let mut found = None;
    let code = with_pack(pack, lang, |packs| {
        found = Some(packs.current());
        ExitCode::SUCCESS
    })?;
    let Some(pack) = found else { return Ok(code) };
    let draw = |name: &str| {
        let procedure = pack.procedures.get(name)?;
        let graph = tools::graph(&pack, procedure);
        Some(match format {
            GraphFormat::Svg => tools::svg(&graph, language(lang), Theme::Standalone),
            GraphFormat::Mermaid => tools::mermaid(&graph, language(lang)),
        })
    };
    match (procedure, out) {
        (Some(name), None) => {
            let names = || pack.procedures.keys().map(String::as_str).collect::<Vec<_>>().join("、");
            print!(
                "{}",
                draw(name).with_context(|| format!("no procedure `{name}`; there are: {}", names()))?
            );
        }
        (name, Some(folder)) => {
            fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
            let names = pack.procedures.keys().filter(|one| name.is_none_or(|name| name == one.as_str()));
            for name in names {
                let ending = if format == GraphFormat::Svg { "svg" } else { "mmd" };
                // A name of the pack is no path.
                let file = folder.join(format!("{}.{ending}", name.replace(['/', '\\'], "_")));
                fs::write(&file, draw(name).unwrap_or_default())
                    .with_context(|| format!("cannot write {}", file.display()))?;
                println!("{}", file.display());
            }
        }
        (None, None) => bail!("name a procedure with --procedure, or a folder for all of them with --out"),
    }
    Ok(code)
}

/// Prints the duty calendar from one day to another.
pub(crate) fn calendar(
    pack: &Path,
    (from, until): (Date, Date),
    format: CalendarFormat,
    lang: Lang,
) -> Result<ExitCode> {
    with_pack(pack, lang, |packs| {
        let (pack, days) = (packs.current(), packs.calendar());
        let text = match format {
            CalendarFormat::Table => tools::duty_calendar(&pack, days, from, until).markdown(language(lang)),
            CalendarFormat::Ical => tools::duty_ical(&pack, days, from, until, language(lang)),
        };
        print!("{text}");
        ExitCode::SUCCESS
    })
}

/// Prints the difference of two packs as Markdown.
pub(crate) fn diff(first: &Path, second: &Path, lang: Lang) -> Result<ExitCode> {
    let mut sides: Vec<Arc<Pack>> = Vec::new();
    for (wanted, pack) in (1..).zip([first, second]) {
        let code = with_pack(pack, lang, |packs| {
            sides.push(packs.current());
            ExitCode::SUCCESS
        })?;
        // A pack that does not load has said why.
        if sides.len() < wanted {
            return Ok(code);
        }
    }
    if let [a, b] = sides.as_slice() {
        print!("{}", tools::diff(a, b).markdown(language(lang)));
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a new pack's folder.
pub(crate) fn new(asked: &New) -> Result<ExitCode> {
    let lang = asked.lang;
    if asked.folder.exists() {
        bail!("{} is there already; nothing was written", asked.folder.display());
    }
    let folder_name =
        asked.folder.file_name().and_then(|name| name.to_str()).context("the folder needs a name")?;
    let id = asked.id.clone().unwrap_or_else(|| folder_name.to_owned());
    if id != folder_name {
        bail!("the folder is named like the pack: `{id}`, not `{folder_name}`");
    }
    let name = asked
        .name
        .clone()
        .map_or_else(|| ask(lang.pick("文本的全称", "full name of the text"), "--name"), Ok)?;
    let prefix = asked.prefix.clone().map_or_else(
        || {
            ask(
                lang.pick("条款编号的字头，例如 云雾", "first part of the clause ids, for example 云雾"),
                "--prefix",
            )
        },
        Ok,
    )?;
    let (parent, _) = load(&asked.parent)?;
    let template = asked.template.as_deref().map(load).transpose()?;
    let table = match &asked.clauses {
        None => String::new(),
        Some(path) => fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?,
    };
    let made = tools::own_clauses(&table, &prefix).and_then(|clauses| {
        tools::new_pack(&NewPack {
            id,
            name,
            prefix: prefix.clone(),
            version: asked.version.clone(),
            parent: &parent,
            template: template.as_ref().map(|(pack, files)| (pack.as_ref(), files.as_slice())),
            clauses,
        })
    });
    let (files, pack) = match made {
        Ok(made) => made,
        Err(error) => return Ok(refused(&error, lang)),
    };
    write(&asked.folder, &files)?;
    println!(
        "{}",
        lang.pick(
            &format!(
                "已写入 {}：{}个文件，{}个程序",
                asked.folder.display(),
                files.len(),
                pack.procedures.len()
            ),
            &format!(
                "wrote {}: {} files, {} procedures",
                asked.folder.display(),
                files.len(),
                pack.procedures.len()
            ),
        )
    );
    list(&tools::todo(&files, &pack), lang);
    let folder = asked.folder.display();
    println!(
        "{}\n  shuyu pack check {folder}\n  shuyu pack test {folder}\n  shuyu pack coverage {folder}\n  shuyu pack todo {folder}",
        lang.pick("改完后：", "then:")
    );
    Ok(ExitCode::SUCCESS)
}

/// Says what is left to do in a folder. Exit code 1 while there is something.
pub(crate) fn todo(folder: &Path, lang: Lang) -> Result<ExitCode> {
    let (sources, id) = sources_of(folder)?;
    let mut left = None;
    let code = with_pack(folder, lang, |packs| {
        left = Some(tools::todo(&files_of(&sources, &id), &packs.current()));
        ExitCode::SUCCESS
    })?;
    let Some(left) = left else { return Ok(code) };
    list(&left, lang);
    Ok(if left.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn list(left: &[Todo], lang: Lang) {
    println!(
        "{}",
        lang.pick(&format!("还要做的有{}项", left.len()), &format!("{} things are left to do", left.len()))
    );
    for one in left {
        let place = match (one.file.as_str(), one.line) {
            ("", _) => String::new(),
            (file, 0) => format!("{file}: "),
            (file, line) => format!("{file}:{line}: "),
        };
        println!("  {place}{}", one.text.pick(language(lang)));
    }
}

fn refused(error: &NewError, lang: Lang) -> ExitCode {
    println!("{}: {}", error.code(), lang.pick(&error.zh(), &error.to_string()));
    if let NewError::DoesNotLoad(problems) = error {
        for one in problems {
            let words = lang.pick(&one.zh, &one.en);
            println!("{}:{}:{}: {} {words}", one.file, one.line, one.column, one.code);
        }
    }
    ExitCode::FAILURE
}

/// A pack by its folder or id, with its files.
fn load(name: &Path) -> Result<(Arc<Pack>, Vec<SourceFile>)> {
    let (sources, id) = sources_of(name)?;
    let packs = Packs::load(&sources, &id)?;
    Ok((packs.current(), files_of(&sources, &id)))
}

fn files_of(sources: &[PackSource], id: &str) -> Vec<SourceFile> {
    let found = sources.iter().find(|source| source.id == id);
    found.map(PackSource::source_files).unwrap_or_default()
}

/// Writes files that are not there yet; one that is there is an error.
fn write(folder: &Path, files: &[SourceFile]) -> Result<()> {
    for file in files {
        let path = folder.join(&file.path);
        if let Some(above) = path.parent() {
            fs::create_dir_all(above).with_context(|| format!("{}", above.display()))?;
        }
        let mut target = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        target.write_all(file.text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Asks on a terminal; elsewhere the option is missing.
fn ask(question: &str, option: &str) -> Result<String> {
    if !io::stdin().is_terminal() {
        bail!("{option} is missing");
    }
    print!("{question}: ");
    io::stdout().flush()?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}
