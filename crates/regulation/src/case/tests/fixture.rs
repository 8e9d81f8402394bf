//! A synthetic pack that uses every kind of rule, and people to act in it.

use std::collections::BTreeMap;

use base::{Date, Digest, Id, Timestamp};

use crate::calendar::Calendar;
use crate::calendar::tests::{civil_code, national};
use crate::case::scenario::{sample_attachment, sample_form};
use crate::case::*;
use crate::pack::model::*;

pub(super) const BUREAU: &str = "bureau";
pub(super) const APPLICANT: &str = "applicant";
pub(super) const PANEL: &str = "panel";
pub(super) const COORDINATION: &str = "coordination";

pub(super) fn date(text: &str) -> Date {
    text.parse().unwrap()
}

pub(super) fn at(day: &str) -> Timestamp {
    date(day).start_at(28_800).plus_seconds(10 * 3_600)
}

pub(super) fn clause(id: &str) -> Vec<ClauseId> {
    vec![id.to_owned()]
}

pub(super) fn actor(name: &str, unit: &str) -> Actor {
    let mut random = [0; 10];
    for (byte, from) in random.iter_mut().zip(Digest::of(name.as_bytes()).0) {
        *byte = from;
    }
    Actor {
        person: Id::new(Timestamp::from_micros(0), random),
        unit: unit.to_owned(),
        unit_name: unit.to_owned(),
        person_name: name.to_owned(),
    }
}

fn role(key: &str, units: &[&str], binding: Binding) -> (RoleKey, Role) {
    let units = units.iter().map(|unit| (*unit).to_owned()).collect();
    (
        key.to_owned(),
        Role { key: key.to_owned(), en: key.to_owned(), units, binding, clauses: clause("角色") },
    )
}

pub(super) fn action(command: CommandKind, then: Vec<Branch>) -> Action {
    Action {
        command,
        label: None,
        label_en: None,
        needs_opinion: false,
        form: None,
        attachments: Vec::new(),
        facts: Vec::new(),
        requires: Vec::new(),
        then,
        effects: Vec::new(),
        people: PeopleRule::default(),
        clauses: Vec::new(),
    }
}

pub(super) fn to(step: &str) -> Vec<Branch> {
    vec![Branch { when: None, to: Target::Step(step.to_owned()) }]
}

pub(super) fn end(outcome: &str, granted: bool) -> Vec<Branch> {
    vec![Branch {
        when: None,
        to: Target::End { outcome: outcome.to_owned(), en: String::new(), granted, opens: None },
    }]
}

fn clock(length: u32, unit: PeriodUnit, on_expiry: OnExpiry, id: &str) -> ClockRule {
    ClockRule {
        anchor: Anchor::Received,
        period: Period { length, unit },
        measure: Measure::Forward,
        rolls: None,
        nature: ClockNature::Statutory,
        stops_on: vec![StopGround::AwaitingCorrection],
        on_expiry,
        expiry_to: match on_expiry {
            OnExpiry::Advance => Some("签订".to_owned()),
            OnExpiry::MoveToCoordination => Some("协调".to_owned()),
            _ => None,
        },
        ladder: Vec::new(),
        clauses: clause(id),
    }
}

fn step(id: &str, role: &str, actions: Vec<Action>, clock: Option<ClockRule>) -> Step {
    Step {
        id: id.to_owned(),
        en: id.to_owned(),
        role: role.to_owned(),
        joint: Vec::new(),
        each_unit: false,
        actions,
        clock,
        correction: None,
        opinion_box: None,
        vote: None,
        clauses: clause(id),
    }
}

pub(super) fn field(key: &str, kind: FieldKind, required: bool) -> Field {
    Field {
        key: key.to_owned(),
        label: key.to_owned(),
        en: key.to_owned(),
        kind,
        required,
        hint: None,
        personal: false,
        fact: None,
        clauses: Vec::new(),
    }
}

pub(super) fn form(id: &str, fields: Vec<Field>) -> Form {
    Form {
        id: id.to_owned(),
        title: id.to_owned(),
        en: id.to_owned(),
        sections: vec![Section { title: String::new(), fields }],
        opinion_boxes: Vec::new(),
        notes: Vec::new(),
        clauses: clause(id),
    }
}

