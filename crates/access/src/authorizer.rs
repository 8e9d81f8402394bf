//! The Cedar authorizer: facts in, permit or denial out.

use std::collections::{HashMap, HashSet};

use base::Timestamp;
use cedar_policy::{
    ActionConstraint, Context, Decision, Effect, Entities, Entity, EntityId, EntityTypeName, EntityUid,
    Policy, PolicyId, PolicySet, Request, RestrictedExpression as Expr, Schema, ValidationMode, Validator,
};

use crate::{Action, Credential, Denial, Error, Permit, Principal, ResourceRef, Thing};

/// The schema in `policies/`, embedded.
pub const SCHEMA: &str = include_str!("../../../policies/schema.cedarschema");

/// The policies in `policies/`, embedded, guards first.
pub const POLICIES: &[&str] = &[
    include_str!("../../../policies/guards.cedar"),
    include_str!("../../../policies/cases.cedar"),
    include_str!("../../../policies/domain.cedar"),
    include_str!("../../../policies/market.cedar"),
    include_str!("../../../policies/platform.cedar"),
];

/// Decides attempts by the policies it was built with. Deny by default; a forbidding policy beats every permitting one;
/// a policy that cannot be evaluated denies.
#[derive(Debug)]
pub struct Authorizer {
    engine: cedar_policy::Authorizer,
    types: Types,
    actions: HashMap<Action, Prepared>,
    reasons: HashMap<PolicyId, (usize, String)>,
}

/// What can be worked out for one action before any request comes.
#[derive(Debug)]
struct Prepared {
    uid: EntityUid,
    entity: Entity,
    /// Only the policies whose scope can match the action: the others could not have decided anyway.
    policies: PolicySet,
}

impl Authorizer {
    /// Builds an authorizer after validating the policies against the schema in strict mode.
    ///
    /// # Errors
    /// [`Error::Schema`] or [`Error::Policy`] when a text does not parse, an action is missing from the schema, a policy
    /// lacks a unique `@id`, a forbidding policy lacks its `@reason`, or validation fails.
    pub fn new(schema: &str, policies: &[&str]) -> Result<Self, Error> {
        let schema = parse_schema(schema)?;
        let policies = parse_policies(policies)?;
        let all = PolicySet::from_policies(policies.clone()).map_err(policy_error)?;
        let verdict = Validator::new(schema.clone()).validate(&all, ValidationMode::Strict);
        if let Some(first) = verdict.validation_errors().next() {
            return Err(policy_error(first));
        }
        Self::assemble(&schema, &policies)
    }

    /// The authorizer of the embedded schema and policies. A test of this crate has validated them, so this only
    /// parses: validation costs more than the rest of the platform's start.
    ///
    /// # Errors
    /// As [`Authorizer::new`]; not for the texts this crate was tested with.
    pub fn embedded() -> Result<Self, Error> {
        Self::assemble(&parse_schema(SCHEMA)?, &parse_policies(POLICIES)?)
    }

    /// Lets an attempt through or refuses it.
    ///
    /// # Errors
    /// [`Denial`] with the reason when it is refused.
    pub fn authorize(
        &self,
        principal: &Principal,
        action: Action,
        resource: &ResourceRef,
        now: Timestamp,
    ) -> Result<Permit, Denial> {
        let refuse = |reason: &str| Denial { action, reason: reason.to_owned(), policies: Vec::new() };
        if action.applies_to() != resource.thing {
            return Err(refuse(Denial::WRONG_THING));
        }
        let fault = || refuse(Denial::FAULT);
        let prepared = self.actions.get(&action).ok_or_else(fault)?;
        let (request, entities) = self.question(prepared, principal, resource, now).ok_or_else(fault)?;
        let response = self.engine.is_authorized(&request, &prepared.policies, &entities);
        // A guard that failed to evaluate would be skipped by Cedar; here it denies.
        if response.diagnostics().errors().next().is_some() {
            return Err(fault());
        }
        let mut deciding: Vec<&PolicyId> = response.diagnostics().reason().collect();
        deciding.sort_unstable();
        let ids = deciding.iter().map(ToString::to_string).collect();
        match response.decision() {
            Decision::Allow => {
                let unit_code = principal.unit_code.clone();
                Ok(Permit::issue(principal.actor(), unit_code, action, resource.clone(), ids, now))
            }
            Decision::Deny => {
                let first = deciding.iter().filter_map(|id| self.reasons.get(id)).min();
                let reason = first.map_or(Denial::NO_POLICY, |(_, reason)| reason);
                Err(Denial { action, reason: reason.to_owned(), policies: ids })
            }
        }
    }

