//! What the population of a query lacks of it, and whether each part that is left out is about secrets alone.
//!
//! A condition on secrets alone treats all entities alike whose secrets are alike: its author can name nobody in it. One
//! that is about something else as well, in one expression (`flag = 1 OR born = $d`), treats one entity as he likes. Whether
//! such a release is near another one would depend on this entity's secret, however far apart their populations are made
//! to be. So it is refused before it is asked.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::check::may_be_absent;
use super::resolve::{Flow, Rigour, flow};
use super::walk::{aliases, expressions, inputs};
use super::{EntityRef, Expr, Label, LogicOp, Named, Nulls, Policy, Refusal, Rel, Rule, Source};

/// What a column tells of secrets that is no stored secret itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tells {
    /// It is the same for all whose secrets are the same.
    Secrets,
    /// It depends on something else as well.
    More,
}

/// Columns that tell of secrets: how many rows there were, or that there was none, where secrets chose the rows.
pub(super) type Telling = BTreeMap<String, Tells>;

/// What an expression is about.
#[derive(Default)]
pub(super) struct About {
    /// Stored secrets.
    pub(super) secrets: BTreeSet<Source>,
    /// What shows above of others.
    telling: bool,
    /// Columns that hold them unchanged, and are known to be empty for some.
    pub(super) absent: Vec<String>,
    /// Columns of anything else, and the scans that they come from.
    pub(super) others: Vec<(String, BTreeSet<EntityRef>)>,
}

impl About {
    /// What an expression over a relation is about.
    pub(super) fn of(expr: &Expr, input: &Rel, telling: &Telling, policy: &Policy) -> Result<Self, Refusal> {
        let scope = Scope { flow: flow(input, policy, Rigour::Derived)?, input, telling, policy };
        let mut about = Self::default();
        match scope.known(expr) {
            Some(column) => about.others.push(column),
            None => about.see(expr, &scope)?,
        }
        Ok(about)
    }

    /// What it tells, if secrets decide anything in it.
    pub(super) fn decided(&self) -> Option<Tells> {
        (self.telling || !self.secrets.is_empty()).then(|| self.tells())
    }

    pub(super) fn tells(&self) -> Tells {
        if self.others.is_empty() { Tells::Secrets } else { Tells::More }
    }

    fn see(&mut self, expr: &Expr, scope: &Scope<'_>) -> Result<(), Refusal> {
        match expr {
            Expr::Column { name } => self.column(name, scope),
            other => other.children().into_iter().try_for_each(|child| self.see(child, scope)),
        }
    }

    fn column(&mut self, name: &str, scope: &Scope<'_>) -> Result<(), Refusal> {
        let Some(column) = scope.flow.schema.column(name) else { return Ok(()) };
        let told = scope.telling.get(name);
        self.telling |= told.is_some();
        let mut more = told != Some(&Tells::Secrets);
        if told.is_some() || column.label == Label::Sensitive {
            let secrets = column.sources.iter().filter(|source| scope.is_secret(source));
            self.secrets.extend(secrets.cloned());
            more &= told.is_some() || !column.sources.iter().all(|source| scope.is_secret(source));
            // Who has no partner is known, and has nothing that could be secret.
            more |= may_be_absent(scope.input, name, scope.policy)?;
            if scope.nulls(name) == Some(Nulls::Absent) {
                self.absent.push(name.to_owned());
            }
        }
        if more {
            self.others.push((name.to_owned(), column.lineage.clone()));
        }
        Ok(())
    }
}

/// What is known where an expression stands.
struct Scope<'a> {
    flow: Flow,
    input: &'a Rel,
    telling: &'a Telling,
    policy: &'a Policy,
}

impl Scope<'_> {
    fn is_secret(&self, source: &Source) -> bool {
        let known = self.policy.resources.get(&source.resource);
        known.and_then(|known| known.columns.get(&source.column)?.label) == Some(Label::Sensitive)
    }

    /// What is declared of the absent values of a stored column.
    fn nulls(&self, name: &str) -> Option<Nulls> {
        let (resource, column) = self.flow.stored(name, self.input)?;
        self.policy.resources.get(resource)?.columns.get(column)?.declared.nulls
    }

    /// The column that a whole condition asks of no more than that it is stored. Of a sensitive column this is a secret as
    /// well, unless it is declared to be known: who has nothing may be who is well.
    fn known(&self, expr: &Expr) -> Option<(String, BTreeSet<EntityRef>)> {
        let Expr::IsNull { input, negated: true } = expr else { return None };
        let Expr::Column { name } = &**input else { return None };
        let column = self.flow.schema.column(name)?;
        let open = column.label != Label::Sensitive || self.nulls(name).is_some();
        (open && !self.telling.contains_key(name)).then(|| (name.clone(), column.lineage.clone()))
    }
}

