//! The case page: head, form, opinions, attachments, timeline, and what can be done next.

use serde::Serialize;

use super::form::{Field, PaperCell, PaperForm, PaperSection, PaperTable};
use super::parts::{Choice, Clause, Fact, Light, Link, Refusal, Table};
use super::runs::DisclosureReport;
use crate::html::render::Page;

/// One day of a deadline's count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CountedDay {
    pub date: String,
    pub counted: bool,
    /// Why it counts or not: 工作日, 周末, 法定节假日, 调休上班, 不计入起始日.
    pub reason: String,
}

/// A running or ended deadline.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Clock {
    pub name: String,
    /// Who must act.
    pub holder: String,
    /// As the pack writes it, for example 3个工作日.
    pub length: String,
    pub started: String,
    pub due: String,
    /// Working days left; negative when overdue; absent once the clock has ended.
    pub days_left: Option<i64>,
    pub light: Light,
    /// True when the calendar is not known that far yet.
    pub provisional: bool,
    pub on_expiry: String,
    pub clause: Clause,
    pub days: Vec<CountedDay>,
}

/// What a unit said, as its box on the form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Opinion {
    /// The box's title, for example 公共数据提供单位意见.
    pub title: String,
    pub unit: String,
    /// For example 同意; empty while pending.
    pub verdict: String,
    pub text: String,
    pub name: String,
    pub date: String,
    /// True once the unit has sealed it.
    pub sealed: bool,
    pub clause: Option<Clause>,
}

/// A file of the case, or a required one that is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Attachment {
    /// What the rule calls it.
    pub name: String,
    /// Absent while it is missing.
    pub file: Option<AttachmentFile>,
    pub required: bool,
}

/// A file that was handed in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AttachmentFile {
    pub name: String,
    pub href: String,
    pub size: String,
    pub digest: String,
    pub by: String,
    pub at: String,
}

/// A paper that was issued.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Paper {
    pub name: String,
    /// 发文字号; empty where it has none.
    pub number: String,
    pub href: String,
    pub on: String,
    pub issuer: String,
    pub size: String,
    pub pages: String,
    /// What ought to stand on it and is blank.
    pub blanks: Vec<String>,
}

/// The papers of a case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Papers {
    /// Newest first.
    pub issued: Vec<Paper>,
    /// What can be printed of the case as it stands.
    pub prints: Vec<Link>,
}

/// A thing the case decides about, shown so that nobody decides on a number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Subject {
    pub heading: String,
    /// The thing's own page.
    pub link: Option<Link>,
    /// Things it is made from.
    pub related: Vec<Link>,
    /// What does not fit what the case says.
    pub warning: String,
    pub facts: Vec<Fact>,
    /// The text of a model.
    pub code: String,
    pub tables: Vec<Table>,
    pub report: Option<DisclosureReport>,
}

/// Something that happened, newest last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TimelineEvent {
    pub at: String,
    /// Empty for what the system did by itself.
    pub actor: String,
    pub unit: String,
    pub text: String,
    pub note: String,
    pub clauses: Vec<Clause>,
    /// Where this record can be verified.
    pub proof_href: Option<String>,
}

/// Where the case stands among the steps of its procedure.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct StepMark {
    pub name: String,
    pub done: bool,
    pub current: bool,
}

/// A command this person may give now, or may not and why. Posts (multipart) `command`, `version`, `request_key`, and
/// where asked `choice`, `opinion`, `defects` (one a line), the files `attachment.<name>`, the fields `field.<id>`
/// and `sure`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Action {
    pub command: String,
    pub label: String,
    pub clauses: Vec<Clause>,
    /// At most one a page.
    pub primary: bool,
    /// Not easily undone: asks once more.
    pub grave: bool,
    pub needs_opinion: bool,
    /// What must be put right, when a case is sent back.
    pub needs_defects: bool,
    /// What a return asks to be put right, field by field, beside the button that answers it.
    pub asked: Vec<Fact>,
    /// Names of the files that come with it.
    pub attachments: Vec<String>,
    /// A vote or a decision: one of these.
    pub choices: Vec<Choice>,
    /// Facts to state.
    pub fields: Vec<Field>,
    /// Where the form is filled that this command needs; then the action is a link.
    pub form_href: Option<String>,
    /// Why it cannot be done now; then nothing can be sent.
    pub refused: Option<Refusal>,
}

