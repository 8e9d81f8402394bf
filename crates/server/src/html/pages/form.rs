//! Forms rendered from a list of fields: filling one in, and showing one as the paper form.

use serde::Serialize;

use super::parts::{Choice, Clause, Link, Refusal, TableColumn};
use crate::html::render::Page;

/// What a field asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    #[default]
    Text,
    LongText,
    Choice,
    MultiChoice,
    Number,
    Date,
    Phone,
    Email,
    Password,
    File,
    Table,
}

/// A field of a form: its question, its answer so far and what is wrong with it. A handler posts back
/// `field.<id>`; rows of a table come back as `field.<id>.<row>.<column>`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Field {
    pub id: String,
    pub label: String,
    pub kind: FieldKind,
    pub required: bool,
    pub hint: String,
    pub value: String,
    /// For `Choice` and `MultiChoice`; which are chosen is in each choice.
    pub choices: Vec<Choice>,
    /// For `Table`.
    pub columns: Vec<TableColumn>,
    /// For `Table`; handlers add empty rows to be filled.
    pub rows: Vec<Vec<String>>,
    /// For `File`: what is attached already.
    pub files: Vec<Link>,
    /// For `File`: the endings that are taken, as a browser asks for them.
    pub accept: String,
    /// For `File`: what is attached may be taken away again. Posts `drop.<id>`.
    pub may_drop: bool,
    pub error: Option<String>,
    /// Where to go first, when there is nothing to choose.
    pub link: Option<Link>,
    pub clause: Option<Clause>,
    /// True when only reading is allowed (a return for correction opens the marked fields only).
    pub locked: bool,
    pub chars_max: Option<u32>,
}

/// A part of a form with its own heading.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FormSection {
    pub heading: String,
    pub hint: String,
    pub fields: Vec<Field>,
}

/// An entry of the error summary; `field` is the id of the field it leads to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FormError {
    pub field: String,
    pub message: String,
}

/// Opening a case or filling its form again (`case_open.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CaseOpen {
    pub procedure: String,
    /// The paper form's own title.
    pub form_title: String,
    pub action_href: String,
    pub back_href: String,
    pub basis: Vec<Clause>,
    /// The same form on paper, where there is one.
    pub blank: Option<Link>,
    /// What happens after submission and how long it may take, from the pack.
    pub after: Vec<String>,
    pub sections: Vec<FormSection>,
    pub errors: Vec<FormError>,
    pub refusal: Option<Refusal>,
    /// Set when a case is sent back for correction: what was asked.
    pub correction: Option<String>,
    /// The version of the case this form was made from; 0 for a new case.
    pub version: i64,
    /// Same key, same effect: a double click opens one case.
    pub request_key: String,
    /// Whether a draft can be kept.
    pub can_save: bool,
}

impl Page for CaseOpen {
    const TEMPLATE: &'static str = "case_open.html";

    fn samples() -> Vec<Self> {
        let clause = Clause::new("二", "向协调机制办公室提交申请表等材料", "/admin/packs/sample#c2");
        let first = Self {
            procedure: "授权运营申请".into(),
            form_title: "公共数据授权运营申请表".into(),
            action_href: "/cases/new/apply".into(),
            back_href: "/cases/new".into(),
            basis: vec![clause],
            after: vec![
                "主管部门形式审查".into(),
                "数据提供单位评审（3个工作日）".into(),
                "专家组技术审查".into(),
            ],
            sections: sample_sections(None),
            request_key: "k1".into(),
            can_save: true,
            ..Self::default()
        };
        let mut wrong = first.clone();
        wrong.sections = sample_sections(Some("请填写联系电话"));
        wrong.errors = vec![FormError { field: "phone".into(), message: "请填写联系电话".into() }];
        wrong.correction = Some("请补交最近1年的第三方审计报告。".into());
        wrong.version = 4;
        vec![first, wrong]
    }
}

fn sample_sections(error: Option<&str>) -> Vec<FormSection> {
    let field = |id: &str, label: &str, kind: FieldKind| Field {
        id: id.into(),
        label: label.into(),
        kind,
        required: true,
        ..Field::default()
    };
    let mut phone = field("phone", "联系电话", FieldKind::Phone);
    phone.error = error.map(str::to_owned);
    let mut pricing = field("pricing", "定价方式", FieldKind::MultiChoice);
    pricing.choices =
        vec![Choice::new("call", "按接口调用次数", true), Choice::new("batch", "按批量调用次数", false)];
    let mut usage = field("usage", "使用方式", FieldKind::Choice);
    usage.choices = vec![
        Choice::new("query", "数据查询", true),
        Choice::new("verify", "数据核验", false),
        Choice::new("fill", "数据补全", false),
    ];
    let mut content = field("content", "申请内容", FieldKind::LongText);
    content.hint = "公共数据申请原因、需求概述、应用场景描述".into();
    content.chars_max = Some(2000);
    content.value = "拟利用道路运输经营许可数据开展货运企业资质核验服务。".into();
    let mut audit = field("audit", "最近1年的第三方审计报告和财务会计报告", FieldKind::File);
    audit.files = vec![Link::new("审计报告（2025年度）.pdf", "/files/1")];
    audit.accept = ".pdf,.docx".into();
    audit.value = "1 审计报告（2025年度）.pdf".into();
    audit.may_drop = true;
    audit.clause = Some(Clause::new("二", "申请材料", "/admin/packs/sample#c2"));
    let mut fields = field("fields", "拟申请数据项", FieldKind::Table);
    fields.columns = vec![
        TableColumn { label: "数据名称".into(), numeric: false },
        TableColumn { label: "用途".into(), numeric: false },
    ];
    fields.rows =
        vec![vec!["道路运输经营许可".into(), "资质核验".into()], vec![String::new(), String::new()]];
    let mut company = field("company", "授权运营单位", FieldKind::Text);
    company.value = "示例数据运营有限公司".into();
    company.locked = error.is_some();
    company.link = Some(Link::new("运行单", "/runs"));
    vec![
        FormSection {
            heading: "申请单位".into(),
            hint: String::new(),
            fields: vec![company, phone, field("until", "计划完成日期", FieldKind::Date)],
        },
        FormSection {
            heading: "申请内容和实施方案".into(),
            hint: "详细的实施方案请通过附件上传。".into(),
            fields: vec![content, field("cost", "预计成本（元）", FieldKind::Number), pricing, usage, fields],
        },
        FormSection { heading: "申请材料".into(), hint: String::new(), fields: vec![audit] },
    ]
}

