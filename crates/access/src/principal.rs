//! Who asks.

use base::{Id, Timestamp, kind};
use serde::{Deserialize, Serialize};

use crate::words::words;

words! {
    /// A platform role: which kind of action its holder may attempt. Roles that a jurisdiction names (and which unit
    /// plays them) are pack data and are checked by the case kernel, after this crate has let the attempt through.
    Role, UnknownRole {
        /// 公共数据主管部门
        Authority = "authority",
        /// 公共数据提供单位
        Provider = "provider",
        /// 专家
        Expert = "expert",
        /// 协调机制
        Coordination = "coordination",
        /// 本级人民政府
        Government = "government",
        /// 监管单位
        Supervisor = "supervisor",
        /// 模型算法与出域的审核员
        Reviewer = "reviewer",
        /// 授权运营申请单位
        Applicant = "applicant",
        /// 授权运营单位的管理人员
        OperatorManager = "operator_manager",
        /// 授权运营单位的技术人员
        OperatorEngineer = "operator_engineer",
        /// 数据使用主体
        Buyer = "buyer",
        /// 社会公众、数据主体
        Citizen = "citizen",
        /// 平台管理员
        Admin = "admin",
        /// A background job; never held by a person.
        Service = "service",
    }
}

words! {
    /// Whether a person or a unit may act.
    Standing, UnknownStanding {
        /// In good standing.
        Active = "active",
        /// Suspended: a person may do nothing, a unit may only answer, object and read its own files.
        Suspended = "suspended",
    }
}

/// How the principal proved itself, with what that proof carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Credential {
    /// A person in a signed-in session.
    Person {
        /// The session.
        session: Id<kind::Session>,
        /// The session is dead from this instant on (the earlier of idle and absolute expiry).
        valid_until: Timestamp,
    },
    /// A program of a data user.
    ApiKey {
        /// The key.
        key: Id<kind::ApiKey>,
        /// The one usage agreement it may call under.
        usage: Id<kind::Usage>,
        /// The key is dead from this instant on.
        valid_until: Timestamp,
    },
    /// A background job of the platform, by name.
    Service {
        /// Name of the job; as a rule the action it performs, for example `run.execute`.
        job: String,
    },
    /// Nobody has signed in.
    Anonymous,
}

/// Who asks: resolved by `app` from the credential and the directory, never taken from a request.
///
/// For services and anonymous visitors, person and unit are an id that names nobody, and policies never see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// The person; for an API key, the person who had it issued.
    pub person: Id<kind::Person>,
    /// The unit the person acts for.
    pub unit: Id<kind::Unit>,
    /// The unit's short code, for records that people read.
    pub unit_code: String,
    /// Platform roles held in that unit.
    pub roles: Vec<Role>,
    /// How the principal proved itself.
    pub credential: Credential,
    /// Standing of the person's account.
    pub person_standing: Standing,
    /// Standing of the unit.
    pub unit_standing: Standing,
    /// Tenants this principal has been admitted to: agreement in force, exam passed (培训考核).
    pub tenants: Vec<Id<kind::Tenant>>,
    /// Usage agreements of the principal's unit.
    pub usages: Vec<Id<kind::Usage>>,
}

impl Principal {
    /// An anonymous visitor.
    #[must_use]
    pub fn nobody() -> Self {
        Self::without_person(Credential::Anonymous, Vec::new())
    }

    /// A background job.
    #[must_use]
    pub fn service(job: &str) -> Self {
        Self::without_person(Credential::Service { job: job.to_owned() }, vec![Role::Service])
    }

    /// A person in good standing, with no tenants or usage agreements yet.
    #[must_use]
    pub fn person(
        person: Id<kind::Person>,
        unit: (Id<kind::Unit>, &str),
        roles: &[Role],
        session: Id<kind::Session>,
        valid_until: Timestamp,
    ) -> Self {
        Self {
            person,
            unit: unit.0,
            unit_code: unit.1.to_owned(),
            roles: roles.to_vec(),
            credential: Credential::Person { session, valid_until },
            person_standing: Standing::Active,
            unit_standing: Standing::Active,
            tenants: Vec::new(),
            usages: Vec::new(),
        }
    }

    /// Who acted, as the journal keeps it.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match &self.credential {
            Credential::Person { session, .. } => {
                Actor::Person { person: self.person, unit: self.unit, session: *session }
            }
            Credential::ApiKey { key, usage, .. } => {
                Actor::ApiKey { key: *key, unit: self.unit, usage: *usage }
            }
            Credential::Service { job } => Actor::Service { job: job.clone() },
            Credential::Anonymous => Actor::Anonymous,
        }
    }

    /// Whether the role is held.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    fn without_person(credential: Credential, roles: Vec<Role>) -> Self {
        Self {
            person: Id::new(Timestamp::from_micros(0), [0; 10]),
            unit: Id::new(Timestamp::from_micros(0), [0; 10]),
            unit_code: String::new(),
            roles,
            credential,
            person_standing: Standing::Active,
            unit_standing: Standing::Active,
            tenants: Vec::new(),
            usages: Vec::new(),
        }
    }
}

/// Who acted: the short form that permits and journal rows carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    /// A person.
    Person {
        /// The person.
        person: Id<kind::Person>,
        /// For which unit.
        unit: Id<kind::Unit>,
        /// In which session.
        session: Id<kind::Session>,
    },
    /// A data user's program.
    ApiKey {
        /// The key.
        key: Id<kind::ApiKey>,
        /// Of which unit.
        unit: Id<kind::Unit>,
        /// Under which agreement.
        usage: Id<kind::Usage>,
    },
    /// A background job.
    Service {
        /// Its name.
        job: String,
    },
    /// Nobody signed in.
    Anonymous,
}

impl Actor {
    /// The person, if a person acted.
    #[must_use]
    pub const fn person(&self) -> Option<Id<kind::Person>> {
        match self {
            Self::Person { person, .. } => Some(*person),
            _ => None,
        }
    }

    /// The unit acted for, if any.
    #[must_use]
    pub const fn unit(&self) -> Option<Id<kind::Unit>> {
        match self {
            Self::Person { unit, .. } | Self::ApiKey { unit, .. } => Some(*unit),
            _ => None,
        }
    }
}

impl std::fmt::Display for Actor {
    /// For example `person:0199…`, `apikey:0199…`, `service:run.execute`, `anonymous`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Person { person, .. } => write!(f, "person:{person}"),
            Self::ApiKey { key, .. } => write!(f, "apikey:{key}"),
            Self::Service { job } => write!(f, "service:{job}"),
            Self::Anonymous => f.write_str("anonymous"),
        }
    }
}
