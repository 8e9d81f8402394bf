//! What prints where a value is missing: a line to write on, never nothing.

use regulation::pack::VariableKind;
use typst::foundations::Value;

use crate::print::Lang;
use crate::value::table;

/// Full-width low lines join to one line.
const LINE: char = '＿';
/// Two lines, for a text.
pub(crate) const PARAGRAPH: &str =
    "＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿\n＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿＿";

fn line(length: usize) -> String {
    std::iter::repeat_n(LINE, length).collect()
}

/// The blank of a kind.
pub(crate) fn of(kind: &VariableKind, lang: Lang, text: &mut impl FnMut(&str) -> Value) -> Value {
    match kind {
        VariableKind::Text => text(&line(8)),
        VariableKind::LongText => text(PARAGRAPH),
        VariableKind::Number | VariableKind::Percent | VariableKind::Flag => text(&line(3)),
        VariableKind::Money => text(&line(5)),
        VariableKind::Date => match lang {
            Lang::Zh => text(&format!("{}年{}月{}日", line(3), line(2), line(2))),
            Lang::En => text(&line(6)),
        },
        VariableKind::List => Value::Array([text(&line(12))].into_iter().collect()),
        VariableKind::Table(columns) => {
            let rows = vec![vec![" ".to_owned(); columns.len()]; 2];
            table(kind, &rows, text)
        }
    }
}