/// The case page (`case.html`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CasePage {
    pub number: String,
    pub name: String,
    pub procedure: String,
    pub state: String,
    pub light: Light,
    pub applicant: String,
    pub holder: String,
    pub opened: String,
    /// Name and version of the pack the case was opened under.
    pub pack: String,
    pub basis: Vec<Clause>,
    pub steps: Vec<StepMark>,
    pub clocks: Vec<Clock>,
    pub subjects: Vec<Subject>,
    pub form: PaperForm,
    pub opinions: Vec<Opinion>,
    pub attachments: Vec<Attachment>,
    pub papers: Papers,
    pub timeline: Vec<TimelineEvent>,
    pub actions: Vec<Action>,
    /// Why the last command was refused.
    pub refusal: Option<Refusal>,
    /// What the person had written when it was refused.
    pub draft_opinion: String,
    pub version: i64,
    pub request_key: String,
    pub action_href: String,
    pub previous_href: Option<String>,
    pub next_href: Option<String>,
}

impl Page for CasePage {
    const TEMPLATE: &'static str = "case.html";

    fn samples() -> Vec<Self> {
        let mut refused = sample();
        refused.refusal = Some(Refusal {
            code: "case.separation".into(),
            message: "经办人不得审核本人提交的事项。".into(),
            remedy: "请由同科室其他经办人办理，或转科室负责人指定。".into(),
            clauses: vec![Clause::new("三（二）", "集体审议", "/admin/packs/sample#c3")],
        });
        refused.draft_opinion = "同意。".into();
        let mut closed = sample();
        closed.state = "已办结".into();
        closed.light = Light::Done;
        closed.actions = Vec::new();
        closed.clocks = Vec::new();
        vec![sample(), refused, closed]
    }
}

fn sample() -> CasePage {
    let clause = Clause::new(
        "三（一）2",
        "数据提供单位应当自收到申请之日起三个工作日内反馈意见",
        "/admin/packs/sample#c3",
    );
    CasePage {
        number: "数需〔2026〕17号".into(),
        name: "道路运输经营许可数据需求申请".into(),
        procedure: "公共数据需求评审".into(),
        state: "提供单位评审".into(),
        light: Light::DueSoon,
        applicant: "示例数据运营有限公司".into(),
        holder: "示例县交通运输主管部门".into(),
        opened: "2026-09-23".into(),
        pack: "示例县 公共数据授权运营 2026-01（施行）".into(),
        basis: vec![clause.clone()],
        steps: sample_steps(),
        clocks: vec![sample_clock(clause.clone())],
        subjects: sample_subjects(),
        form: sample_form(),
        opinions: sample_opinions(clause.clone()),
        attachments: sample_attachments(),
        papers: sample_papers(),
        timeline: sample_timeline(clause.clone()),
        actions: sample_actions(clause),
        version: 7,
        request_key: "k7".into(),
        action_href: "/cases/17/commands".into(),
        previous_href: Some("/cases/16".into()),
        next_href: Some("/cases/18".into()),
        ..CasePage::default()
    }
}

fn sample_papers() -> Papers {
    let paper = |name: &str, blanks: &[&str]| Paper {
        name: name.into(),
        number: "例数据〔2026〕1号".into(),
        href: "/cases/17/papers/1".into(),
        on: "2026-09-24".into(),
        issuer: "示例县大数据主管部门".into(),
        size: "38 KB".into(),
        pages: "1".into(),
        blanks: blanks.iter().map(|name| (*name).to_owned()).collect(),
    };
    Papers {
        issued: vec![paper("补正通知书", &["补正期限"]), paper("受理回执", &[])],
        prints: vec![Link::new("公共数据需求申请表", "/cases/17/forms/3/pdf")],
    }
}

