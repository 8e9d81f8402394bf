//! County against county: what a lawyer wants to see side by side.
//!
//! First what matters most (who decides what, within which time), then the parameters, the procedures one by one, roles,
//! forms, duties, papers and the clauses carried. Names differ between counties, so things are paired by what they do; a
//! pair under two names is shown as such, so that a wrong pairing can be seen.

mod papers;
mod procedures;
mod things;

use std::collections::{BTreeMap, BTreeSet};

use crate::pack::coverage::coverage;
use crate::pack::layer::measure;
use crate::pack::model::{Effect, Pack, Parameter, Procedure, Step, Value};

use super::document::{Document, Mark, Row};
use super::matching::{self, Pair, alike, paired};
use super::rows::{judged, row, verdict};
use super::text::Text;
use super::{time, words};

/// The difference of two packs, each with what it inherits.
#[must_use]
pub fn diff(a: &Pack, b: &Pack) -> Document {
    let title = Text::new(
        format!("制度包对照：{}（{}）与 {}（{}）", a.name, a.id, b.name, b.id),
        format!("Comparison of packs: {} and {}", a.id, b.id),
    );
    let both = Both { a, b, procedures: matching::procedures(a, b) };
    let mut out = Document::new(title);
    both.overview(&mut out);
    both.decisions(&mut out);
    both.clocks(&mut out);
    both.parameters(&mut out);
    both.all_procedures(&mut out);
    both.roles(&mut out);
    both.forms(&mut out);
    both.duties(&mut out);
    both.papers(&mut out);
    out
}

struct Both<'a> {
    a: &'a Pack,
    b: &'a Pack,
    procedures: Vec<Pair<'a, Procedure>>,
}

