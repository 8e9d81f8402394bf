//! The catalog of public data resources.

use serde::Serialize;

use super::change::{PastRow, sample_line};
use super::form::{Field, FieldKind, FormError, FormSection};
use super::parts::{Choice, Fact, GrantData, Light, Link, Refusal, Table};
use crate::html::render::Page;

/// A resource in the list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CatalogRow {
    pub name: String,
    pub code: String,
    pub href: String,
    pub provider: String,
    pub rows: String,
    pub grade: String,
    /// 待确认 or 已确认: unclassified means unusable.
    pub state: String,
    pub light: Light,
    pub updated: String,
}

/// The catalog (`catalog.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Catalog {
    pub rows: Vec<CatalogRow>,
    pub providers: Vec<Choice>,
    pub search: String,
    pub filtered: bool,
    pub register_href: Option<String>,
    /// The list of twins, for providers and those who oversee.
    pub twins_href: Option<String>,
    pub more_href: Option<String>,
}

impl Page for Catalog {
    const TEMPLATE: &'static str = "catalog.html";

    fn samples() -> Vec<Self> {
        let row = |name: &str, code: &str, rows: &str, grade: &str, state: &str, light: Light| CatalogRow {
            name: name.into(),
            code: code.into(),
            href: "/catalog/1".into(),
            provider: "示例县交通运输主管部门".into(),
            rows: rows.into(),
            grade: grade.into(),
            state: state.into(),
            light,
            updated: "2026-09-20".into(),
        };
        vec![
            Self {
                rows: vec![
                    row("企业登记信息", "enterprise", "10,000", "一般（2级）", "已确认", Light::Normal),
                    row("人口基本信息", "person", "100,000", "重要（3级）", "已确认", Light::Normal),
                    row("航班运行记录", "flights", "336,776", "一般（1级）", "待确认 3 列", Light::DueSoon),
                ],
                providers: vec![Choice::new("", "全部单位", true)],
                register_href: Some("/catalog/register".into()),
                twins_href: Some("/catalog/twins".into()),
                ..Self::default()
            },
            Self::default(),
            Self { search: "地铁".into(), filtered: true, ..Self::default() },
        ]
    }
}

/// A column with its proposed or confirmed classification.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ResourceColumn {
    pub name: String,
    pub label: String,
    pub data_type: String,
    /// What the detector thinks it is, with its confidence, for example 身份证号 99.8%.
    pub proposal: String,
    /// Why: pattern and check digit, dictionary, shape.
    pub reason: String,
    pub kinds: Vec<Choice>,
    pub grades: Vec<Choice>,
    /// Places in the lattice.
    pub labels: Vec<Choice>,
    /// How twins hide it.
    pub masks: Vec<Choice>,
    /// The mask that is confirmed, with its strength.
    pub mask: String,
    pub confirmed_by: String,
    pub missing: String,
    pub distinct: String,
}

/// An imported state of a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    pub version: String,
    pub at: String,
    pub rows: String,
    pub digest: String,
    pub by: String,
}

/// A report on a twin of a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ReportRow {
    pub href: String,
    pub made: String,
    pub form: String,
    pub state: String,
    pub light: Light,
}

/// An authorisation that was granted a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct GrantUse {
    pub title: String,
    pub unit: String,
    pub state: String,
    pub light: Light,
    pub data: GrantData,
}

/// A resource (`resource.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ResourcePage {
    pub name: String,
    pub code: String,
    pub state: String,
    pub light: Light,
    pub facts: Vec<Fact>,
    pub columns: Vec<ResourceColumn>,
    pub snapshots: Vec<Snapshot>,
    /// Products and grants built on it.
    pub used_by: Vec<Link>,
    /// Authorisations that were granted it, for the provider, the operator and those who oversee.
    pub grants: Vec<GrantUse>,
    /// Where a renewal comes back to.
    pub back: String,
    /// What dev zones may get to see, to choose from; posts `twin`. Empty when this role may not choose.
    pub forms: Vec<Choice>,
    /// Where its values and rows are declared; absent for who may not.
    pub declaration_href: Option<String>,
    pub form_href: String,
    /// Reports on its twins, for the provider and for those who oversee.
    pub reports: Vec<ReportRow>,
    /// Absent when this role may not confirm. Posts `kind.<column>`, `grade.<column>`, `label.<column>`, `mask.<column>`
    /// and `note`.
    pub confirm_href: Option<String>,
    /// Where what is confirmed is changed.
    pub change_href: Option<String>,
    /// What was decided before, newest first, for the provider and those who oversee.
    pub decisions: Vec<PastRow>,
    pub upload_href: Option<String>,
    /// Where classified social data are brought into their authorisation.
    pub admit_href: Option<String>,
    /// Only while there are no data: where the registration is changed, and where it is taken back.
    pub edit_href: Option<String>,
    pub withdraw_href: Option<String>,
    /// Only where rows may be used by consent.
    pub consents: Option<Consents>,
    pub request_key: String,
    pub version: i64,
    pub refusal: Option<Refusal>,
}