fn sample_steps() -> Vec<StepMark> {
    [
        ("申请提交", true, false),
        ("形式审查", true, false),
        ("提供单位评审", false, true),
        ("结论告知", false, false),
    ]
    .map(|(name, done, current)| StepMark { name: name.into(), done, current })
    .to_vec()
}

fn sample_clock(clause: Clause) -> Clock {
    let day = |date: &str, counted: bool, reason: &str| CountedDay {
        date: date.into(),
        counted,
        reason: reason.into(),
    };
    Clock {
        name: "提供单位反馈意见".into(),
        holder: "示例县交通运输主管部门".into(),
        length: "3个工作日".into(),
        started: "2026-09-23".into(),
        due: "2026-09-29".into(),
        days_left: Some(1),
        light: Light::DueSoon,
        provisional: false,
        on_expiry: "提醒并升级至协调机制办公室，不视为同意".into(),
        clause,
        days: vec![
            day("2026-09-23 周三", false, "起始日不计入"),
            day("2026-09-24 周四", true, "工作日"),
            day("2026-09-25 周五", false, "法定节假日（中秋节）"),
            day("2026-09-26 周六", false, "休息日"),
            day("2026-09-27 周日", false, "休息日"),
            day("2026-09-28 周一", true, "工作日"),
            day("2026-09-29 周二", true, "工作日，期限届满"),
        ],
    }
}

fn sample_subjects() -> Vec<Subject> {
    vec![
        Subject {
            heading: "送审的模型".into(),
            link: Some(Link::new("承运人延误统计 v2", "/models/1")),
            related: vec![Link::new("航班运行记录", "/catalog/1")],
            facts: vec![Fact::new("不可逆说明", "只输出每月合计，人数少的格子不输出。")],
            code: "SELECT carrier, count(*) AS flights FROM flights GROUP BY carrier".into(),
            tables: vec![Table::new("参数", &["参数名", "允许的取值"], &[], &[&["$month", "整数 1 – 12"]])],
            ..Subject::default()
        },
        Subject {
            heading: "拟出域的结果".into(),
            link: Some(Link::new("对照历次出域结果逐行查看", "/airlock/1")),
            warning: "办件填报不涉及个人信息等，但所申请的下列数据项属于个人信息：姓名。".into(),
            report: Some(DisclosureReport::sample(true)),
            ..Subject::default()
        },
    ]
}

fn sample_form() -> PaperForm {
    let items = PaperTable {
        columns: ["数据项", "类型", "级别", "用途"].map(Into::into).to_vec(),
        rows: vec![
            ["业户名称", "文本", "一般（2级）", "核验"].map(Into::into).to_vec(),
            ["经营许可证号", "文本", "一般（2级）", "核验"].map(Into::into).to_vec(),
        ],
    };
    let mut table = PaperCell::long("申请数据项", "");
    table.table = Some(items);
    PaperForm {
        title: "公共数据需求申请表".into(),
        annex: "附件4".into(),
        sections: vec![PaperSection::lay_out(
            "以下内容由申请单位填写",
            vec![
                PaperCell::long("数据名称", "道路运输经营许可信息"),
                PaperCell::long("申请单位", "示例数据运营有限公司"),
                PaperCell::short("法定代表人/联系人", "俞拟舟"),
                PaperCell::short("联系电话", "0000-1234567"),
                PaperCell::short("安全责任人", "何设竹"),
                PaperCell::short("联系电话", "0000-1234568"),
                PaperCell::long("应用场景", "货运企业资质核验：货主下单前核验承运企业经营许可是否有效。"),
                table,
                PaperCell::long(
                    "申请单位申请理由",
                    "现有核验依赖人工查询，平均耗时2天。接入后由平台在授权运营域内核验，只返回“有效／无效”，原始数据不出域。",
                ),
            ],
        )],
    }
}

