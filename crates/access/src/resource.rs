//! What the action is attempted on, as far as policies need to know it.

use base::{Id, kind};
use serde::{Deserialize, Serialize};

use crate::words::words;

words! {
    /// A kind of thing. Keys are also the entity types of the policy schema.
    Thing, UnknownThing {
        /// A session.
        Session = "Session",
        /// A person's account.
        Account = "Account",
        /// A case (办件), objections included.
        Case = "Case",
        /// A public notice.
        Notice = "Notice",
        /// A public data resource or a snapshot of it.
        Resource = "Resource",
        /// A grant of a resource to a tenant.
        Grant = "Grant",
        /// A tenant and its zones.
        Tenant = "Tenant",
        /// A model.
        Model = "Model",
        /// A run order and its run.
        Run = "Run",
        /// An export request.
        Export = "Export",
        /// A product.
        Product = "Product",
        /// A usage agreement.
        Usage = "Usage",
        /// An API key.
        Key = "Key",
        /// A month's bill.
        Bill = "Bill",
        /// Cost accounts.
        Cost = "Cost",
        /// A certificate.
        Certificate = "Certificate",
        /// A regulation pack.
        Pack = "Pack",
        /// The platform as a whole: ledger, journal, dashboard, operation.
        Platform = "Platform",
    }
}

words! {
    /// Zone that an action opens. Set it only when rows of the zone are opened, not for orders and reports about it.
    Zone, UnknownZone {
        /// Twins only.
        Dev = "dev",
        /// Raw data.
        Prod = "prod",
    }
}

words! {
    /// Where a thing stands, as far as access goes. Callers map their own states to it.
    Life, UnknownLife {
        /// Being prepared; only its owner sees it.
        Draft = "draft",
        /// In force, not for the public.
        Live = "live",
        /// Published, listed, or otherwise open to everybody.
        Public = "public",
        /// It, or the tenant it belongs to, is suspended.
        Halted = "halted",
        /// Over: closed, withdrawn, sealed, destroyed.
        Closed = "closed",
    }
}

/// Reference to the thing an action is attempted on. Build with [`ResourceRef::new`] and the `with_` functions; what is
/// left out is unknown, and policies that need it then refuse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceRef {
    /// Kind.
    pub thing: Thing,
    /// Id as text; `*` for a list or for a thing yet to be made.
    pub id: String,
    /// Where it stands.
    pub life: Life,
    /// Unit that owns it.
    pub owner: Option<Id<kind::Unit>>,
    /// Tenant it belongs to.
    pub tenant: Option<Id<kind::Tenant>>,
    /// Usage agreement it belongs to.
    pub usage: Option<Id<kind::Usage>>,
    /// Zone the action opens.
    pub zone: Option<Zone>,
    /// Person who asked for it or, for a session or an account, whose it is; no reviewer of it may be this person.
    pub requester: Option<Id<kind::Person>>,
    /// Unit that asked for it; no reviewer of it may act for this unit.
    pub requester_unit: Option<Id<kind::Unit>>,
    /// Units that take part: reviewers of a case, buyers of a product, parties of an agreement.
    pub participants: Vec<Id<kind::Unit>>,
    /// Persons who have already reviewed or approved it; nobody counts twice.
    pub handlers: Vec<Id<kind::Person>>,
}

impl ResourceRef {
    /// A thing in force of which nothing else is known.
    #[must_use]
    pub fn new(thing: Thing, id: impl ToString) -> Self {
        Self {
            thing,
            id: id.to_string(),
            life: Life::Live,
            owner: None,
            tenant: None,
            usage: None,
            zone: None,
            requester: None,
            requester_unit: None,
            participants: Vec::new(),
            handlers: Vec::new(),
        }
    }

    /// A list of such things, or one yet to be made.
    #[must_use]
    pub fn any(thing: Thing) -> Self {
        Self::new(thing, "*")
    }

    /// The platform as a whole.
    #[must_use]
    pub fn platform() -> Self {
        Self::any(Thing::Platform)
    }

    /// A tenant, as the thing itself.
    #[must_use]
    pub fn tenant(tenant: Id<kind::Tenant>) -> Self {
        Self::new(Thing::Tenant, tenant).with_tenant(tenant)
    }

    /// A usage agreement, as the thing itself.
    #[must_use]
    pub fn usage(usage: Id<kind::Usage>) -> Self {
        Self::new(Thing::Usage, usage).with_usage(usage)
    }

    /// Sets where it stands.
    #[must_use]
    pub const fn with_life(mut self, life: Life) -> Self {
        self.life = life;
        self
    }

    /// Sets the owner.
    #[must_use]
    pub const fn with_owner(mut self, owner: Id<kind::Unit>) -> Self {
        self.owner = Some(owner);
        self
    }

    /// Sets the tenant.
    #[must_use]
    pub const fn with_tenant(mut self, tenant: Id<kind::Tenant>) -> Self {
        self.tenant = Some(tenant);
        self
    }

    /// Sets the usage agreement.
    #[must_use]
    pub const fn with_usage(mut self, usage: Id<kind::Usage>) -> Self {
        self.usage = Some(usage);
        self
    }

    /// Sets the zone that is opened.
    #[must_use]
    pub const fn with_zone(mut self, zone: Zone) -> Self {
        self.zone = Some(zone);
        self
    }

    /// Sets who asked for it.
    #[must_use]
    pub const fn with_requester(mut self, person: Id<kind::Person>, unit: Id<kind::Unit>) -> Self {
        self.requester = Some(person);
        self.requester_unit = Some(unit);
        self
    }

    /// Sets the units that take part.
    #[must_use]
    pub fn with_participants(mut self, units: impl IntoIterator<Item = Id<kind::Unit>>) -> Self {
        self.participants = units.into_iter().collect();
        self
    }

    /// Sets who has already reviewed or approved it.
    #[must_use]
    pub fn with_handlers(mut self, persons: impl IntoIterator<Item = Id<kind::Person>>) -> Self {
        self.handlers = persons.into_iter().collect();
        self
    }
}