impl Both<'_> {
    fn head(&self, subject: Text) -> Vec<Text> {
        let [a, b] = names_of(self.a, self.b);
        vec![subject, a, b, Text::new("比较", "Comparison")]
    }

    fn overview(&self, out: &mut Document) {
        let (a, b) = (self.a, self.b);
        let known = |pack: &Pack| {
            let day = |day: Option<base::Date>| day.map_or_else(|| "—".to_owned(), |day| day.to_string());
            Text::same(format!("{} – {}", day(pack.in_force.0), day(pack.in_force.1)))
        };
        let counting = |pack: &Pack| {
            let c = &pack.counting;
            let start = if c.start_day_counts { "起算日计入" } else { "起算日不计入" };
            let last = if c.roll_to_working_day { "末日顺延" } else { "末日不顺延" };
            Text::same(format!("{}：{start}，{last}", c.profile))
        };
        let carried = |pack: &Pack| {
            let found = coverage(pack);
            let [total, carried, reasoned, pending, missing] =
                found.by_pack.get(&pack.id).copied().unwrap_or_default();
            Text::new(
                format!(
                    "{total}条：{carried}条有规则，{reasoned}条有理由，{pending}条尚未落实，{missing}条缺失"
                ),
                format!(
                    "{total}: {carried} carried, {reasoned} reasoned, {pending} pending, {missing} missing"
                ),
            )
        };
        let count = |n: usize| Text::same(n.to_string());
        let parent = |pack: &Pack| pack.parent.as_ref().map(Text::same).unwrap_or_default();
        let rows = vec![
            row(Text::new("名称", "Name"), Text::same(&a.name), Text::same(&b.name)),
            row(Text::new("版本", "Version"), Text::same(&a.version), Text::same(&b.version)),
            row(Text::new("状态", "Status"), words::status(a.status), words::status(b.status)),
            row(Text::new("施行", "In force"), known(a), known(b)),
            row(Text::new("上级", "Parent"), parent(a), parent(b)),
            row(Text::new("计算口径", "Counting of periods"), counting(a), counting(b)),
            row(Text::new("本级条款", "Own clauses"), carried(a), carried(b)),
            row(Text::new("程序", "Procedures"), count(a.procedures.len()), count(b.procedures.len())),
            row(Text::new("表单", "Forms"), count(a.forms.len()), count(b.forms.len())),
            row(Text::new("周期义务", "Periodic duties"), count(a.duties.len()), count(b.duties.len())),
            row(Text::new("文书", "Papers"), count(a.documents.len()), count(b.documents.len())),
        ];
        out.heading(2, Text::new("一、概况", "1. Overview"));
        out.table(Text::new("概况", "Overview"), self.head(Text::new("事项", "Subject")), rows);
    }

    /// Who has the say, by legal effect.
    fn decisions(&self, out: &mut Document) {
        let (of_a, of_b) = (deciders(self.a), deciders(self.b));
        let effects: BTreeSet<Effect> = of_a.keys().chain(of_b.keys()).copied().collect();
        let cell = |pack: &Pack, found: Option<&Vec<(&Procedure, &Step)>>| {
            let line = |(procedure, step): &(&Procedure, &Step)| {
                let role = words::role(pack, &step.role);
                let clock = step.clock.as_ref().map(time::length);
                let clock = clock.map(|clock| clock.around(("，", ""), (", ", ""))).unwrap_or_default();
                let place = Text::join(
                    [&Text::new(&procedure.id, &procedure.en), &Text::new(&step.id, &step.en)],
                    "·",
                    " · ",
                );
                let place = place.around(("（", &clock.zh), (" (", &clock.en));
                Text::join([&role, &place], "", "").around(("", "）"), ("", ")"))
            };
            found.map(|list| Text::lines(&list.iter().map(line).collect::<Vec<_>>())).unwrap_or_default()
        };
        let rows = effects.iter().map(|effect| {
            let (x, y) = (of_a.get(effect), of_b.get(effect));
            let roles = |list: Option<&Vec<(&Procedure, &Step)>>| {
                list.iter().flat_map(|list| list.iter()).map(|(_, step)| step.role.clone()).collect()
            };
            let (ra, rb): (BTreeSet<String>, BTreeSet<String>) = (roles(x), roles(y));
            let mark = match (x, y) {
                (Some(_), Some(_)) if ra == rb => Mark::Same,
                (Some(_), Some(_)) => Mark::Differs,
                _ => Mark::OnlyOne,
            };
            let words = match mark {
                Mark::Same => Text::new("同一角色", "same role"),
                Mark::Differs => Text::new("角色名称不同", "roles named differently"),
                other => verdict(other),
            };
            judged(words::effect(*effect), cell(self.a, x), cell(self.b, y), mark, words)
        });
        out.heading(2, Text::new("二、谁作出什么决定", "2. Who decides what"));
        out.paragraph(Text::new(
            "按平台产生的法律后果列出：作出该后果的角色，括号内是程序、环节和办理期限。",
            "By what takes effect on the platform: the role that brings it about, with procedure, step and time limit.",
        ));
        out.table(Text::new("决定", "Decisions"), self.head(Text::new("后果", "Effect")), rows.collect());
    }

    /// Time limits of paired steps that differ or stand on one side alone.
    fn clocks(&self, out: &mut Document) {
        let mut rows = Vec::new();
        for pair in &self.procedures {
            let Pair::Both(x, y) = pair else { continue };
            for steps in matching::steps(x, y) {
                let Pair::Both(s, t) = steps else { continue };
                let line = |step: &Step| step.clock.as_ref().map(time::clock).unwrap_or_default();
                let (a, b) = (line(s), line(t));
                if a.is_empty() && b.is_empty() {
                    continue;
                }
                let subject = Text::join([&two_names(x, y), &names(&s.id, &s.en, &t.id, &t.en)], "·", " · ");
                let (a_len, b_len) = (s.clock.as_ref().map(|c| c.period), t.clock.as_ref().map(|c| c.period));
                let found = match (a_len, b_len) {
                    (Some(a_len), Some(b_len)) => {
                        longer(&Value::Period(a_len), &Value::Period(b_len), self.a, self.b)
                    }
                    _ => None,
                };
                rows.push(match found {
                    Some(words) => judged(subject, a, b, Mark::Differs, words),
                    None => row(subject, a, b),
                });
            }
        }
        out.heading(2, Text::new("三、办理期限", "3. Time limits"));
        out.paragraph(Text::new(
            "对应环节的期限。没有对应的环节见第五部分。",
            "Time limits of corresponding steps. Steps without a counterpart are in part 5.",
        ));
        out.table(
            Text::new("期限", "Time limits"),
            self.head(Text::new("程序·环节", "Procedure · step")),
            rows,
        );
    }

    fn parameters(&self, out: &mut Document) {
        let (a, b): (Vec<&Parameter>, Vec<&Parameter>) =
            (self.a.parameters.values().collect(), self.b.parameters.values().collect());
        let score = |x: &Parameter, y: &Parameter| {
            let same_kind =
                measure(&x.value).map(|(kind, _)| kind) == measure(&y.value).map(|(kind, _)| kind);
            if x.name == y.name {
                2_000
            } else if same_kind {
                alike(&x.name, &y.name)
            } else {
                0
            }
        };
        let rows = paired(&a, &b, 750, score).into_iter().map(|pair| match pair {
            Pair::Both(x, y) => {
                let subject = if x.name == y.name {
                    Text::same(&x.name)
                } else {
                    Text::same(format!("{} / {}", x.name, y.name))
                };
                let (left, right) = (of_parameter(self.a, x), of_parameter(self.b, y));
                let same = x.value == y.value;
                let mark = if same { Mark::Same } else { Mark::Differs };
                let words = longer(&x.value, &y.value, self.a, self.b).unwrap_or_else(|| verdict(mark));
                judged(subject, left, right, mark, words)
            }
            Pair::First(x) => row(Text::same(&x.name), of_parameter(self.a, x), Text::default()),
            Pair::Second(y) => row(Text::same(&y.name), Text::default(), of_parameter(self.b, y)),
        });
        let mut rows: Vec<Row> = rows.collect();
        rows.sort_by_key(|row| match row.mark {
            Mark::Differs => 0,
            Mark::OnlyOne => 1,
            Mark::Same | Mark::None => 2,
        });
        out.heading(2, Text::new("四、参数", "4. Parameters"));
        out.table(Text::new("参数", "Parameters"), self.head(Text::new("参数", "Parameter")), rows);
    }
}

