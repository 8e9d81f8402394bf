//! The strict subset of YAML: texts, lists and maps with text keys, each with its place.

use serde_saphyr::granit_parser::{self, Event, Parser};

use super::report::{Mark, Place, Report, shown};
use super::{DEPTH_MAX, FILE_BYTES_MAX, NODES_MAX, TEXT_CHARS_MAX};

/// A value with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) mark: Mark,
    pub(crate) body: Body,
}

impl Node {
    /// The text under a key of a map.
    pub(crate) fn text_at(&self, key: &str) -> Option<&str> {
        let Body::Map(entries) = &self.body else {
            return None;
        };
        match &entries.iter().find(|entry| entry.key == key)?.value.body {
            Body::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Body {
    /// Numbers, dates and yes/no are texts too; the reader that knows the key decides.
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) mark: Mark,
    pub(crate) value: Node,
}

enum Frame {
    List(Mark, Vec<Node>),
    Map(Mark, Vec<Entry>, Option<(String, Mark)>),
}

/// Reads a file; `None` if it is not one document of the subset.
pub(crate) fn parse(file: &str, text: &str, report: &mut Report) -> Option<Node> {
    if text.len() > FILE_BYTES_MAX {
        report.file(file, "regulation.pack_limit", "文件过大", "the file is too large");
        return None;
    }
    let mut tree = Tree { file, report, stack: Vec::new(), root: None, nodes: 0, broken: false };
    let options = granit_parser::options! { emit_comments: false };
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, span)) => tree.take(event, mark(&span.start)),
            Err(error) => {
                let at = mark(error.marker());
                let zh = format!("不是合法的 YAML（{error}）；请检查缩进、冒号后的空格和引号");
                let en =
                    format!("not valid YAML ({error}); check indentation, the space after colons and quotes");
                tree.wrong(at, "regulation.pack_syntax", zh, en);
            }
        }
        if tree.broken {
            return None;
        }
    }
    if tree.root.is_none() {
        report.file(file, "regulation.pack_empty", "文件没有内容", "the file is empty");
        return None;
    }
    tree.root
}

fn mark(marker: &granit_parser::Marker) -> Mark {
    let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Mark { line: small(marker.line().max(1)), column: small(marker.col().saturating_add(1)) }
}

struct Tree<'a> {
    file: &'a str,
    report: &'a mut Report,
    stack: Vec<Frame>,
    root: Option<Node>,
    nodes: usize,
    broken: bool,
}

impl Tree<'_> {
    fn wrong(&mut self, mark: Mark, code: &'static str, zh: impl Into<String>, en: impl Into<String>) {
        self.report.at(&Place { file: self.file.to_owned(), mark }, code, zh, en);
        self.broken = true;
    }

    fn refuse(&mut self, mark: Mark, zh: &str, en: &str) {
        let zh = format!("制度包不使用 YAML 的{zh}；请把内容直接写出来");
        let en = format!("packs do not use YAML {en}; write the content out");
        self.wrong(mark, "regulation.pack_subset", zh, en);
    }

    fn take(&mut self, event: Event<'_>, mark: Mark) {
        match event {
            Event::Alias(_) | Event::UnresolvedAlias(_) | Event::Anchor(..) => {
                self.refuse(mark, "锚点和引用（& 与 *）", "anchors and aliases (& and *)");
            }
            Event::Scalar(text, _, anchor, tag) => {
                self.plain(mark, anchor, tag.is_some());
                if text.chars().count() > TEXT_CHARS_MAX {
                    self.wrong(mark, "regulation.pack_limit", "文字过长", "the text is too long");
                }
                self.push(Node { mark, body: Body::Text(text.trim().to_owned()) });
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.plain(mark, anchor, tag.is_some());
                self.open(mark, Frame::List(mark, Vec::new()));
            }
            Event::MappingStart(_, anchor, tag) => {
                self.plain(mark, anchor, tag.is_some());
                self.open(mark, Frame::Map(mark, Vec::new(), None));
            }
            Event::SequenceEnd | Event::MappingEnd => match self.stack.pop() {
                Some(Frame::List(mark, items)) => self.push(Node { mark, body: Body::List(items) }),
                Some(Frame::Map(mark, entries, _)) => self.push(Node { mark, body: Body::Map(entries) }),
                None => {}
            },
            _ => {}
        }
    }

    fn plain(&mut self, mark: Mark, anchor: usize, tagged: bool) {
        if anchor != 0 {
            self.refuse(mark, "锚点和引用（& 与 *）", "anchors and aliases (& and *)");
        }
        if tagged {
            self.refuse(mark, "标签（!）", "tags (!)");
        }
    }

    fn open(&mut self, mark: Mark, frame: Frame) {
        self.stack.push(frame);
        if self.stack.len() > DEPTH_MAX {
            self.wrong(mark, "regulation.pack_limit", "嵌套过深", "nested too deeply");
        }
    }

    fn push(&mut self, node: Node) {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            self.wrong(node.mark, "regulation.pack_limit", "内容过多", "too much content");
            return;
        }
        match self.stack.last_mut() {
            Some(Frame::List(_, items)) => items.push(node),
            Some(Frame::Map(_, entries, pending)) => match (pending.take(), node.body) {
                (Some((key, mark)), _) if entries.iter().any(|entry| entry.key == key) => {
                    self.duplicate(mark, &key);
                }
                (Some((key, mark)), body) => {
                    entries.push(Entry { key, mark, value: Node { mark: node.mark, body } });
                }
                (None, Body::Text(key)) if key == "<<" => {
                    self.refuse(node.mark, "合并键（<<）", "merge keys (<<)");
                }
                (None, Body::Text(key)) => *pending = Some((key, node.mark)),
                (None, Body::List(_) | Body::Map(_)) => {
                    self.refuse(node.mark, "复合键", "keys that are lists or maps");
                }
            },
            None if self.root.is_none() => self.root = Some(node),
            None => self.refuse(node.mark, "多个文档（---）", "second documents (---)"),
        }
    }

    /// A doubled key does not break the tree; the file is read on so that all are named at once.
    fn duplicate(&mut self, mark: Mark, key: &str) {
        let place = Place { file: self.file.to_owned(), mark };
        let key = shown(key);
        self.report.at(
            &place,
            "regulation.pack_duplicate_key",
            format!("“{key}”在此处写了两次"),
            format!("`{key}` is written twice here"),
        );
    }
}
