//! Whether new cases may be opened under a text. Cases that are open go on under it.

use super::decide::Decision;
use super::{Context, Rejection};
use crate::pack::model::{Procedure, Status};

/// Refuses under a text that is replaced or void, or on a day outside those it is in force. A draft put out for comments
/// may be operated: that is how it is tried.
pub(super) fn in_force(ctx: &Context<'_>, procedure: &Procedure) -> Decision<()> {
    let (first, last) = ctx.pack.in_force;
    let today = ctx.today();
    let name = &ctx.pack.name;
    let (zh, en) = if matches!(ctx.pack.status, Status::Replaced | Status::Expired) {
        (format!("《{name}》已被替代或者失效"), format!("`{name}` has been replaced or is void"))
    } else if let Some(first) = first.filter(|first| today < *first) {
        (format!("《{name}》自 {first} 起施行"), format!("`{name}` is in force from {first}"))
    } else if let Some(last) = last.filter(|last| today > *last) {
        (format!("《{name}》施行至 {last}"), format!("`{name}` was in force until {last}"))
    } else {
        return Ok(());
    };
    Err(Rejection::new("case.pack_not_in_force", zh, en)
        .on(ctx, &[&ctx.pack.in_force_clauses, &procedure.clauses])
        .remedy(
            "请依现行规定办理；已受理的办件不受影响",
            "act under the text now in force; cases already open go on",
        ))
}