/// Consents to the use of a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Consents {
    /// What was delivered, newest first.
    pub deliveries: Table,
    /// Where a file is sent; absent for everybody but the provider. Posts `mode` and `file`.
    pub load_href: Option<String>,
    /// The header line of such a file.
    pub header: String,
}

fn sample_consents() -> Consents {
    Consents {
        deliveries: Table::new(
            "同意",
            &["收到", "场景", "同意", "撤回"],
            &["同意", "撤回"],
            &[&["2026-11-02 09:30", "贷前核验", "1,204", "17"]],
        ),
        load_href: Some("/catalog/1/consents".into()),
        header: "id_number,scenario,state,since".into(),
    }
}

fn sample_column(name: &str, label: &str, data_type: &str, proposal: &str, reason: &str) -> ResourceColumn {
    ResourceColumn {
        name: name.into(),
        label: label.into(),
        data_type: data_type.into(),
        proposal: proposal.into(),
        reason: reason.into(),
        kinds: vec![Choice::new("id_card", "身份证号", true), Choice::new("none", "非敏感", false)],
        grades: vec![Choice::new("2", "2级", false), Choice::new("3", "3级", true)],
        labels: vec![Choice::new("identifier", "标识符", true)],
        masks: vec![Choice::new("format", "保格式替换", true)],
        mask: String::new(),
        confirmed_by: String::new(),
        missing: "0.0%".into(),
        distinct: "100,000".into(),
    }
}

impl Page for ResourcePage {
    const TEMPLATE: &'static str = "resource.html";

    #[expect(clippy::too_many_lines, reason = "every part of the page has a sample")]
    fn samples() -> Vec<Self> {
        let mut done = sample_column("name", "姓名", "文本", "姓名 97.1%", "姓氏词典和字形");
        done.confirmed_by = "何设竹 2026-09-21".into();
        done.mask = "保格式替换".into();
        let page = Self {
            name: "人口基本信息".into(),
            code: "person".into(),
            state: "待确认 1 列".into(),
            light: Light::DueSoon,
            facts: vec![
                Fact::new("数据提供单位", "示例县民政主管部门"),
                Fact::new("来源", "CSV 文件（GB18030）"),
                Fact::new("行数", "100,000"),
                Fact::new("更新频率", "每月"),
            ],
            columns: vec![
                sample_column("id_no", "公民身份号码", "文本", "身份证号 99.8%", "18位格式，校验码正确"),
                done,
            ],
            snapshots: vec![Snapshot {
                version: "2".into(),
                at: "2026-09-20 08:00".into(),
                rows: "100,000".into(),
                digest: "b1946ac9…".into(),
                by: "何设竹".into(),
            }],
            used_by: vec![Link::new("货运企业资质核验", "/products/1")],
            grants: vec![GrantUse {
                title: "交通领域授权运营".into(),
                unit: "示例数据运营有限公司".into(),
                state: "已到位".into(),
                light: Light::Normal,
                data: GrantData {
                    version: "第1版 · 2026-09-12 08:00".into(),
                    newer: Some("已交付第2版".into()),
                    renewal: "更新失败，继续使用原数据".into(),
                    light: Light::Overdue,
                    refresh_href: Some("/grants/1/refresh".into()),
                    request_key: "k8".into(),
                },
            }],
            back: "/catalog/1".into(),
            forms: vec![Choice::new("synthetic", "合成数据", true), Choice::new("sample", "脱敏抽样", false)],
            declaration_href: Some("/catalog/1/declaration".into()),
            form_href: "/catalog/1/twin".into(),
            reports: vec![ReportRow {
                href: "/grants/1/twin".into(),
                made: "2026-11-02 09:00".into(),
                form: "合成数据".into(),
                state: "可以使用".into(),
                light: Light::Normal,
            }],
            confirm_href: Some("/catalog/1/classification".into()),
            change_href: Some("/catalog/1/change".into()),
            decisions: vec![
                PastRow {
                    at: "2026-11-03 10:00".into(),
                    by: "何设竹".into(),
                    summary: "改变 1 个数据项".into(),
                    lines: vec![sample_line()],
                    record: Link::new("214", "/ledger?record=214"),
                    undo_href: Some("/catalog/1/change?undo=214".into()),
                },
                PastRow {
                    by: "何设竹".into(),
                    summary: "village".into(),
                    record: Link::new("198", "/ledger?record=198"),
                    at: "2026-11-02 09:00".into(),
                    ..PastRow::default()
                },
            ],
            upload_href: Some("/catalog/1/upload".into()),
            edit_href: None,
            withdraw_href: None,
            admit_href: None,
            consents: Some(sample_consents()),
            request_key: "k9".into(),
            version: 3,
            refusal: None,
        };
        let mut plain = page.clone();
        plain.confirm_href = None;
        plain.refusal = Some(Refusal {
            code: "catalog.mask_too_weak".into(),
            message: "脱敏方式不足以保护该级别的数据".into(),
            remedy: "请选择更强的脱敏方式。".into(),
            clauses: Vec::new(),
        });
        plain.snapshots = Vec::new();
        plain.edit_href = Some("/catalog/1/edit".into());
        plain.withdraw_href = Some("/catalog/1/withdraw".into());
        plain.used_by = Vec::new();
        plain.grants = Vec::new();
        plain.forms = Vec::new();
        plain.declaration_href = None;
        plain.reports = Vec::new();
        plain.change_href = None;
        plain.decisions = Vec::new();
        vec![page, plain]
    }
}

