//! Usages.
use base::{Id, kind};
use regulation::case::CaseState;
use storage::Tx;
use crate::cases::facts::Facts;
use crate::{Ctx, Result};
pub(crate) async fn facts_of(_tx: &mut Tx<'_>, _id: Id<kind::Usage>) -> Result<Facts> { Ok(Facts::new()) }
pub(crate) async fn activate(_tx: &mut Tx<'_>, _ctx: &Ctx, _case: &CaseState) -> Result<()> { Ok(()) }
pub(crate) async fn of_unit(_tx: &mut Tx<'_>, _unit: Id<kind::Unit>) -> Result<Vec<Id<kind::Usage>>> { Ok(Vec::new()) }
