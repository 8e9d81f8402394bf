//! Reads maps, lists and words strictly, and remembers every name that has to exist.

use base::Date;

use super::draft::{Draft, Located, Reference};
use super::model::{ClauseId, Period};
use super::node::{Body, Entry, Node};
use super::report::{Mark, Place, Report, hint, shown};
use super::value::parse_period;
use super::words::{FLAGS, Word};

/// Reads one file into the draft.
pub(crate) struct Reader<'a> {
    file: &'a str,
    report: &'a mut Report,
    pub(crate) draft: &'a mut Draft,
    /// The procedure being read, for its steps and facts.
    pub(crate) procedure: String,
}

/// The entries of a map whose keys are all known.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'n> {
    entries: &'n [Entry],
    pub(crate) mark: Mark,
}

impl<'n> Fields<'n> {
    /// The value of a key, if it is written.
    pub(crate) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(file: &'a str, report: &'a mut Report, draft: &'a mut Draft) -> Self {
        Self { file, report, draft, procedure: String::new() }
    }

    pub(crate) fn place(&self, mark: Mark) -> Place {
        Place { file: self.file.to_owned(), mark }
    }

    pub(crate) fn located<T>(&self, mark: Mark, value: T) -> Located<T> {
        Located { value, place: self.place(mark) }
    }

    pub(crate) fn wrong(
        &mut self,
        mark: Mark,
        code: &'static str,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) {
        let place = self.place(mark);
        self.report.at(&place, code, zh, en);
    }