/// One name, or both where they differ.
fn names(zh_a: &str, en_a: &str, zh_b: &str, en_b: &str) -> Text {
    let both = |a: &str, b: &str| if a == b { a.to_owned() } else { format!("{a} / {b}") };
    Text::new(both(zh_a, zh_b), both(en_a, en_b))
}

fn two_names(x: &Procedure, y: &Procedure) -> Text {
    names(&x.id, &x.en, &y.id, &y.en)
}

/// What the two sides are called; two versions of one text are told apart by their version.
fn names_of(a: &Pack, b: &Pack) -> [Text; 2] {
    let (x, y) = (words::short(a), words::short(b));
    if x.zh != y.zh && a.id != b.id {
        return [x, y];
    }
    [(x, a), (y, b)].map(|(name, pack)| {
        let version = format!(" {}", pack.version);
        name.around(("", &version), ("", &version))
    })
}

/// Procedures and steps in which an effect comes about.
fn deciders(pack: &Pack) -> BTreeMap<Effect, Vec<(&Procedure, &Step)>> {
    let mut found: BTreeMap<Effect, Vec<(&Procedure, &Step)>> = BTreeMap::new();
    for procedure in words::in_order(pack) {
        for step in &procedure.steps {
            let effects: BTreeSet<Effect> =
                step.actions.iter().flat_map(|action| action.effects.clone()).collect();
            for effect in effects {
                found.entry(effect).or_default().push((procedure, step));
            }
        }
    }
    found
}

/// Which side's number is greater, where both count the same thing.
fn longer(x: &Value, y: &Value, a: &Pack, b: &Pack) -> Option<Text> {
    let ((kind, left), (other, right)) = (measure(x)?, measure(y)?);
    let [a, b] = names_of(a, b);
    let bigger = match left.cmp(&right) {
        std::cmp::Ordering::Greater => a,
        std::cmp::Ordering::Less => b,
        std::cmp::Ordering::Equal => return None,
    };
    let is_time = |value: &Value| {
        matches!(value, Value::Period(_))
            || matches!(value, Value::Limit(_, inner) if matches!(**inner, Value::Period(_)))
    };
    (kind == other).then(|| {
        if is_time(x) {
            bigger.around(("", "较长"), ("", " is longer"))
        } else {
            bigger.around(("", "较大"), ("", " is greater"))
        }
    })
}

fn of_parameter(pack: &Pack, found: &Parameter) -> Text {
    let mut lines = vec![words::value(&found.value)];
    let mut notes = vec![words::bound(found.bound)];
    if found.local_choice {
        notes.push(Text::new("本地约定", "local choice"));
    }
    if found.pack != pack.id {
        notes.push(Text::new(format!("承自 {}", found.pack), format!("from {}", found.pack)));
    }
    lines.push(Text::list(&notes).around(("（", "）"), ("(", ")")));
    if !found.clauses.is_empty() {
        lines.push(words::clauses(&found.clauses));
    }
    Text::lines(&lines)
}