/// What a query without its sensitive conditions is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To do no less work than the query: what EXISTS and IN ask of others stands beside it.
    Work,
    /// To know whose secrets decide: of those asked by EXISTS and IN, who has a row that is looked at.
    People,
    /// The same, with each of these rows.
    Rows,
}

/// What was left out of a query.
pub(super) struct LeftOut {
    pub(super) purpose: Purpose,
    /// What conditions asked of others, by EXISTS and IN, without what sensitive columns decide in it.
    pub(super) subqueries: Vec<Rel>,
    /// Some asks that there be no such row: those who have none are there whatever secrets say.
    pub(super) has_none: bool,
    /// Stored columns that they are about.
    pub(super) secrets: BTreeSet<Source>,
    /// Columns beside secrets in one condition.
    beside: Vec<(String, BTreeSet<EntityRef>)>,
    /// Scans that other conditions put beside each other: their rows are not the same for everybody.
    tied: BTreeSet<EntityRef>,
}

impl LeftOut {
    pub(super) const fn of(purpose: Purpose) -> Self {
        Self {
            purpose,
            subqueries: Vec::new(),
            has_none: false,
            secrets: BTreeSet::new(),
            beside: Vec::new(),
            tied: BTreeSet::new(),
        }
    }

    /// Notes a condition or a key that is left out.
    pub(super) fn note(&mut self, about: About) {
        self.beside.extend(about.others);
        self.secrets.extend(about.secrets);
    }

    /// The condition that somebody has one of the secrets at all. Where he has not, this is known, and nothing of him decides.
    pub(super) fn whoever_has(&self, about: &About) -> Option<Expr> {
        if self.purpose == Purpose::Work || about.telling || about.absent.is_empty() {
            return None;
        }
        let known = |name: &String| Expr::IsNull { input: Box::new(Expr::column(name)), negated: true };
        let mut known: Vec<Expr> = about.absent.iter().map(known).collect();
        if known.len() > 1 {
            return Some(Expr::Logic { op: LogicOp::Or, args: known });
        }
        known.pop()
    }

    /// Notes secrets that make groups; how many there are shows above.
    pub(super) fn note_secrets(&mut self, about: About) {
        self.secrets.extend(about.secrets);
    }

    /// Notes what stays and puts rows of several scans beside each other.
    pub(super) fn tie(&mut self, kept: &[About]) {
        let scans: BTreeSet<&EntityRef> =
            kept.iter().flat_map(|about| &about.others).flat_map(|(_, scans)| scans).collect();
        if scans.len() > 1 {
            self.tied.extend(scans.into_iter().cloned());
        }
    }

    /// Refuses conditions that are about secrets and something else that entities have.
    pub(super) fn check(&self, input: &Rel, policy: &Policy) -> Result<(), Refusal> {
        let scans = aliases(input);
        let is_protected = |scan: &EntityRef| {
            scans.get(scan.alias.as_str()).is_none_or(|resource| policy.is_protected(resource))
        };
        let personal = |scan: &EntityRef| self.tied.contains(scan) || is_protected(scan);
        match self.beside.iter().find(|(_, scans)| scans.iter().any(personal)) {
            Some((column, _)) => Err(Refusal::new(Rule::MixedCondition, column.as_str())),
            None => Ok(()),
        }
    }
}

/// What tells what a query asks from what others ask of the same people: all but which numbers it shows. In other words it is
/// another question.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Mark {
    /// The query.
    pub text: String,
    /// The parameters that it reads; their values belong to it.
    pub parameters: BTreeSet<String>,
}

impl Mark {
    pub(super) fn of(input: &Rel, group: &[Named]) -> Self {
        let mut parameters = parameters_of(input);
        group.iter().for_each(|named| see_parameters(&named.expr, &mut parameters));
        Self { text: written(&(input, group)), parameters }
    }
}

fn parameters_of(rel: &Rel) -> BTreeSet<String> {
    let mut found: BTreeSet<String> = inputs(rel).into_iter().flat_map(parameters_of).collect();
    expressions(rel).into_iter().for_each(|expr| see_parameters(expr, &mut found));
    found
}

fn see_parameters(expr: &Expr, found: &mut BTreeSet<String>) {
    if let Expr::Parameter { name, .. } = expr {
        found.insert(name.clone());
    }
    expr.children().into_iter().for_each(|child| see_parameters(child, found));
}

/// Resources of some columns that may hold several rows about one entity.
pub(super) fn several(secrets: &BTreeSet<Source>, policy: &Policy) -> BTreeSet<String> {
    let resources = secrets.iter().map(|source| &source.resource);
    resources.filter(|resource| policy.may_have_several(resource)).cloned().collect()
}

fn written(part: &impl Serialize) -> String {
    // Trees of plain data, with texts as keys only.
    serde_json::to_string(part).unwrap_or_default()
}