    fn question(
        &self,
        prepared: &Prepared,
        principal: &Principal,
        resource: &ResourceRef,
        now: Timestamp,
    ) -> Option<(Request, Entities)> {
        let who = self.types.principal(principal)?;
        let what = self.types.resource(resource)?;
        let context = Context::from_pairs([("now".to_owned(), Expr::new_long(now.micros()))]).ok()?;
        let request = Request::new(who.uid(), prepared.uid.clone(), what.uid(), context, None).ok()?;
        let entities = Entities::from_entities([who, what, prepared.entity.clone()], None).ok()?;
        Some((request, entities))
    }

    fn assemble(schema: &Schema, policies: &[Policy]) -> Result<Self, Error> {
        let types = Types::new()?;
        let known = schema.action_entities().map_err(schema_error)?;
        let mut actions = HashMap::new();
        for action in Action::ALL {
            let uid = uid(&types.action, action.key());
            let entity =
                known.get(&uid).cloned().ok_or_else(|| schema_error(format!("no action `{action}`")))?;
            let groups: HashSet<&EntityUid> = known.ancestors(&uid).into_iter().flatten().collect();
            let matches = |scope: &EntityUid| *scope == uid || groups.contains(scope);
            let subset = policies.iter().filter(|policy| match policy.action_constraint() {
                ActionConstraint::Any => true,
                ActionConstraint::Eq(scope) => scope == uid,
                ActionConstraint::In(scopes) => scopes.iter().any(matches),
            });
            let policies = PolicySet::from_policies(subset.cloned()).map_err(policy_error)?;
            actions.insert(*action, Prepared { uid, entity, policies });
        }
        let reasons = policies
            .iter()
            .enumerate()
            .filter_map(|(order, policy)| {
                Some((policy.id().clone(), (order, policy.annotation("reason")?.to_owned())))
            })
            .collect();
        Ok(Self { engine: cedar_policy::Authorizer::new(), types, actions, reasons })
    }
}

fn schema_error(detail: impl ToString) -> Error {
    Error::Schema { detail: detail.to_string() }
}

fn policy_error(detail: impl ToString) -> Error {
    Error::Policy { detail: detail.to_string() }
}

fn parse_schema(text: &str) -> Result<Schema, Error> {
    let (schema, _warnings) = Schema::from_cedarschema_str(text).map_err(schema_error)?;
    Ok(schema)
}

/// Policies in the order of the texts, each under the id of its `@id` annotation.
fn parse_policies(texts: &[&str]) -> Result<Vec<Policy>, Error> {
    let mut ids = HashSet::new();
    let mut policies = Vec::new();
    for text in texts {
        let set: PolicySet = text.parse().map_err(policy_error)?;
        let mut in_text: Vec<&Policy> = set.policies().collect();
        // Cedar numbers the policies of a text: policy0, policy1 …
        in_text.sort_by_key(|policy| {
            policy.id().to_string().trim_start_matches("policy").parse::<usize>().unwrap_or(usize::MAX)
        });
        for policy in in_text {
            let id = policy.annotation("id").ok_or_else(|| policy_error(format!("no @id: {policy}")))?;
            if !ids.insert(id.to_owned()) {
                return Err(policy_error(format!("@id(\"{id}\") twice")));
            }
            if policy.effect() == Effect::Forbid && policy.annotation("reason").is_none() {
                return Err(policy_error(format!("no @reason: {id}")));
            }
            policies.push(policy.new_id(PolicyId::new(id)));
        }
    }
    Ok(policies)
}

fn uid(name: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(name.clone(), EntityId::new(id))
}

fn entity(name: &EntityTypeName, id: &str) -> Expr {
    Expr::new_entity_uid(uid(name, id))
}

