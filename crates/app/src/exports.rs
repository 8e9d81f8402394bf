//! Exports.
use access::Permit;
use regulation::case::CaseState;
use storage::Tx;
use crate::{App, Ctx, Result};
pub(crate) async fn release(_app: &App, _tx: &mut Tx<'_>, _permit: &Permit, _ctx: &Ctx, _case: &CaseState) -> Result<()> { Ok(()) }
