//! The guard: from the text of a query to a plan that may be executed.
//!
//! In both zones the text must be one SELECT statement of bounded size over the zone's tables, with the registered
//! functions only. In a dev zone (`dev`) that is all. On raw data (`release`) the *resolved* plan is translated into
//! [`privacy::ir`]; what has no form there is refused with the rule, the place and the nearest legal form. The plan that
//! runs is then lowered from the checked and rewritten translation, so nothing runs that was not understood.

mod depth;
mod dev;
mod explain;
mod expressions;
mod ignored;
mod lower;
mod lower_expressions;
mod parameters;
mod parse;
mod refusal;
mod relations;
mod release;
mod statistic;
#[cfg(test)]
mod tests;
mod text_size;
mod total;

pub(crate) use dev::{plan_query, relation_of};
pub(crate) use explain::explain_release;
pub(crate) use lower::{compute, ir_name, lower};
pub(crate) use parameters::{Bound, bind, sample};
pub(crate) use refusal::{ALL_PAIRS, in_sql};
pub use refusal::{RULES, Refusal, RuleText};
pub(crate) use release::{Release, check_release, names_of, plan_condition, policy};
pub(crate) use statistic::{Figure, Statistic, check_statistic};
