//! A paper names only what its case can know by then, and no party is granted or refused anything without a paper.

use std::collections::{BTreeMap, BTreeSet};

use regulation::pack::{
    Action, CommandKind, Document, Effect, FactKind, Field, FieldKind, Occasion, OccasionEvent, Pack,
    Procedure, Step, Target, Variable, VariableKind,
};

use super::fixture::PACKS;
use crate::case::field_of;

/// Endings without a paper, and why.
const NO_PAPER: &[(&str, &str, &str, &str)] = &[(
    "zhejiang",
    "组织和制度登记",
    "已登记",
    "the counties below make the receipt; the province has no cases",
)];

fn ends_with(action: &Action, outcome: &str) -> bool {
    action.then.iter().any(|branch| matches!(&branch.to, Target::End { outcome: end, .. } if end == outcome))
}

/// The steps a case may have gone through before it came to these; these themselves only where a way leads back.
fn before<'a>(procedure: &'a Procedure, at: &BTreeSet<&'a str>) -> BTreeSet<&'a str> {
    let mut found: BTreeSet<&str> = BTreeSet::new();
    loop {
        let wanted = |to: &str| at.contains(to) || found.contains(to);
        let leads = |step: &&Step| {
            let mut acts = step.actions.iter().flat_map(|action| &action.then);
            let by_clock = step.clock.as_ref().and_then(|clock| clock.expiry_to.as_ref());
            acts.any(|branch| matches!(&branch.to, Target::Step(to) if wanted(to)))
                || by_clock.is_some_and(|to| wanted(to))
        };
        let more: Vec<&str> = procedure.steps.iter().filter(leads).map(|step| step.id.as_str()).collect();
        let known = found.len();
        found.extend(more);
        if found.len() == known {
            return found;
        }
    }
}

/// What may have been done when the occasion comes up, and what must have been done last.
struct Past<'a> {
    pack: &'a Pack,
    procedure: &'a Procedure,
    earlier: Vec<&'a Action>,
    last: Vec<&'a Action>,
    event: &'a OccasionEvent,
}

impl<'a> Past<'a> {
    fn of(pack: &'a Pack, occasion: &'a Occasion) -> Self {
        let procedure = &pack.procedures[&occasion.procedure];
        let is_last = |step: &Step, action: &Action| match &occasion.event {
            OccasionEvent::Done(id, command) => step.id == *id && action.command == *command,
            OccasionEvent::Ended(outcome) => ends_with(action, outcome),
            OccasionEvent::Opened | OccasionEvent::Asked => false,
        };
        let all =
            || procedure.steps.iter().flat_map(|step| step.actions.iter().map(move |action| (step, action)));
        let last: Vec<(&Step, &Action)> = all().filter(|(step, action)| is_last(step, action)).collect();
        let here: BTreeSet<&str> = last.iter().map(|(step, _)| step.id.as_str()).collect();
        let steps = match occasion.event {
            OccasionEvent::Asked => procedure.steps.iter().map(|step| step.id.as_str()).collect(),
            _ => before(procedure, &here),
        };
        // Where several act in a step, or an action stays in it, others may have acted before.
        let others = |step: &Step, action: &Action| {
            here.contains(step.id.as_str())
                && (step.each_unit || step.vote.is_some() || action.then.is_empty())
        };
        let earlier = all()
            .filter(|(step, action)| steps.contains(step.id.as_str()) || others(step, action))
            .map(|(_, action)| action);
        Self {
            pack,
            procedure,
            earlier: earlier.collect(),
            last: last.into_iter().map(|(_, action)| action).collect(),
            event: &occasion.event,
        }
    }

    fn done(&self, command: CommandKind) -> bool {
        self.earlier.iter().chain(&self.last).any(|action| action.command == command)
    }

    fn last_is(&self, command: CommandKind) -> bool {
        self.last.iter().any(|action| action.command == command)
    }

    /// The value can be there when the paper is made.
    fn carries(&self, variable: &'a Variable) -> bool {
        self.given(&variable.name).unwrap_or(false)
            || self.platform(&variable.from).unwrap_or_else(|| {
                self.fact(variable)
                    || self.field(variable)
                    || self.pack.parameters.contains_key(&variable.from)
            })
    }