/// What a person can start (`case_start.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CaseStart {
    pub procedures: Vec<Procedure>,
}

/// A procedure the person's role may start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Procedure {
    pub name: String,
    pub stage: String,
    pub summary: String,
    pub href: String,
    pub form: String,
    pub basis: Vec<Clause>,
    /// Set when it cannot be started now: why.
    pub blocked: Option<Refusal>,
}

impl Page for CaseStart {
    const TEMPLATE: &'static str = "case_start.html";

    fn samples() -> Vec<Self> {
        let procedure = Procedure {
            name: "公共数据需求申请".into(),
            stage: "申请提交".into(),
            summary: "申请一项或多项公共数据，由数据提供单位在3个工作日内反馈意见。".into(),
            href: "/cases/new/request".into(),
            form: "公共数据需求申请表".into(),
            basis: vec![Clause::new(
                "三（一）2",
                "数据提供单位三个工作日内反馈意见",
                "/admin/packs/sample#c3",
            )],
            blocked: None,
        };
        let mut blocked = procedure.clone();
        blocked.name = "数据产品和服务备案".into();
        blocked.form = "数据产品和服务备案表".into();
        blocked.blocked = Some(Refusal {
            code: "case.no_authorisation".into(),
            message: "授权运营协议尚未签订，不能提交产品备案。".into(),
            remedy: "协议签订并通过培训考核后再提交。".into(),
            clauses: vec![Clause::new("六", "协议签订", "/admin/packs/sample#c6")],
        });
        vec![Self { procedures: vec![procedure, blocked] }, Self::default()]
    }
}

/// A form shown as on paper: a bordered table with label and value cells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PaperForm {
    pub title: String,
    /// For example 附件4.
    pub annex: String,
    pub sections: Vec<PaperSection>,
}

/// Rows under one band, for example 以下内容由申请单位填写.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PaperSection {
    pub heading: String,
    pub rows: Vec<Vec<PaperCell>>,
}

/// A label and its value; `wide` takes the whole row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PaperCell {
    pub label: String,
    pub value: String,
    pub wide: bool,
    pub table: Option<PaperTable>,
    /// The things the value names, with their pages; they stand in the value's place.
    pub links: Vec<Link>,
}

/// Rows inside a cell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PaperTable {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl PaperSection {
    /// Lays cells out two a row, wide ones alone, in the order given.
    #[must_use]
    pub fn lay_out(heading: &str, cells: Vec<PaperCell>) -> Self {
        let mut rows: Vec<Vec<PaperCell>> = Vec::new();
        let mut open: Option<PaperCell> = None;
        for mut cell in cells {
            cell.wide |= cell.table.is_some();
            match (open.take(), cell.wide) {
                (Some(first), false) => rows.push(vec![first, cell]),
                (None, false) => open = Some(cell),
                (first, true) => {
                    rows.extend(first.map(|first| vec![first]));
                    rows.push(vec![cell]);
                }
            }
        }
        rows.extend(open.map(|last| vec![last]));
        // A short cell left alone takes the row, as on paper.
        for row in &mut rows {
            if let [only] = row.as_mut_slice() {
                only.wide = true;
            }
        }
        Self { heading: heading.to_owned(), rows }
    }
}

impl PaperCell {
    #[must_use]
    pub fn short(label: &str, value: &str) -> Self {
        Self { label: label.to_owned(), value: value.to_owned(), ..Self::default() }
    }

    #[must_use]
    pub fn long(label: &str, value: &str) -> Self {
        Self { label: label.to_owned(), value: value.to_owned(), wide: true, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_laid_out_as_on_paper() {
        let section = PaperSection::lay_out(
            "",
            vec![
                PaperCell::short("a", ""),
                PaperCell::short("b", ""),
                PaperCell::short("c", ""),
                PaperCell::long("d", ""),
                PaperCell::short("e", ""),
            ],
        );
        let shape: Vec<String> =
            section.rows.iter().map(|row| row.iter().map(|cell| cell.label.as_str()).collect()).collect();
        assert_eq!(shape, ["ab", "c", "d", "e"]);
        assert!(section.rows[1][0].wide && !section.rows[0][0].wide);
    }
}