fn sample_opinions(clause: Clause) -> Vec<Opinion> {
    vec![
        Opinion {
            title: "公共数据主管部门意见".into(),
            unit: "示例县公共数据主管部门".into(),
            verdict: "同意受理".into(),
            text: "材料齐全，符合形式要求，转数据提供单位评审。".into(),
            name: "沈例宁".into(),
            date: "2026年9月23日".into(),
            sealed: true,
            clause: None,
        },
        Opinion {
            title: "公共数据提供单位意见".into(),
            unit: "示例县交通运输主管部门".into(),
            clause: Some(clause),
            ..Opinion::default()
        },
    ]
}

fn sample_attachments() -> Vec<Attachment> {
    let file = |name: &str| AttachmentFile {
        name: name.into(),
        href: "/files/1".into(),
        size: "312 KB".into(),
        digest: "9f2c…41ab".into(),
        by: "俞拟舟".into(),
        at: "2026-09-23 09:12".into(),
    };
    vec![
        Attachment {
            name: "应用场景说明".into(),
            file: Some(file("货运企业资质核验场景说明.pdf")),
            required: true,
        },
        Attachment {
            name: "数据安全承诺书".into(),
            file: Some(file("数据安全承诺书（盖章）.pdf")),
            required: true,
        },
        Attachment { name: "安全风险自评报告".into(), file: None, required: true },
    ]
}

fn sample_timeline(clause: Clause) -> Vec<TimelineEvent> {
    let event = |at: &str, actor: &str, unit: &str, text: &str| TimelineEvent {
        at: at.into(),
        actor: actor.into(),
        unit: unit.into(),
        text: text.into(),
        ..TimelineEvent::default()
    };
    let mut received =
        event("2026-09-23 10:05", "沈例宁", "示例县公共数据主管部门", "受理并转数据提供单位评审");
    received.note = "请贵单位重点核对许可证状态字段的更新频率。".into();
    received.proof_href = Some("/ledger?record=1042".into());
    let mut clock = event("2026-09-23 10:05", "", "", "开始计时：3个工作日，至2026年9月29日");
    clock.clauses = vec![clause];
    vec![
        event("2026-09-23 09:20", "俞拟舟", "示例数据运营有限公司", "提交公共数据需求申请表"),
        received,
        clock,
        event("2026-09-28 09:00", "", "", "提醒：距期限届满还有1个工作日"),
    ]
}

fn sample_actions(clause: Clause) -> Vec<Action> {
    let action = |command: &str, label: &str| Action {
        command: command.into(),
        label: label.into(),
        clauses: vec![clause.clone()],
        needs_opinion: true,
        ..Action::default()
    };
    let mut give = action("give_opinion", "提交评审意见");
    give.primary = true;
    give.choices = vec![
        Choice::new("agree", "同意", true),
        Choice::new("partly", "部分同意", false),
        Choice::new("refuse", "不同意", false),
    ];
    let mut back = action("return", "退回补正");
    back.needs_defects = true;
    back.attachments = vec!["一次性告知书".into()];
    let mut end = action("terminate", "终止办理");
    end.grave = true;
    let mut form = action("supplement", "填写补充意见表");
    form.asked = vec![Fact::new("联系电话", "缺少区号")];
    form.form_href = Some("/cases/17/form".into());
    let mut meet = action("dispute", "报请协调机制审议");
    meet.refused = Some(Refusal {
        code: "case.condition_not_met".into(),
        message: "数据提供单位尚未提出不同意见。".into(),
        remedy: "待数据提供单位反馈意见后办理。".into(),
        clauses: Vec::new(),
    });
    vec![give, back, form, meet, end]
}
