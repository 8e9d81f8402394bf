//! The reference of the format as Markdown.

use std::fmt::Write as _;

use crate::pack::words::commands;

use super::{Kind, MAPS, Map, VOCABULARIES};
use crate::case::command_words;

/// `docs/packs-grammar.md`.
#[must_use]
pub fn markdown() -> String {
    let mut out = String::from(
        "# 制度包语法参考 · Grammar of regulation packs\n\n\
         本页由程序的语法表生成（`cargo test -p regulation grammar` 核对），不要手工修改；怎样写一个制度包见 [packs.md](packs.md)。\n\
         Generated from the reader's own tables and checked by a test; do not edit. How to write a pack: [packs.md](packs.md).\n\n\
         文件是 YAML 的严格子集：只有文字、列表和“键: 值”；没有锚点、标签、合并键和第二份文档；不认识的键、重复的键都是错误。\n\
         A strict subset of YAML: texts, lists and maps; no anchors, tags, merge keys or second documents; unknown and \
         doubled keys are errors.\n",
    );
    values(&mut out);
    out.push_str("\n## 键 · Keys\n\n★ 必须写 · must be written\n");
    for map in MAPS {
        table(map, &mut out);
    }
    words(&mut out);
    out
}

fn values(out: &mut String) {
    out.push_str(
        "\n## 值的写法 · How values are written\n\n| 种类 Kind | 写法 Written as |\n|---|---|\n\
         | 期间 period | `3个工作日` `三个工作日` `15日` `6个月` `3年` `当日` |\n\
         | 值 value | 期间，以及 `不少于6个月` `低于50%` `不超过3年` `超过10` `期满前6个月` `12.5%` `10` `是` `否`，其他文字，文字的列表 |\n\
         | 日期 date | `2026-09-18` |\n\
         | 是否 flag | `是` `否`；不写为否 |\n\
         | 提醒 reminder | `剩1日 告知 角色` `超5日 告知 角色`（工作日 working days）`前6个月 告知 角色`（期间 period） |\n",
    );
}

fn table(map: &Map, out: &mut String) {
    // Writing into a String cannot fail.
    let _ = write!(
        out,
        "\n### {} · {}\n\n位置 Place: `{}`\n\n| 键 Key | | 取值 Takes | 说明 | Meaning | 例 Example |\n|---|---|---|---|---|---|\n",
        map.name, map.en, map.place
    );
    for key in map.keys {
        let needed = if key.needed { "★" } else { "" };
        let _ = writeln!(
            out,
            "| `{}` | {needed} | {} | {} | {} | `{}` |",
            key.key,
            kind(key.kind),
            key.zh,
            key.en,
            key.example
        );
    }
}

fn kind(kind: Kind) -> String {
    match kind {
        Kind::Text => "文字 text".to_owned(),
        Kind::Flag => "是否 flag".to_owned(),
        Kind::Date => "日期 date".to_owned(),
        Kind::Count => "整数 number".to_owned(),
        Kind::Period => "期间 period".to_owned(),
        Kind::Value => "值 value".to_owned(),
        Kind::Texts => "文字的列表 texts".to_owned(),
        Kind::Clauses => "条款编号的列表 clause ids".to_owned(),
        Kind::Name(of) => format!("“{of}”的名称 a name"),
        Kind::Names(of) => format!("“{of}”名称的列表 names"),
        Kind::Word(of) => format!("词：[{of}](#词汇--vocabulary) a word"),
        Kind::Words(of) => format!("词的列表：[{of}](#词汇--vocabulary) words"),
        Kind::Map(of) => format!("“{of}” a map"),
        Kind::List(of) => format!("“{of}”的列表 a list"),
        Kind::Table(of) => format!("名称 → “{of}” a table"),
        Kind::Other(zh, en) => format!("{zh} · {en}"),
    }
}

fn words(out: &mut String) {
    out.push_str("\n## 词汇 · Vocabulary\n");
    for vocabulary in VOCABULARIES {
        let _ = write!(
            out,
            "\n### {} · {}\n\n| 词 Word | English | 说明 Note |\n|---|---|---|\n",
            vocabulary.name, vocabulary.en
        );
        for gloss in vocabulary.words {
            let _ = writeln!(out, "| `{}` | {} | {} |", gloss.zh, gloss.en, gloss.note);
        }
    }
    out.push_str("\n### 命令 · Commands\n\n| 词 Word | English |\n|---|---|\n");
    for (zh, kind) in commands() {
        let _ = writeln!(out, "| `{zh}` | {} |", command_words(kind).1);
    }
}
