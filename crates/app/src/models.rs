//! Models.
use regulation::case::CaseState;
use storage::Tx;
use crate::{Ctx, Result};
pub(crate) async fn approve(_tx: &mut Tx<'_>, _ctx: &Ctx, _case: &CaseState) -> Result<()> { Ok(()) }

pub(crate) async fn source_of(_tx: &mut Tx<'_>, _tenant: base::Id<base::kind::Tenant>, _id: base::Id<base::kind::Model>) -> Result<(products::Source, Vec<base::Id<base::kind::Resource>>, Vec<base::Id<base::kind::Unit>>)> { Err(crate::Error::NotFound("x")) }
