//! Run orders: approved code on raw data, once, with a disclosure report.

use serde::Serialize;

use super::form::{Field, FieldKind, FormError};
use super::parts::{Choice, Fact, Light, Link, Refusal, Table};
use crate::html::render::Page;

/// A run in the list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RunRow {
    pub number: String,
    pub href: String,
    pub model: String,
    pub state: String,
    pub light: Light,
    /// What tells it from other runs of its model.
    pub parameters: String,
    pub ordered_by: String,
    pub ordered: String,
}

/// The list of runs (`runs.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Runs {
    pub rows: Vec<RunRow>,
    pub order_href: Option<String>,
    pub more_href: Option<String>,
}

impl Page for Runs {
    const TEMPLATE: &'static str = "runs.html";

    fn samples() -> Vec<Self> {
        let row = |number: &str, state: &str, light: Light| RunRow {
            number: number.into(),
            href: "/runs/1".into(),
            model: "承运人延误统计 v2".into(),
            state: state.into(),
            light,
            parameters: "month = 7".into(),
            ordered_by: "周拟山".into(),
            ordered: "2026-10-22 14:03".into(),
        };
        vec![
            Self {
                rows: vec![
                    row("运〔2026〕12号", "待出域审核", Light::Normal),
                    row("运〔2026〕11号", "失败", Light::Overdue),
                    row("运〔2026〕10号", "已出域", Light::Done),
                ],
                order_href: Some("/runs/new".into()),
                more_href: None,
            },
            Self::default(),
        ]
    }
}

/// Ordering a run (`run_order.html`). Posts `model`, `snapshot` and the parameter fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RunOrder {
    pub action_href: String,
    pub request_key: String,
    pub models: Vec<Choice>,
    /// The one that is chosen: its parameters are asked, its digest is bound.
    pub model: String,
    pub model_name: String,
    pub scenarios: Vec<Choice>,
    pub parameters: Vec<Field>,
    /// What the order will bind: agreement, code digest, snapshots, output schema.
    pub binds: Vec<Fact>,
    pub errors: Vec<FormError>,
    pub refusal: Option<Refusal>,
}

impl Page for RunOrder {
    const TEMPLATE: &'static str = "run_order.html";

    fn samples() -> Vec<Self> {
        vec![
            Self {
                action_href: "/runs/new".into(),
                request_key: "k5".into(),
                models: vec![Choice::new("1", "承运人延误统计 v2（5d41402a…）", true)],
                model: "1".into(),
                model_name: "承运人延误统计 v2".into(),
                scenarios: vec![Choice::new("1", "货运时效评估", true)],
                parameters: vec![Field {
                    id: "month".into(),
                    label: "month".into(),
                    kind: FieldKind::Number,
                    required: true,
                    hint: "整数 1–12".into(),
                    value: "7".into(),
                    ..Field::default()
                }],
                binds: vec![
                    Fact::new("协议", "交授协〔2026〕1号"),
                    Fact::new("代码摘要", "5d41402abc4b2a76b9719d911017c592"),
                    Fact::new("输入快照", "航班运行记录 第2版（b1946ac9…）"),
                ],
                ..Self::default()
            },
            Self { action_href: "/runs/new".into(), ..Self::default() },
        ]
    }
}

/// A check of the disclosure report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DisclosureCheck {
    /// 最小实体数, 主导度, 互补抑制, 与历次输出相减.
    pub name: String,
    pub rule: String,
    pub found: String,
    pub passed: bool,
    pub clause_label: String,
}

/// What disclosure control found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DisclosureReport {
    pub passed: bool,
    pub cells: String,
    pub suppressed: String,
    /// Cells that leave with noise; absent if none does.
    pub perturbed: Option<String>,
    pub entities_min: String,
    pub checks: Vec<DisclosureCheck>,
    /// What left before and is in the way.
    pub overlaps: Vec<Overlap>,
}

/// Why cells may not leave as they are beside what left before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Overlap {
    pub why: String,
    /// The same with made-up figures.
    pub example: String,
    /// What became of such cells.
    pub done: String,
    /// Empty where it is cells of the result itself that could be subtracted.
    pub earlier: Vec<OverlapRelease>,
}

/// An earlier release and how much it shares, in words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OverlapRelease {
    pub release: Link,
    pub shared: String,
}

