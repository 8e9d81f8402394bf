//! The subset of Typst a template may be written in, and how much work a template can be.
//!
//! Typst is a programming language; a pack holds no programs. A template is text with blanks, emphasis, headings, lists,
//! tables, conditions on its blanks and repetition over a declared list. Everything else is refused with its place: no
//! functions of its own, no `while`, no imports, files, packages, `eval`, arithmetic or string building. What is left ends, and
//! the characters it can print are counted before it is typeset. This is an allow-list: a construct that Typst gains later is
//! refused until it is listed here.

use std::collections::BTreeMap;

use regulation::pack::{Variable, VariableKind};
use typst::syntax::{LinkedNode, Source, SyntaxKind};

use crate::error::Fault;
use crate::typeface::longest_word;
use crate::{FAULTS_MAX, literal};

/// Functions a template may call: our building blocks, and a few of Typst's that only arrange.
const FUNCTIONS: &[&str] = &[
    "标题",
    "文号",
    "收件",
    "不缩进",
    "空",
    "落款",
    "双方签署",
    "信息表",
    "条目",
    "表格",
    "说明",
    "所依据",
    "封面",
    "strong",
    "emph",
    "underline",
    "align",
    "text",
    "par",
    "block",
    "box",
    "pad",
    "h",
    "v",
    "line",
    "pagebreak",
    "table",
    "grid",
    "list",
    "enum",
];
/// Functions inside another: `table.cell`.
const PARTS: &[(&str, &str)] = &[("table", "cell"), ("table", "header"), ("grid", "cell")];
/// What `#set` may change.
const SETTABLE: &[&str] = &["text", "par", "align", "table", "enum", "list"];
/// Names of Typst that are values.
const CONSTANTS: &[&str] = &["left", "right", "center", "top", "bottom", "horizon", "start", "end"];
/// Which blanks are filled: `#if 已填.备注 [...]`.
pub(crate) const FILLED: &str = "已填";
/// Nesting of brackets, lists and conditions.
const DEPTH_MAX: usize = 24;
/// Characters of one word written in a template.
const WORD_CHARS_MAX: usize = 60;
/// What a break to the next page costs, in characters.
const PAGE_COST: usize = 800;

/// A name that already means something where a template runs. Typst's own names are plain ASCII, and each of them is taken:
/// a variable `text` or `left` would break the building blocks that use it.
pub(crate) fn is_taken(name: &str) -> bool {
    name.is_ascii() || FUNCTIONS.contains(&name) || matches!(name, FILLED | "版式" | "文头" | "词")
}

/// How much a value is: characters and entries.
pub(crate) type Sizes = BTreeMap<String, (usize, usize)>;

/// A template that was read.
pub(crate) struct Reading {
    /// What is not allowed, in the order of the text.
    pub(crate) faults: Vec<Fault>,
    /// Characters it prints and steps it takes with values of the given sizes.
    pub(crate) cost: usize,
}

/// Reads a template against what it may name.
pub(crate) fn read(source: &Source, variables: &[Variable], sizes: &Sizes) -> Reading {
    let mut reader = Reader { source, variables, sizes, locals: Vec::new(), depth: 0, faults: Vec::new() };
    let cost = reader.node(&LinkedNode::new(source.root()));
    reader.faults.sort();
    Reading { faults: reader.faults, cost }
}