    /// Values the caller works out: due days, and what the scan for residues found.
    fn given(&self, name: &str) -> Option<bool> {
        Some(match name {
            "补正期限" => self.last_is(CommandKind::ReturnForCorrection),
            "整改期限" => {
                self.last_is(CommandKind::OrderRectification) || self.last_is(CommandKind::Suspend)
            }
            "公示截止" => self.last_is(CommandKind::Publish),
            "检查对象数" | "可读对象数" | "销毁记录号" => {
                self.last.iter().any(|action| action.effects.contains(&Effect::DestroyTenant))
            }
            _ => return None,
        })
    }

    fn platform(&self, name: &str) -> Option<bool> {
        Some(match name {
            "办件编号" | "程序" | "事项" | "制度" | "发起单位" | "发起人" | "提交日期" | "附件清单"
            | "落款单位" | "落款日期" => true,
            "受理日期" => self.done(CommandKind::Accept),
            "公布日期" => self.done(CommandKind::Publish),
            "签订日期" => self.done(CommandKind::Sign),
            "办结日期" | "办结结果" => self
                .last
                .iter()
                .any(|action| action.then.iter().any(|to| matches!(to.to, Target::End { .. }))),
            "办理环节" | "办理单位" | "办理人" | "办理结果" | "办理日期" | "办理意见" | "各方意见"
            | "依据" => !self.last.is_empty() || *self.event == OccasionEvent::Asked,
            "决议文号" => self.done(CommandKind::Resolve),
            "补正事项" => self.last_is(CommandKind::ReturnForCorrection),
            _ => return None,
        })
    }

    /// The value is there whenever the paper is made: nobody could have left it out.
    fn demands(&self, variable: &'a Variable) -> bool {
        match variable.from.as_str() {
            "办理意见" => self.last.iter().all(|action| action.needs_opinion),
            name if self.given(&variable.name).is_some() || self.platform(name).is_some() => true,
            name => {
                let observed = self.procedure.observed.iter().any(|rule| rule.key == name);
                let stated = self.earlier.iter().chain(&self.last).flat_map(|action| &action.facts);
                let mut stated = self.procedure.facts.iter().chain(stated);
                let mut fields = self.fields(variable);
                observed
                    || stated.any(|rule| rule.key == name && rule.required)
                    || fields.any(|field| field.required)
                    || self.pack.parameters.contains_key(name)
            }
        }
    }

    /// The fields a variable may take its value from.
    fn fields(&self, variable: &'a Variable) -> impl Iterator<Item = &'a Field> + '_ {
        let (only, key) = field_of(&variable.from, self.pack);
        let with = self.earlier.iter().chain(&self.last).filter_map(|action| action.form.as_ref());
        let forms = self.procedure.form.iter().chain(with).map(|id| &self.pack.forms[id]);
        let forms = forms.filter(move |form| only.is_none_or(|only| only == form.id));
        let fields = forms.flat_map(|form| &form.sections).flat_map(|section| &section.fields);
        fields.filter(move |field| field.key == key || field.fact.as_deref() == Some(key))
    }

    fn fact(&self, variable: &Variable) -> bool {
        let stated = self.earlier.iter().chain(&self.last).flat_map(|action| &action.facts);
        let rules = self.procedure.facts.iter().chain(&self.procedure.observed).chain(stated);
        rules.filter(|rule| rule.key == variable.from).any(|rule| {
            matches!(
                (rule.kind, &variable.kind),
                (FactKind::Text, VariableKind::Text | VariableKind::LongText)
                    | (FactKind::Number, VariableKind::Number)
                    | (FactKind::Flag, VariableKind::Flag)
                    | (FactKind::Date, VariableKind::Date)
                    | (FactKind::Units, VariableKind::Text | VariableKind::LongText | VariableKind::List)
            )
        })
    }

    fn field(&self, variable: &'a Variable) -> bool {
        self.fields(variable).any(|field| match &variable.kind {
            VariableKind::Text | VariableKind::LongText => true,
            VariableKind::List => matches!(field.kind, FieldKind::Resources | FieldKind::Choices(_)),
            VariableKind::Number => field.kind == FieldKind::Number,
            VariableKind::Percent => field.kind == FieldKind::Percent,
            VariableKind::Money => field.kind == FieldKind::Money,
            VariableKind::Date => field.kind == FieldKind::Date,
            VariableKind::Flag => field.kind == FieldKind::Flag,
            VariableKind::Table(_) => false,
        })
    }
}

/// Every document of every pack that has an occasion there.
fn used() -> impl Iterator<Item = (&'static Pack, &'static Document)> {
    let all = PACKS.values().flat_map(|pack| pack.documents.values().map(move |document| (pack, document)));
    all.filter(|(_, document)| !document.when.is_empty())
}