/// A run (`run.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RunPage {
    pub number: String,
    pub model: Link,
    pub state: String,
    pub light: Light,
    pub facts: Vec<Fact>,
    /// Stage names with the time they were reached; empty time means not yet.
    pub stages: Vec<Fact>,
    /// Stable code only; the run never says more.
    pub error: Option<String>,
    pub report: Option<DisclosureReport>,
    /// Said instead of the report to those who may not see what was suppressed.
    pub kept: Option<String>,
    /// Why what was approved stayed inside.
    pub held_back: Option<String>,
    /// Orders another run of the model, where this one's result cannot leave any more.
    pub order_href: Option<String>,
    /// Asks for release; absent when it cannot be asked. Posts `purpose` and `format`.
    pub release_href: Option<String>,
    /// Forms it may be asked in.
    pub formats: Vec<Choice>,
    pub case_href: Option<String>,
    pub downloads: Vec<Link>,
    pub request_key: String,
    pub refusal: Option<Refusal>,
}

impl RunPage {
    fn sample(state: &str, light: Light) -> Self {
        Self {
            number: "运〔2026〕12号".into(),
            model: Link::new("承运人延误统计 v2", "/models/1"),
            state: state.into(),
            light,
            facts: vec![
                Fact::new("下单人", "周拟山"),
                Fact::new("参数", "month = 7"),
                Fact::new("输入快照", "航班运行记录 第2版"),
                Fact::new("协议", "交授协〔2026〕1号"),
            ],
            stages: vec![
                Fact::new("已下单", "2026-10-22 14:03:01"),
                Fact::new("运行完成", "2026-10-22 14:03:04"),
                Fact::new("披露检查", "2026-10-22 14:03:04"),
                Fact::new("出域审核", ""),
            ],
            ..Self::default()
        }
    }
}

impl DisclosureReport {
    pub(crate) fn sample(passed: bool) -> Self {
        let check = |name: &str, rule: &str, found: &str, passed: bool| DisclosureCheck {
            name: name.into(),
            rule: rule.into(),
            found: found.into(),
            passed,
            clause_label: "附件5 五（二）1（4）".into(),
        };
        Self {
            passed,
            cells: "16".into(),
            suppressed: if passed { "1" } else { "0" }.into(),
            perturbed: passed.then(|| "2".to_owned()),
            entities_min: if passed { "14" } else { "2" }.into(),
            checks: vec![
                check("最小实体数", "每格不同实体不少于 10", if passed { "14" } else { "2" }, passed),
                check("主导度", "最大实体占比不超过 50%", "21%", true),
                check("与历次输出相减", "差分后每格不少于 10", "不符合的单元格：1", false),
            ],
            overlaps: vec![Overlap {
                why: "此前出域的同一指标与本结果只差少数个人，相减即可推出".into(),
                example: "例如：门槛是10家，这一格只有6家。".into(),
                done: "这些单元格已抑制，不会出域。".into(),
                earlier: vec![OverlapRelease {
                    release: Link::new("承运人延误统计 2026-09-22", "/airlock/1"),
                    shared: "共有 100 个以上".into(),
                }],
            }],
        }
    }
}

impl Page for RunPage {
    const TEMPLATE: &'static str = "run.html";

    fn samples() -> Vec<Self> {
        let mut ready = Self::sample("待申请出域", Light::Normal);
        ready.report = Some(DisclosureReport::sample(true));
        ready.release_href = Some("/runs/1/release".into());
        ready.request_key = "k6".into();
        let mut held = Self::sample("披露检查未通过", Light::Overdue);
        held.report = Some(DisclosureReport::sample(false));
        let mut failed = Self::sample("失败", Light::Overdue);
        failed.error = Some("domain.time_limit".into());
        let mut released = Self::sample("已出域", Light::Done);
        released.report = Some(DisclosureReport::sample(true));
        released.case_href = Some("/cases/30".into());
        released.downloads =
            vec![Link::new("CSV", "/runs/1/result.csv"), Link::new("Parquet", "/runs/1/result.parquet")];
        let mut kept = Self::sample("待申请出域", Light::Normal);
        kept.kept = Some("不满足规则的格子已略去；略去多少不予显示，检查报告只供审核人查看。".into());
        let mut overtaken = Self::sample("不予出域", Light::Overdue);
        overtaken.held_back = Some("本次运行后另有结果出域，与之相比对会推出少数人。".into());
        overtaken.order_href = Some("/runs/new?model=1".into());
        overtaken.case_href = Some("/cases/30".into());
        vec![ready, held, failed, released, kept, overtaken, Self::sample("运行中", Light::Normal)]
    }
}

/// Used by the airlock as well: a result's sample beside its report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Candidate {
    pub title: String,
    pub facts: Vec<Fact>,
    pub sample: Table,
    /// Absent for those who do not decide.
    pub report: Option<DisclosureReport>,
}
