//! Names of the facts by which a case points at things of the platform.
//!
//! They belong to the grammar of packs, not to any jurisdiction: a pack that wants a case to be about an
//! authorisation, a model or a product states the fact under this name (see `packs/README.md`).

use std::collections::BTreeMap;

use base::{Date, Id, Kind, kind};
use regulation::pack::FactValue;

use crate::{Error, Result};

/// The authorisation (tenant) the case is about.
pub const TENANT: &str = "授权";
/// Unit code of the operator of that authorisation; supplied by the platform.
pub const OPERATOR: &str = "授权运营单位";
/// The authorisation that an applicant (a partner) wants to work under.
pub const PARENT: &str = "上级授权";
/// Whether an authorisation is under another one; supplied by the platform.
pub const UNDER_ANOTHER: &str = "属于合作方";
/// Unit code of the operator whose authorisation is above; supplied by the platform.
pub const PARENT_OPERATOR: &str = "所属授权运营单位";
/// Years agreed, on an agreement's form.
pub const TERM_YEARS: &str = "协议年限";
/// First day of an agreement; supplied by the platform.
pub const TERM_FIRST: &str = "协议起始日";
/// Last day of an agreement: on its form, or supplied by the platform.
pub const TERM_LAST: &str = "协议期满日";
/// Unit codes of the providers of the requested resources; supplied by the platform.
pub const PROVIDERS: &str = "提供单位";
/// A model.
pub const MODEL: &str = "模型";
/// Digest of the model or frozen result the case was opened about; supplied by the platform.
pub const DIGEST: &str = "摘要";
/// An export request.
pub const EXPORT: &str = "出域";
/// A product.
pub const PRODUCT: &str = "产品";
/// A number given by an outside register.
pub const NUMBER: &str = "登记编号";
/// The ground of law that a provider names where a resource asks for consent.
pub const STATUTORY_GROUND: &str = "法定事由";
/// A usage agreement.
pub const USAGE: &str = "使用协议";
/// Unit code of the data user of that agreement; supplied by the platform.
pub const BUYER: &str = "数据使用主体";
/// Another case, for example the one objected to.
pub const CASE: &str = "办件";
/// A public notice, for example the one objected to.
pub const NOTICE: &str = "公告";
/// Last day for applications, on an announcement's form.
pub const DEADLINE: &str = "受理截止";
/// The field of an announcement, on its form.
pub const DOMAIN: &str = "领域";
/// The scenarios of an agreement, on its form.
pub const SCENARIOS: &str = "应用场景";
/// Return rate in parts per million; supplied by the platform from a product's plan.
pub const RETURN_RATE: &str = "收益率";

/// Whether a request says that personal information or trade secrets are among what it asks for.
pub const PERSONAL: &str = "涉及个人信息等";

/// The facts of a case.
pub type Facts = BTreeMap<String, FactValue>;

/// The id under a fact, if it is one.
///
/// # Errors
/// `case.reference` when the fact is missing or is no id.
pub(crate) fn id<K: Kind>(facts: &Facts, key: &str) -> Result<Id<K>> {
    match facts.get(key) {
        Some(FactValue::Text(text)) => {
            text.parse().map_err(|_| Error::invalid("case.reference", format!("{key}: {text}")))
        }
        _ => Err(Error::invalid("case.reference", key)),
    }
}

/// The day under a fact, if it is one.
pub(crate) fn day(facts: &Facts, key: &str) -> Option<Date> {
    match facts.get(key) {
        Some(FactValue::Date(day)) => Some(*day),
        _ => None,
    }
}

/// The text under a fact, if it is one.
pub(crate) fn text(facts: &Facts, key: &str) -> Option<String> {
    match facts.get(key) {
        Some(FactValue::Text(text)) => Some(text.clone()),
        _ => None,
    }
}

/// The authorisation, if the case is about one.
pub(crate) fn tenant(facts: &Facts) -> Option<Id<kind::Tenant>> {
    id(facts, TENANT).ok()
}

/// The id a fact points at, whatever it is.
pub(crate) fn reference(_key: &str, value: &FactValue) -> Option<String> {
    match value {
        FactValue::Text(text) => text.parse::<Id<kind::Case>>().ok().map(|id| id.to_string()),
        _ => None,
    }
}