pub(super) fn fact(key: &str, kind: FactKind, required: bool) -> FactRule {
    FactRule { key: key.to_owned(), en: key.to_owned(), kind, required }
}

pub(super) fn separation(first: Who, second: Who, by_unit: bool) -> Separation {
    Separation { first, second, by_unit, clauses: clause("回避") }
}

fn steps() -> Vec<Step> {
    use CommandKind as K;
    let rung = |days_left, tell: &str| Rung { days_left, before: None, tell: tell.to_owned() };
    let mut accept = step(
        "受理",
        "主管部门",
        vec![
            action(K::Accept, to("评审")),
            action(K::ReturnForCorrection, Vec::new()),
            action(K::Refuse, end("不予受理", false)),
            action(K::Withdraw, Vec::new()),
        ],
        Some(clock(5, PeriodUnit::WorkingDay, OnExpiry::RemindAndEscalate, "受理期限")),
    );
    accept.clock.as_mut().unwrap().ladder =
        vec![rung(-5, "协调小组"), rung(0, "主管部门"), rung(1, "主管部门")];
    accept.actions[2].needs_opinion = true;
    let mut review = step(
        "评审",
        "提供单位",
        vec![
            action(K::Approve, to("表决")),
            action(K::ApprovePartly, to("表决")),
            action(K::Refuse, to("协调")),
            action(K::ReturnForCorrection, Vec::new()),
        ],
        Some(clock(3, PeriodUnit::WorkingDay, OnExpiry::RemindAndEscalate, "评审期限")),
    );
    review.each_unit = true;
    review.opinion_box = Some("提供单位意见".to_owned());
    let mut steps = vec![accept, review];
    steps.extend(later_steps());
    steps
}

fn later_steps() -> Vec<Step> {
    use CommandKind as K;
    let mut vote = step(
        "表决",
        "专家组",
        vec![action(K::Approve, to("公示")), action(K::Refuse, end("不通过", false))],
        None,
    );
    vote.vote = Some(VoteRule { quorum: 3, approvals: 2, sealed: true });
    let mut resolve = action(K::Resolve, to("公示"));
    resolve.needs_opinion = true;
    resolve.facts = vec![fact("会议召开", FactKind::Flag, true)];
    resolve.requires = vec![Condition {
        test: Test::Is("会议召开".to_owned(), FactValue::Flag(true)),
        remedy: Some("先召开会议".to_owned()),
        clauses: clause("协调条件"),
    }];
    let coordinate = step("协调", "协调小组", vec![resolve, action(K::Refuse, end("不通过", false))], None);
    let notice = step(
        "公示",
        "公众",
        vec![action(K::Object, to("答复"))],
        Some(clock(5, PeriodUnit::WorkingDay, OnExpiry::Advance, "公示期限")),
    );
    let mut sign = action(K::Sign, end("通过", true));
    sign.form = Some("协议".to_owned());
    sign.attachments = vec![enclosure("承诺书", None)];
    sign.effects = vec![Effect::ActivateAgreement, Effect::OpenAccess];
    sign.requires = vec![Condition {
        test: Test::Within("收益率".to_owned(), "收益率上限".to_owned()),
        remedy: None,
        clauses: clause("收益率"),
    }];
    sign.clauses = clause("签订动作");
    let sign = step(
        "签订",
        "申请人",
        vec![sign, action(K::Withdraw, Vec::new())],
        Some(clock(10, PeriodUnit::Day, OnExpiry::ReturnAutomatically, "签订期限")),
    );
    let answer = step(
        "答复",
        "主管部门",
        vec![action(K::Answer, to("公示")), action(K::Dispute, to("协调"))],
        Some(clock(15, PeriodUnit::WorkingDay, OnExpiry::MoveToCoordination, "答复期限")),
    );
    vec![vote, coordinate, notice, sign, answer]
}

pub(super) fn attachment(name: &str, required: bool) -> AttachmentRule {
    AttachmentRule { name: name.to_owned(), required, when: None, clauses: clause("附件") }
}