/// Registering a resource or uploading a new state of it (`resource_register.html`). Multipart; the file field is
/// `file`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ResourceRegister {
    pub action_href: String,
    pub back_href: String,
    pub sections: Vec<FormSection>,
    pub errors: Vec<FormError>,
    /// Rows that could not be read: line, column, what is wrong, what to do. Values are not shown.
    pub row_errors: Table,
    /// For example 共 1,024 行，其中 3 行有误，未导入任何数据.
    pub outcome: String,
    pub size_max: String,
    /// That the resource is registered and waits for its data only.
    pub note: String,
    /// Where to go on then.
    pub links: Vec<Link>,
    /// The registration is changed; no data come with it.
    pub is_edit: bool,
    /// A table of a PostgreSQL to read instead of a file.
    pub table: Vec<Field>,
    pub request_key: String,
}

impl Page for ResourceRegister {
    const TEMPLATE: &'static str = "resource_register.html";

    fn samples() -> Vec<Self> {
        let field = |id: &str, label: &str, kind: FieldKind| Field {
            id: id.into(),
            label: label.into(),
            kind,
            required: true,
            ..Field::default()
        };
        let mut encoding = field("encoding", "文件编码", FieldKind::Choice);
        encoding.choices = vec![
            Choice::new("auto", "自动识别", true),
            Choice::new("utf-8", "UTF-8", false),
            Choice::new("gb18030", "GB18030", false),
        ];
        let empty = Self {
            action_href: "/catalog/register".into(),
            back_href: "/catalog".into(),
            sections: vec![FormSection {
                heading: "资源信息".into(),
                hint: String::new(),
                fields: vec![
                    field("name", "资源名称", FieldKind::Text),
                    encoding,
                    field("entity", "实体标识列", FieldKind::Text),
                ],
            }],
            size_max: "512 MB".into(),
            request_key: "k3".into(),
            ..Self::default()
        };
        let mut wrong = empty.clone();
        wrong.outcome = "共 1,024 行，其中 2 行有误，未导入任何数据。".into();
        wrong.errors =
            vec![FormError { field: "file".into(), message: "文件有 2 行不能读取".into() }];
        wrong.row_errors = Table::new(
            "有误的行",
            &["行", "列", "问题", "处理办法"],
            &["行"],
            &[
                &["17", "联系电话", "引号未闭合", "补上右引号后重新上传"],
                &["903", "（整行）", "列数为 8，应为 9", "检查是否缺少逗号"],
            ],
        );
        vec![empty, wrong]
    }
}
