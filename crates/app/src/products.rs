//! Products.
use base::{Id, kind};
use regulation::case::CaseState;
use regulation::pack::Pack;
use storage::Tx;
use crate::cases::facts::Facts;
use crate::{App, Ctx, Result};
pub(crate) async fn facts_of(_app: &App, _tx: &mut Tx<'_>, _id: Id<kind::Product>, _pack: &Pack) -> Result<Facts> { Ok(Facts::new()) }
pub(crate) async fn file(_tx: &mut Tx<'_>, _ctx: &Ctx, _case: &CaseState) -> Result<()> { Ok(()) }
pub(crate) async fn approve_price(_tx: &mut Tx<'_>, _ctx: &Ctx, _case: &CaseState) -> Result<()> { Ok(()) }