pub(super) fn enclosure(name: &str, when: Option<Test>) -> Enclosure {
    Enclosure { name: name.to_owned(), when, clauses: Vec::new() }
}

fn procedure() -> Procedure {
    Procedure {
        id: "需求评审".to_owned(),
        en: "request review".to_owned(),
        stage: "资格审查".to_owned(),
        number_prefix: "XQ".to_owned(),
        opener: "申请人".to_owned(),
        waiver: None,
        form: Some("申请表".to_owned()),
        attachments: vec![
            attachment("自评报告", true),
            attachment("信用报告", true),
            attachment("其他", false),
        ],
        facts: vec![fact("提供单位", FactKind::Units, true), fact("紧急", FactKind::Flag, false)],
        observed: Vec::new(),
        steps: steps(),
        separations: vec![
            separation(Who::Opener, Who::Step("受理".to_owned()), true),
            separation(Who::Step("受理".to_owned()), Who::Step("协调".to_owned()), false),
            separation(Who::Step("表决".to_owned()), Who::Step("表决".to_owned()), false),
        ],
        readers: vec!["协调小组".to_owned()],
        clauses: clause("程序"),
    }
}

pub(super) fn pack() -> Pack {
    let mut rate = field("收益率", FieldKind::Percent, true);
    rate.fact = Some("收益率".to_owned());
    let mut scene = field("应用场景", FieldKind::LongText, true);
    scene.fact = Some("应用场景".to_owned());
    let application = form(
        "申请表",
        vec![field("单位", FieldKind::Text, true), field("电话", FieldKind::Phone, true), scene],
    );
    let agreement = form("协议", vec![rate, field("备注", FieldKind::LongText, false)]);
    let limit = Parameter {
        name: "收益率上限".to_owned(),
        value: Value::Limit(Comparator::Less, Box::new(Value::Ratio(500_000))),
        bound: Bound::Ceiling,
        clauses: clause("收益率"),
        local_choice: false,
        pack: "样例".to_owned(),
        file: "pack.yaml".to_owned(),
        note: None,
    };
    let clauses = ["程序", "受理", "回避", "收益率"].map(|id| {
        let (label, summary) = (format!("第{id}条"), format!("{id}的规定"));
        let pack = "样例".to_owned();
        (
            id.to_owned(),
            Clause { id: id.to_owned(), label, summary, means: None, pack, source: None, inventory: None },
        )
    });
    Pack {
        id: "sample".to_owned(),
        name: "样例".to_owned(),
        version: "1".to_owned(),
        status: Status::InForce,
        in_force: (None, None),
        in_force_clauses: Vec::new(),
        parent: None,
        calendar: "国务院放假安排".to_owned(),
        counting: civil_code(),
        digest: Digest::of(b"sample"),
        clauses: clauses.into_iter().collect(),
        parameters: BTreeMap::from([("收益率上限".to_owned(), limit)]),
        parameters_used: ["收益率上限".to_owned()].into(),
        roles: BTreeMap::from([
            role("申请人", &[], Binding::Opener),
            role("主管部门", &[BUREAU], Binding::Fixed),
            role("提供单位", &[], Binding::Fact("提供单位".to_owned())),
            role("专家组", &[PANEL], Binding::Fixed),
            role("协调小组", &[COORDINATION], Binding::Fixed),
            role("公众", &[], Binding::Anyone),
        ]),
        procedures: BTreeMap::from([("需求评审".to_owned(), procedure())]),
        forms: BTreeMap::from([("申请表".to_owned(), application), ("协议".to_owned(), agreement)]),
        documents: BTreeMap::new(),
        number_marks: BTreeMap::new(),
        unchecked: Vec::new(),
        duties: Vec::new(),
        scenarios: Vec::new(),
        duty_scenarios: Vec::new(),
        not_automated: BTreeMap::new(),
        taken: Vec::new(),
        transitions: Vec::new(),
    }
}

/// A case in the making, acted on by name.
pub(super) struct Play {
    pub(super) pack: Pack,
    pub(super) calendar: Calendar,
    pub(super) events: Vec<Event>,
    pub(super) state: CaseState,
    pub(super) now: Timestamp,
}

