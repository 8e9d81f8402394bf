//! Papers against each other: occasions, signers, numbers, and whether the text is the same.

use crate::pack::model::Pack;
use crate::pack::tools::document::{Document, Mark, Row};
use crate::pack::tools::matching::{Pair, alike, paired};
use crate::pack::tools::papers;
use crate::pack::tools::rows::{judged, row};
use crate::pack::tools::text::Text;

use super::{Both, names};

type Paper = crate::pack::Document;

impl Both<'_> {
    pub(super) fn papers(&self, out: &mut Document) {
        let (a, b): (Vec<&Paper>, Vec<&Paper>) =
            (self.a.documents.values().collect(), self.b.documents.values().collect());
        let score = |x: &Paper, y: &Paper| {
            if x.id == y.id {
                3_000
            } else {
                alike(&x.id, &y.id) * 2 + alike(&x.en.to_lowercase(), &y.en.to_lowercase())
            }
        };
        let rows = paired(&a, &b, 1_800, score).into_iter().map(|pair| match pair {
            Pair::Both(x, y) => self.paper(x, y),
            Pair::First(x) => row(Text::new(&x.id, &x.en), cell(self.a, x), Text::default()),
            Pair::Second(y) => row(Text::new(&y.id, &y.en), Text::default(), cell(self.b, y)),
        });
        out.heading(2, Text::new("九、文书", "9. Papers"));
        out.table(Text::new("文书", "Papers"), self.head(Text::new("文书", "Paper")), rows.collect());
        let (a, b) = (papers::marks(self.a), papers::marks(self.b));
        let mark = |list: &[(Text, Text)], signer: &Text| {
            list.iter().find(|(one, _)| one.zh == signer.zh).map(|(_, mark)| mark.clone()).unwrap_or_default()
        };
        let mut signers: Vec<&Text> = a.iter().chain(&b).map(|(signer, _)| signer).collect();
        signers.sort_by(|x, y| x.zh.cmp(&y.zh));
        signers.dedup_by(|x, y| x.zh == y.zh);
        out.table(
            Text::new("发文字号的机关代字", "Marks in the numbers of papers"),
            self.head(Text::new("署名单位", "Signer")),
            signers
                .into_iter()
                .map(|signer| row(signer.clone(), mark(&a, signer), mark(&b, signer)))
                .collect(),
        );
    }

    fn paper(&self, x: &Paper, y: &Paper) -> Row {
        let subject = names(&x.id, &x.en, &y.id, &y.en);
        let (left, right) = (cell(self.a, x), cell(self.b, y));
        let same_text = (&x.template, &x.variables) == (&y.template, &y.variables);
        if same_text {
            return row(subject, left, right);
        }
        let words = if left == right {
            Text::new("仅文本不同", "only the text differs")
        } else {
            Text::new("不同，文本也不同", "differs, the text too")
        };
        judged(subject, left, right, Mark::Differs, words)
    }
}

fn cell(pack: &Pack, paper: &Paper) -> Text {
    let parts = [
        Text::new(&paper.id, &paper.en),
        papers::occasions(pack, paper),
        papers::signed_by(pack, paper).around(("署名：", ""), ("signed by: ", "")),
        papers::number(pack, paper).around(("文号：", ""), ("number: ", "")),
    ];
    let [name, when, by, number] = &parts;
    let mut lines = vec![name];
    lines.extend((!paper.when.is_empty()).then_some([when, by]).into_iter().flatten());
    lines.extend(paper.number.is_some().then_some(number));
    Text::lines(lines)
}
