//! What a tool has to say, before it becomes a page or Markdown.

use std::fmt::Write as _;

use serde::Serialize;

use super::text::{Lang, Text};

/// A document of headings, paragraphs, tables and pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Title.
    pub title: Text,
    /// Contents in reading order.
    pub blocks: Vec<Block>,
}

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading of level 2 to 4.
    Heading {
        /// 2 to 4.
        level: u8,
        /// Its words.
        text: Text,
    },
    /// A paragraph.
    Paragraph(Text),
    /// A table.
    Table(Table),
    /// A picture with its text form; a table with the same content stands beside it.
    Figure {
        /// What it shows.
        caption: Text,
        /// SVG in Chinese and in English.
        svg: Text,
        /// The same as a Mermaid flowchart.
        mermaid: Text,
    },
}

/// A table. Shape: every row has as many cells as the head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// What it shows.
    pub caption: Text,
    /// Column heads.
    pub head: Vec<Text>,
    /// Rows.
    pub rows: Vec<Row>,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Cells; a line break in a text starts a new line.
    pub cells: Vec<Text>,
    /// How the row compares, in a comparison.
    pub mark: Mark,
}

/// How the two sides of a row compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// No comparison.
    None,
    /// Both sides say the same.
    Same,
    /// They differ.
    Differs,
    /// Only one side has it.
    OnlyOne,
}

impl Row {
    /// A row outside a comparison.
    #[must_use]
    pub const fn plain(cells: Vec<Text>) -> Self {
        Self { cells, mark: Mark::None }
    }
}

impl Document {
    pub(super) const fn new(title: Text) -> Self {
        Self { title, blocks: Vec::new() }
    }

    pub(super) fn heading(&mut self, level: u8, text: Text) {
        self.blocks.push(Block::Heading { level, text });
    }

    pub(super) fn paragraph(&mut self, text: Text) {
        if !text.is_empty() {
            self.blocks.push(Block::Paragraph(text));
        }
    }

    /// A table; left out when it has no rows.
    pub(super) fn table(&mut self, caption: Text, head: Vec<Text>, rows: Vec<Row>) {
        if !rows.is_empty() {
            self.blocks.push(Block::Table(Table { caption, head, rows }));
        }
    }

    /// For a page's template, in one language. Texts are not escaped; the template does it, except for `svg`, which is
    /// markup already.
    #[must_use]
    pub fn view(&self, lang: Lang) -> View {
        let mut headings = 0_usize;
        let block = |block: &Block| {
            if matches!(block, Block::Heading { .. }) {
                headings += 1;
            }
            block.view(lang, headings)
        };
        View { title: self.title.pick(lang).to_owned(), blocks: self.blocks.iter().map(block).collect() }
    }

    /// As Markdown, in one language.
    #[must_use]
    pub fn markdown(&self, lang: Lang) -> String {
        let mut out = format!("# {}\n", escaped(self.title.pick(lang)));
        for block in &self.blocks {
            out.push('\n');
            match block {
                Block::Heading { level, text } => {
                    let marks = "#".repeat(usize::from((*level).clamp(2, 4)));
                    // Writing into a String cannot fail.
                    let _ = writeln!(out, "{marks} {}", escaped(text.pick(lang)));
                }
                Block::Paragraph(text) => {
                    out.push_str(&escaped(text.pick(lang)).replace('\n', "  \n"));
                    out.push('\n');
                }
                Block::Table(table) => table.markdown(lang, &mut out),
                Block::Figure { mermaid, .. } => {
                    let _ = writeln!(out, "```mermaid\n{}```", mermaid.pick(lang));
                }
            }
        }
        out
    }
}

impl Table {
    fn markdown(&self, lang: Lang, out: &mut String) {
        let mut line = |cells: &mut dyn Iterator<Item = String>| {
            out.push('|');
            for cell in cells {
                let _ = write!(out, " {cell} |");
            }
            out.push('\n');
        };
        let cell = |text: &Text| escaped(text.pick(lang)).replace('\n', "<br>");
        line(&mut self.head.iter().map(cell));
        line(&mut self.head.iter().map(|_| "---".to_owned()));
        for row in &self.rows {
            line(&mut row.cells.iter().map(cell));
        }
    }
}

/// A text that Markdown shows as it is.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            _ => out.push(c),
        }
    }
    out
}

/// A document in one language, for a template.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct View {
    /// Title.
    pub title: String,
    /// Contents.
    pub blocks: Vec<BlockView>,
}

/// A part of a [`View`]; `kind` says which of the other fields are filled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct BlockView {
    /// `heading`, `paragraph`, `table` or `figure`.
    pub kind: &'static str,
    /// Words of a heading, lines of a paragraph, caption of a table or figure.
    pub text: Vec<String>,
    /// Level of a heading.
    pub level: u8,
    /// Anchor of a heading, unique in the document.
    pub anchor: String,
    /// Column heads of a table.
    pub head: Vec<String>,
    /// Rows of a table.
    pub rows: Vec<RowView>,
    /// Markup of a figure.
    pub svg: String,
}

/// A row of a table in a [`View`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RowView {
    /// Cells, each with its lines.
    pub cells: Vec<Vec<String>>,
    /// `same`, `differs`, `only`, or empty outside a comparison.
    pub mark: &'static str,
}

impl Block {
    fn view(&self, lang: Lang, headings: usize) -> BlockView {
        let lines = |text: &Text| text.pick(lang).lines().map(str::to_owned).collect::<Vec<_>>();
        match self {
            Self::Heading { level, text } => BlockView {
                kind: "heading",
                text: lines(text),
                level: (*level).clamp(2, 4),
                anchor: format!("part-{headings}"),
                ..BlockView::default()
            },
            Self::Paragraph(text) => {
                BlockView { kind: "paragraph", text: lines(text), ..BlockView::default() }
            }
            Self::Table(table) => BlockView {
                kind: "table",
                text: lines(&table.caption),
                head: table.head.iter().map(|head| head.pick(lang).to_owned()).collect(),
                rows: table
                    .rows
                    .iter()
                    .map(|row| RowView {
                        cells: row.cells.iter().map(lines).collect(),
                        mark: match row.mark {
                            Mark::None => "",
                            Mark::Same => "same",
                            Mark::Differs => "differs",
                            Mark::OnlyOne => "only",
                        },
                    })
                    .collect(),
                ..BlockView::default()
            },
            Self::Figure { caption, svg, .. } => BlockView {
                kind: "figure",
                text: lines(caption),
                svg: svg.pick(lang).to_owned(),
                ..BlockView::default()
            },
        }
    }
}
