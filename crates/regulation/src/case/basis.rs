//! Which clauses a defective submission violates.

use super::{Context, Rejection};
use crate::pack::model::{ClauseId, FormId};

impl Rejection {
    /// Names the clauses of just the attachments and fields that are wrong, then `also`; where none of them has a
    /// clause, the first of `otherwise` that is not empty.
    pub(crate) fn on_defects(
        self: Box<Self>,
        ctx: &Context<'_>,
        attachments: &[(&str, &[ClauseId])],
        form: Option<&FormId>,
        also: &[ClauseId],
        otherwise: &[&[ClauseId]],
    ) -> Box<Self> {
        let form = form.and_then(|form| ctx.pack.forms.get(form));
        let mut named: Vec<ClauseId> = Vec::new();
        let mut name = |clauses: &[ClauseId]| {
            for clause in clauses {
                if !named.contains(clause) {
                    named.push(clause.clone());
                }
            }
        };
        for wrong in &self.fields {
            if let Some((_, clauses)) = attachments.iter().find(|(name, _)| *name == wrong.field) {
                name(clauses);
                continue;
            }
            let Some(form) = form else { continue };
            let mut fields = form.sections.iter().flat_map(|section| &section.fields);
            if let Some(field) = fields.find(|field| field.key == wrong.field) {
                name(if field.clauses.is_empty() { &form.clauses } else { &field.clauses });
            }
        }
        if named.is_empty() {
            return self.on(ctx, otherwise);
        }
        named.extend(also.iter().filter(|clause| !named.contains(clause)).cloned().collect::<Vec<_>>());
        self.on(ctx, &[&named])
    }
}
