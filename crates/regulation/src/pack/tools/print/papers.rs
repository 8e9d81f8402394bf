//! Papers: when each is made, who signs it, its number and what it rests on.

use crate::pack::model::Pack;
use crate::pack::tools::document::Document;
use crate::pack::tools::text::Text;
use crate::pack::tools::{papers, words};

use super::row;

pub(super) fn papers(pack: &Pack, out: &mut Document) {
    let rows = pack.documents.values().map(|one| {
        let names = one.variables.iter().map(|variable| {
            let name = Text::new(&variable.name, &variable.en);
            if variable.required { name.around(("", "*"), ("", "*")) } else { name }
        });
        row([
            Text::new(&one.id, &one.en).both(),
            papers::occasions(pack, one),
            papers::signed_by(pack, one),
            papers::number(pack, one),
            Text::list(&names.collect::<Vec<_>>()),
            words::clauses_in_full(pack, &one.clauses),
        ])
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return;
    }
    out.heading(2, Text::new("七、文书", "7. Papers"));
    out.paragraph(Text::new(
        "模板是 documents/名称.typ；带 * 的变量没有值时只出草稿。署名的是当时最后办理的单位。",
        "The template of each is documents/name.typ; without a value for a blank marked * only a draft is made. The unit that acted last signs.",
    ));
    out.table(
        Text::new("文书", "Papers"),
        vec![
            Text::new("文书", "Paper"),
            Text::new("何时出具", "Made when"),
            Text::new("由谁署名", "Signed by"),
            Text::new("发文字号", "Number"),
            Text::new("变量", "Blanks"),
            Text::new("依据", "Basis"),
        ],
        rows,
    );
    out.table(
        Text::new("发文字号的机关代字", "Marks in the numbers of papers"),
        vec![Text::new("署名单位", "Signer"), Text::new("代字", "Mark")],
        papers::marks(pack).into_iter().map(|(signer, mark)| row([signer, mark])).collect(),
    );
}