pub(super) fn application(pack: &Pack, on: &str) -> OpenCase {
    let units = vec!["water".to_owned(), "civil".to_owned()];
    let values = sample_form(&pack.forms["申请表"], date(on), &BTreeMap::new(), None).0;
    OpenCase {
        id: Id::new(at(on), [1; 10]),
        number: number("XQ", 2026, 1),
        procedure: "需求评审".to_owned(),
        actor: actor("申", APPLICANT),
        title: "婚姻登记信息".to_owned(),
        form: values,
        attachments: vec![sample_attachment("自评报告"), sample_attachment("信用报告")],
        facts: BTreeMap::from([("提供单位".to_owned(), FactValue::List(units))]),
        observed: BTreeMap::new(),
        parties: BTreeMap::new(),
    }
}

impl Play {
    pub(super) fn open(on: &str) -> Self {
        Self::open_with(pack(), on)
    }

    pub(super) fn open_with(pack: Pack, on: &str) -> Self {
        let (calendar, now) = (national(), at(on));
        let context = Context { pack: &pack, calendar: &calendar, now };
        let events = open(&context, &application(&pack, on)).unwrap();
        let state = fold(&events).unwrap();
        Self { pack, calendar, events, state, now }
    }

    pub(super) fn context(&self) -> Context<'_> {
        Context { pack: &self.pack, calendar: &self.calendar, now: self.now }
    }

    pub(super) fn on(&mut self, day: &str) -> &mut Self {
        self.now = at(day);
        self
    }

    pub(super) fn add(&mut self, events: Vec<Event>) {
        self.state = events.iter().fold(Some(self.state.clone()), evolve).unwrap();
        self.events.extend(events);
    }

    pub(super) fn try_do(&mut self, who: &Actor, command: &Command) -> Result<(), Box<Rejection>> {
        let events = decide(&self.state, command, who, &self.context())?;
        self.add(events);
        Ok(())
    }

    pub(super) fn act(&mut self, who: (&str, &str), kind: CommandKind) -> &mut Self {
        let command = Command { opinion: Some("意见".to_owned()), ..Command::new(kind) };
        self.try_do(&actor(who.0, who.1), &command).unwrap();
        self
    }

    pub(super) fn refused(&mut self, who: (&str, &str), command: &Command) -> &'static str {
        self.try_do(&actor(who.0, who.1), command).unwrap_err().code
    }

    pub(super) fn tick(&mut self) -> Vec<Event> {
        let events = tick(&self.state, &self.context());
        self.add(events.clone());
        events
    }

    pub(super) fn step(&self) -> &str {
        self.state.step.as_ref().map_or("", |open| open.step.as_str())
    }

    pub(super) fn due(&self, step: &str) -> Option<Date> {
        let views = clocks(&self.state, &self.context());
        views.into_iter().rev().find(|view| view.step == step).and_then(|view| view.due)
    }

    pub(super) fn accept(&mut self) -> &mut Self {
        self.act(("受", BUREAU), CommandKind::Accept)
    }

    /// Through acceptance and review to the vote.
    pub(super) fn until_vote(&mut self) -> &mut Self {
        self.accept().act(("水", "water"), CommandKind::Approve).act(("民", "civil"), CommandKind::Approve)
    }

    /// Through the vote to the public window.
    pub(super) fn until_notice(&mut self) -> &mut Self {
        self.until_vote();
        for expert in ["甲", "乙", "丙"] {
            self.act((expert, PANEL), CommandKind::Approve);
        }
        self
    }

    pub(super) fn sign_command(&self, percent: &str) -> Command {
        Command {
            form: FormValues::from([("收益率".to_owned(), FormValue::from(percent))]),
            attachments: vec![sample_attachment("承诺书")],
            ..Command::new(CommandKind::Sign)
        }
    }
}

/// A return that names one defect.
pub(super) fn return_command() -> Command {
    let defect = Defect { field: "应用场景".to_owned(), note: "请具体说明".to_owned() };
    Command { defects: vec![defect], ..Command::new(CommandKind::ReturnForCorrection) }
}

pub(super) fn supplement_command() -> Command {
    Command { attachments: vec![sample_attachment("自评报告")], ..Command::new(CommandKind::Supplement) }
}