struct Reader<'a> {
    source: &'a Source,
    variables: &'a [Variable],
    sizes: &'a Sizes,
    /// Names bound by repetitions around, with the characters of one entry.
    locals: Vec<(String, usize)>,
    depth: usize,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn wrong(&mut self, node: &LinkedNode<'_>, code: &'static str, zh: String, en: String) {
        if self.faults.len() >= FAULTS_MAX {
            return;
        }
        let place = self.source.lines().byte_to_line_column(node.offset()).unwrap_or_default();
        let count = |number: usize| u32::try_from(number + 1).unwrap_or(u32::MAX);
        self.faults.push(Fault { line: count(place.0), column: count(place.1), code, zh, en });
    }

    fn refuse(&mut self, node: &LinkedNode<'_>) -> usize {
        let name = node.kind().name();
        self.wrong(
            node,
            "document.not_allowed",
            format!("模板里不能使用这种写法（{name}）"),
            format!("a template may not contain this ({name})"),
        );
        0
    }

    /// The work of a node; faults are noted on the way.
    fn node(&mut self, node: &LinkedNode<'_>) -> usize {
        if self.depth >= DEPTH_MAX {
            self.wrong(
                node,
                "document.too_deep",
                format!("嵌套超过{DEPTH_MAX}层"),
                format!("nested deeper than {DEPTH_MAX}"),
            );
            return 0;
        }
        self.depth += 1;
        let cost = self.of(node);
        self.depth -= 1;
        cost
    }

    fn of(&mut self, node: &LinkedNode<'_>) -> usize {
        use SyntaxKind as K;
        match node.kind() {
            // Containers that only hold.
            K::Markup
            | K::Strong
            | K::Emph
            | K::Heading
            | K::ListItem
            | K::EnumItem
            | K::Code
            | K::CodeBlock
            | K::ContentBlock
            | K::Parenthesized
            | K::Array
            | K::Args
            | K::Conditional => self.children(node),
            // Text and the marks around it.
            K::Text | K::Link => self.words(node),
            K::Space
            | K::Linebreak
            | K::Parbreak
            | K::SmartQuote
            | K::LineComment
            | K::BlockComment
            | K::HeadingMarker
            | K::ListMarker
            | K::EnumMarker
            | K::Hash
            | K::LeftBrace
            | K::RightBrace
            | K::LeftBracket
            | K::RightBracket
            | K::LeftParen
            | K::RightParen
            | K::Comma
            | K::Semicolon
            | K::Colon
            | K::Star
            | K::Underscore
            | K::Dot
            | K::EqEq
            | K::ExclEq
            | K::Not
            | K::And
            | K::Or
            | K::In
            | K::None
            | K::Auto
            | K::Set
            | K::If
            | K::Else
            | K::For
            | K::Bool
            | K::End => 1,
            K::Shorthand => 1,
            K::Escape | K::Str => self.plain(node),
            K::Int | K::Float | K::Numeric => self.number(node),
            K::Ident => self.name(node),
            K::FieldAccess => self.filled(node),
            K::Named => self.named(node),
            K::Unary => self.unary(node),
            K::Binary => self.binary(node),
            K::FuncCall => self.call(node),
            K::SetRule => self.set(node),
            K::ForLoop => self.repeat(node),
            K::Error => self.syntax(node),
            _ => self.refuse(node),
        }
    }

    fn children(&mut self, node: &LinkedNode<'_>) -> usize {
        node.children().map(|child| self.node(&child)).fold(1, usize::saturating_add)
    }

    /// Text that fits a line: a word without end would run off the sheet.
    fn words(&mut self, node: &LinkedNode<'_>) -> usize {
        let text = text_of(node);
        if longest_word(text) > WORD_CHARS_MAX {
            self.wrong(
                node,
                "document.long_word",
                format!("一个词超过{WORD_CHARS_MAX}个字符，一行写不下"),
                format!("a word of more than {WORD_CHARS_MAX} characters fits on no line"),
            );
        }
        text.chars().count()
    }

    /// Characters are written as they are, so that what a template prints can be read in it.
    fn plain(&mut self, node: &LinkedNode<'_>) -> usize {
        if text_of(node).contains("\\u") {
            self.wrong(
                node,
                "document.not_allowed",
                "请直接写出该字，不用 \\u 转义".to_owned(),
                "write the character itself, not its \\u escape".to_owned(),
            );
        }
        self.words(node)
    }

    fn number(&mut self, node: &LinkedNode<'_>) -> usize {
        if !literal::is_modest(text_of(node)) {
            self.wrong(
                node,
                "document.number",
                "数值过大，或者单位不在可用之列（pt、mm、cm、em、fr、%）".to_owned(),
                "the number is too large, or its unit is none of pt, mm, cm, em, fr, %".to_owned(),
            );
        }
        1
    }

    fn syntax(&mut self, node: &LinkedNode<'_>) -> usize {
        let (errors, _) = node.get().errors_and_warnings();
        let message = errors.first().map_or_else(String::new, |error| error.message.to_string());
        self.wrong(
            node,
            "document.syntax",
            format!("语法错误：{message}"),
            format!("syntax error: {message}"),
        );
        0
    }

    /// A blank, the name of a repetition, or a constant.
    fn name(&mut self, node: &LinkedNode<'_>) -> usize {
        let name = text_of(node);
        if let Some((_, size)) = self.locals.iter().rev().find(|(local, _)| local == name) {
            return *size + 1;
        }
        if self.variables.iter().any(|variable| variable.name == name) {
            return self.sizes.get(name).map_or(30, |(chars, entries)| chars + entries);
        }
        if !CONSTANTS.contains(&name) {
            self.unknown(node, name);
        }
        1
    }

    fn unknown(&mut self, node: &LinkedNode<'_>, name: &str) {
        let shown: String = name.chars().take(40).collect();
        let known: Vec<&str> = self.variables.iter().map(|variable| variable.name.as_str()).collect();
        let known = known.join("、");
        self.wrong(
            node,
            "document.unknown_variable",
            format!("没有声明变量“{shown}”；可用的有：{known}"),
            format!("no variable `{shown}` is declared; there are: {known}"),
        );
    }

    /// `已填.名`; nothing else has parts.
    fn filled(&mut self, node: &LinkedNode<'_>) -> usize {
        let parts: Vec<LinkedNode<'_>> = node.children().collect();
        match parts.as_slice() {
            [of, _, part] if of.kind() == SyntaxKind::Ident && text_of(of) == FILLED => {
                let name = text_of(part).to_owned();
                if self.variables.iter().all(|variable| variable.name != name) {
                    self.unknown(part, &name);
                }
                1
            }
            _ => self.refuse(node),
        }
    }

    /// `name: value`; the name is the called function's own.
    fn named(&mut self, node: &LinkedNode<'_>) -> usize {
        let value = node.children().filter(|child| is_expression(child)).nth(1);
        value.map_or(1, |value| self.node(&value) + 1)
    }

    fn unary(&mut self, node: &LinkedNode<'_>) -> usize {
        if node.children().any(|child| child.kind() == SyntaxKind::Not) {
            return self.children(node);
        }
        self.refuse(node)
    }

    /// Comparisons and 且/或; building texts and numbers is no template's work. Alignments may be joined.
    fn binary(&mut self, node: &LinkedNode<'_>) -> usize {
        use SyntaxKind as K;
        let compares = |kind| matches!(kind, K::EqEq | K::ExclEq | K::And | K::Or | K::In | K::Not);
        let joins = node.children().any(|child| child.kind() == K::Plus);
        if joins {
            let constant =
                |child: &LinkedNode<'_>| child.kind() == K::Ident && CONSTANTS.contains(&text_of(child));
            if node.children().filter(is_expression).all(|child| constant(&child)) {
                return 3;
            }
            return self.refuse(node);
        }
        if node.children().any(|child| compares(child.kind())) {
            self.children(node)
        } else {
            self.refuse(node)
        }
    }

    fn call(&mut self, node: &LinkedNode<'_>) -> usize {
        let Some(callee) = node.children().next() else { return 0 };
        let name = text_of(&callee).to_owned();
        let known = match callee.kind() {
            SyntaxKind::Ident => FUNCTIONS.contains(&name.as_str()),
            SyntaxKind::FieldAccess => {
                let parts: Vec<LinkedNode<'_>> = callee.children().collect();
                matches!(parts.as_slice(), [of, _, part]
                    if PARTS.contains(&(text_of(of), text_of(part))))
            }
            _ => false,
        };
        if !known {
            let shown = callee.get().full_text();
            let shown: String = shown.chars().take(40).collect();
            let list = FUNCTIONS.join("、");
            self.wrong(
                &callee,
                "document.unknown_function",
                format!("模板里不能调用“{shown}”；可用的有：{list}"),
                format!("a template may not call `{shown}`; there are: {list}"),
            );
        }
        let rest = node.children().skip(1).map(|child| self.node(&child)).fold(1, usize::saturating_add);
        if name == "pagebreak" || name == "v" || name == "封面" { rest + PAGE_COST } else { rest }
    }

    fn set(&mut self, node: &LinkedNode<'_>) -> usize {
        let target = node.children().find(|child| child.kind() == SyntaxKind::Ident);
        if !target.is_some_and(|target| SETTABLE.contains(&text_of(&target))) {
            return self.refuse(node);
        }
        let args = node.children().filter(|child| child.kind() == SyntaxKind::Args);
        args.map(|args| self.node(&args)).fold(1, usize::saturating_add)
    }

    /// `for 项 in 清单 [...]` over a declared list; inside one no other.
    fn repeat(&mut self, node: &LinkedNode<'_>) -> usize {
        let parts: Vec<LinkedNode<'_>> = node.children().filter(is_expression).collect();
        let [pattern, list, body] = parts.as_slice() else { return self.refuse(node) };
        let name = text_of(list);
        let listed = self.variables.iter().any(|one| one.name == name && one.kind == VariableKind::List);
        if pattern.kind() != SyntaxKind::Ident
            || list.kind() != SyntaxKind::Ident
            || !listed
            || !self.locals.is_empty()
        {
            self.wrong(
                node,
                "document.repetition",
                "重复只能写成 #for 项 in 清单变量 [...]，清单变量须声明为“清单”，重复之中不能再有重复"
                    .to_owned(),
                "repeat as `#for item in list [...]` over a variable declared 清单, and not inside another"
                    .to_owned(),
            );
            return 0;
        }
        let (chars, entries) = self.sizes.get(name).copied().unwrap_or((30, 1));
        let entries = entries.max(1);
        self.locals.push((text_of(pattern).to_owned(), chars / entries + 1));
        let cost = self.node(body);
        self.locals.pop();
        cost.saturating_mul(entries)
    }
}

fn text_of<'a>(node: &LinkedNode<'a>) -> &'a str {
    node.get().leaf_text()
}

/// Not white space, a comment or a mark.
fn is_expression(node: &LinkedNode<'_>) -> bool {
    use SyntaxKind as K;
    let ignored = matches!(
        node.kind(),
        K::Space
            | K::LineComment
            | K::BlockComment
            | K::Parbreak
            | K::For
            | K::In
            | K::Colon
            | K::Comma
            | K::Plus
    );
    !ignored
}