/// Names of entity types, parsed once.
#[derive(Debug)]
struct Types {
    action: EntityTypeName,
    person: EntityTypeName,
    api_key: EntityTypeName,
    service: EntityTypeName,
    anonymous: EntityTypeName,
    role: EntityTypeName,
    unit: EntityTypeName,
    tenant: EntityTypeName,
    usage: EntityTypeName,
    standing: EntityTypeName,
    life: EntityTypeName,
    zone: EntityTypeName,
    things: HashMap<Thing, EntityTypeName>,
}

impl Types {
    fn new() -> Result<Self, Error> {
        let name = |text: &str| text.parse::<EntityTypeName>().map_err(schema_error);
        let things = Thing::ALL.iter().map(|thing| Ok((*thing, name(thing.key())?)));
        Ok(Self {
            action: name("Action")?,
            person: name("Person")?,
            api_key: name("ApiKey")?,
            service: name("Service")?,
            anonymous: name("Anonymous")?,
            role: name("Role")?,
            unit: name("Unit")?,
            tenant: name("Tenant")?,
            usage: name("Usage")?,
            standing: name("Standing")?,
            life: name("Life")?,
            zone: name("Zone")?,
            things: things.collect::<Result<_, Error>>()?,
        })
    }

    fn principal(&self, principal: &Principal) -> Option<Entity> {
        let facts = |until: Timestamp| {
            HashMap::from([
                ("unit".to_owned(), self.id(&self.unit, principal.unit)),
                ("valid_until".to_owned(), Expr::new_long(until.micros())),
                ("person_standing".to_owned(), entity(&self.standing, principal.person_standing.key())),
                ("unit_standing".to_owned(), entity(&self.standing, principal.unit_standing.key())),
            ])
        };
        match &principal.credential {
            Credential::Person { valid_until, .. } => {
                let mut facts = facts(*valid_until);
                facts.insert("tenants".to_owned(), self.set(&self.tenant, &principal.tenants));
                facts.insert("usages".to_owned(), self.set(&self.usage, &principal.usages));
                let roles = principal.roles.iter().map(|role| uid(&self.role, role.key())).collect();
                Entity::new(uid(&self.person, &principal.person.to_string()), facts, roles).ok()
            }
            Credential::ApiKey { key, usage, valid_until } => {
                let mut facts = facts(*valid_until);
                facts.insert("usage".to_owned(), self.id(&self.usage, *usage));
                Entity::new(uid(&self.api_key, &key.to_string()), facts, HashSet::new()).ok()
            }
            Credential::Service { job } => Some(Entity::with_uid(uid(&self.service, job))),
            Credential::Anonymous => Some(Entity::with_uid(uid(&self.anonymous, "anonymous"))),
        }
    }

    fn resource(&self, resource: &ResourceRef) -> Option<Entity> {
        let mut facts = HashMap::from([
            ("life".to_owned(), entity(&self.life, resource.life.key())),
            ("participants".to_owned(), self.set(&self.unit, &resource.participants)),
            ("handlers".to_owned(), self.set(&self.person, &resource.handlers)),
        ]);
        let known = [
            ("owner", resource.owner.map(|id| self.id(&self.unit, id))),
            ("tenant", resource.tenant.map(|id| self.id(&self.tenant, id))),
            ("usage", resource.usage.map(|id| self.id(&self.usage, id))),
            ("zone", resource.zone.map(|zone| entity(&self.zone, zone.key()))),
            ("requester", resource.requester.map(|id| self.id(&self.person, id))),
            ("requester_unit", resource.requester_unit.map(|id| self.id(&self.unit, id))),
        ];
        facts.extend(known.into_iter().filter_map(|(name, fact)| Some((name.to_owned(), fact?))));
        let name = self.things.get(&resource.thing)?;
        Entity::new(uid(name, &resource.id), facts, HashSet::new()).ok()
    }

    fn id<K: base::Kind>(&self, name: &EntityTypeName, id: base::Id<K>) -> Expr {
        entity(name, &id.to_string())
    }

    fn set<K: base::Kind>(&self, name: &EntityTypeName, ids: &[base::Id<K>]) -> Expr {
        Expr::new_set(ids.iter().map(|id| self.id(name, *id)))
    }
}

#[cfg(test)]
mod tests;