#[test]
fn a_paper_names_only_what_its_case_can_know() {
    let mut wrong: Vec<String> = Vec::new();
    // A blank that may stay empty in one procedure is filled in another, or nothing ever fills it.
    let mut idle: BTreeMap<(&str, &str), bool> = BTreeMap::new();
    for (pack, document) in used() {
        for occasion in &document.when {
            let past = Past::of(pack, occasion);
            for variable in &document.variables {
                let carries = past.carries(variable);
                if variable.required && !(carries && past.demands(variable)) {
                    wrong.push(format!("{}/{}: {} at {occasion:?}", pack.id, document.id, variable.from));
                }
                *idle.entry((&document.file, &variable.name)).or_default() |= carries;
            }
        }
    }
    let idle = idle.into_iter().filter(|(_, carried)| !carried);
    wrong.extend(idle.map(|((file, name), _)| format!("{file}: nothing ever fills {name}")));
    assert!(wrong.is_empty(), "{} blanks that cannot be filled:\n{}", wrong.len(), wrong.join("\n"));
}

/// What a party asks for or may suffer; whoever withdraws or gives up its own request needs no paper.
fn concerns_a_party(procedure: &Procedure, step: &Step, action: &Action, granted: bool) -> bool {
    action.command != CommandKind::Withdraw && (granted || step.role != procedure.opener)
}

#[test]
fn nothing_is_granted_or_refused_without_a_paper() {
    let mut silent: BTreeSet<(&str, &str, &str)> = BTreeSet::new();
    let mut told = 0;
    for pack in PACKS.values() {
        for procedure in pack.procedures.values() {
            for step in &procedure.steps {
                for action in &step.actions {
                    for branch in &action.then {
                        let Target::End { outcome, granted, .. } = &branch.to else { continue };
                        if !concerns_a_party(procedure, step, action, *granted) {
                            continue;
                        }
                        let done = OccasionEvent::Done(step.id.clone(), action.command);
                        let ended = OccasionEvent::Ended(outcome.clone());
                        let papers = pack.documents_for(&procedure.id, &done).count()
                            + pack.documents_for(&procedure.id, &ended).count();
                        if papers == 0 {
                            silent.insert((&pack.id, &procedure.id, outcome));
                        }
                        told += papers;
                    }
                }
            }
        }
    }
    let known: BTreeSet<(&str, &str, &str)> =
        NO_PAPER.iter().map(|(pack, procedure, outcome, _)| (*pack, *procedure, *outcome)).collect();
    assert_eq!(silent, known, "an ending without a paper, or an exception that is none any more");
    assert!(told > 300, "{told}");
}

#[test]
fn the_papers_every_text_needs_are_there() {
    use CommandKind::{OrderRectification, ReturnForCorrection};
    let common = [
        "受理回执",
        "补正通知书",
        "准予通知书",
        "不予通过告知书",
        "备案回执",
        "办结通知书",
        "提供单位意见书",
        "专家意见",
        "决定书",
        "整改通知书",
        "暂停权限通知",
        "恢复权限通知",
        "终止授权决定书",
        "销毁证明",
        "监督检查意见书",
        "异议答复书",
        "授权运营协议",
        "使用协议",
    ];
    for id in ["deqing", "xinchang", "yanan", "futian"] {
        let pack = &PACKS[id];
        for name in common {
            let document = pack.documents.get(name);
            assert!(document.is_some_and(|one| !one.when.is_empty()), "{id}: {name}");
        }
        // A return is never without its list of defects, an order never without a letter.
        for procedure in pack.procedures.values() {
            for step in &procedure.steps {
                let asks =
                    |action: &&Action| matches!(action.command, ReturnForCorrection | OrderRectification);
                for action in step.actions.iter().filter(asks) {
                    let done = OccasionEvent::Done(step.id.clone(), action.command);
                    let ends = action.then.iter().filter_map(|branch| match &branch.to {
                        Target::End { outcome, .. } => Some(OccasionEvent::Ended(outcome.clone())),
                        Target::Step(_) => None,
                    });
                    let told =
                        ends.chain([done]).any(|at| pack.documents_for(&procedure.id, &at).count() > 0);
                    assert!(told, "{id}/{}/{}: {:?}", procedure.id, step.id, action.command);
                }
            }
        }
    }
}