    /// The map at a node, with no other keys than these.
    pub(crate) fn fields<'n>(&mut self, node: &'n Node, allowed: &[impl AsRef<str>]) -> Option<Fields<'n>> {
        let allowed: Vec<&str> = allowed.iter().map(AsRef::as_ref).collect();
        let Body::Map(entries) = &node.body else {
            let keys = allowed.join("、");
            self.wrong(
                node.mark,
                "regulation.pack_type",
                format!("此处应为若干“键: 值”，可用的键有：{keys}"),
                format!("expected keys and values; the keys are {keys}"),
            );
            return None;
        };
        for entry in entries.iter().filter(|entry| !allowed.contains(&entry.key.as_str())) {
            let (zh, en) = hint(&entry.key, allowed.iter().copied());
            let (key, keys, end) = (shown(&entry.key), allowed.join("、"), after(&zh));
            self.wrong(
                entry.mark,
                "regulation.pack_unknown_key",
                format!("不认识的键“{key}”{zh}{}此处可用：{keys}", end.0),
                format!("unknown key `{key}`{en}{} allowed here: {keys}", end.1),
            );
        }
        Some(Fields { entries, mark: node.mark })
    }

    /// All entries of a map with free keys.
    pub(crate) fn entries<'n>(&mut self, node: &'n Node) -> &'n [Entry] {
        match &node.body {
            Body::Map(entries) => entries,
            _ => {
                self.wrong(
                    node.mark,
                    "regulation.pack_type",
                    "此处应为若干“名称: 内容”",
                    "expected names with contents",
                );
                &[]
            }
        }
    }

    /// The value of a key that must be written.
    pub(crate) fn need<'n>(&mut self, fields: &Fields<'n>, key: &str) -> Option<&'n Node> {
        let found = fields.get(key);
        if found.is_none() {
            self.wrong(
                fields.mark,
                "regulation.pack_missing_key",
                format!("缺少必须写的键“{key}”"),
                format!("the key `{key}` is missing"),
            );
        }
        found
    }

    pub(crate) fn text(&mut self, node: &Node) -> Option<String> {
        match &node.body {
            Body::Text(text) if !text.is_empty() => Some(text.clone()),
            Body::Text(_) => {
                self.wrong(node.mark, "regulation.pack_type", "此处不能为空", "must not be empty");
                None
            }
            _ => {
                self.wrong(node.mark, "regulation.pack_type", "此处应为一段文字", "expected a text");
                None
            }
        }
    }

    pub(crate) fn need_text(&mut self, fields: &Fields<'_>, key: &str) -> Option<String> {
        let node = self.need(fields, key)?;
        self.text(node)
    }

    pub(crate) fn may_text(&mut self, fields: &Fields<'_>, key: &str) -> Option<String> {
        let node = fields.get(key)?;
        self.text(node)
    }

    pub(crate) fn list<'n>(&mut self, node: &'n Node) -> &'n [Node] {
        match &node.body {
            Body::List(items) => items,
            _ => {
                self.wrong(
                    node.mark,
                    "regulation.pack_type",
                    "此处应为列表，例如 [甲, 乙] 或逐行写“- 甲”",
                    "expected a list, for example [a, b] or lines with `- a`",
                );
                &[]
            }
        }
    }

    /// The items of a list that may be left out.
    pub(crate) fn may_list<'n>(&mut self, fields: &Fields<'n>, key: &str) -> &'n [Node] {
        match fields.get(key) {
            Some(node) => self.list(node),
            None => &[],
        }
    }

    /// Texts of a list that may be left out.
    pub(crate) fn may_texts(&mut self, fields: &Fields<'_>, key: &str) -> Vec<String> {
        let items = self.may_list(fields, key);
        items.iter().filter_map(|item| self.text(item)).collect()
    }

    pub(crate) fn word<T: Clone>(&mut self, node: &Node, table: &[Word<T>]) -> Option<T> {
        let text = self.text(node)?;
        if let Some((_, meaning)) = table.iter().find(|(word, _)| *word == text) {
            return Some(meaning.clone());
        }
        let words: Vec<&str> = table.iter().map(|(word, _)| *word).collect();
        let (zh, en) = hint(&text, words.iter().copied());
        let (text, words, end) = (shown(&text), words.join("、"), after(&zh));
        self.wrong(
            node.mark,
            "regulation.pack_unknown_word",
            format!("不认识的词“{text}”{zh}{}此处可用：{words}", end.0),
            format!("unknown word `{text}`{en}{} allowed here: {words}", end.1),
        );
        None
    }

    pub(crate) fn need_word<T: Clone>(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        table: &[Word<T>],
    ) -> Option<T> {
        let node = self.need(fields, key)?;
        self.word(node, table)
    }

    pub(crate) fn may_word<T: Clone>(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        table: &[Word<T>],
    ) -> Option<T> {
        let node = fields.get(key)?;
        self.word(node, table)
    }

    /// 是 or 否; left out means 否.
    pub(crate) fn flag(&mut self, fields: &Fields<'_>, key: &str) -> bool {
        self.may_word(fields, key, FLAGS).unwrap_or(false)
    }

    pub(crate) fn date(&mut self, node: &Node) -> Option<Date> {
        let text = self.text(node)?;
        if let Ok(date) = text.parse() {
            return Some(date);
        }
        let text = shown(&text);
        self.wrong(
            node.mark,
            "regulation.pack_value",
            format!("“{text}”不是日期；请写成 2026-09-18"),
            format!("`{text}` is not a date; write 2026-09-18"),
        );
        None
    }

    pub(crate) fn count(&mut self, node: &Node) -> Option<u32> {
        let text = self.text(node)?;
        if let Ok(count) = text.parse() {
            return Some(count);
        }
        let text = shown(&text);
        self.wrong(
            node.mark,
            "regulation.pack_value",
            format!("“{text}”不是整数"),
            format!("`{text}` is not a whole number"),
        );
        None
    }

    pub(crate) fn period(&mut self, node: &Node) -> Option<Period> {
        let text = self.text(node)?;
        if let Ok(period) = parse_period(&text) {
            return Some(period);
        }
        let text = shown(&text);
        self.wrong(
            node.mark,
            "regulation.pack_value",
            format!("“{text}”不是期间；请写成 3个工作日、15日、6个月、3年 或 当日"),
            format!("`{text}` is not a period; write 3个工作日, 15日, 6个月, 3年 or 当日"),
        );
        None
    }

    pub(crate) fn refer(&mut self, mark: Mark, reference: Reference) {
        let located = self.located(mark, reference);
        self.draft.references.push(located);
    }

    /// A text that names something.
    pub(crate) fn name(
        &mut self,
        node: &Node,
        reference: impl FnOnce(String) -> Reference,
    ) -> Option<String> {
        let name = self.text(node)?;
        self.refer(node.mark, reference(name.clone()));
        Some(name)
    }

    pub(crate) fn need_name(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        reference: impl FnOnce(String) -> Reference,
    ) -> Option<String> {
        let node = self.need(fields, key)?;
        self.name(node, reference)
    }

    pub(crate) fn may_name(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        reference: impl FnOnce(String) -> Reference,
    ) -> Option<String> {
        let node = fields.get(key)?;
        self.name(node, reference)
    }

    /// 依据: at least one clause.
    pub(crate) fn basis(&mut self, fields: &Fields<'_>) -> Vec<ClauseId> {
        let Some(node) = self.need(fields, "依据") else {
            return Vec::new();
        };
        let clauses = self.basis_at(node);
        if clauses.is_empty() {
            self.wrong(
                node.mark,
                "regulation.pack_no_basis",
                "每条规则至少写明一条依据",
                "every rule names at least one clause",
            );
        }
        clauses
    }

    /// 依据 that may be left out, where the rule around it has one.
    pub(crate) fn may_basis(&mut self, fields: &Fields<'_>) -> Vec<ClauseId> {
        fields.get("依据").map_or_else(Vec::new, |node| self.basis_at(node))
    }

    pub(crate) fn basis_at(&mut self, node: &Node) -> Vec<ClauseId> {
        let items = self.list(node);
        items.iter().filter_map(|item| self.name(item, Reference::Clause)).collect()
    }
}

/// What stands between a hint, if there is one, and the list of what is allowed.
const fn after(hint: &str) -> (&'static str, &'static str) {
    if hint.is_empty() { ("；", ";") } else { ("", "") }
}
